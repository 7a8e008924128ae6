"""The listener on loopback through which sessions with a proxy reach WhatsApp: HTTP CONNECT in, their proxy out.

Both engines and the transfer of files are pointed here, so there is one place that logs in to proxies, checks where
they are, and says what went wrong; no other process ever learns a proxy's password. Each session has a credential of
its own that holds as long as its connection; without one, nothing is answered.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import re
import ssl
from collections.abc import Callable
from typing import Final

from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.engine.proxies.address import ProxyAddress
from wagate.engine.proxies.dial import Addresses, dial
from wagate.engine.proxies.failures import ProxyFailed

_HOST: Final = "127.0.0.1"
_REQUEST: Final = re.compile(r"CONNECT (\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]{1,253}):([0-9]{1,5}) HTTP/1\.1")
_AUTHORIZATION: Final = re.compile(r"(?i)proxy-authorization:[ \t]*basic[ \t]+([A-Za-z0-9+/=]+)[ \t]*")
#: Whoever connects is a process on this machine that knows what it wants.
_REQUEST_SECONDS: Final = 10.0
_CHUNK: Final = 64 * 1024
_SECRET_BYTES: Final = 16

_log = get_logger("engine.proxies")


class Tunnel:
    """One session's way out. Made by :meth:`Tunnels.open`."""

    def __init__(self, proxy: ProxyAddress, url: str, on_closed: Callable[[], None]) -> None:
        self.proxy = proxy
        #: The HTTP proxy to use, with its credential; it is of use on this machine only, and until :meth:`close`.
        self.url = url
        self.connections: set[asyncio.Task[None]] = set()
        self._on_closed = on_closed

    def close(self) -> None:
        """End every connection through it and take its credential back. Harmless if it is closed."""
        self._on_closed()
        for connection in self.connections:
            connection.cancel()


class Tunnels:
    """The tunnels of this process. ``addresses`` says where a proxy may be connected to, ``trust`` whom to believe to
    be an ``https`` proxy (the system's authorities by default)."""

    def __init__(self, addresses: Addresses, entropy: Entropy, trust: ssl.SSLContext | None = None) -> None:
        self._addresses = addresses
        self._entropy = entropy
        self._trust = trust
        self._open: dict[str, tuple[str, Tunnel]] = {}
        self._server: asyncio.Server | None = None
        self._starting = asyncio.Lock()

    async def open(self, proxy: ProxyAddress) -> Tunnel:
        """A way out through ``proxy``; nothing is connected yet.

        :raises OSError: if nothing can be listened to on this machine.
        """
        async with self._starting:
            if self._server is None:
                self._server = await asyncio.start_server(self._serve, _HOST, 0)
        port = self._server.sockets[0].getsockname()[1]
        name, secret = self._entropy(_SECRET_BYTES).hex(), self._entropy(_SECRET_BYTES).hex()
        tunnel = Tunnel(proxy, f"http://{name}:{secret}@{_HOST}:{port}", lambda: self._forget(name))
        self._open[name] = (secret, tunnel)
        return tunnel

    @property
    def count(self) -> int:
        """How many tunnels are open."""
        return len(self._open)

    async def close(self) -> None:
        """Close every tunnel and stop listening."""
        for _, tunnel in list(self._open.values()):
            tunnel.close()
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _forget(self, name: str) -> None:
        self._open.pop(name, None)

    # -- one connection ------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            request = _REQUEST.fullmatch(head[0])
            tunnel = self._of(head[1:])
            if request is None or tunnel is None:
                return
            task = asyncio.current_task()
            assert task is not None
            tunnel.connections.add(task)
            try:
                await self._carry(tunnel, request[1].strip("[]"), int(request[2]), reader, writer)
            finally:
                tunnel.connections.discard(task)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        except asyncio.CancelledError:
            # The tunnel was closed: nothing of what waits may still leave.
            writer.transport.abort()
        finally:
            writer.close()

    def _of(self, headers: list[str]) -> Tunnel | None:
        """The tunnel whose credential is among the headers."""
        for header in headers:
            given = _AUTHORIZATION.fullmatch(header)
            if given is not None:
                with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                    name, _, secret = base64.b64decode(given[1], validate=True).decode().partition(":")
                    known = self._open.get(name)
                    if known is not None and hmac.compare_digest(known[0].encode(), secret.encode()):
                        return known[1]
        return None

    async def _carry(
        self, tunnel: Tunnel, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._trust is None and tunnel.proxy.scheme == "https":
            self._trust = ssl.create_default_context()
        try:
            out_reader, out_writer = await dial(tunnel.proxy, host, port, self._addresses, self._trust)
        except ProxyFailed as error:
            _log.info("a proxy gave no connection", code=error.code, detail=error.detail)
            writer.write(f"HTTP/1.1 {error.answer} {error.code}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await _both_ways((reader, writer), (out_reader, out_writer))
        except BaseException:
            # Cancellation too: nothing of what waits may still leave.
            out_writer.transport.abort()
            raise
        finally:
            out_writer.close()


async def _both_ways(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Copy until either side ends."""
    copying = {asyncio.ensure_future(_copy(near[0], far[1])), asyncio.ensure_future(_copy(far[0], near[1]))}
    try:
        await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copying:
            copy.cancel()
        await asyncio.gather(*copying, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
