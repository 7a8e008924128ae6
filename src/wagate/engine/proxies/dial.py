"""A connection through a proxy whose address was checked."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from wagate.core.errors import Unprocessable
from wagate.engine.proxies import connect, socks
from wagate.engine.proxies.address import ProxyAddress
from wagate.engine.proxies.failures import ProxyFailed, ProxyNotAllowed, ProxyUnreachable

#: From the host and port of a proxy to addresses that may be connected to. :raises Unprocessable: if there are none
#: that may. :raises OSError: if the name does not resolve.
Addresses = Callable[[str, int], Awaitable[Sequence[str]]]

#: Engines wait 20 s for a connection; what went wrong shall reach them before they give up by themselves.
DIAL_SECONDS: Final = 15.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dial(
    proxy: ProxyAddress, host: str, port: int, addresses: Addresses, trust: ssl.SSLContext | None
) -> Streams:
    """Connect to ``host`` through ``proxy``. The proxy's name is resolved once, and what is connected to is one of the
    very addresses that ``addresses`` let pass. ``trust`` judges the certificate of an ``https`` proxy.

    :raises ProxyFailed: saying which way it failed.
    """
    try:
        async with asyncio.timeout(DIAL_SECONDS):
            reader, writer = await _reach(proxy, addresses, trust)
            try:
                ask = socks.ask if proxy.scheme.startswith("socks5") else connect.ask
                await ask(reader, writer, proxy, host, port)
            except BaseException:
                # Cancellation too: a connection that nobody gets would stay open.
                writer.transport.abort()
                raise
            return reader, writer
    except ProxyFailed:
        raise
    except TimeoutError:
        raise ProxyUnreachable("The proxy did not answer in time") from None
    except OSError as error:
        raise ProxyUnreachable(f"The proxy can't be reached ({type(error).__name__})") from error


async def _reach(proxy: ProxyAddress, addresses: Addresses, trust: ssl.SSLContext | None) -> Streams:
    try:
        found = await addresses(proxy.host, proxy.port)
    except Unprocessable as error:
        raise ProxyNotAllowed from error
    secure = proxy.scheme == "https"
    trouble = OSError("the name has no address")
    for address in found:
        try:
            return await asyncio.open_connection(
                address, proxy.port, ssl=trust if secure else None, server_hostname=proxy.host if secure else None
            )
        except OSError as error:
            trouble = error
    raise trouble
