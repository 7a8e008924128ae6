"""What became of attempts, stored many at a time: whatever gathered while the last commit ran is the next."""

import asyncio
from collections.abc import Callable
from functools import partial

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import get_logger
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.webhooks import store
from wagate.webhooks.model import Attempted

#: Published after an endpoint, a replay or a repeated delivery was changed in the database.
CHANGED = "webhooks"
#: An endpoint that answered 410 Gone.
GONE = "gone"

_MAX_BATCH = 500
_RETRY_SECONDS = 1.0

_log = get_logger("wagate.webhooks")


class Ledger:
    """Stores results in the background and tells when each is durable.

    One that is lost with the process means one more attempt, with the same ``webhook-id``.
    """

    def __init__(self, db: Database, bus: Bus, clock: Clock, stored: Callable[[Attempted], None]) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._stored = stored
        self._waiting: list[Attempted] = []
        self._something = asyncio.Event()
        self._nothing = asyncio.Event()
        self._nothing.set()

    @property
    def empty(self) -> bool:
        """Whether everything that was added is stored."""
        return self._nothing.is_set()

    def add(self, attempted: Attempted) -> None:
        self._waiting.append(attempted)
        self._something.set()
        self._nothing.clear()

    async def flushed(self) -> None:
        """Return when everything is stored."""
        await self._nothing.wait()

    async def run(self) -> None:
        """Store until cancelled."""
        while True:
            await self._something.wait()
            batch = self._waiting[:_MAX_BATCH]
            try:
                await self._db.write(partial(self._store, batch=batch), patient=True)
            except Unavailable as error:
                # Nothing is lost while this process lives; the outcome of a commit without answer is written again.
                _log.warning("webhook results not stored yet", count=len(self._waiting), code=error.code)
                await self._clock.sleep(_RETRY_SECONDS)
                continue
            del self._waiting[: len(batch)]
            for attempted in batch:
                self._stored(attempted)
            if not self._waiting:
                self._something.clear()
                self._nothing.set()

    def _store(self, tx: Tx, batch: list[Attempted]) -> None:
        store.record(tx, batch)
        for attempted in batch:
            if attempted.pause_until is not None:
                store.pause(tx, attempted.endpoint_id, attempted.pause_until)
            if attempted.disables:
                assert attempted.finished_at is not None
                store.disable(tx, attempted.endpoint_id, GONE, attempted.finished_at)
                tx.after_commit(lambda: self._bus.publish(CHANGED))
