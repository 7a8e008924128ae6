"""P2 and P4 of gateways and workers beside each other: how throughput and cost change with sessions and workers, and
which process is the one that has to be multiplied.

`make bench ARGS=--fleet` writes bench/FLEET.md. Sessions are linked once on each side and used by all its shapes.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bench.fleet import Installation, Shape, on_servers, on_sqlite
from bench.load import at_rate, in_window, percentiles
from bench.measures import P4_WINDOW
from bench.processes import busy_seconds, memory, tree_cpu_seconds
from bench.rig import Rig, open_rig

Tick = Callable[[], None]

STEPS = (1, 10, 100, 500, 1_000, 2_000)
UP_ON_SQLITE = Shape(name="up, SQLite")
UP_ON_POSTGRES = Shape(name="up, PostgreSQL")
FLEETS = (
    Shape(name="1 gateway, 1 worker", workers=1),
    Shape(name="1 gateway, 2 workers", workers=2),
    Shape(name="1 gateway, 3 workers", workers=3),
    Shape(name="2 gateways, 3 workers", gateways=2, workers=3),
)
#: On the same data, one after the other.
Side = tuple[Callable[[Rig], AbstractAsyncContextManager[Installation]], Sequence[Shape]]
SIDES: Sequence[Side] = ((on_servers, (UP_ON_POSTGRES, *FLEETS)), (on_sqlite, (UP_ON_SQLITE,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long each cell is looked at."""

    #: P4 sends two messages for each session, and no less than this.
    messages: int = 1_500
    #: P2, and before it for what starting leaves behind.
    seconds: float = 10.0
    settle_seconds: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One shape with so many sessions. Mappings are by the kind of process, all of that kind together."""

    shape: str
    sessions: int
    #: P4: acknowledged sends a second, and each until acknowledged, in ms.
    rate: float
    p50: float
    p99: float
    #: P4: processor time, in ms a message; ``load`` is what makes the load.
    cpu: Mapping[str, float]
    #: P4: what other programs took of the machine, in %.
    others: float
    #: P2: each session a message a minute. Resident memory in MB, and processor time in % of a core.
    memory: Mapping[str, float]
    busy: Mapping[str, float]
    #: P2: send until acknowledged, in ms; nothing if there were too few messages to say.
    minute_p50: float | None
    minute_p99: float | None


async def run(
    tick: Tick, *, steps: Sequence[int] = STEPS, sides: Sequence[Side] = SIDES, effort: Effort | None = None
) -> AsyncIterator[Sequence[Cell]]:
    """All cells that are known, after each of them; ``tick`` is called for each link and each cell."""
    cells: list[Cell] = []
    for open_installation, shapes in sides:
        async with open_rig() as rig, open_installation(rig) as installation:
            await installation.become(shapes[0])
            for step in steps:
                await installation.link_up_to(step, tick)
                for shape in shapes:
                    await installation.become(shape)
                    cells.append(await _cell(installation, shape, effort or Effort()))
                    tick()
                    yield cells


def ticks(steps: Sequence[int], sides: Sequence[Side] = SIDES) -> int:
    """How often one run ticks."""
    return len(sides) * max(steps) + len(steps) * sum(len(shapes) for _, shapes in sides)


async def _cell(installation: Installation, shape: Shape, effort: Effort) -> Cell:
    sessions = list(installation.sessions)
    times: list[float] = []

    async def one(number: int) -> None:
        started = time.perf_counter()
        await installation.send(number, sessions[number % len(sessions)], f"text {number}")
        times.append((time.perf_counter() - started) * 1000)

    # The first message of a session's connection looks for keys and devices; that is not what is measured.
    await in_window(P4_WINDOW, max(len(sessions), P4_WINDOW), one)
    await asyncio.sleep(effort.settle_seconds)

    times.clear()
    spent = Spent(installation)
    messages = round(len(sessions) * effort.seconds / 60)
    waited = asyncio.create_task(asyncio.sleep(effort.seconds))
    await at_rate(len(sessions) / 60, messages, one)
    await waited
    busy, passed = spent.so_far(), spent.seconds
    minute = percentiles(times) if len(times) >= 10 else {}
    held = {kind: sum(map(memory, pids)) for kind, pids in installation.processes().items()}

    times.clear()
    count = max(effort.messages, 2 * len(sessions))
    spent = Spent(installation)
    await in_window(P4_WINDOW, count, one)
    cpu, seconds = spent.so_far(), spent.seconds
    others = max(0.0, cpu.pop("machine") - sum(cpu.values())) / (seconds * (os.cpu_count() or 1))
    busy.pop("machine")
    return Cell(
        shape=shape.name,
        sessions=len(sessions),
        rate=count / seconds,
        **percentiles(times),
        cpu={kind: used * 1000 / count for kind, used in cpu.items()},
        others=others * 100,
        memory=held,
        busy={kind: used * 100 / passed for kind, used in busy.items()},
        minute_p50=minute.get("p50"),
        minute_p99=minute.get("p99"),
    )


class Spent:
    """Processor time from now on, in seconds, by the kind of process; ``machine`` is all that runs."""

    def __init__(self, installation: Installation) -> None:
        self._processes = installation.processes()
        self._before = self._now()
        self._started = time.perf_counter()
        #: How long it was until :meth:`so_far`.
        self.seconds = 0.0

    def so_far(self) -> dict[str, float]:
        self.seconds = time.perf_counter() - self._started
        return {kind: used - self._before[kind] for kind, used in self._now().items()}

    def _now(self) -> dict[str, float]:
        kinds = {kind: sum(map(tree_cpu_seconds, pids)) for kind, pids in self._processes.items()}
        return kinds | {"load": time.process_time(), "machine": busy_seconds()}
