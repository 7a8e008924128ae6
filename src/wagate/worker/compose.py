"""The worker of a runtime."""

from random import Random

from wagate.core.ids import WorkerId
from wagate.runtime import Runtime
from wagate.worker.ports import tools
from wagate.worker.source import SessionSource
from wagate.worker.supervisor import Supervisor


def supervisor(runtime: Runtime, worker: WorkerId, source: SessionSource, *, max_sessions: int) -> Supervisor:
    """The supervisor of this process, which is ``worker``."""
    return Supervisor(
        worker,
        tools(
            engine=runtime.engine,
            endpoint=runtime.endpoint,
            hosting=runtime.sessions.hosting,
            links=runtime.links,
            db=runtime.db,
            inbox=runtime.inbox,
            receiver=runtime.receiver,
            outbox=runtime.outbox,
            clock=runtime.clock,
            random=Random(),
        ),
        runtime.bus,
        source,
        max_sessions=max_sessions,
    )
