"""Takes in what arrived for one session, in order.

Up to :data:`BATCH` items are read and taken in in one transaction with the marks that they are taken, so nothing is
taken in twice and nothing is marked that was not taken in. If a batch fails, its items are tried one by one; one that
fails each time is set aside, kept and logged, and the rest goes on. A database that is away is nobody's fault: then
everything waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import get_logger
from wagate.engine.lease import StaleEpoch, check_epoch
from wagate.engine.port import InboxItem
from wagate.sessions.model import Lease, Session
from wagate.storage.database import Database, Tx
from wagate.worker.backoff import full_jitter
from wagate.worker.ports import InboxQueue, InboxReceiver, ReadInbox

T = TypeVar("T")

#: As many as arrive while one commit runs at the highest rate measured (1,500 a second, some 20 ms), and some.
BATCH: Final = 50
#: An item is tried this often alone before it is set aside; failures that pass by themselves (two receipts of one
#: message that meet, a deadlock) are gone by then.
ATTEMPTS: Final = 3

_log = get_logger("worker.inbox")


class InboxConsumer:
    """Reads one session's inbox while the session is hosted."""

    def __init__(
        self,
        lease: Lease,
        session: Callable[[], Session],
        *,
        db: Database,
        inbox: InboxQueue,
        receiver: InboxReceiver,
        clock: Clock,
        random: Random,
    ) -> None:
        """``session`` gives the session as it is now."""
        self._lease = lease
        self._session = session
        self._db = db
        self._inbox = inbox
        self._receiver = receiver
        self._clock = clock
        self._random = random
        self._news = asyncio.Event()
        self._last_round = False

    def wake(self) -> None:
        """Something arrived."""
        self._news.set()

    def finish(self) -> None:
        """Have :meth:`run` return once the inbox is empty."""
        self._last_round = True
        self._news.set()

    async def run(self) -> None:
        """Take in what is there, then what comes.

        :raises StaleEpoch: if the lease is lost.
        """
        failures = 0
        while True:
            self._news.clear()
            last_round = self._last_round
            try:
                await self._drain()
            except Unavailable as error:
                _log.warning("the inbox waits for the database", code=error.code)
                await self._clock.sleep(full_jitter(failures, self._random))
                failures += 1
                continue
            failures = 0
            if last_round:
                return
            await self._news.wait()

    async def _drain(self) -> None:
        read = await self._inbox.reader(self._lease.session)
        while True:
            try:
                count = await self._take(lambda tx: read(tx, BATCH))
            except (StaleEpoch, Unavailable):
                raise
            except Exception as failure:  # noqa: BLE001 - whatever it is, it must not block what came after it
                count = await self._take_one_by_one(read, failure)
            if not count or (count < BATCH and not self._last_round):
                return  # that was all; whatever came since has woken us

    async def _take_one_by_one(self, read: ReadInbox, failure: Exception) -> int:
        items = await self._db.read(lambda tx: read(tx, BATCH))
        _log.warning("a batch could not be taken in", items=len(items), error=type(failure).__name__)
        for item in items:
            await self._take_alone(item)
        return len(items)

    async def _take_alone(self, item: InboxItem) -> None:
        for attempt in range(ATTEMPTS):
            try:
                await self._take(lambda _: [item])
                return
            except (StaleEpoch, Unavailable):
                raise
            except Exception as failure:  # noqa: BLE001 - as above
                last = failure
            if attempt < ATTEMPTS - 1:
                await self._clock.sleep(full_jitter(0, self._random))
        reason = type(last).__name__
        # The traceback's text may quote a message; its type and place are enough to start from.
        _log.error("set aside what could not be taken in", seq=item.seq, kind=item.kind.value, error=reason)

        def work(tx: Tx) -> None:
            check_epoch(tx, self._lease.session, self._lease.epoch)
            self._inbox.quarantine(tx, self._lease.session, item.seq, reason)

        await self._write(work)

    async def _take(self, read: Callable[[Tx], Sequence[InboxItem]]) -> int:
        session = self._session()

        def work(tx: Tx) -> int:
            check_epoch(tx, self._lease.session, self._lease.epoch)
            items = read(tx)
            if items:
                self._receiver.handle(tx, session, items)
                self._inbox.take(tx, session.id, [item.seq for item in items])
            return len(items)

        return await self._write(work)

    async def _write(self, work: Callable[[Tx], T]) -> T:
        """A write that is waited for even if this task is cancelled: it runs all the same once it is queued, and
        whoever reads the inbox next must find it done.
        """
        written = asyncio.ensure_future(self._db.write(work))
        try:
            return await asyncio.shield(written)
        except asyncio.CancelledError:
            await asyncio.wait((written,))
            if not written.cancelled():
                written.exception()
            raise
