"""R6: how long the sessions of a killed worker are away, as WhatsApp's server sees it.

`make bench ARGS=--failover` puts it into bench/FLEET.md.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from bench.curve import FLEETS
from bench.fleet import Installation, kill, on_servers
from bench.rig import open_rig

SESSIONS = 200
REPETITIONS = 5
#: Those that take the sessions over.
_HEIRS = 2
#: Between two looks at how many are online. Times are as exact as this.
_LOOK_SECONDS = 0.02
#: A failover that takes longer has failed.
_PATIENCE = 120.0

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """Seconds from the kill until that part of the sessions was online again."""

    sessions: int
    workers: int
    repetition: int
    half: float
    nearly_all: float
    all: float


async def run(
    tick: Tick, *, sessions: int = SESSIONS, repetitions: int = REPETITIONS
) -> AsyncIterator[Sequence[Failover]]:
    """What is known after each repetition; ``tick`` is called for each link and repetition."""
    found: list[Failover] = []
    async with open_rig() as rig, on_servers(rig) as installation:
        await installation.become(FLEETS[0])
        await installation.link_up_to(sessions, tick)
        for repetition in range(1, repetitions + 1):
            found.append(await _fail_over(installation, repetition))
            tick()
            yield found
            if repetition < repetitions:
                # One worker has all of them again.
                await installation.become(FLEETS[0])


def ticks(sessions: int = SESSIONS, repetitions: int = REPETITIONS) -> int:
    """How often one run ticks."""
    return sessions + repetitions


async def _fail_over(installation: Installation, repetition: int) -> Failover:
    sessions = len(installation.sessions)
    leaving = installation.workers
    # Loads are evened out only after a while, so the old one still has everything.
    installation.workers = await installation.start_workers(_HEIRS)
    started = time.perf_counter()
    await kill(*leaving)
    await installation.some_offline(leaving)
    wanted = {share: math.ceil(sessions * share) for share in (0.5, 0.99, 1.0)}
    reached: dict[float, float] = {}
    async with asyncio.timeout(_PATIENCE):
        while len(reached) < len(wanted):
            online = await installation.online()
            for share, number in wanted.items():
                if online >= number:
                    reached.setdefault(share, time.perf_counter() - started)
            await asyncio.sleep(_LOOK_SECONDS)
    return Failover(
        sessions=sessions,
        workers=_HEIRS,
        repetition=repetition,
        half=reached[0.5],
        nearly_all=reached[0.99],
        all=reached[1.0],
    )
