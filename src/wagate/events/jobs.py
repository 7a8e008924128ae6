"""Forgetting old events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.events.service import EventLog
from wagate.events.store import StillNeeded

KEEP: Final = timedelta(days=30)
#: How often old events are looked for.
EVERY: Final = timedelta(hours=1)
#: Rows looked at per transaction, so that nobody waits long behind one.
BATCH: Final = 1000
#: Between two batches others get the writer.
_PAUSE_SECONDS: Final = 0.02

_log = get_logger("wagate.events")


async def prune(
    log: EventLog, clock: Clock, *, keep: timedelta = KEEP, still_needed: Sequence[StillNeeded] = (), batch: int = BATCH
) -> int:
    """Delete every event older than ``keep`` that nobody needs any more; how many there were."""
    before = clock.now() - keep
    deleted, after = await log.prune(after=0, before=before, limit=batch, still_needed=still_needed)
    while after is not None:
        await clock.sleep(_PAUSE_SECONDS)
        more, after = await log.prune(after=after, before=before, limit=batch, still_needed=still_needed)
        deleted += more
    if deleted:
        _log.info("old events deleted", count=deleted)
    return deleted
