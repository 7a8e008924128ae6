"""What time it is for a process that shares its database: the database's time, whatever the machine's clock says.

Webhooks are signed, retries scheduled and credentials let expire by the wall clock. Webhooks of a gateway an hour ahead
would be refused as coming from the future, and tried again an hour late. Between two readings time goes on by the
monotonic clock, which nobody can set, so a jump of the machine's clock is not seen at all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.logging import get_logger
from wagate.storage.connect import parse_url, sqlite_path
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now

#: The monotonic clock drifts by some 0.1 ms in this time, and stands still while a virtual machine is suspended.
_READ_SECONDS: Final = 2.0
#: Time is left alone when it is off by no more than this and what the reading itself is unsure of, so that it does not
#: go back and forth by what readings differ.
_TOLERANCE_SECONDS: Final = 0.005
#: Above this the machine's clock is worth a word.
_WORTH_A_WORD: Final = timedelta(seconds=5)

_log = get_logger("storage.time")


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's time, read at some moment between two of the monotonic clock, in seconds."""

    now: datetime
    before: float
    after: float

    @property
    def at(self) -> float:
        """The moment that is off by the least at most."""
        return (self.before + self.after) / 2

    @property
    def doubt(self) -> float:
        """How far off it may be, in seconds."""
        return (self.after - self.before) / 2


class DatabaseTime:
    """A clock that was set by a :class:`Reading` and is set again by others."""

    def __init__(self, own: Clock, first: Reading) -> None:
        """``own`` tells how much time passes, and is not asked what time it is."""
        self._own = own
        self._set = first

    def now(self) -> datetime:
        return self._at(self._own.monotonic())

    def monotonic(self) -> float:
        return self._own.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._own.sleep(seconds)

    def follow(self, reading: Reading) -> None:
        """Be set by ``reading``, if it is surely further off than readings differ."""
        off = abs((reading.now - self._at(reading.at)).total_seconds())
        if off > reading.doubt + _TOLERANCE_SECONDS:
            self._set = reading

    def _at(self, moment: float) -> datetime:
        return self._set.now + timedelta(seconds=moment - self._set.at)


@asynccontextmanager
async def time_of(url: str, db: Database, own: Clock) -> AsyncIterator[Clock]:
    """The clock of a process that uses this database: ``own`` if nobody else can use it (SQLite), else the database's,
    read again every two seconds until the context ends.
    """
    if sqlite_path(parse_url(url)) is not None:
        yield own
        return
    first = await _read(db, own)
    off = own.now() - first.now
    if abs(off) > _WORTH_A_WORD:
        _log.warning("the machine's clock is off; the database's is used", seconds=round(off.total_seconds()))
    clock = DatabaseTime(own, first)
    keeping = asyncio.create_task(_keep(clock, db, own))
    try:
        yield clock
    finally:
        keeping.cancel()


async def _keep(clock: DatabaseTime, db: Database, own: Clock) -> None:
    while True:
        await own.sleep(_READ_SECONDS)
        try:
            clock.follow(await _read(db, own))
        except Unavailable:
            # Time goes on without it.
            continue


async def _read(db: Database, own: Clock) -> Reading:
    def work(tx: Tx) -> Reading:
        before = own.monotonic()
        return Reading(database_now(tx, own), before, own.monotonic())

    return await db.read(work)
