"""Where a request comes from.

Behind a reverse proxy every connection comes from the proxy. What it says in ``X-Forwarded-For`` is believed only if
its own address is one of ``state.trusted_proxies`` (WAGATE_TRUSTED_PROXIES): anybody can send the header.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

from wagate.web.principal import Origin

Network = IPv4Network | IPv6Network
#: Longer chains of proxies are nobody's; a header may hold thousands of entries.
_MAX_HOPS = 16


def origin_of(request: HTTPConnection) -> Origin:
    """The sender's address and the request's id."""
    return Origin(ip=client_ip(request), request_id=getattr(request.state, "request_id", None))


def client_ip(request: HTTPConnection) -> str | None:
    """The address of the first on the way here that is no trusted proxy; ``None`` on a unix socket."""
    address = _parsed(request.client.host) if request.client is not None else None
    trusted: Sequence[Network] = getattr(request.app.state, "trusted_proxies", ())
    if not trusted or address is None:
        return None if address is None else str(address)
    said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed(said[-_MAX_HOPS:]):
        before = _parsed(hop.strip())
        if before is None or not any(address in network for network in trusted):
            break
        address = before
    return str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
