"""Workers as values, and the table of their states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from wagate.core.ids import WorkerId

#: Seed 003 asks for 30 s or faster. What a heartbeat tells is used to place sessions, and a load that is 3 s old is
#: young enough for that.
HEARTBEAT_SECONDS: Final = 3.0
#: A worker that was silent for so long is given no sessions. It keeps those it has for as long as it renews leases.
SILENCE: Final = timedelta(seconds=15)
#: How long the row of a worker that is gone is kept for people to look at.
KEPT_FOR: Final = timedelta(days=1)


class WorkerStatus(StrEnum):
    """``draining`` takes no sessions and hands over those it has; ``offline`` is final."""

    ONLINE = "online"
    DRAINING = "draining"
    OFFLINE = "offline"


#: What a worker's row may become.
TRANSITIONS: Final[Mapping[WorkerStatus, frozenset[WorkerStatus]]] = {
    WorkerStatus.ONLINE: frozenset({WorkerStatus.DRAINING, WorkerStatus.OFFLINE}),
    WorkerStatus.DRAINING: frozenset({WorkerStatus.OFFLINE}),
    WorkerStatus.OFFLINE: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a worker says of itself: sessions hosted, and of those online; processor and memory in percent."""

    session_count: int = 0
    active_connections: int = 0
    cpu_usage: float = 0.0
    memory_usage: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that hosts sessions. Its id is used by no other process, not even by its own successor."""

    id: WorkerId
    endpoint: str
    max_sessions: int
    status: WorkerStatus
    metrics: Metrics = Metrics()
    registered_at: datetime
    heartbeat_at: datetime

    def is_fit(self, now: datetime) -> bool:
        """Whether it may be given sessions."""
        return self.status is WorkerStatus.ONLINE and now - self.heartbeat_at <= SILENCE

    def resource(self) -> dict[str, Any]:
        """As the API and events show it."""
        return {
            "workerId": str(self.id),
            "endpoint": self.endpoint,
            "maxSessions": self.max_sessions,
            "status": self.status.value,
            "metrics": {
                "sessionCount": self.metrics.session_count,
                "activeConnections": self.metrics.active_connections,
                "cpuUsage": self.metrics.cpu_usage,
                "memoryUsage": self.metrics.memory_usage,
            },
            "registeredAt": timestamp(self.registered_at),
            "lastHeartbeat": timestamp(self.heartbeat_at),
        }


def timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shares(waiting: int, room: Mapping[WorkerId, tuple[int, int]]) -> dict[WorkerId, int]:
    """How many of ``waiting`` sessions each worker is to be given, so that loads end up as even as can be; ``room``
    has the load and the capacity of each.

    What does not fit anywhere is given to nobody.
    """
    given = dict.fromkeys(room, 0)
    load = {worker: held for worker, (held, _) in room.items()}
    while waiting > 0:
        open_ = [worker for worker, (_, capacity) in room.items() if load[worker] < capacity]
        if not open_:
            break
        open_.sort(key=lambda worker: (load[worker], worker))
        lowest = load[open_[0]]
        level = [worker for worker in open_ if load[worker] == lowest]
        higher = [load[worker] for worker in open_ if load[worker] > lowest]
        # Fill the lowest ones up to the next, in one go.
        step = min(
            (higher[0] if higher else lowest + waiting) - lowest, min(room[worker][1] for worker in level) - lowest
        )
        each, extra = divmod(min(waiting, step * len(level)), len(level))
        for index, worker in enumerate(level):
            more = each + (index < extra)
            given[worker] += more
            load[worker] += more
            waiting -= more
    return {worker: count for worker, count in given.items() if count}


def imbalance(loads: Mapping[WorkerId, int]) -> tuple[WorkerId, WorkerId] | None:
    """From which to which worker a session should move, if the difference is worth it: more than two sessions and a
    tenth of the larger load. ``None`` if loads are even enough.
    """
    if len(loads) < 2:
        return None
    most = max(loads, key=lambda worker: (loads[worker], worker))
    least = min(loads, key=lambda worker: (loads[worker], worker))
    difference = loads[most] - loads[least]
    return (most, least) if difference > max(2, loads[most] // 10) else None
