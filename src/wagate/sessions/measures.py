"""Numbers of sessions and of their queues that only the database knows."""

from typing import Final

from wagate.core.clock import Clock
from wagate.core.metrics import Gauge, Labels
from wagate.sessions import store
from wagate.storage.database import Database

_SESSIONS = Gauge("wagate_sessions", "Sessions of all accounts, on whatever worker.", ("status", "engine"))
_UNHOSTED = Gauge("wagate_sessions_unhosted", "Sessions that want to be connected and have no worker.")
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
    now = clock.now()
    counted, unhosted, waiting = await db.read(
        lambda tx: (store.count_all(tx), store.count_unhosted(tx, now), store.waiting(tx))
    )
    _SESSIONS.replace({(status, engine): count for (status, engine), count in counted.items()})
    _UNHOSTED.replace({(): unhosted})
    counts: dict[Labels, float] = {(status,): count for status, (count, _) in waiting.items()}
    ages: dict[Labels, float] = {
        (status,): max(0.0, (now - since).total_seconds()) for status, (_, since) in waiting.items()
    }
    _QUEUED.replace(_ALWAYS | counts)
    _OLDEST.replace(_ALWAYS | ages)
