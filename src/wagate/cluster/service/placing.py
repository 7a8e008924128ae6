"""Sessions to workers.

One process of all does this (see :mod:`wagate.cluster.service.duties`). It gives sessions that want a worker to the
least loaded ones, takes those of the dead, empties those that drain and evens out what has become uneven. That it does
so twice when a duty overlaps harms nobody: each claim is one conditional update.

A worker is dead, and its leases end at once, when nothing listens at its endpoint any more, or another worker does: its
process has ended, and with it every connection. One that is merely silent (frozen, cut off) may still hold connections,
so its leases are left to run out by themselves, and it closes its connections before that.

Nor does silence prove a worker dead when nobody could note its words: after a database was away, every worker has said
nothing for as long. So it counts from when this process could have heard it, and not for those that answer when asked.
"""

import asyncio
from typing import Final

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.model import SILENCE, Worker, WorkerStatus, imbalance, shares
from wagate.cluster.service.calls import NobodyListens, Refused, WorkerCalls
from wagate.cluster.service.registry import Registry
from wagate.cluster.service.routes import Route, Routes
from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.ids import SessionId, WorkerId
from wagate.core.logging import get_logger
from wagate.sessions.model import Session
from wagate.sessions.placing import Placing
from wagate.sessions.transition import WANTED
from wagate.storage.bus import Bus

#: How often it is looked without being told to; a lease that ran out tells nobody.
LOOK_SECONDS: Final = 1.0
#: How often workers are asked whether they live. A dead one is missed for this long at most, plus one more question.
PROBE_SECONDS: Final = 0.5
_PROBE_DEADLINE: Final = 1.0
#: A worker that ends closes its port a moment before its process is gone.
_REFUSALS_UNTIL_DEAD: Final = 2
#: Sessions given by one statement.
_GIVE_LIMIT: Final = 500
#: A worker that was told of one session sees all that it was given; the others are told of for the seed's sake, up to
#: so many.
_TOLD_OF: Final = 8
#: How long a session that moves is waited for before the next one may.
_MOVE_SECONDS: Final = 10.0
#: How often it is looked whether it has moved.
_SETTLED_SECONDS: Final = 0.05
#: Loads have to stay uneven for so long before anything moves: workers that start one after the other would otherwise
#: be handed each other's sessions.
_UNEVEN_SECONDS: Final = 5.0

_log = get_logger("cluster.placing")


