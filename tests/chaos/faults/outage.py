"""What clients are to see of an outage: refusals in good time, that say when to come back."""

import time
from collections.abc import Awaitable, Callable

from tests.chaos.ground import Ground
from tests.chaos.traffic import NO_ANSWER

#: Goal R12.
REFUSED_WITHIN = 2.0


async def watched(ground: Ground, what: str, outage: Callable[[], Awaitable[None]]) -> None:
    """Have an outage happen, and note how requests that ended meanwhile were answered."""
    begin = time.monotonic()
    await outage()
    attempts = ground.traffic.clients.between(begin, time.monotonic())
    refused = [attempt for attempt in attempts if attempt.status == 503]
    for attempt in refused:
        ground.note(f"seconds until a 503 ({what})", attempt.seconds)
    ground.note(f"503 later than {REFUSED_WITHIN:.0f} s ({what})", sum(a.seconds > REFUSED_WITHIN for a in refused))
    ground.note(f"503 without Retry-After ({what})", sum(not a.says_when for a in refused))
    ground.note(f"requests without an answer ({what})", sum(a.status == NO_ANSWER for a in attempts))
