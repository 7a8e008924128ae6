"""P2 and P9: how many sessions one machine holds, and how soon they are all back after a restart.

Sessions are linked up to each step; then each sends one message a minute, evenly spread, and what that costs is read.
At the end wagate is stopped and started again with all of them. Takes a while (a link costs each side the making of
its keys), so it is not part of the rounds: `make bench ARGS=--sessions` writes bench/SESSIONS.md.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.load import at_rate, in_window, percentiles
from bench.measures import CUSTOMER
from bench.processes import cpu_seconds, memory
from bench.report import markdown
from bench.rig import BAILEYS, NATIVE, PEER, SIDES, Gateway, Rig, open_rig

RESULTS = Path(__file__).with_name("SESSIONS.md")

STEPS = (250, 500, 1_000, 2_000)
#: How far each side goes. The goal of the Baileys engine is 1,000; what bare Baileys needs for 500 says enough.
FURTHEST: Mapping[str, int] = {NATIVE: 2_000, BAILEYS: 1_000, PEER: 500}
#: After a restart, so many sessions are waited for (goal: 15 s on the native engine).
RESTARTED = 1_000

_LINKS_AT_A_TIME = 8
#: What linking leaves behind is given back, and the first pings are over.
_SETTLE_SECONDS = 10.0
_SECONDS = 30
#: A restart that takes longer has failed.
_PATIENCE = 300.0

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What so many sessions cost, each with one message a minute."""

    side: str
    sessions: int
    #: All processes of the side, in MB.
    memory: float
    #: Of one core, in %.
    cpu: float
    #: Of the messages, until acknowledged, in ms.
    p50: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """How long so many sessions took from starting the program until all were logged in, in seconds."""

    side: str
    sessions: int
    seconds: float


async def run(tick: Tick, furthest: int) -> AsyncIterator[tuple[list[Step], list[Restart]]]:
    """Every side in turn, up to ``furthest`` sessions, and after each side what is known so far; ``tick`` is called for
    each link.
    """
    steps: list[Step] = []
    restarts: list[Restart] = []
    for side in FURTHEST:
        below, above = _steps(side, furthest)
        async with open_rig() as rig:
            climb = _Climb(side, rig, tick)
            async with SIDES[side](rig) as gateway:
                steps += [await climb.to(step, gateway) for step in below]
            if below[-1] == RESTARTED and side != PEER:
                started = time.perf_counter()
                async with SIDES[side](rig) as gateway:
                    await climb.all_online()
                    seconds = time.perf_counter() - started
                    restarts.append(Restart(side=side, sessions=RESTARTED, seconds=seconds))
                    steps += [await climb.to(step, gateway) for step in above]
        yield steps, restarts


def ticks(furthest: int) -> int:
    """How often one run ticks."""
    return sum(max(step for steps in _steps(side, furthest) for step in steps) for side in FURTHEST)


def _steps(side: str, furthest: int) -> tuple[list[int], list[int]]:
    """The steps of a side up to the restart, and those after it."""
    steps = [step for step in STEPS if step <= min(furthest, FURTHEST[side])]
    return [step for step in steps if step <= RESTARTED], [step for step in steps if step > RESTARTED]


class _Climb:
    """One side's sessions, more and more of them."""

    def __init__(self, side: str, rig: Rig, tick: Tick) -> None:
        self._side = side
        self._rig = rig
        self._tick = tick
        self._sessions: list[str] = []
        self._numbers = map(str, count(4915113000000))

    async def to(self, step: int, gateway: Gateway) -> Step:
        """Link up to ``step`` sessions, and read what they cost."""
        await self._rig.phone(CUSTOMER)
        before = len(self._sessions)
        await in_window(_LINKS_AT_A_TIME, step - before, partial(self._link, gateway))
        strangers = iter(self._sessions[before:])

        async def greet(_: int) -> None:
            # The first message of a chat looks up devices and begins sessions; that is not what is measured.
            await gateway.send(next(strangers), CUSTOMER, "first", wait=True)

        await in_window(_LINKS_AT_A_TIME, step - before, greet)
        await asyncio.sleep(_SETTLE_SECONDS)
        times: list[float] = []

        async def one(number: int) -> None:
            started = time.perf_counter()
            await gateway.send(self._sessions[number], CUSTOMER, f"text {number}", wait=True)
            times.append((time.perf_counter() - started) * 1000)

        processes = list(gateway.processes().values())
        spent, started = sum(map(cpu_seconds, processes)), time.perf_counter()
        await at_rate(step / 60, step * _SECONDS // 60, one)
        spent = (sum(map(cpu_seconds, processes)) - spent) / (time.perf_counter() - started)
        await self.all_online()
        held = memory(gateway.pid)
        return Step(side=self._side, sessions=step, memory=held, cpu=spent * 100, **percentiles(times))

    async def all_online(self) -> None:
        """Return once all sessions are, as WhatsApp's server sees it."""
        async with asyncio.timeout(_PATIENCE):
            while (await self._rig.phones.call("GET", "/sandbox"))["devicesOnline"] < len(self._sessions):
                await asyncio.sleep(0.25)

    async def _link(self, gateway: Gateway, _: int) -> None:
        self._sessions.append(await gateway.link(await self._rig.phone(next(self._numbers))))
        self._tick()


def show(steps: Sequence[Step], restarts: Sequence[Restart], machine: str) -> None:
    """Print the tables."""
    console = Console()
    for head, rows in ((_STEP_HEAD, _step_rows(steps)), (_RESTART_HEAD, _restart_rows(restarts))):
        table = Table(*head, title=machine, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write(steps: Sequence[Step], restarts: Sequence[Restart], machine: str) -> None:
    """Put the tables into bench/SESSIONS.md."""
    RESULTS.write_text(
        f"# How many sessions\n\n{machine}.\n\n"
        "P2: sessions online, each sending one message a minute, by `make bench ARGS=--sessions`; one run. Memory is "
        "that of all processes of the side.\n\n"
        f"{markdown(_STEP_HEAD, _step_rows(steps))}\n\n"
        "P9: from starting the program until WhatsApp's server sees all of them logged in.\n\n"
        f"{markdown(_RESTART_HEAD, _restart_rows(restarts))}\n"
    )


def _step_rows(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    order = list(FURTHEST)
    return [
        (
            f"{step.sessions:,}",
            step.side,
            f"{step.memory:.0f}",
            f"{step.memory / step.sessions:.2f}",
            f"{step.cpu:.0f}",
            f"{step.p50:.0f}",
            f"{step.p99:.0f}",
        )
        for step in sorted(steps, key=lambda step: (step.sessions, order.index(step.side)))
    ]


def _restart_rows(restarts: Sequence[Restart]) -> list[tuple[str, ...]]:
    return [(f"{r.sessions:,}", r.side, f"{r.seconds:.1f}", _RESTART_GOALS[r.side]) for r in restarts]


_STEP_HEAD = ("sessions", "side", "MB", "MB a session", "% of a core", "send until acknowledged p50, ms", "p99, ms")
_RESTART_HEAD = ("sessions", "side", "s", "goal")
_RESTART_GOALS = {NATIVE: "≤ 15", BAILEYS: ""}
