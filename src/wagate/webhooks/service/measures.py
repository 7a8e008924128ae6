"""Numbers of deliveries that only the database knows."""

from wagate.core.metrics import Gauge
from wagate.events.service import EventLog
from wagate.storage.database import Database, Tx
from wagate.webhooks import store

_BACKLOG = Gauge(
    "wagate_webhook_backlog", "Deliveries that are not done: for their `turn`, or for their next `attempt`.", ("waits",)
)
_BEHIND = Gauge(
    "wagate_webhook_fanout_behind_events",
    "Events of the log that deliveries were not made of yet. Without endpoints nothing follows the log.",
)


async def measure(db: Database) -> None:
    """Look them up.

    :raises StorageUnavailable: if the database can't be read.
    """

    def work(tx: Tx) -> tuple[int, int, int]:
        turn, attempt, reached = store.backlog(tx)
        return turn, attempt, max(0, EventLog.head_at(tx) - reached) if store.any_enabled(tx) else 0

    turn, attempt, behind = await db.read(work)
    _BACKLOG.replace({("turn",): turn, ("attempt",): attempt})
    _BEHIND.replace({(): behind})
