"""The request by which somebody acts, as the audit log and the limits on log-ins want it."""

from starlette.requests import HTTPConnection

from wagate.web.clients import ClientAddresses
from wagate.web.limits import Limiter
from wagate.web.principal import Origin

_DIRECT = ClientAddresses()


def origin_of(request: HTTPConnection) -> Origin:
    """The sender's address, seen through the proxies that the application believes, and the request's id."""
    limiter: Limiter | None = getattr(request.app.state, "limiter", None)
    addresses = _DIRECT if limiter is None else limiter.addresses
    return Origin(ip=addresses.exactly(request.scope), request_id=getattr(request.state, "request_id", None))
