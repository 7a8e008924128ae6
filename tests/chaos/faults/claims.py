"""F18: a hundred claim one session of the running fleet at the same instant, beside the fleet's own placer, and its
owner, who knows nothing of it, goes on for as long as it takes to find out.

They are no workers: whoever wins does nothing with the session, so for that time nobody may write for it. Owners that
can't know that their lease is over are F19 and F20; this is about who may have it.
"""

import asyncio
import time

from tests.chaos.evidence import Invariant
from tests.chaos.fights import fights_for
from tests.chaos.ground import Fault, Ground, Missed
from wagate.core.ids import SessionId
from wagate.worker.supervisor import RENEW_SECONDS

_CLAIMERS = 100
#: An owner finds out when it next renews, or with its next write.
_FOUND_OUT_SECONDS = RENEW_SECONDS + 2.0
#: What was committed under the old epoch a moment before may still be on its way to the wire.
_ON_ITS_WAY_SECONDS = 1.0


async def claimed_by_many(ground: Ground) -> None:
    evidence = ground.evidence
    number, session = ground.random.choice(sorted(ground.traffic.sessions.items()))
    async with fights_for(ground.fleet.postgres.url, SessionId(session), _CLAIMERS) as fights:
        # If the fleet's placer is the one that wins, the next worker logs in before the former one knows.
        evidence.may_overlap = True
        won = await fights.fight()
        claimed = time.time()
        if not won:
            await asyncio.sleep(_FOUND_OUT_SECONDS)
            evidence.may_overlap = False
            raise Missed("the fleet itself was quicker")
        evidence.may_overlap = False
        ground.note("winners of a fight for a session", len(won))
        if len(won) > 1:
            ground.violated(Invariant.I5, f"{len(won)} claimers have {session} at the same time")
        if fights.accepted_stale:
            ground.violated(Invariant.I6, f"a write with the epoch before was accepted for {session}")
        await asyncio.sleep(_FOUND_OUT_SECONDS)
        await evidence.look()
        late = [at for at in evidence.writes[number] if at > claimed + _ON_ITS_WAY_SECONDS]
        ground.note("words by an owner that had lost its session", len(late))
        if late:
            took = late[-1] - claimed
            ground.violated(Invariant.I6, f"{session} still sent by its former owner {took:.1f} s after it was claimed")
        for lease in won:
            await fights.let_go(lease)


FAULTS = (
    Fault(
        code="F18",
        name="100 claim one session at once",
        strike=claimed_by_many,
        befalls=frozenset({"workers", "postgres", "whatsapp"}),
        checks="one has it; its former owner sends nothing, and its writes are refused",
    ),
)
