"""The sessions of one worker: which it holds, and that they are looked after.

The database says what is wanted; the bus only says when to look, and every few seconds it is looked at anyway. A
worker holds a lease on each session it hosts, ends in :data:`~wagate.sessions.model.LEASE_SECONDS` unless renewed. All
leases are renewed by one statement every third of that. When renewing fails for too long, every connection is closed
*before* the leases end, since from then on another worker may rightly open the same sessions.

What this does not guarantee: that a worker which was frozen beyond its lease is silent at the moment it wakes. What
it then writes carries an old epoch and is refused; what it sends before its watchdog runs may meet the new owner's
connection, and WhatsApp closes the older one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wagate.core.errors import Unavailable
from wagate.core.ids import SessionId, WorkerId
from wagate.core.logging import bound, get_logger
from wagate.core.metrics import Counter, Gauge
from wagate.engine.lease import StaleEpoch
from wagate.sessions.errors import ForbiddenTransition
from wagate.sessions.model import LEASE_SECONDS, Desired, Lease, Session, Trigger
from wagate.sessions.transition import WANTED, qr_topic
from wagate.sessions.waiting import end, over, within
from wagate.storage.bus import Bus
from wagate.worker.actor import SessionActor, Wish
from wagate.worker.backoff import full_jitter
from wagate.worker.ports import Tools
from wagate.worker.source import SessionSource

RENEW_SECONDS: Final = LEASE_SECONDS / 3
#: How soon a database that was away is asked again. Nothing connects before it has answered.
RETRY_SECONDS: Final = 1.0
#: Connections are closed this long before the leases end. Closing takes less.
MARGIN_SECONDS: Final = 3.0
#: How often the database is looked at without being told to.
LOOK_SECONDS: Final = 5.0
#: Leases taken by one statement; more sessions than this are taken by several.
CLAIM_LIMIT: Final = 500
#: How long a session that is handed over is waited for.
HANDOVER_SECONDS: Final = 5.0
#: How long a stop waits for sessions to close. Process managers kill after ten seconds.
STOP_SECONDS: Final = 8.0
#: An actor that ran this long before it failed starts counting afresh.
_CALM_SECONDS: Final = 600.0

_HOSTED = Gauge("wagate_worker_sessions", "Sessions that this worker hosts.")
_ROOM = Gauge("wagate_worker_max_sessions", "Sessions that this worker may host.")
_LEASE_LEFT = Gauge("wagate_worker_lease_remaining_seconds", "How long this worker's leases still hold.")
_ABANDONED = Counter("wagate_leases_abandoned_total", "Sessions closed because their lease was lost or about to end.")
_CRASHES = Counter("wagate_session_crashes_total", "Failures of a session's actor, which are bugs.")

_log = get_logger("worker.supervisor")


@dataclass(slots=True)
class _Hosted:
    lease: Lease
    actor: SessionActor
    task: asyncio.Task[None] | None = None
    abandoned: bool = False


class Supervisor:
    """Hosts up to ``max_sessions`` sessions from :meth:`start` to :meth:`stop`.

    ``source`` is where it finds them (see :mod:`wagate.worker.source`).
    """

    def __init__(
        self, worker: WorkerId, tools: Tools, bus: Bus, source: SessionSource, *, max_sessions: int = 10_000
    ) -> None:
        self.worker = worker
        self._tools = tools
        self._hosting = tools.hosting
        self._clock = tools.clock
        self._bus = bus
        self._source = source
        self._max_sessions = max_sessions
        self._draining = False
        self._hosted: dict[SessionId, _Hosted] = {}
        self._good_until = 0.0
        # Between the claim of a session and its entry above, it would look like a lease that nobody serves.
        self._claiming = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._keeping: tuple[asyncio.Task[None], ...] = ()
        self._leave_gauges: tuple[Callable[[], None], ...] = ()

    @property
    def sessions(self) -> frozenset[SessionId]:
        """The sessions hosted now."""
        return frozenset(self._hosted)

    def hosts(self, session: SessionId) -> bool:
        """Whether the session is hosted now."""
        return session in self._hosted

    @property
    def draining(self) -> bool:
        """Whether it takes no more sessions."""
        return self._draining

    def look(self) -> None:
        """Look at once for sessions to host, and for wishes."""
        self._bus.publish_here(WANTED)

    def share(self, place: int, workers: int) -> None:
        """Leave to the others of so many workers their turns to connect; ``place`` is this one's among them."""
        self._tools.reconnects.share(place, workers)
        self._tools.openings.share(place, workers)

    def release(self, session: SessionId) -> None:
        """Let go of a session, keeping its link, so that another worker can have it."""
        hosted = self._hosted.get(session)
        if hosted is not None:
            hosted.actor.ask(Wish.RELEASE)

    async def start(self) -> None:
        """Make the engine ready and begin to host; sessions come online from here on."""
        await self._tools.engine.start()
        self._good_until = self._clock.monotonic() + LEASE_SECONDS
        self._leave_gauges = (
            _HOSTED.follow(lambda: len(self._hosted)),
            _ROOM.follow(lambda: self._max_sessions),
            _LEASE_LEFT.follow(lambda: self._good_until - self._clock.monotonic()),
        )
        self._looking = asyncio.create_task(self._look())
        self._keeping = (asyncio.create_task(self._keep_leases()), asyncio.create_task(self._watch()))

    async def drain(self) -> None:
        """Take no more sessions and hand over those there are, one at a time."""
        self._draining = True
        somebody_takes = True
        for session_id, hosted in list(self._hosted.items()):
            with self._bus.subscribe(qr_topic(session_id)) as news:
                hosted.actor.ask(Wish.RELEASE)
                if hosted.task is not None:
                    await asyncio.wait((hosted.task,))
                news.drain()
                if somebody_takes:
                    # The next one when this one is online elsewhere; if nobody is there to take it, at once.
                    somebody_takes = await news.next(HANDOVER_SECONDS) is not None

    async def stop(self) -> None:
        """Close every session, keeping the links, and give up the leases."""
        self._draining = True
        await end(self._looking)
        running = {hosted.task for hosted in self._hosted.values() if hosted.task is not None}
        for hosted in list(self._hosted.values()):
            hosted.actor.ask(Wish.RELEASE)
        if running:
            try:
                await within(self._clock, STOP_SECONDS, over(*running))
            except TimeoutError:
                _log.warning("some sessions did not close in time", count=len(self._hosted))
            with suppress(TimeoutError):
                # Those that wait for a database that is away would hold up the end.
                await within(self._clock, MARGIN_SECONDS, end(*running))
        await end(*self._keeping)
        try:
            await within(self._clock, MARGIN_SECONDS, self._hosting.release_all(self.worker))
        except (Unavailable, TimeoutError):
            _log.warning("leases could not be given up; they run out by themselves")
        await self._tools.engine.stop()
        for leave in self._leave_gauges:
            leave()

    # -- what is wanted

    async def _look(self) -> None:
        fresh = True
        with self._bus.subscribe(WANTED) as news:
            while True:
                news.drain()
                pause = LOOK_SECONDS
                try:
                    await self._claim(fresh)
                    fresh = False
                    await self._grant_wishes()
                except Unavailable as error:
                    pause = RETRY_SECONDS
                    _log.warning("can't see what is wanted", code=error.code)
                except Exception:  # noqa: BLE001 - without this loop nothing would ever connect again
                    _log.error("looking for work failed", exc_info=True)
                await news.next(pause)

    async def _claim(self, fresh: bool) -> None:
        while (room := self._max_sessions - len(self._hosted)) > 0 and not self._draining:
            limit = min(room, CLAIM_LIMIT)
            async with self._claiming:
                found = await self._source.find(self.worker, limit=limit, fresh=fresh)
                new = [(lease, session) for lease, session in found if not self._hosts(lease)]
                for lease, session in new:
                    self._take_on(lease, session)
            if len(new) < limit:
                return

    def _hosts(self, lease: Lease) -> bool:
        hosted = self._hosted.get(lease.session)
        return hosted is not None and hosted.lease == lease

    async def _grant_wishes(self) -> None:
        for session in await self._hosting.wishes(self.worker):
            hosted = self._hosted.get(session.id)
            if hosted is not None and hosted.lease.epoch == session.epoch:
                hosted.actor.ask(self._wish_of(session))

    def _wish_of(self, session: Session) -> Wish:
        if session.desired is Desired.DISCONNECTED:
            return Wish.DISCONNECT
        return Wish.RELEASE if session.move_to not in (None, self.worker) else Wish.RECONNECT

    # -- leases

    async def _keep_leases(self) -> None:
        pause = RENEW_SECONDS
        while True:
            await self._clock.sleep(pause)
            pause = RETRY_SECONDS
            try:
                await self._renew()
                pause = RENEW_SECONDS
            except Unavailable as error:
                _log.warning("leases could not be renewed", code=error.code)
            except Exception:  # noqa: BLE001 - the watchdog acts if it goes on failing
                _log.error("renewing leases failed", exc_info=True)

    async def _renew(self) -> None:
        async with self._claiming:
            begun = self._clock.monotonic()
            held = await self._hosting.renew(self.worker)
            self._good_until = begun + LEASE_SECONDS
            for session_id, hosted in list(self._hosted.items()):
                if held.get(session_id) != hosted.lease.epoch:
                    self._abandon(hosted)
            unserved = [
                Lease(session=session_id, worker=self.worker, epoch=epoch)
                for session_id, epoch in held.items()
                if session_id not in self._hosted
            ]
        for lease in unserved:
            if self._draining or not self._source.gives:
                await self._hosting.release(lease)

    async def _watch(self) -> None:
        while True:
            left = self._good_until - MARGIN_SECONDS - self._clock.monotonic()
            if left > 0:
                await self._clock.sleep(left)
                continue
            if self._hosted:
                _log.error("leases run out; closing every session", count=len(self._hosted))
            for hosted in list(self._hosted.values()):
                self._abandon(hosted)
            await self._clock.sleep(MARGIN_SECONDS)

    def _abandon(self, hosted: _Hosted) -> None:
        """Close the connection and write nothing."""
        if hosted.task is not None and not hosted.abandoned:
            # Once: a second cancellation would interrupt the closing.
            hosted.abandoned = True
            _ABANDONED.add()
            hosted.task.cancel()

    # -- actors

    def _take_on(self, lease: Lease, session: Session) -> None:
        hosted = _Hosted(lease, SessionActor(self._tools, lease, session))
        former = self._hosted.get(lease.session)
        if former is not None:
            self._abandon(former)
        self._hosted[lease.session] = hosted
        hosted.task = asyncio.create_task(self._host(hosted, None if former is None else former.task))

    async def _host(self, hosted: _Hosted, former: asyncio.Task[None] | None) -> None:
        lease, crashes = hosted.lease, 0
        with bound(session_id=lease.session):
            try:
                if former is not None:
                    # A session that was taken back before it was gone: never two connections at once.
                    await asyncio.wait((former,))
                while True:
                    begun = self._clock.monotonic()
                    try:
                        await hosted.actor.run()
                        return
                    except Exception:  # noqa: BLE001 - one session's trouble must not become its neighbours'
                        _CRASHES.add()
                        _log.error("a session's actor failed", exc_info=True)
                    if self._clock.monotonic() - begun > _CALM_SECONDS:
                        crashes = 0
                    crashes += 1
                    session = await self._record_crash(lease, crashes)
                    if session is None:
                        return
                    hosted.actor = SessionActor(self._tools, lease, session)
                    if self._draining:
                        hosted.actor.ask(Wish.RELEASE)
            finally:
                if self._hosted.get(lease.session) is hosted:
                    del self._hosted[lease.session]

    async def _record_crash(self, lease: Lease, crashes: int) -> Session | None:
        """Status ``error`` until the next attempt; ``None`` if there will be none here."""
        delay = full_jitter(crashes, self._tools.random)
        while True:
            try:
                return await self._hosting.record(
                    lease,
                    Trigger.CRASHED,
                    reason="internal_error",
                    retry_at=self._clock.now() + timedelta(seconds=delay),
                )
            except StaleEpoch:
                return None
            except ForbiddenTransition:
                await self._hosting.release(lease)
                return None
            except Unavailable:
                await self._clock.sleep(1.0)
