"""Which workers there are: register, heartbeat, drain, and who is dead."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from wagate.audit import service as audit
from wagate.audit.model import Action, Actor
from wagate.cluster import store
from wagate.cluster.errors import WorkerGone, WorkerIdTaken, WorkerNotFound
from wagate.cluster.model import KEPT_FOR, SILENCE, TRANSITIONS, Metrics, Worker, WorkerStatus
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, WorkerId
from wagate.core.logging import get_logger
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.sessions.codes import KeyValues
from wagate.sessions.transition import WANTED
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now
from wagate.web.principal import Principal

#: How long Redis remembers a worker's last words: three times what the seed allows between two of them.
_STATUS_SECONDS = 90.0

#: The accounts of those who run this gateway, who are told of workers.
Operators = Callable[[Tx], Sequence[AccountId]]

_log = get_logger("cluster.registry")


class Registry:
    """The workers of the fleet."""

    def __init__(
        self, *, db: Database, events: EventLog, bus: Bus, kv: KeyValues, clock: Clock, operators: Operators
    ) -> None:
        self._db = db
        self._events = events
        self._bus = bus
        self._kv = kv
        self._clock = clock
        self._operators = operators

    async def register(self, worker: WorkerId, endpoint: str, max_sessions: int) -> Worker:
        """Take a worker into the fleet; asking again with the same endpoint changes nothing.

        :raises WorkerIdTaken: if another process lives, or lived, under this id.
        """

        def work(tx: Tx) -> Worker:
            now = database_now(tx, self._clock)
            new = Worker(
                id=worker,
                endpoint=endpoint.rstrip("/"),
                max_sessions=max_sessions,
                status=WorkerStatus.ONLINE,
                registered_at=now,
                heartbeat_at=now,
            )
            if store.add(tx, new):
                self._tell(tx, EventType.WORKER_ONLINE, new)
                tx.after_commit(lambda: self._bus.publish(WANTED))
                return new
            known = store.find(tx, worker)
            if known is None or known.endpoint != new.endpoint or known.status is WorkerStatus.OFFLINE:
                raise WorkerIdTaken
            return known

        registered = await self._db.write(work)
        await self._show(registered)
        return registered

    async def heartbeat(self, worker: WorkerId, status: WorkerStatus, metrics: Metrics) -> Worker:
        """Note that a worker lives, and what it says of itself. With ``offline`` it says farewell.

        :raises WorkerGone: if there is none such, or it was taken for dead.
        """

        def work(tx: Tx) -> Worker:
            if status is WorkerStatus.DRAINING:
                store.set_status(tx, worker, status, frozenset({WorkerStatus.ONLINE}))
            known = store.beat(tx, worker, metrics, database_now(tx, self._clock))
            if known is None:
                raise WorkerGone
            return known

        known = await self._db.write(work)
        if status is WorkerStatus.OFFLINE:
            await self.bury(worker, "it said farewell")
        else:
            await self._show(known)
        return known

    async def drain(self, principal: Principal, worker: WorkerId) -> Worker:
        """Give a worker no more sessions, and have it hand over those it has.

        :raises WorkerNotFound: if there is none such, or it is gone.
        """

        def work(tx: Tx) -> Worker:
            allowed = frozenset({WorkerStatus.ONLINE, WorkerStatus.DRAINING})
            found = store.set_status(tx, worker, WorkerStatus.DRAINING, allowed)
            if found is None:
                raise WorkerNotFound
            audit.append(tx, Actor.of(principal), Action.WORKER_DRAINED, worker, now=database_now(tx, self._clock))
            return found

        return await self._db.write(work)

    async def bury(self, worker: WorkerId, reason: str) -> bool:
        """Record that a worker is gone for good; ``False`` if that was known."""
        may_end = frozenset(status for status, after in TRANSITIONS.items() if WorkerStatus.OFFLINE in after)

        def work(tx: Tx) -> Worker | None:
            gone = store.set_status(tx, worker, WorkerStatus.OFFLINE, may_end)
            if gone is not None:
                self._tell(tx, EventType.WORKER_OFFLINE, gone)
            return gone

        gone = await self._db.write(work)
        if gone is None:
            return False
        _log.warning("a worker is gone", worker_id=worker, reason=reason)
        await self._kv.delete(_status_key(worker))
        return True

    async def everybody(self) -> list[Worker]:
        """All workers that are known, those that are gone included."""
        return await self._db.read(store.everybody)

    async def find(self, worker: WorkerId) -> Worker:
        """:raises WorkerNotFound: if there is none such."""
        found = await self._db.read(lambda tx: store.find(tx, worker))
        if found is None:
            raise WorkerNotFound
        return found

    async def fit(self) -> list[Worker]:
        """Those that may be given sessions."""
        now, everybody = await self._db.read(lambda tx: (database_now(tx, self._clock), store.everybody(tx)))
        return [worker for worker in everybody if worker.is_fit(now)]

    async def share_of(self, worker: WorkerId) -> tuple[int, int]:
        """The place of a worker, from 0, among those who share the fleet's limits, and how many these are."""
        alive = [known.id for known in await self.everybody() if known.status is not WorkerStatus.OFFLINE]
        return (alive.index(worker), len(alive)) if worker in alive else (0, 1)

    async def silent(self) -> list[Worker]:
        """Those that are not known to be gone and of which nothing was heard for :data:`SILENCE`."""
        now, everybody = await self._db.read(lambda tx: (database_now(tx, self._clock), store.everybody(tx)))
        alive = (worker for worker in everybody if worker.status is not WorkerStatus.OFFLINE)
        return [worker for worker in alive if now - worker.heartbeat_at > SILENCE]

    async def forget(self, older_than: timedelta = KEPT_FOR) -> None:
        """Forget workers that are gone for long."""
        await self._db.write(lambda tx: store.forget(tx, database_now(tx, self._clock) - older_than))

    def _tell(self, tx: Tx, kind: EventType, worker: Worker) -> None:
        for account in self._operators(tx):
            self._events.append(tx, account_id=account, session_id=None, type=kind, data=worker.resource())

    async def _show(self, worker: Worker) -> None:
        status = {
            "endpoint": worker.endpoint,
            "status": worker.status.value,
            "sessionCount": worker.metrics.session_count,
            "lastHeartbeat": worker.resource()["lastHeartbeat"],
        }
        await self._kv.set(_status_key(worker.id), msgspec.json.encode(status).decode(), _STATUS_SECONDS)


def _status_key(worker: WorkerId) -> str:
    return f"worker:{worker}:status"
