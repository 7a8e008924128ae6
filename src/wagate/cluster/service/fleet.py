"""The fleet as one gateway sees it: the workers, their sessions, and the ways to them."""

from collections.abc import Callable

from wagate.cluster.errors import WorkerTakesNone, WorkerUnreachable
from wagate.cluster.model import Worker
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.handover import HandOver
from wagate.cluster.service.placing import Placer
from wagate.cluster.service.registry import Registry
from wagate.cluster.service.remote import RemoteLinks
from wagate.cluster.service.routes import Routes
from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.core.logging import get_logger
from wagate.sessions.model import Session
from wagate.sessions.placing import Placing
from wagate.sessions.transition import qr_topic
from wagate.storage.bus import Bus
from wagate.web.principal import Principal

_log = get_logger("cluster")


class Fleet:
    """The workers and their sessions."""

    def __init__(
        self,
        *,
        registry: Registry,
        bus: Bus,
        clock: Clock,
        calls: WorkerCalls,
        placing: Placing,
        routes: Routes,
        wake_outbox: Callable[[SessionId], None],
    ) -> None:
        """``wake_outbox`` wakes a session's outbox when its worker can't be told."""
        self._calls = calls
        self._bus = bus
        self._placing = placing
        self.registry = registry
        #: The connections that workers hold.
        self.links = RemoteLinks(routes, calls, clock)
        self.hand_over = HandOver(routes, calls, wake_outbox)
        #: A duty: one gateway of all runs it.
        self.placer = Placer(registry=registry, placing=placing, routes=routes, calls=calls, bus=bus, clock=clock)

    async def drain(self, principal: Principal, worker: WorkerId) -> Worker:
        """Have a worker hand over all that it hosts. It learns of it at once, or with its next heartbeat.

        :raises WorkerNotFound: if there is none such, or it is gone.
        """
        draining = await self.registry.drain(principal, worker)
        try:
            await self._calls.call(draining.endpoint, "POST", "/drain", {})
        except (WorkerUnreachable, Refused):
            _log.warning("a worker could not be told to drain; its heartbeat will", worker_id=worker)
        return draining

    async def migrate(self, principal: Principal, session: SessionId, to: WorkerId) -> Session:
        """Have a session go to another worker.

        :raises WorkerNotFound: if there is no such worker. :raises WorkerTakesNone: if it may not be given sessions.
        :raises SessionNotFound: if there is no such session.
        """
        worker = await self.registry.find(to)
        if worker not in await self.registry.fit():
            raise WorkerTakesNone
        return await self._placing.move(session, to, by=principal)

    async def note(self, worker: WorkerId, event: str, session: SessionId | None) -> None:
        """Write into the log what a worker tells.

        :raises WorkerNotFound: if there is none such.
        """
        await self.registry.find(worker)
        _log.info("a worker tells", worker_id=worker, told=event, session_id=session)

    def wake_session(self, session: SessionId) -> None:
        """Have whoever waits for a session look at it."""
        self._bus.publish(qr_topic(session))
