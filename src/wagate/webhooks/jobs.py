"""Forgetting finished deliveries."""

from datetime import timedelta
from functools import partial
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import DeliveryId
from wagate.core.logging import get_logger
from wagate.storage.database import Database
from wagate.webhooks import store

#: What arrived needs no replay; it is kept so that customers can look.
KEEP_DELIVERED: Final = timedelta(days=7)
#: Dead letters can be replayed this long.
KEEP_DEAD: Final = timedelta(days=30)
#: How often finished deliveries are looked for.
EVERY: Final = timedelta(hours=1)
BATCH: Final = 1000
#: Between two batches others get the writer.
_PAUSE_SECONDS: Final = 0.02

_log = get_logger("wagate.webhooks")

#: Events that must be kept because of deliveries; for :func:`wagate.events.jobs.prune`.
still_needed = store.still_needed


async def prune(db: Database, clock: Clock, *, batch: int = BATCH) -> int:
    """Delete what was kept long enough, and what belongs to endpoints that are gone; how many there were."""
    now = clock.now()
    # No entropy: the smallest id of this moment.
    until = DeliveryId.new(now, bytes)
    deleted, after = 0, ""
    while True:
        count, following = await db.write(
            partial(
                store.prune,
                after=after,
                until=until,
                delivered_before=now - KEEP_DELIVERED,
                dead_before=now - KEEP_DEAD,
                limit=batch,
            )
        )
        deleted += count
        if following is None:
            break
        after = following
        await clock.sleep(_PAUSE_SECONDS)
    if deleted:
        _log.info("old webhook deliveries deleted", count=deleted)
    return deleted
