"""Asking an HTTP proxy for a connection (RFC 9110, section 9.3.6; Basic login as in RFC 7617)."""

import asyncio
import base64
import re
from typing import Final

from wagate.engine.proxies.address import ProxyAddress, authority
from wagate.engine.proxies.failures import ProxyLoginRefused, ProxyRefused

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r\n")
_LOGIN_WANTED: Final = 407


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: ProxyAddress, host: str, port: int
) -> None:
    """Have the proxy connect to ``host``; what is read and written afterwards is that connection.

    :raises ProxyLoginRefused, ProxyRefused: as the proxy answers.
    """
    target = authority(host, port)
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: {basic(proxy.user, proxy.password)}")
    writer.write("\r\n".join((*lines, "", "")).encode())
    await writer.drain()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise ProxyRefused("The proxy does not answer as an HTTP proxy does") from None
    status_line = _STATUS_LINE.match(head)
    if status_line is None:
        raise ProxyRefused("The proxy does not answer as an HTTP proxy does")
    status = int(status_line[1])
    if status == _LOGIN_WANTED:
        raise ProxyLoginRefused
    if not 200 <= status < 300:
        raise ProxyRefused(f"The proxy answered HTTP {status}")


def basic(user: str, password: str) -> str:
    """The credentials of HTTP's Basic scheme."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
