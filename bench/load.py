"""The load, the same for both sides: an even rate or a full window, and the endpoint that webhooks are posted to."""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

One = Callable[[int], Awaitable[None]]


async def at_rate(rate: float, count: int, one: One) -> None:
    """Start ``count`` calls at an even pace, whether or not the earlier ones are done (an open loop: a side that is
    slow can't make its own load smaller)."""
    started = time.perf_counter()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one(number)))
    await asyncio.gather(*tasks)


async def in_window(window: int, count: int, one: One) -> None:
    """Make ``count`` calls with ``window`` of them under way at any time."""
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(lane() for _ in range(window)))


def percentiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {"p50": cuts[49], "p99": cuts[98]}


class Sink:
    """Notes when each message was posted to it, by its WhatsApp id; ``answer`` is told of each once."""

    def __init__(self, answer: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.arrived: dict[str, float] = {}
        self.url = ""
        self._answer = answer
        self._answering: set[asyncio.Future[None]] = set()
        self._answered = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._post)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def answered(self, count: int) -> None:
        """Return when so many answers are done."""
        async with asyncio.timeout(120):
            while self._answered < count:
                await asyncio.sleep(0.02)

    async def _post(self, request: web.Request) -> web.Response:
        text = await request.read()
        now = time.time()
        body = json.loads(text)
        data = body.get("data", body)
        if body.get("type", "message.received") == "message.received":
            if data["waId"] not in self.arrived and self._answer is not None:
                task = asyncio.ensure_future(self._answer(data["waId"]))
                self._answering.add(task)
                task.add_done_callback(self._done)
            self.arrived.setdefault(data["waId"], now)
        return web.Response(status=204)

    def _done(self, task: "asyncio.Future[None]") -> None:
        self._answering.discard(task)
        task.result()
        self._answered += 1
