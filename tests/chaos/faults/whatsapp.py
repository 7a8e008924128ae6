"""F28: WhatsApp lets go of every session at once, or is away for a while."""

import asyncio

from tests.chaos.evidence import ATTEMPTS_PER_SECOND, Invariant
from tests.chaos.ground import Fault, Ground

_LOOK_SECONDS = 6.0


async def dropped(ground: Ground) -> None:
    before = len(ground.evidence.attempts)
    await ground.fleet.fault(kind="close", code=0)
    ground.later(_judge_attempts(ground, before))


async def away(ground: Ground) -> None:
    before = len(ground.evidence.attempts)
    await ground.fleet.fault(kind="goAway")
    await asyncio.sleep(ground.lasting(5, 30))
    await ground.fleet.clear_faults()
    ground.later(_judge_attempts(ground, before))


async def _judge_attempts(ground: Ground, before: int) -> None:
    await asyncio.sleep(_LOOK_SECONDS)
    await ground.evidence.look()
    busiest = ground.evidence.busiest_second(before)
    ground.note("attempts in the busiest second", busiest)
    if busiest > ATTEMPTS_PER_SECOND:
        ground.violated(Invariant.I9, f"{busiest} attempts within a second after all sessions were dropped")


_WHATSAPP = frozenset({"whatsapp"})

FAULTS = (
    Fault(code="F28", name="all sessions dropped at once", strike=dropped, befalls=_WHATSAPP, limit=75),
    Fault(code="F28", name="WhatsApp away", strike=away, befalls=_WHATSAPP, limit=75),
)
