"""The proxy a session connects through."""

from collections.abc import Awaitable, Callable

from wagate.engine.proxies import BadProxyUrl, ProxyAddress
from wagate.sessions.errors import InvalidProxy

#: Looks at where an http URL leads (web.egress). It raises if the gateway may not connect there.
DestinationCheck = Callable[[str], Awaitable[None]]


async def checked(url: str, check: DestinationCheck) -> str:
    """``url``, if it is a proxy that the gateway may connect to.

    :raises InvalidProxy: if it is not of the form ``scheme://[user[:password]@]host:port``; it says what is wrong.
    :raises WagateError: whatever ``check`` raises for its host.
    """
    try:
        proxy = ProxyAddress.parse(url)
    except BadProxyUrl as error:
        raise InvalidProxy(f"This is no proxy to connect through: {error}") from None
    await check(f"http://{proxy.authority}/")
    return url
