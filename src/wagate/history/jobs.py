"""Reading chunks of history, beside everything else and until each is read or set aside.

The rows in state ``pending`` are the queue, so a restart forgets nothing: a chunk that was being read is read again
from its start. Only a worker that holds a session's connection can read its chunks, one of a session at a time.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.port import EngineSession, EngineUnavailable
from wagate.history import store
from wagate.history.errors import ChunkBroken
from wagate.history.model import Chunk, ChunkState
from wagate.history.service.notices import PENDING_TOPIC
from wagate.history.service.reading import ChunkReading
from wagate.media.errors import HostsUnavailable
from wagate.media.service.hosts import MediaHosts
from wagate.messages.service.backfill import Backfill, Names
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.storage.pending import AFTER_ERROR_SECONDS, work_off

#: The connection of a session, if this process holds it.
LinkOf = Callable[[SessionId], EngineSession | None]

#: Sessions whose history is read at once in this process: each takes a share of the processor and a few megabytes.
_AT_ONCE: Final = 2
#: Pauses between attempts to fetch: hosts fail for seconds, a network for minutes; WhatsApp keeps the file for days.
_PAUSES: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600))
#: Pauses before a chunk that could not be read is tried again: a host that gave half a file gives all of it later.
_PAUSES_IF_BROKEN: Final = _PAUSES[1:3]
#: How long what became of a chunk can be looked up; by then the inbox no longer hands its notice over again.
_KEPT_FOR: Final = timedelta(days=30)

_log = get_logger("history")


class HistoryReader:
    """The job; one in each process that holds connections."""

    def __init__(
        self,
        *,
        db: Database,
        bus: Bus,
        ring: KeyRing,
        clock: Clock,
        hosts: MediaHosts,
        backfill: Backfill,
        link_of: LinkOf,
    ) -> None:
        self._db = db
        self._bus = bus
        self._ring = ring
        self._clock = clock
        self._reading = ChunkReading(hosts=hosts, backfill=backfill)
        self._link_of = link_of
        self._running: dict[SessionId, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        await work_off(
            PENDING_TOPIC,
            start_due=self._start_due,
            tidy=self._tidy,
            running=self._running,
            bus=self._bus,
            clock=self._clock,
            log=_log,
        )

    async def _tidy(self) -> None:
        before = self._clock.now() - _KEPT_FOR
        await self._db.write(lambda tx: store.tidy(tx, before))

    async def _start_due(self) -> None:
        now = self._clock.now()
        for session in await self._db.read(lambda tx: store.sessions_with_due(tx, now)):
            link = self._link_of(session)
            if link is not None and session not in self._running and len(self._running) < _AT_ONCE:
                self._running[session] = asyncio.create_task(self._read_all(session, link))

    async def _read_all(self, session: SessionId, link: EngineSession) -> None:
        try:
            names = Names()
            while await self._read_next(session, link, names):
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the other sessions' histories
            # The row stays pending, so a later look finds it again.
            _log.warning("history not read", session_id=session, error=type(error).__name__)
            await self._clock.sleep(AFTER_ERROR_SECONDS)
        finally:
            del self._running[session]
            self._bus.publish_here(PENDING_TOPIC, session)

    async def _read_next(self, session: SessionId, link: EngineSession, names: Names) -> bool:
        """Read the oldest chunk whose time has come; whether there was one and the next may follow."""
        now = self._clock.now()
        due = await self._db.read(lambda tx: store.next_due(tx, session, now))
        if due is None:
            return False
        try:
            chunk = store.opened(due, self._ring)
        except SealBroken as error:
            code = error.code
            _log.error("a chunk of history was set aside", session_id=session, wa_id=due.wa_id, code=code)
            await self._db.write(lambda tx: store.settle(tx, session, due.wa_id, ChunkState.FAILED, code))
            return True
        try:
            outcome = await self._reading.read(chunk, link, names)
        except ChunkBroken as error:
            await self._again(chunk, _PAUSES_IF_BROKEN, error.code, error.detail)
            return True
        except (HostsUnavailable, EngineUnavailable) as error:
            await self._again(chunk, _PAUSES, error.code, error.detail)
            return False
        wa_id = chunk.wa_id
        await self._db.write(lambda tx: store.settle(tx, session, wa_id, ChunkState.DONE))
        _log.info(
            "history read",
            session_id=session,
            kind=chunk.notice.sync_type,
            order=chunk.notice.order,
            progress=chunk.notice.progress,
            accounts=outcome.accounts,
            messages=outcome.messages,
            stored=outcome.stored,
            unread=outcome.unread,
        )
        return True

    async def _again(self, chunk: Chunk, pauses: tuple[timedelta, ...], code: str, detail: str) -> None:
        session, wa_id, attempts = chunk.session, chunk.wa_id, chunk.attempts
        if attempts >= len(pauses):
            _log.error(
                "a chunk of history was set aside",
                session_id=session,
                wa_id=wa_id,
                kind=chunk.notice.sync_type,
                order=chunk.notice.order,
                code=code,
                detail=detail,
            )
            await self._db.write(lambda tx: store.settle(tx, session, wa_id, ChunkState.FAILED, code))
            return
        _log.warning("a chunk of history has to wait", session_id=session, wa_id=wa_id, code=code, detail=detail)
        at = self._clock.now() + pauses[attempts]
        await self._db.write(lambda tx: store.postpone(tx, session, wa_id, attempts=attempts + 1, next_attempt_at=at))
