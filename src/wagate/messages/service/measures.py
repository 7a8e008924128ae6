"""Numbers of the outbox that only the database knows."""

from wagate.core.clock import Clock
from wagate.core.metrics import Gauge
from wagate.messages import store
from wagate.storage.database import Database

_QUEUED = Gauge("wagate_messages_queued", "Messages of all sessions that WhatsApp has not taken yet.")
_OLDEST = Gauge("wagate_messages_queued_oldest_seconds", "How long the first of them waits.")


async def measure(db: Database, clock: Clock) -> None:
    """Look them up.

    :raises StorageUnavailable: if the database can't be read.
    """
    count, since = await db.read(store.backlog)
    _QUEUED.replace({(): count})
    _OLDEST.replace({(): 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())})
