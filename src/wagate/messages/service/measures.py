"""Numbers of the outbox that only the database knows."""

from typing import Final

from wagate.core.clock import Clock
from wagate.core.metrics import Gauge, Labels
from wagate.messages import store
from wagate.storage.database import Database

_QUEUED = Gauge(
    "wagate_messages_queued", "Messages that WhatsApp has not taken yet, by the status of their session.", ("session",)
)
_OLDEST = Gauge("wagate_messages_queued_oldest_seconds", "How long the first of them waits.", ("session",))
#: Shown though nothing waits, so that there is something to watch.
_ALWAYS: Final[dict[Labels, float]] = {("connected",): 0.0}


async def measure(db: Database, clock: Clock) -> None:
    """Look them up.

    :raises StorageUnavailable: if the database can't be read.
    """
    found = await db.read(store.backlog)
    now = clock.now()
    counts: dict[Labels, float] = {(status,): count for status, (count, _) in found.items()}
    ages: dict[Labels, float] = {
        (status,): max(0.0, (now - since).total_seconds()) for status, (_, since) in found.items()
    }
    _QUEUED.replace(_ALWAYS | counts)
    _OLDEST.replace(_ALWAYS | ages)
