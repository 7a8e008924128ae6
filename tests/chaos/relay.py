"""TCP between one process and one server, and what can befall it on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]

_CHUNK = 65536
#: What programs of ours ask of the kernel (storage/connect.py): bytes that nobody acknowledged for so long end a
#: connection, and one that is silent is given up after so long. A relay acknowledges everything, so it plays this.
UNACKNOWLEDGED_SECONDS = 10.0
SILENT_SECONDS = 20.0


def to_port(host: str, port: int) -> Connect:
    return lambda: asyncio.open_connection(host, port)


def to_socket(path: str) -> Connect:
    return lambda: asyncio.open_unix_connection(path)


class Relay:
    """Listens on a loopback port that stays the same, and passes everything on until told otherwise."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self.port = 0
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._up.set()
        self._down.set()
        self._bytes_per_second: float | None = None
        self._cut_after: int | None = None
        self._instead: bytes | None = None
        self._break: tuple[bytes, bool] | None = None
        #: How often a connection was broken at a marker.
        self.broken = 0

    async def start(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and break those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        over = [line.over.wait() for line in self._lines]
        self.reset()
        await asyncio.gather(*over)

    def reset(self) -> None:
        """Break every connection."""
        for line in list(self._lines):
            line.abort()

    def hold(self, *, up: bool = True, down: bool = True) -> None:
        """Deliver nothing towards the server, or from it: the network swallows it, and nobody is told."""
        if up:
            self._up.clear()
        if down:
            self._down.clear()

    def pace(self, bytes_per_second: float) -> None:
        """Deliver so much a second from the server."""
        self._bytes_per_second = bytes_per_second

    def cut_after(self, size: int) -> None:
        """Break each connection after so many bytes from the server."""
        self._cut_after = size

    def answer(self, answer: bytes) -> None:
        """Say this to whatever is asked, and hang up; the server hears nothing."""
        self._instead = answer

    def break_at(self, marker: bytes, *, delivered: bool) -> None:
        """Break the next connection on which a process says ``marker``, once: before the server hears it, or after, so
        that its answer is lost.
        """
        self._break = (marker, delivered)

    async def restore(self) -> None:
        """Let everything pass again."""
        self._bytes_per_second = self._cut_after = self._instead = self._break = None
        self._up.set()
        self._down.set()
        await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(self, reader, writer)
        self._lines.add(line)
        try:
            # It is cancelled by its own abort alone, maybe while it closes.
            with suppress(asyncio.CancelledError):
                await line.run()
        finally:
            self._lines.discard(line)
            line.over.set()


class _Line:
    def __init__(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._relay = relay
        self._reader = reader
        self._writer = writer
        self._task: asyncio.Task[None] | None = None
        self.over = asyncio.Event()
        #: Whether the process hears the server no more, since the connection is about to break.
        self._deaf = False
        self._server: asyncio.StreamWriter | None = None

    def abort(self) -> None:
        for writer in (self._writer, self._server):
            if writer is not None:
                writer.transport.abort()
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        self._task = asyncio.current_task()
        try:
            # A connection is made without the server's word in TCP, too, as far as the first packet goes.
            await self._passable(self._relay._up, UNACKNOWLEDGED_SECONDS)
            reader, self._server = await self._relay._connect()
            pumps = (self._pump_up(self._server), self._pump_down(reader))
            tasks = [asyncio.create_task(pump) for pump in pumps]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            ends = [end for end in (self._writer, self._server) if end is not None]
            for end in ends:
                with suppress(OSError, RuntimeError):
                    end.close()
            await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)

    async def _pump_up(self, server: asyncio.StreamWriter) -> None:
        relay = self._relay
        with suppress(OSError, TimeoutError):
            while data := await self._reader.read(_CHUNK):
                if relay._instead is not None:
                    self._writer.write(relay._instead)
                    await self._writer.drain()
                    return
                await self._passable(relay._up, UNACKNOWLEDGED_SECONDS)
                broken = relay._break if relay._break and relay._break[0] in data else None
                if broken is not None:
                    relay._break, self._deaf = None, True
                    relay.broken += 1
                if broken is None or broken[1]:
                    server.write(data)
                    await server.drain()
                if broken is not None:
                    # What was delivered has to be acted upon before the server notices that nobody waits for it.
                    await asyncio.sleep(0.05 if broken[1] else 0)
                    self._writer.transport.abort()
                    return

    async def _pump_down(self, reader: asyncio.StreamReader) -> None:
        relay, passed = self._relay, 0
        with suppress(OSError, TimeoutError):
            while data := await reader.read(_CHUNK if relay._bytes_per_second is None else 1024):
                await self._passable(relay._down, SILENT_SECONDS)
                if self._deaf:
                    continue
                if relay._cut_after is not None and passed + len(data) > relay._cut_after:
                    self._writer.write(data[: max(0, relay._cut_after - passed)])
                    await self._writer.drain()
                    self._writer.transport.abort()
                    return
                passed += len(data)
                if relay._bytes_per_second is not None:
                    await asyncio.sleep(len(data) / relay._bytes_per_second)
                self._writer.write(data)
                await self._writer.drain()

    async def _passable(self, gate: asyncio.Event, patience: float) -> None:
        if not gate.is_set():
            try:
                async with asyncio.timeout(patience):
                    await gate.wait()
            except TimeoutError:
                self._writer.transport.abort()
                raise
