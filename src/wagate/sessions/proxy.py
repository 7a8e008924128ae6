"""The proxy a session connects through."""

import re
from collections.abc import Awaitable, Callable

from wagate.sessions.errors import InvalidProxy

#: Looks at where an http URL leads (web.egress). It raises if the gateway may not connect there.
DestinationCheck = Callable[[str], Awaitable[None]]

_PROXY = re.compile(
    r"(?P<scheme>https?|socks5)://(?:[^\s@/?#:]{1,255}(?::[^\s@/?#]{0,255})?@)?(?P<target>[^\s@/?#]{1,260}:[0-9]{1,5})/?"
)


async def checked(url: str, check: DestinationCheck) -> str:
    """``url``, if it is a proxy that the gateway may connect to.

    :raises InvalidProxy: if it is not of the form ``scheme://[user:password@]host:port``.
    :raises WagateError: whatever ``check`` raises for its host.
    """
    match = _PROXY.fullmatch(url)
    if match is None:
        raise InvalidProxy
    await check(f"http://{match['target']}/")
    return url
