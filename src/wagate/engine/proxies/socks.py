"""Asking a SOCKS5 proxy for a connection (RFC 1928; login as in RFC 1929). Names are resolved by the proxy."""

import asyncio
from ipaddress import IPv4Address, ip_address
from typing import Final

from wagate.engine.proxies.address import ProxyAddress
from wagate.engine.proxies.failures import ProxyLoginRefused, ProxyRefused

_VERSION: Final = 5
_LOGIN_VERSION: Final = 1
_NO_LOGIN: Final = 0x00
_LOGIN: Final = 0x02
_NONE_ACCEPTED: Final = 0xFF
_CONNECT: Final = 1
_IPV4: Final = 1
_NAME: Final = 3
_IPV6: Final = 4
#: RFC 1928, section 6.
_REPLIES: Final = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "type of address not supported",
}


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: ProxyAddress, host: str, port: int
) -> None:
    """Have the proxy connect to ``host``; what is read and written afterwards is that connection.

    :raises ProxyLoginRefused, ProxyRefused: as the proxy answers.
    """
    try:
        await _log_in(reader, writer, proxy)
        writer.write(bytes((_VERSION, _CONNECT, 0)) + _place(host) + port.to_bytes(2))
        version, reply, _, kind = await reader.readexactly(4)
        if version != _VERSION:
            raise ProxyRefused("The proxy does not answer as a SOCKS5 proxy does")
        if reply:
            raise ProxyRefused(f"The proxy answered: {_REPLIES.get(reply, f'error {reply}')}")
        await _skip_bound_address(reader, kind)
    except asyncio.IncompleteReadError:
        raise ProxyRefused("The proxy closed the connection, or is no SOCKS5 proxy") from None


async def _log_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: ProxyAddress) -> None:
    methods = (_NO_LOGIN, _LOGIN) if proxy.user else (_NO_LOGIN,)
    writer.write(bytes((_VERSION, len(methods), *methods)))
    version, method = await reader.readexactly(2)
    if version != _VERSION:
        raise ProxyRefused("The proxy does not answer as a SOCKS5 proxy does")
    if method == _NONE_ACCEPTED:
        raise ProxyLoginRefused
    if method == _NO_LOGIN:
        return
    if method not in methods:
        raise ProxyRefused("The proxy wants a kind of login that was not offered")
    user, password = proxy.user.encode(), proxy.password.encode()
    writer.write(bytes((_LOGIN_VERSION, len(user))) + user + bytes((len(password),)) + password)
    _, refused = await reader.readexactly(2)
    if refused:
        raise ProxyLoginRefused


def _place(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes((_NAME, len(name))) + name
    return bytes((_IPV4 if isinstance(address, IPv4Address) else _IPV6,)) + address.packed


async def _skip_bound_address(reader: asyncio.StreamReader, kind: int) -> None:
    if kind == _NAME:
        (length,) = await reader.readexactly(1)
    elif kind in (_IPV4, _IPV6):
        length = 4 if kind == _IPV4 else 16
    else:
        raise ProxyRefused("The proxy does not answer as a SOCKS5 proxy does")
    await reader.readexactly(length + 2)
