"""The fleet of `wagate up`: one worker, inside the same process."""

from collections.abc import Callable

from wagate.cluster.errors import OnlyWorker
from wagate.cluster.model import HEARTBEAT_SECONDS, Metrics, Worker, WorkerStatus
from wagate.cluster.service.registry import Registry
from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.sessions.model import Session
from wagate.web.principal import Principal

#: What the worker says of itself.
Measure = Callable[[], Metrics]


class LoneWorker:
    """As :class:`wagate.cluster.service.fleet.Fleet` to requests; there is nowhere to hand a session over to."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    async def drain(self, _principal: Principal, worker: WorkerId) -> Worker:
        """:raises WorkerNotFound: if there is none such. :raises OnlyWorker: otherwise."""
        await self.registry.find(worker)
        raise OnlyWorker

    async def migrate(self, _principal: Principal, session: SessionId, to: WorkerId) -> Session:
        """:raises WorkerNotFound: if there is none such. :raises OnlyWorker: otherwise."""
        await self.registry.find(to)
        raise OnlyWorker

    async def note(self, worker: WorkerId, event: str, session: SessionId | None) -> None:
        """:raises WorkerNotFound: if there is none such."""
        await self.registry.find(worker)

    def wake_session(self, session: SessionId) -> None:
        """Nobody has to be told: it happens in this process."""


async def live(
    registry: Registry, worker: WorkerId, endpoint: str, max_sessions: int, measure: Measure, clock: Clock
) -> None:
    """Have the only worker known, and what it says of itself, until cancelled; those before it are gone."""
    for former in await registry.everybody():
        if former.id != worker:
            await registry.bury(former.id, "it was the only one, and its process has ended")
    await registry.forget()
    await registry.register(worker, endpoint, max_sessions)
    while True:
        await clock.sleep(HEARTBEAT_SECONDS)
        await registry.heartbeat(worker, WorkerStatus.ONLINE, measure())
