"""Where a request comes from is what the connection says, unless that is a proxy we were told to believe."""

from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection

from wagate.core.clock import ManualClock
from wagate.web.clients import ClientAddresses
from wagate.web.limits import Limiter
from wagate.web.origin import origin_of


def seen(peer: str | None, forwarded: str = "", *, behind_a_proxy: bool = True) -> str | None:
    limiter = Limiter.off(ManualClock())
    limiter.addresses = ClientAddresses((ip_network("10.0.0.0/8"),))
    state = SimpleNamespace(limiter=limiter) if behind_a_proxy else SimpleNamespace()
    scope = {
        "type": "http",
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else [],
        "client": None if peer is None else (peer, 1),
        "app": SimpleNamespace(state=state),
        "state": {"request_id": "r"},
    }
    origin = origin_of(HTTPConnection(scope))
    assert origin.request_id == "r"
    return origin.ip


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("not an address", "", None),
        (None, "198.51.100.7", None),
    ],
)
def test_the_sender_is_the_last_on_the_way_whom_we_do_not_know(
    peer: str | None, forwarded: str, ip: str | None
) -> None:
    assert seen(peer, forwarded) == ip


def test_an_application_that_was_told_of_no_proxies_believes_none() -> None:
    assert seen("10.0.0.1", "198.51.100.7", behind_a_proxy=False) == "10.0.0.1"
