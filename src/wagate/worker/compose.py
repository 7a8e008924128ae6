"""The worker of a runtime."""

from random import Random

from wagate.core.ids import WorkerId
from wagate.runtime import Runtime
from wagate.worker.ports import tools
from wagate.worker.supervisor import Supervisor


def supervisor(runtime: Runtime, *, alone: bool) -> Supervisor:
    """A supervisor with a new worker id; ``alone`` if the data folder's lock keeps all others away."""
    return Supervisor(
        WorkerId.new(runtime.clock.now()),
        tools(
            engine=runtime.engine,
            endpoint=runtime.endpoint,
            hosting=runtime.sessions.hosting,
            links=runtime.sessions.links,
            db=runtime.db,
            inbox=runtime.inbox,
            receiver=runtime.receiver,
            outbox=runtime.outbox,
            clock=runtime.clock,
            random=Random(),
        ),
        runtime.bus,
        alone=alone,
    )
