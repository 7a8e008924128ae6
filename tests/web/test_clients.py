"""Clients are told apart by an address that they can't choose."""

from ipaddress import ip_network

import pytest

from wagate.web.clients import ClientAddresses

PROXIES = ClientAddresses((ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"client": None if peer is None else (peer, 1234), "headers": headers}


def test_without_proxies_nobody_is_believed() -> None:
    assert ClientAddresses().of(scope("203.0.113.7", "198.51.100.1")) == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
        (["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        (["198.51.100.1, nonsense"], "10.1.1.1"),
        ([], "10.1.1.1"),
        (["10.3.3.3"], "10.1.1.1"),
        (["\xff, \xfe"], "10.1.1.1"),
    ],
)
def test_of_what_a_proxy_says_the_last_stranger_counts(forwarded: list[str], client: str) -> None:
    assert PROXIES.of(scope("10.1.1.1", *forwarded)) == client


def test_a_stranger_is_not_believed_though_there_are_proxies() -> None:
    assert PROXIES.of(scope("203.0.113.7", "198.51.100.1")) == "203.0.113.7"


def test_a_network_is_one_client_and_a_mapped_address_is_no_other() -> None:
    one, other = (ClientAddresses().of(scope(peer)) for peer in ("2001:db8::1", "2001:db8::2"))
    assert one == other == "2001:db8::/64"
    assert ClientAddresses().of(scope("::ffff:203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_who_has_no_address_is_not_counted(peer: str | None) -> None:
    assert ClientAddresses().of(scope(peer)) == ""
