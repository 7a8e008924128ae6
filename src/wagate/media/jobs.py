"""Fetching what others sent, as soon as it is announced and until it is here or lost.

The rows in state ``pending`` are the queue, so a restart forgets nothing. Only a worker that holds a session's
connection can fetch its files; those of other sessions wait. A file that two workers fetch at once is stored twice
under one key with the same bytes, which harms nobody.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import MediaId, SessionId
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.port import EngineSession, EngineUnavailable
from wagate.media import store
from wagate.media.errors import HostsUnavailable, RemoteFileBroken
from wagate.media.model import Media, MediaState
from wagate.media.sealing import open_remote
from wagate.media.service.hosts import REUSE_FOR, MediaHosts
from wagate.media.service.incoming import PENDING_TOPIC
from wagate.media.sniff import HEAD_BYTES, sniff
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.pending import AFTER_ERROR_SECONDS, work_off

#: The connection of a session, if this process holds it.
LinkOf = Callable[[SessionId], EngineSession | None]
#: Told, in the transaction that changes it, that a file is ``ready`` or ``failed``.
Settled = Callable[[Tx, Media], None]

#: Files fetched at once in this process, and of one session.
_AT_ONCE: Final = 8
_PER_SESSION: Final = 3
#: Pauses between attempts: hosts fail for seconds, a network for minutes; WhatsApp keeps the file for weeks.
_PAUSES: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600))

_log = get_logger("media.fetcher")


class Fetcher:
    """The job; one in each process that holds connections."""

    def __init__(
        self,
        *,
        db: Database,
        blobs: Blobs,
        bus: Bus,
        ring: KeyRing,
        clock: Clock,
        hosts: MediaHosts,
        link_of: LinkOf,
        settled: Settled,
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._bus = bus
        self._ring = ring
        self._clock = clock
        self._hosts = hosts
        self._link_of = link_of
        self._settled = settled
        self._running: dict[MediaId, asyncio.Task[None]] = {}
        self._of_session: dict[SessionId, int] = {}

    async def run(self) -> None:
        """Fetch until cancelled."""
        await work_off(
            PENDING_TOPIC,
            start_due=self._start_due,
            tidy=lambda: drop_old_uploads(self._db, self._clock),
            running=self._running,
            bus=self._bus,
            clock=self._clock,
            log=_log,
        )

    async def _start_due(self) -> None:
        now = self._clock.now()
        for session in await self._db.read(lambda tx: store.sessions_with_due(tx, now)):
            link = self._link_of(session)
            room = min(_AT_ONCE - len(self._running), _PER_SESSION - self._of_session.get(session, 0))
            if link is None or room <= 0:
                continue
            for item in await self._due(session, room):
                self._of_session[session] = self._of_session.get(session, 0) + 1
                task = asyncio.create_task(self._fetch(session, link, item))
                self._running[item.media.id] = task

    async def _due(self, session: SessionId, limit: int) -> list[store.Pending]:
        now, without = self._clock.now(), list(self._running)
        return await self._db.read(lambda tx: store.due(tx, session, now, limit=limit, without=without))

    async def _fetch(self, session: SessionId, link: EngineSession, pending: store.Pending) -> None:
        try:
            await self._attempt(session, link, pending)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the other files
            # The row stays pending, so a later look finds it again; not at once, or a full disk would make a storm.
            _log.warning("file not fetched", media_id=pending.media.id, error=type(error).__name__)
            await self._clock.sleep(AFTER_ERROR_SECONDS)
        finally:
            del self._running[pending.media.id]
            self._of_session[session] -= 1
            if not self._of_session[session]:
                del self._of_session[session]
            self._bus.publish_here(PENDING_TOPIC, session)

    async def _attempt(self, session: SessionId, link: EngineSession, pending: store.Pending) -> None:
        item = pending.media
        # It would be fetched again and again for nothing while there is nowhere to keep it.
        await self._blobs.ready()
        try:
            remote = open_remote(self._ring, item.id, pending.remote)
            content = await self._hosts.download(session, link, remote)
        except (RemoteFileBroken, SealBroken) as error:
            _log.warning("file given up", media_id=item.id, code=error.code)
            await self._settle(replace(item, state=MediaState.FAILED))
            return
        except (HostsUnavailable, EngineUnavailable):
            await self._postpone(pending)
            return
        await self._blobs.put(item.blob, content)
        # The sender's word on the type counts only where the bytes say nothing.
        mimetype = sniff(content[:HEAD_BYTES], item.mimetype, item.filename)
        await self._settle(
            replace(
                item,
                state=MediaState.READY,
                size=len(content),
                mimetype=mimetype,
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )

    async def _settle(self, item: Media) -> None:
        def work(tx: Tx) -> None:
            if store.settle(tx, item):
                self._settled(tx, item)

        await self._db.write(work)

    async def _postpone(self, pending: store.Pending) -> None:
        if pending.attempts >= len(_PAUSES):
            await self._settle(replace(pending.media, state=MediaState.FAILED))
            return
        at = self._clock.now() + _PAUSES[pending.attempts]
        attempts = pending.attempts + 1
        identifier = pending.media.id
        await self._db.write(lambda tx: store.postpone(tx, identifier, attempts=attempts, next_attempt_at=at))


async def drop_old_uploads(db: Database, clock: Clock) -> int:
    """Forget uploads that are too old to be used again."""
    before = clock.now() - REUSE_FOR
    return await db.write(lambda tx: store.drop_uploads(tx, before))
