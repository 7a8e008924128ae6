"""Where a request comes from is what the connection says, unless that is a proxy we were told to believe."""

from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection

from wagate.web.origin import origin_of

BEHIND = SimpleNamespace(state=SimpleNamespace(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8"))))


def seen(peer: str | None, *forwarded: str, app: object = BEHIND) -> str | None:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    client = None if peer is None else (peer, 1)
    scope = {"type": "http", "headers": headers, "client": client, "app": app, "state": {"request_id": "r"}}
    origin = origin_of(HTTPConnection(scope))
    assert origin.request_id == "r"
    return origin.ip


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7, 10.9.9.9",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", ("nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9, nonsense, 10.2.2.2",), "10.2.2.2"),
        ("10.0.0.1", (",".join(["203.0.113.9"] + ["10.2.2.2"] * 5000),), "10.2.2.2"),
        ("::ffff:10.0.0.1", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("fd00::1", ("2001:db8::5",), "2001:db8::5"),
        ("fe80::1%eth0", (), "fe80::1"),
        ("not an address", (), None),
        (None, ("198.51.100.7",), None),
    ],
)
def test_the_sender_is_the_last_on_the_way_whom_we_do_not_know(
    peer: str | None, forwarded: tuple[str, ...], ip: str | None
) -> None:
    assert seen(peer, *forwarded) == ip


def test_without_trusted_proxies_the_header_says_nothing() -> None:
    plain = SimpleNamespace(state=SimpleNamespace())
    assert seen("10.0.0.1", "198.51.100.7", app=plain) == "10.0.0.1"
