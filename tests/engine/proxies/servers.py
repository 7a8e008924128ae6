"""Small real proxies: HTTP CONNECT (plain or over TLS) and SOCKS5, with a login or without."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from typing import Self

Place = tuple[str, int]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Refused(Exception):
    """The client is sent away."""


class ProxyServer:
    """What both kinds have in common. ``hosts`` are names that only this proxy can resolve."""

    scheme = ""

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        hosts: Mapping[Place, Place] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.login = login
        self.hosts = dict(hosts or {})
        self.port = 0
        #: Where clients wanted to go, in order; also if it failed.
        self.targets: list[Place] = []
        #: Our own ports of the connections made for clients.
        self.local_ports: set[int] = set()
        self.bytes_carried = 0
        #: Who came, whatever became of it.
        self.callers = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, after :meth:`stop` on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go away, with every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    def url(self, login: str = "", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{login + '@' if login else ''}{host}:{self.port}"

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Place:
        """Where the client wants to go. :raises Refused: if it may not, once it was told."""
        raise NotImplementedError

    def answer(self, writer: asyncio.StreamWriter, reached: bool) -> None:
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers += 1
        self._open.add(writer)
        with suppress(Refused, OSError, asyncio.IncompleteReadError):
            target = await self.negotiate(reader, writer)
            self.targets.append(target)
            far = await self._reach(target)
            self.answer(writer, far is not None)
            await writer.drain()
            if far is not None:
                self._open.add(far[1])
                self.local_ports.add(far[1].get_extra_info("sockname")[1])
                await asyncio.gather(self._copy(reader, far[1]), self._copy(far[0], writer))
                self._open.discard(far[1])
        writer.close()
        self._open.discard(writer)

    async def _reach(self, target: Place) -> Streams | None:
        try:
            return await asyncio.open_connection(*self.hosts.get(target, target))
        except OSError:
            return None

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                self.bytes_carried += len(chunk)
                writer.write(chunk)
                await writer.drain()
        writer.close()


class HttpProxy(ProxyServer):
    scheme = "http"

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Place:
        request, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = request.split(" ")
        given = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        if self.login is not None:
            wanted = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
            if given.get("proxy-authorization") != wanted:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                raise Refused
        if method != "CONNECT":
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            raise Refused
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port)

    def answer(self, writer: asyncio.StreamWriter, reached: bool) -> None:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n" if reached else b"HTTP/1.1 502 Bad Gateway\r\n\r\n")


class SocksProxy(ProxyServer):
    scheme = "socks5"

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Place:
        version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 0 if self.login is None else 2
        if version != 5 or wanted not in methods:
            writer.write(b"\x05\xff")
            raise Refused
        writer.write(bytes((5, wanted)))
        if self.login is not None:
            await self._check_login(reader, writer)
        _, command, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        elif kind == 1:
            host = str(IPv4Address(await reader.readexactly(4)))
        else:
            host = str(IPv6Address(await reader.readexactly(16)))
        if command != 1:
            writer.write(b"\x05\x07\x00\x01" + bytes(6))
            raise Refused
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _check_login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        good = (user.decode(), password.decode()) == self.login
        writer.write(bytes((1, 0 if good else 1)))
        if not good:
            raise Refused

    def answer(self, writer: asyncio.StreamWriter, reached: bool) -> None:
        writer.write(bytes((5, 0 if reached else 5, 0, 1)) + bytes(6))


KINDS: dict[str, type[ProxyServer]] = {"http": HttpProxy, "socks5": SocksProxy}
