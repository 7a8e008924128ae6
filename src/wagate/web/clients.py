"""Where a request comes from, seen through the proxies in front."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

Network = IPv4Network | IPv6Network

#: What a provider gives one customer at least; who has it has every address in it.
_V6_PREFIX: Final = 64


class ClientAddresses:
    """Tells clients apart. ``trusted`` are the networks of proxies whose ``X-Forwarded-For`` is believed."""

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self._trusted = tuple(trusted)

    def of(self, scope: Any) -> str:
        """The client's address; of IPv6 its network. Empty if it can't be told, as behind a Unix socket."""
        return _client(self._said(scope))

    def exactly(self, scope: Any) -> str | None:
        """The client's whole address; ``None`` if it can't be told."""
        address = _parsed(self._said(scope))
        return None if address is None else str(address)

    def _said(self, scope: Any) -> str:
        client = scope.get("client")
        peer = client[0] if client else ""
        return self._behind(peer, scope) if self._trusted else peer

    def _behind(self, peer: str, scope: Any) -> str:
        if not self._is_proxy(peer):
            return peer
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [hop.strip() for hop in ",".join(said).split(",")]
        # Each proxy appends whom it heard from, so what stands before the last stranger is that stranger's word.
        for hop in reversed(hops):
            if _parsed(hop) is None:
                return peer
            if not self._is_proxy(hop):
                return hop
        return peer

    def _is_proxy(self, text: str) -> bool:
        address = _parsed(text)
        return address is not None and any(address in network for network in self._trusted)


@lru_cache(maxsize=4096)
def _client(text: str) -> str:
    address = _parsed(text)
    if address is None:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _V6_PREFIX), strict=False))
    return str(address)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    if text.startswith("[") or text.count(":") == 1:
        # Some proxies say the port, too.
        text = text.removeprefix("[").partition("]" if text.startswith("[") else ":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