class Placer:
    """Places the sessions of the whole fleet, from :meth:`run` until that is cancelled."""

    def __init__(
        self, *, registry: Registry, placing: Placing, routes: Routes, calls: WorkerCalls, bus: Bus, clock: Clock
    ) -> None:
        self._registry = registry
        self._placing = placing
        self._routes = routes
        self._calls = calls
        self._bus = bus
        self._clock = clock
        self._refusals: dict[WorkerId, int] = {}
        #: Since when, by the monotonic clock, it is seen that they say nothing and do not answer.
        self._silent: dict[WorkerId, float] = {}
        self._uneven_since: float | None = None

    async def run(self) -> None:
        """Place sessions until cancelled."""
        self._silent.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._place_always())
            tasks.create_task(self._probe_always())
            tasks.create_task(self._even_out_always())

    async def place(self) -> int:
        """Give what waits to those who have room; how many sessions were given."""
        if not await self._placing.waiting(1):
            return 0
        fit = {worker.id: worker for worker in await self._registry.fit()}
        for worker in fit.values():
            await self._tell(worker, await self._placing.give_moving(worker.id))
        waiting = await self._placing.waiting(_GIVE_LIMIT)
        loads = await self._placing.loads()
        room = {id: (loads.get(id, 0), worker.max_sessions) for id, worker in fit.items()}
        given = 0
        for id, count in shares(waiting, room).items():
            sessions = await self._placing.give(id, limit=count)
            given += len(sessions)
            await self._tell(fit[id], sessions)
        return given

    async def probe(self) -> None:
        """Find out who is dead, and have their sessions placed anew."""
        alive = [worker for worker in await self._registry.everybody() if worker.status is not WorkerStatus.OFFLINE]
        answers = await asyncio.gather(*map(self._probe, alive))
        answering = {worker.id for worker, answered in zip(alive, answers, strict=True) if answered}
        self._refusals = {worker.id: self._refusals.get(worker.id, 0) for worker in alive}
        now = self._clock.monotonic()
        silent = {worker.id for worker in await self._registry.silent()} - answering
        self._silent = {worker: self._silent.get(worker, now) for worker in silent}
        for worker, since in self._silent.items():
            if now - since > SILENCE.total_seconds():
                await self._registry.bury(worker, "it says nothing any more")

    # -- within

    async def _place_always(self) -> None:
        with self._bus.subscribe(WANTED) as news:
            while True:
                news.drain()
                try:
                    while await self.place() == _GIVE_LIMIT:
                        pass
                except Unavailable as error:
                    _log.warning("sessions can't be placed", code=error.code)
                await news.next(LOOK_SECONDS)

    async def _probe_always(self) -> None:
        while True:
            try:
                await self.probe()
                await self._registry.forget()
            except Unavailable as error:
                self._silent.clear()
                _log.warning("workers can't be looked after", code=error.code)
            await self._clock.sleep(PROBE_SECONDS)

    async def _even_out_always(self) -> None:
        while True:
            try:
                moved = await self._even_out()
            except Unavailable as error:
                _log.warning("loads can't be evened out", code=error.code)
                moved = False
            if not moved:
                await self._clock.sleep(LOOK_SECONDS)

    async def _tell(self, worker: Worker, sessions: list[Session]) -> None:
        for session in sessions:
            await self._routes.put(session.id, Route(worker.id, worker.endpoint))
        told = (self._tell_of(worker, session) for session in sessions[:_TOLD_OF])
        await asyncio.gather(*told)

    async def _tell_of(self, worker: Worker, session: Session) -> None:
        body = {"sessionId": session.id, "userId": session.created_by, "epoch": session.epoch}
        try:
            await self._calls.call(worker.endpoint, "POST", "/session/create", body)
        except (WorkerUnreachable, Refused):
            # It is the worker's all the same: it sees so when it next looks, or its lease runs out.
            _log.warning("a worker could not be told of a session", worker_id=worker.id, session_id=session.id)

    async def _probe(self, worker: Worker) -> bool:
        """Whether it answers."""
        try:
            answer = await self._calls.probe(worker.endpoint, _PROBE_DEADLINE)
        except NobodyListens:
            self._refusals[worker.id] = self._refusals.get(worker.id, 0) + 1
            if self._refusals[worker.id] >= _REFUSALS_UNTIL_DEAD:
                await self._bury(worker.id, "nothing listens at its endpoint")
            return False
        except WorkerUnreachable:
            return False
        self._refusals.pop(worker.id, None)
        other = answer.get("workerId") if isinstance(answer, dict) else None
        if other is not None and other != worker.id:
            await self._bury(worker.id, "another worker answers at its endpoint")
            return False
        return True

    async def _bury(self, worker: WorkerId, reason: str) -> None:
        await self._registry.bury(worker, reason)
        if await self._placing.end_leases(worker):
            self._bus.publish(WANTED)

    async def _even_out(self) -> bool:
        """Move one session from where there are too many to where there are few; whether one moved."""
        loads = await self._placing.loads()
        fit = {worker.id: loads.get(worker.id, 0) for worker in await self._registry.fit()}
        uneven = imbalance(fit)
        if uneven is None:
            self._uneven_since = None
            return False
        now = self._clock.monotonic()
        if self._uneven_since is None:
            self._uneven_since = now
        if now - self._uneven_since < _UNEVEN_SECONDS:
            return False
        most, least = uneven
        session = await self._placing.movable(most)
        if session is None:
            return False
        await self.migrate(session, least)
        return True

    async def migrate(self, session: SessionId, to: WorkerId) -> None:
        """Have a session move, and wait until it has, for a while."""
        await self._placing.move(session, to)
        deadline = self._clock.monotonic() + _MOVE_SECONDS
        while self._clock.monotonic() < deadline:
            if await self._placing.settled(session):
                return
            await self._clock.sleep(_SETTLED_SECONDS)
        _log.warning("a session did not move in time", session_id=session, worker_id=to)
