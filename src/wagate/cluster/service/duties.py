"""What one process of all does: a duty is held by a lease in the database, and its work runs while it is held.

Two processes may do the same work for a moment, when one was frozen beyond its lease: what a duty does has to bear
that. Placing sessions does, since each claim is one conditional update; posting webhooks does, since receivers know an
event by its id.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from wagate.cluster import store
from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import get_logger
from wagate.sessions.waiting import end
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now

#: How long a duty stays with a process that says nothing. Renewed every third of it.
DUTY_SECONDS: Final = 6.0
_RENEW_SECONDS: Final = DUTY_SECONDS / 3
#: How soon a database that was away is asked again. Until it has answered nobody does the duty.
_RETRY_SECONDS: Final = 0.5
#: The work is ended this long before the lease is over.
_MARGIN_SECONDS: Final = 1.0

_log = get_logger("cluster.duties")


class Duty:
    """One duty, as one process strives for it."""

    def __init__(
        self, name: str, work: Callable[[], Awaitable[None]], *, holder: str, db: Database, clock: Clock
    ) -> None:
        """``work`` runs until it is cancelled; if it ends, it is begun again with the next renewal. ``holder`` is this
        process.
        """
        self._name = name
        self._work = work
        self._holder = holder
        self._db = db
        self._clock = clock
        self._running: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        """Whether this process does it now."""
        return self._running is not None and not self._running.done()

    async def run(self) -> None:
        """Do the work whenever no other process does, until cancelled."""
        good_until = 0.0
        try:
            while True:
                begun, pause = self._clock.monotonic(), _RENEW_SECONDS
                try:
                    mine = await self._take()
                except Unavailable as error:
                    pause = _RETRY_SECONDS
                    _log.warning("a duty could not be renewed", duty=self._name, code=error.code)
                    mine = self.held and begun < good_until - _MARGIN_SECONDS
                else:
                    good_until = begun + DUTY_SECONDS if mine else 0.0
                if mine and not self.held:
                    self._running = asyncio.create_task(self._do())
                elif not mine and self._running is not None:
                    await self._stop()
                await self._clock.sleep(pause)
        finally:
            await self._stop()
            await self._resign()

    async def _take(self) -> bool:
        def work(tx: Tx) -> bool:
            now = database_now(tx, self._clock)
            return store.take_duty(tx, self._name, self._holder, now, now + timedelta(seconds=DUTY_SECONDS))

        return await self._db.write(work)

    async def _do(self) -> None:
        _log.info("duty taken", duty=self._name)
        try:
            await self._work()
        except Exception:  # noqa: BLE001 - begun again with the next renewal; a bug must not end the process
            _log.error("a duty's work failed", duty=self._name, exc_info=True)

    async def _stop(self) -> None:
        running, self._running = self._running, None
        await end(running)

    async def _resign(self) -> None:
        try:
            await self._db.write(lambda tx: store.resign(tx, self._name, self._holder))
        except Unavailable:
            _log.warning("a duty could not be given up; it runs out by itself", duty=self._name)
