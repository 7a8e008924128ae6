"""What clients are to see of an outage: refusals in good time, that say when to come back."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.chaos.ground import Ground
from tests.chaos.traffic import NO_ANSWER

#: Goal R12.
REFUSED_WITHIN = 2.0
#: Whatever was asked during an outage is answered this long after it.
_ANSWERED_SECONDS = 3.0


async def watched(ground: Ground, what: str, outage: Callable[[], Awaitable[None]]) -> None:
    """Have an outage happen, and note how requests that ended meanwhile were answered."""
    begin = time.monotonic()
    await outage()
    end = time.monotonic()
    ground.later(_note_kept_waiting(ground, what, begin, end))
    attempts = ground.traffic.clients.between(begin, end)
    refused = [attempt for attempt in attempts if attempt.status == 503]
    for attempt in refused:
        ground.note(f"seconds until a 503 ({what})", attempt.seconds)
    ground.note(f"503 later than {REFUSED_WITHIN:.0f} s ({what})", sum(a.seconds > REFUSED_WITHIN for a in refused))
    ground.note(f"503 without Retry-After ({what})", sum(not a.says_when for a in refused))
    ground.note(f"requests without an answer ({what})", sum(a.status == NO_ANSWER for a in attempts))


async def _note_kept_waiting(ground: Ground, what: str, begin: float, end: float) -> None:
    """Those that got their word after the return count, too: a server that keeps silent has nobody refused."""
    await asyncio.sleep(_ANSWERED_SECONDS)
    made = [attempt for attempt in ground.traffic.clients.attempts if begin <= attempt.at < end]
    kept_waiting = sum(attempt.seconds - attempt.asked_to_wait > REFUSED_WITHIN for attempt in made)
    ground.note(f"requests that waited longer than {REFUSED_WITHIN:.0f} s for a word ({what})", kept_waiting)
