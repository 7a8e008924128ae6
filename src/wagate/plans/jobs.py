"""Forgetting what was used up in periods that are over."""

from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.plans import store
from wagate.plans.model import day_of
from wagate.storage.database import Database

EVERY: Final = timedelta(hours=6)
#: Nothing asks for a period that is over; a month is over before its first day is so old.
KEEP: Final = timedelta(days=62)


async def prune(db: Database, clock: Clock) -> int:
    """Delete old counters; how many."""
    # "2026-01" sorts before "2026-01-01", so a month goes when its first day would.
    before = day_of(clock.now() - KEEP).name
    return await db.write(lambda tx: store.forget(tx, before))
