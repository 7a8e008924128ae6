"""How far this database has come, written down outside of it, so that one that went back in time is noticed.

A database restored from a snapshot knows nothing of the message keys used since, and would use them again. So a
number, the generation, is raised at every start and every :data:`RAISE_SECONDS`: first in the database, then in the
store of backups. The database is never behind the store, unless it is an older copy of itself. A standby that took
over, and may lack the last commits, shows by its timeline. In doubt every session is burnt forward before the first one
is opened: its peers begin anew with it, which costs each of them a few messages back and forth, and no key is used
twice.
See docs/decisions/0017.
"""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Final

from wagate.backups import store
from wagate.backups.service import Backups
from wagate.core.clock import Clock
from wagate.core.errors import Unavailable, WagateError
from wagate.core.logging import get_logger
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.database import Database

#: A snapshot that is restored within so short a time of being taken would not be noticed.
RAISE_SECONDS: Final = 30.0
#: How long a start waits for the store of backups.
PATIENCE_SECONDS: Final = 5.0
#: With the store away, a database that a process was at so recently is believed to be where it was left.
RECENT: Final = timedelta(minutes=2)

_KEY: Final = "watermark"

_log = get_logger("backups")


class Watermark:
    """The high-water mark of this installation."""

    def __init__(self, *, db: Database, blobs: Blobs, backups: Backups, clock: Clock) -> None:
        self._db = db
        self._blobs = blobs
        self._backups = backups
        self._clock = clock
        #: The generation that this process raised the mark to last; its database is never behind.
        self._raised = 0

    async def check(self) -> int:
        """Before any session is opened: make sure that the database did not go back in time, or burn every session
        forward; how many were. Cut short, the next call begins again.

        :raises StorageUnavailable: if the database is away.
        """
        # The store first: other processes go on raising both, the database before the store.
        stored, reached = await self._stored()
        known, timeline = await self._db.read(lambda tx: (store.mark(tx), store.timeline(tx)))
        doubt = _doubt(known, timeline, stored, raised=self._raised, reached=reached, now=self._clock.now())
        latest, burnt = max(stored or 0, self._raised, known[0] if known else 0), 0
        if doubt:
            _log.error("the database may have gone back in time; every session begins anew with its peers", why=doubt)
            burnt = await self._burn_all(latest, timeline)
        await self._raise(latest, timeline)
        return burnt

    async def run(self) -> None:
        """Raise the mark for as long as the process lives."""
        while True:
            await self._clock.sleep(RAISE_SECONDS)
            await self.raise_once()

    async def raise_once(self) -> None:
        """One step up; what can't be raised now is raised the next time.

        An older copy is not raised as if it were the database it was made of: that would hide it from the next start.
        Gateways raise the mark, too, and may run before the first worker does, or all through the restoring.
        """
        try:
            stored, _ = await self._stored()
            known, timeline = await self._db.read(lambda tx: (store.mark(tx), store.timeline(tx)))
            generation = known[0] if known else 0
            # A standby that took over under the running fleet may lack what was committed last.
            took_over = known is not None and bool(known[1]) and known[1] != timeline
            if took_over or generation < max(stored or 0, self._raised):
                await self.check()
            else:
                await self._raise(generation, timeline)
        except Unavailable as error:
            _log.warning("the high-water mark could not be raised", code=error.code)

    async def _raise(self, least: int, timeline: str) -> None:
        now = self._clock.now()
        generation = await self._db.write(lambda tx: store.raise_mark(tx, least, timeline, now), patient=True)
        self._raised = generation
        try:
            await self._blobs.put(_KEY, json.dumps({"generation": generation}).encode())
        except Unavailable as error:
            _log.warning("the high-water mark is not in the store of backups", code=error.code)

    async def _burn_all(self, latest: int, timeline: str) -> int:
        burnt = 0
        for session in await self._db.read(store.all_sessions):
            known = await self._db.read(store.mark)
            if known is not None and known[0] > latest and known[1] == timeline:
                # Another process that started with this one has burnt them all, and opens them by now.
                break
            try:
                await self._backups.burn(session)
                burnt += 1
            except Unavailable:
                raise
            except WagateError as error:
                # It can't be opened either, so it can use no key.
                _log.error("a session could not begin anew", session_id=session, code=error.code)
        return burnt

    async def _stored(self) -> tuple[int | None, bool]:
        """The generation in the store, ``None`` if there is none; and whether the store could say."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                body = b"".join([piece async for piece in self._blobs.get(_KEY)])
            return int(json.loads(body)["generation"]), True
        except BlobMissing:
            return None, True
        except (Unavailable, TimeoutError, ValueError, KeyError, TypeError):
            return None, False


def _doubt(
    known: tuple[int, str, datetime] | None,
    timeline: str,
    stored: int | None,
    *,
    raised: int,
    reached: bool,
    now: datetime,
) -> str:
    """Why the database may have gone back in time; empty if it did not."""
    if known is None:
        # A database from before there were marks, or a new one. If the store has one, it is neither.
        return "" if stored is None else "the store knows of a later state"
    generation, former, seen_at = known
    if former and timeline and former != timeline:
        return "the database server is on another timeline"
    if raised > generation:
        return "this process knows of a later state"
    if not reached:
        return "" if now - seen_at < RECENT else "the store of backups is away and the database was not in use"
    if stored is None:
        # Also how an operator says that a whole installation was put back: by deleting it.
        return "the store of backups has lost the mark"
    return "the store knows of a later state" if stored > generation else ""
