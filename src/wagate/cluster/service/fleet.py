"""What routes ask of the fleet."""

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.model import Worker
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.registry import Registry
from wagate.core.ids import SessionId, WorkerId
from wagate.core.logging import get_logger
from wagate.sessions.model import Session
from wagate.sessions.placing import Placing
from wagate.sessions.transition import qr_topic
from wagate.storage.bus import Bus

_log = get_logger("cluster")


class Fleet:
    """The workers and their sessions, for those who run the gateway and for the workers themselves."""

    def __init__(self, *, registry: Registry, placing: Placing, calls: WorkerCalls, bus: Bus) -> None:
        self.registry = registry
        self._placing = placing
        self._calls = calls
        self._bus = bus

    async def drain(self, worker: WorkerId) -> Worker:
        """Have a worker hand over all that it hosts. It learns of it at once, or with its next heartbeat.

        :raises WorkerNotFound: if there is none such, or it is gone.
        """
        draining = await self.registry.drain(worker)
        try:
            await self._calls.call(draining.endpoint, "POST", "/drain", {})
        except (WorkerUnreachable, Refused):
            _log.warning("a worker could not be told to drain; its heartbeat will", worker_id=worker)
        return draining

    async def migrate(self, session: SessionId, to: WorkerId) -> Session:
        """Have a session go to another worker.

        :raises WorkerNotFound: if there is no such worker. :raises SessionNotFound: if there is no such session.
        """
        await self.registry.find(to)
        return await self._placing.move(session, to)

    async def note(self, worker: WorkerId, event: str, session: SessionId | None) -> None:
        """Write into the log what a worker tells.

        :raises WorkerNotFound: if there is none such.
        """
        await self.registry.find(worker)
        _log.info("a worker tells", worker_id=worker, told=event, session_id=session)

    def wake_session(self, session: SessionId) -> None:
        """Have whoever waits for a session look at it."""
        self._bus.publish(qr_topic(session))
