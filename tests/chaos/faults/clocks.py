"""F21: the clock of one process is an hour off, either way, and is set right again."""

import asyncio

from tests.chaos.ground import Fault, Ground

_HOUR = 3600.0
_SECONDS = 12.0


async def off(ground: Ground) -> None:
    fleet = ground.fleet
    name = ground.one_of([*fleet.of("worker"), *fleet.of("gateway")])
    fleet.set_clock(name, ground.random.choice((_HOUR, -_HOUR)))
    await asyncio.sleep(_SECONDS)
    if ground.random.random() < 0.5:
        # With a wrong clock, sessions also have to come online.
        await fleet.fault(kind="close", code=0)
        await asyncio.sleep(_SECONDS / 2)
    fleet.set_clock(name, 0.0)


FAULTS = (
    Fault(code="F21", name="clock of a process an hour off", strike=off, befalls=frozenset({"clocks", "whatsapp"})),
)
