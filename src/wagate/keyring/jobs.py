"""Re-wrapping what older keys of the ring sealed, beside the traffic.

Values are opened and sealed on a reading thread and stored a batch at a time, each only if the former value still
stands; the next batch waits until as long has passed as storing the last one took, so at most half of a writer's time
goes into it. One process works at a rotation at a time; where it stands need not be noted, since what is done begins
with another key.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing
from wagate.keyring import store
from wagate.keyring.model import Rotation
from wagate.keyring.service import ROTATION, SealedFiles, SecretKeys
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.sealed import SealedColumn

#: Another process may have begun a rotation: look at least this often.
LOOK_SECONDS: Final = 15.0
#: Values in one transaction: some 20 ms of the writer on PostgreSQL. A quarter of it takes twice as long in all and
#: makes others' slowest writes no quicker.
BATCH: Final = 256
#: A process that has not said for this long that it works at a rotation is taken to be gone.
HELD_FOR: Final = timedelta(seconds=60)
#: Between two rounds, when processes that seal by an older key keep adding to it.
ROUND_SECONDS: Final = 2.0

_log = get_logger("keyring")


class _Lost(Exception):
    """Another process works at the rotation now, or it has ended."""


class Rewrapper:
    """The background job of one process."""

    def __init__(
        self,
        *,
        db: Database,
        bus: Bus,
        ring: KeyRing,
        clock: Clock,
        keys: SecretKeys,
        files: Sequence[SealedFiles] = (),
        entropy: Entropy = os.urandom,
    ) -> None:
        self._db = db
        self._bus = bus
        self._ring = ring
        self._clock = clock
        self._keys = keys
        self._files = files
        self._runner = entropy(8).hex()

    async def run(self) -> None:
        """Work at whatever rotation there is, until cancelled."""
        with self._bus.subscribe(ROTATION) as news:
            resumed = False
            while True:
                news.drain()
                try:
                    if not resumed:
                        await self._keys.resume()
                        resumed = True
                    await self.run_once()
                except Unavailable as error:
                    _log.warning("a rotation of keys waits", code=error.code)
                await news.next(LOOK_SECONDS)

    async def run_once(self) -> None:
        """Bring the rotation under way to its end, if this process may work at it.

        :raises Unavailable: if database or files can't be written; what is done stays done.
        """
        rotation = await self._keys.rotation()
        # Only who seals by the new key may end it.
        if rotation is None or rotation.finished_at is not None or rotation.key_id != self._ring.newest:
            return
        try:
            await self._hold(rotation)
            await self._work_off(rotation)
        except _Lost:
            return

    async def _work_off(self, rotation: Rotation) -> None:
        left = sum([await self._count(column, rotation) for column in store.ring_columns()])
        left += sum([await files.count_not_under(rotation.key_id) for files in self._files])
        await self._db.write(lambda tx: store.expect(tx, rotation.key_id, left))
        while True:
            done = unreadable = 0
            for column in store.ring_columns():
                sealed, broken = await self._column(column, rotation)
                done, unreadable = done + sealed, unreadable + broken
            if not done:
                break
            await self._clock.sleep(ROUND_SECONDS)
        for files in self._files:
            unreadable += await files.rewrap(lambda count: self._advance(rotation, count))
        now = self._clock.now()
        await self._db.write(lambda tx: store.finish(tx, rotation.key_id, unreadable=unreadable, now=now))
        if unreadable:
            _log.error("values that no key opens were left as they are", count=unreadable)

    async def _column(self, column: SealedColumn, rotation: Rotation) -> tuple[int, int]:
        """How many values were sealed anew, and how many do not open."""
        batch = await self._next(column, None)
        done, unreadable = 0, batch.unreadable
        while True:
            begun = self._clock.monotonic()
            if batch.values:
                await self._put(column, rotation, batch)
            written = self._clock.monotonic()
            done += len(batch.values)
            if batch.after is None:
                return done, unreadable
            # The next batch is made while the writer rests.
            batch = await self._next(column, batch.after)
            unreadable += batch.unreadable
            made = self._clock.monotonic()
            await self._clock.sleep(max(0.0, (written - begun) - (made - written)))

    async def _next(self, column: SealedColumn, after: tuple[Any, ...] | None) -> store.Rewrapped:
        return await self._db.read(lambda tx: store.rewrapped(tx, column, self._ring, after=after, limit=BATCH))

    async def _put(self, column: SealedColumn, rotation: Rotation, batch: store.Rewrapped) -> None:
        now = self._clock.now()

        def work(tx: Tx) -> None:
            if not store.hold(tx, rotation.key_id, self._runner, now=now, until=now + HELD_FOR):
                raise _Lost
            store.put(tx, column, batch.values)
            store.advance(tx, rotation.key_id, len(batch.values))

        await self._db.write(work, patient=True)

    async def _hold(self, rotation: Rotation) -> None:
        now = self._clock.now()
        until = now + HELD_FOR
        if not await self._db.write(lambda tx: store.hold(tx, rotation.key_id, self._runner, now=now, until=until)):
            raise _Lost

    async def _advance(self, rotation: Rotation, count: int) -> None:
        await self._hold(rotation)
        await self._db.write(lambda tx: store.advance(tx, rotation.key_id, count))

    async def _count(self, column: SealedColumn, rotation: Rotation) -> int:
        return await self._db.read(lambda tx: store.count_not_under(tx, column, rotation.key_id))
