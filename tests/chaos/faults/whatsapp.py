"""F28: WhatsApp lets go of every session at once, or is away for a while. A crowd of quiet sessions is there for it, so
that all of them together would be far over the fleet's rate.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.chaos.crowd import Crowd
from tests.chaos.evidence import Invariant
from tests.chaos.ground import Fault, Ground

#: With the load's own, half as many again as may come back within a second, and soon linked.
_CROWD = 30
#: Goal R8.
_ALL_BACK_SECONDS = 60.0
_LOOK_SECONDS = 0.25


def _herd(name: str, let_go: Callable[[Ground], Awaitable[None]]) -> Fault:
    crowds: list[Crowd] = []

    async def prepare(ground: Ground) -> None:
        crowd = Crowd(ground.fleet, lambda _: None)
        await crowd.link(_CROWD)
        crowds.append(crowd)
        await ground.evidence.look()

    async def strike(ground: Ground) -> None:
        before = len(ground.evidence.attempts)
        since = time.time()
        await let_go(ground)
        ground.later(_judge(ground, crowds.pop(), before, since, time.monotonic()))

    return Fault(
        code="F28",
        name=name,
        strike=strike,
        # Workers that end take connections with them, and their return would be counted with these.
        befalls=frozenset({"whatsapp", "workers"}),
        limit=75,
        checks=f"of {_CROWD} sessions more, attempts in the busiest second, and all back in {_ALL_BACK_SECONDS:.0f} s",
        prepare=prepare,
    )


async def dropped(ground: Ground) -> None:
    await ground.fleet.fault(kind="close", code=0)


async def away(ground: Ground) -> None:
    await ground.fleet.fault(kind="goAway")
    await asyncio.sleep(ground.lasting(5, 30))
    await ground.fleet.clear_faults()


async def _judge(ground: Ground, crowd: Crowd, before: int, since: float, over: float) -> None:
    """Whether all come back, and how fast they tried; then the crowd leaves."""
    logins = ground.evidence.logins
    numbers = [*crowd.numbers, *ground.traffic.sessions]
    while out := [number for number in numbers if not logins[number] or logins[number][-1] < since]:
        if time.monotonic() > over + _ALL_BACK_SECONDS:
            ground.violated(Invariant.I10, f"{len(out)} sessions are not back {_ALL_BACK_SECONDS:.0f} s later")
            break
        await asyncio.sleep(_LOOK_SECONDS)
    ground.note("seconds until all sessions were back after WhatsApp let go of them", time.monotonic() - over)
    ground.note("attempts in the busiest second after that", ground.evidence.busiest_second(before))
    await crowd.leave()


FAULTS = (_herd("all sessions dropped at once", dropped), _herd("WhatsApp away", away))
