"""The load balancer in front of the gateways, as any: connections go to those that say they are ready."""

import asyncio
from contextlib import suppress
from typing import Self

import aiohttp

#: How often gateways are asked. They go on serving for 1.5 s after saying that they are about to end.
_ASK_SECONDS = 0.25
_PATIENCE = aiohttp.ClientTimeout(total=1.0)
_CHUNK = 65536


class Balancer:
    """Listens on one loopback port while entered."""

    def __init__(self) -> None:
        self.url = ""
        self._backends: dict[str, str] = {}
        self._ready: set[str] = set()
        self._turn = 0
        self._lines: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._asking: asyncio.Task[None] | None = None

    def put(self, name: str, url: str) -> None:
        """Know a gateway, which is asked from now on whether it is ready."""
        self._backends[name] = url
        self._ready.discard(name)

    @property
    def ready(self) -> frozenset[str]:
        """The gateways that said so lately."""
        return frozenset(self._ready)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._asking = asyncio.create_task(self._ask_always())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        # Twice: one that was accepted a moment ago has to begin, or nobody would close it.
        for _ in range(2):
            await asyncio.sleep(0)
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _ask_always(self) -> None:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as http:
            while True:
                await asyncio.gather(*(self._ask(http, name, url) for name, url in list(self._backends.items())))
                await asyncio.sleep(_ASK_SECONDS)

    async def _ask(self, http: aiohttp.ClientSession, name: str, url: str) -> None:
        try:
            async with http.get(f"{url}/health/ready") as answer:
                is_ready = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            is_ready = False
        if self._backends.get(name) == url:
            (self._ready.add if is_ready else self._ready.discard)(name)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._lead(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)
        await asyncio.wait((line,))

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[None]] = []
        try:
            found = await self._connect()
            if found is None:
                return
            there, back = found
            pumps = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            ends = [end for end in (back, writer) if end is not None]
            for end in ends:
                with suppress(OSError, RuntimeError):
                    end.close()
            await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next gateway that takes a connection. If none is ready, all are tried: better a refusal than silence."""
        names = sorted(self._ready) or sorted(self._backends)
        self._turn += 1
        for step in range(len(names)):
            name = names[(self._turn + step) % len(names)]
            host, _, port = self._backends[name].removeprefix("http://").partition(":")
            with suppress(OSError):
                return await asyncio.open_connection(host, int(port))
            self._ready.discard(name)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
