"""Numbers of sessions that only the database knows."""

from wagate.core.clock import Clock
from wagate.core.metrics import Gauge
from wagate.sessions import store
from wagate.storage.database import Database

_SESSIONS = Gauge("wagate_sessions", "Sessions of all accounts, on whatever worker.", ("status", "engine"))
_UNHOSTED = Gauge("wagate_sessions_unhosted", "Sessions that want to be connected and have no worker.")


async def measure(db: Database, clock: Clock) -> None:
    """Look them up.

    :raises StorageUnavailable: if the database can't be read.
    """
    counted, unhosted = await db.read(lambda tx: (store.count_all(tx), store.count_unhosted(tx, clock.now())))
    _SESSIONS.replace({(status, engine): count for (status, engine), count in counted.items()})
    _UNHOSTED.replace({(): unhosted})
