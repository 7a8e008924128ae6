"""One endpoint while the dispatcher runs: what it has in memory, and how many attempts it may have under way.

Nothing here waits or reads: it answers "what next?" and is told what happened.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wagate.core.ids import DeliveryId
from wagate.webhooks.model import Delivery, Endpoint
from wagate.webhooks.service.sending import Target

#: Attempts under way at one endpoint. More would only pile up in most receivers.
MAX_RUNNING: Final = 8
#: Deliveries of one endpoint in memory; what is beyond waits in the database.
CAPACITY: Final = 256
#: Below this many the next are fetched.
LOW: Final = CAPACITY // 2


@dataclass(frozen=True, slots=True)
class Task:
    """A delivery to attempt and what to send.

    ``traceparent`` is where the event stands in a trace. ``durable`` is set for a delivery whose row is being stored
    while it is attempted already: whether that succeeded.
    """

    delivery: Delivery
    body: str
    traceparent: str | None = None
    durable: "asyncio.Future[bool] | None" = None


class Backlog:
    """Deliveries waiting in memory: in lanes, of which each gives out one at a time, and beside them by time."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Task]] = {}
        self._ready: deque[str] = deque()
        self._blocked: set[str] = set()
        self._timed: deque[Task] = deque()
        self._timed_last = False
        self.fresh = 0

    @property
    def timed(self) -> int:
        return len(self._timed)

    @property
    def ready(self) -> bool:
        """Whether there is something to attempt now."""
        return bool(self._ready or self._timed)

    def add(self, task: Task) -> None:
        """Put a delivery at the end of its lane."""
        lane = task.delivery.lane
        queue = self._lanes.get(lane)
        if queue is None:
            queue = self._lanes[lane] = deque()
            if lane not in self._blocked:
                self._ready.append(lane)
        queue.append(task)
        self.fresh += 1

    def add_timed(self, task: Task) -> None:
        """Take in a delivery whose time has come; its lane does not matter (it holds it, or has left it)."""
        self._timed.append(task)

    def block(self, lane: str) -> None:
        """Let nothing out of this lane."""
        self._blocked.add(lane)
        if lane in self._lanes and lane in self._ready:
            self._ready.remove(lane)

    def free(self, lane: str) -> None:
        """Let the next of this lane out."""
        if lane in self._blocked:
            self._blocked.remove(lane)
            if lane in self._lanes:
                self._ready.append(lane)

    def take(self) -> Task | None:
        """The next delivery to attempt. Its lane is blocked until :meth:`free`."""
        # In turns, so that neither a crowd of repeats nor a flood of events starves the other.
        if self._timed and not (self._timed_last and self._ready):
            self._timed_last = True
            return self._timed.popleft()
        self._timed_last = False
        if not self._ready:
            return None
        lane = self._ready.popleft()
        queue = self._lanes[lane]
        task = queue.popleft()
        if not queue:
            del self._lanes[lane]
        self._blocked.add(lane)
        self.fresh -= 1
        return task

    def clear(self) -> list[Task]:
        """Forget everything that waits, but not which lanes are blocked."""
        dropped = [*self._timed, *(task for queue in self._lanes.values() for task in queue)]
        self._timed.clear()
        self._lanes.clear()
        self._ready.clear()
        self.fresh = 0
        return dropped


class Outlet:
    """An endpoint's running state.

    ``loaded`` is the position up to which all its fresh deliveries are or were in memory; with ``behind`` there are
    more in the database. ``known`` are the deliveries that memory answers for, each with its round: waiting here, under
    way, or done but not stored yet; of these, ``renewed`` were begun anew in the database meanwhile. ``next_due`` is
    the time of the earliest timed delivery that is not in memory. Before the endpoint is ``surveyed``, it is not known
    which of its lanes are held.
    """

    def __init__(self, endpoint: Endpoint, target: Target | None) -> None:
        self.endpoint = endpoint
        self.target = target
        self.backlog = Backlog()
        self.known: dict[DeliveryId, int] = {}
        self.renewed: set[DeliveryId] = set()
        self.loaded = 0
        self.behind = True
        self.missed = False
        self.loading = False
        self.next_due: datetime | None = None
        self.paused_until = endpoint.paused_until
        self.running = 0
        self.limit = MAX_RUNNING
        self.failing = False
        self.queued = False
        self.surveyed = False
        self.alarm: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it may be called at all."""
        return self.endpoint.enabled and self.target is not None

    def can_send(self, now: datetime) -> bool:
        """Whether an attempt can begin now."""
        return self.open and self.running < self.limit and not self.rests(now) and self.backlog.ready

    def rests(self, now: datetime) -> bool:
        """Whether the receiver asked for patience until later than now."""
        return self.paused_until is not None and now < self.paused_until

    def update(self, endpoint: Endpoint, target: Target | None) -> None:
        """Go on with what the endpoint is now."""
        reopened = endpoint.enabled and not self.endpoint.enabled
        if self.endpoint.enabled and not endpoint.enabled:
            for task in self.backlog.clear():
                self.known.pop(task.delivery.id, None)
        self.endpoint = endpoint
        self.target = target
        if reopened:
            self.loaded = 0
            self.behind = True
            self.next_due = endpoint.updated_at  # look whether there is any
            self.limit, self.failing = MAX_RUNNING, False

    def offer(self, tasks: Sequence[Task]) -> bool:
        """Take in deliveries that were just made; ``False`` if others stand before them in the database, or there are
        too many.
        """
        if not self.open or self.behind or self.backlog.fresh + len(tasks) > CAPACITY:
            return False
        for task in tasks:
            self.known[task.delivery.id] = task.delivery.round
            self.backlog.add(task)
        return True

    def stored(self, position: int) -> None:
        """What was taken in is in the database, up to ``position``."""
        if not self.behind:  # otherwise others may stand before it that are not loaded yet
            self.loaded = max(self.loaded, position)

    def fell_behind(self) -> None:
        """There are fresh deliveries in the database that memory does not know."""
        self.behind = self.missed = True

    def began(self) -> None:
        self.running += 1

    def ended(self, *, accepted: bool, pause_until: datetime | None) -> None:
        """An attempt ended. Failures halve what may be under way at once, successes raise it by one."""
        self.running -= 1
        self.failing = not accepted
        self.limit = min(self.limit + 1, MAX_RUNNING) if accepted else max(self.limit // 2, 1)
        if pause_until is not None and (self.paused_until is None or pause_until > self.paused_until):
            self.paused_until = pause_until

    def due(self, moment: datetime) -> None:
        """A timed delivery, now stored, waits for ``moment``."""
        if self.next_due is None or moment < self.next_due:
            self.next_due = moment

    @property
    def _may_load(self) -> bool:
        return self.open and self.surveyed and not self.loading

    def wants_fresh(self) -> bool:
        """Whether to fetch fresh deliveries from the database."""
        return self._may_load and self.behind and self.backlog.fresh < LOW

    def wants_timed(self, now: datetime) -> bool:
        """Whether to fetch timed deliveries from the database."""
        due = self.next_due is not None and self.next_due <= now
        return self._may_load and due and not self.rests(now) and self.backlog.timed < LOW

    def wakes_at(self, now: datetime) -> datetime | None:
        """When to look at it again though nothing happens meanwhile."""
        if not self.open:
            return None
        if self.rests(now):
            return self.paused_until
        return self.next_due if self.next_due is not None and self.next_due > now else None
