"""The running part: new events become deliveries, deliveries become attempts, attempts become results.

Everything runs on the event loop and waits for nothing but the database and receivers; there is no polling. What is in
memory is a window on the database, which alone decides after a restart.
"""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from os import urandom
from typing import Any, Final

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.ids import DeliveryId, EndpointId, Entropy
from wagate.core.logging import get_logger
from wagate.core.metrics import SECONDS, Counter, Gauge, Histogram
from wagate.core.seal import KeyRing, SealBroken
from wagate.events.service import EventLog
from wagate.storage.bus import Bus, Subscription
from wagate.storage.database import Database
from wagate.webhooks import store
from wagate.webhooks.model import Answer, Attempted, Delivery, DeliveryStatus, Endpoint, after, body_of
from wagate.webhooks.service.fanout import FanOut
from wagate.webhooks.service.ledger import CHANGED, Ledger
from wagate.webhooks.service.outlets import CAPACITY, Outlet, Task
from wagate.webhooks.service.secrets import Secrets
from wagate.webhooks.service.sending import Poster, Sender, Target

#: Attempts under way at all endpoints together; each is a socket.
SLOTS: Final = 256
#: Of these, how many may be spent on endpoints whose last attempt failed.
FAILING_SLOTS: Final = SLOTS // 4
#: After an error of the database.
_RETRY_SECONDS: Final = 1.0
#: While no endpoint wants anything, the log is looked at no more often than this. That one was made is told at once,
#: but a wake-up may get lost on its way between processes.
_IDLE_LOOK_SECONDS: Final = 1.0
#: A wall clock that is set must not make the timer oversleep.
_LONGEST_SLEEP: Final = 60.0
#: Attempts get this long to end by themselves when the program stops; what is cut off is attempted again later.
_GRACE_SECONDS: Final = 5.0

_ATTEMPTS = Counter(
    "wagate_webhook_attempts_total", "Attempts, by the class of the answer's status; `none` without one.", ("answer",)
)
_ATTEMPT_SECONDS = Histogram("wagate_webhook_attempt_seconds", "How long receivers take to answer an attempt.")
_DELIVERIES = Counter("wagate_webhook_deliveries_total", "Deliveries that came to their end.", ("outcome",))
_DELIVERY_SECONDS = Histogram(
    "wagate_webhook_delivery_seconds",
    "From an event to the 2xx of its receiver, failed attempts included.",
    bounds=(*SECONDS, 300.0, 3600.0, 86400.0),
)
_RUNNING = Gauge("wagate_webhook_attempts_under_way", "Attempts that wait for an answer.")

_log = get_logger("wagate.webhooks")


class Dispatcher:
    """Delivers to every endpoint of the database, from :meth:`start` until :meth:`stop`, once."""

    def __init__(
        self,
        *,
        db: Database,
        log: EventLog,
        bus: Bus,
        clock: Clock,
        ring: KeyRing,
        poster: Poster,
        entropy: Entropy = urandom,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._db = db
        self._log = log
        self._bus = bus
        self._clock = clock
        self._secrets = Secrets(ring, entropy)
        self._sender = Sender(poster, clock)
        self._jitter = jitter or (lambda: random.uniform(-1, 1))
        self._ledger = Ledger(db, bus, clock, self._stored)
        self._fanout = FanOut(
            db=db,
            log=log,
            clock=clock,
            entropy=entropy,
            refreshed=self._refreshed,
            made=self._made,
            stored=self._fanned_out,
            behind=self._fell_behind,
        )
        self._outlets: dict[EndpointId, Outlet] = {}
        self._ready: deque[Outlet] = deque()
        self._parked: deque[Outlet] = deque()
        self._running = 0
        self._failing = 0
        self._alarms: list[tuple[datetime, int, Outlet]] = []
        self._alarm_count = 0
        self._alarm_set = asyncio.Event()
        self._news = asyncio.Event()
        self._idle_look_at = 0.0
        self._survey_due = True
        self._replays_due = True
        self._working = False
        #: Results that wait until what they are results of is stored.
        self._noting = 0
        self._background: list[asyncio.Task[None]] = []
        #: Attempts and reads under way.
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._leave_gauge: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Whether there is anything to do before time passes or something happens."""
        return bool(self._working or self._news.is_set() or self._tasks or self._noting or not self._ledger.empty)

    @property
    def next_due(self) -> datetime | None:
        """When something is to be done if nothing happens before."""
        return min((alarm[0] for alarm in self._alarms), default=None)

    async def start(self) -> None:
        """Take up what was left, and follow the log."""
        await self._fanout.start()
        self._leave_gauge = _RUNNING.follow(lambda: self._running)
        self._news.set()
        self._background = [
            asyncio.create_task(work)
            for work in (
                self._ledger.run(),
                self._follow(),
                self._ring_alarms(),
                self._forward(self._log.watch(), self._appended),
                self._forward(self._bus.subscribe(CHANGED), self._changed),
            )
        ]

    async def stop(self) -> None:
        """Begin nothing new, let attempts under way end, and store what became of them."""
        self._stopping = True
        self._leave_gauge()
        ledger, follower, *others = self._background
        self._news.set()
        await asyncio.wait([follower, *self._tasks], timeout=_GRACE_SECONDS)
        await _cancel([follower, *others, *self._tasks])
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._ledger.flushed()
                await self._fanout.store_place()
        except (TimeoutError, Unavailable):
            _log.warning("webhook results not stored at the end; these attempts will be repeated")
        await _cancel([ledger])

    # -- following the log

    async def _follow(self) -> None:
        while not self._stopping:
            await self._news.wait()
            self._news.clear()
            self._working = True
            try:
                if self._survey_due:
                    await self._survey()
                more = await self._fanout.step()
                if self._replays_due:
                    # Lowered first: a replay that is asked for during this one must raise it for good.
                    self._replays_due = False
                    if await self._fanout.replay():
                        self._replays_due = True
                if more or self._replays_due or self._survey_due:
                    self._news.set()
            except Unavailable as error:
                _log.warning("webhook fan-out waits for the database", code=error.code)
                self._replays_due = True
                await self._clock.sleep(_RETRY_SECONDS)
                self._news.set()
            finally:
                self._working = False

    def _appended(self) -> None:
        now = self._clock.monotonic()
        if self._fanout.wanted or now >= self._idle_look_at:
            self._idle_look_at = now + _IDLE_LOOK_SECONDS
            self._news.set()

    def _changed(self) -> None:
        self._survey_due = self._replays_due = True
        self._news.set()

    async def _forward(self, news: Subscription, wake: Callable[[], None]) -> None:
        with news:
            while True:
                await news.next(self._bus.longest_wait)
                news.drain()
                wake()

    def _refreshed(self, endpoints: Sequence[Endpoint]) -> None:
        """Endpoints are as given now; those that are missing are gone."""
        for endpoint in endpoints:
            outlet = self._outlets.get(endpoint.id)
            if outlet is None:
                self._outlets[endpoint.id] = Outlet(endpoint, self._target(endpoint))
                self._survey_due = True
            elif outlet.endpoint != endpoint:
                outlet.update(endpoint, self._target(endpoint))
                self._look_after(outlet)
        for gone in self._outlets.keys() - {endpoint.id for endpoint in endpoints}:
            outlet = self._outlets.pop(gone)
            outlet.update(replace(outlet.endpoint, enabled=False), None)

    def _target(self, endpoint: Endpoint) -> Target | None:
        try:
            return Target.of(endpoint, self._secrets)
        except SealBroken:
            _log.error("webhook endpoint can't be opened with the key ring; it gets nothing", endpoint_id=endpoint.id)
            return None

    def _made(self, endpoint_id: EndpointId, tasks: Sequence[Task]) -> bool:
        outlet = self._outlets.get(endpoint_id)
        taken = outlet is not None and outlet.offer(tasks)
        if outlet is not None and taken:
            self._look_after(outlet)
        return taken

    def _fanned_out(self, endpoint_id: EndpointId, position: int) -> None:
        outlet = self._outlets.get(endpoint_id)
        if outlet is not None:
            outlet.stored(position)

    def _fell_behind(self, endpoint_id: EndpointId | None) -> None:
        if endpoint_id is None:
            self._survey_due = True
        elif (outlet := self._outlets.get(endpoint_id)) is not None:
            outlet.fell_behind()
            self._look_after(outlet)

    async def _survey(self) -> None:
        """Find out from the database which endpoints have something left to be told."""
        self._survey_due = False
        waiting, held = await self._db.read(lambda tx: (store.waiting(tx), store.held_lanes(tx)))
        for endpoint_id, lane in held:
            outlet = self._outlets.get(endpoint_id)
            # Of others, memory knows better: the database may be a moment behind.
            if outlet is not None and not outlet.surveyed:
                outlet.backlog.block(lane)
        for outlet in self._outlets.values():
            left = waiting.get(outlet.endpoint.id)
            outlet.surveyed = True
            if left is not None and left.fresh:
                # One that was begun anew may stand before others that memory knows.
                outlet.loaded = 0
                outlet.fell_behind()
            elif not outlet.missed:
                outlet.behind = False
            if left is not None and left.next_attempt_at is not None:
                outlet.due(left.next_attempt_at)
            self._look_after(outlet)

    # -- from the database into memory

    def _look_after(self, outlet: Outlet) -> None:
        """Do for an endpoint what can be done now, and set an alarm for what is next."""
        if self._stopping:
            return
        now = self._clock.now()
        load = self._load_timed if outlet.wants_timed(now) else self._load_fresh if outlet.wants_fresh() else None
        if load is not None:
            outlet.loading = True
            self._spawn(self._load(outlet, load))
        if not outlet.queued and outlet.can_send(now):
            outlet.queued = True
            self._ready.append(outlet)
        self._send_ready(now)
        wake = outlet.wakes_at(now)
        if wake is not None and (outlet.alarm is None or wake < outlet.alarm):
            outlet.alarm = wake
            self._alarm_count += 1
            heapq.heappush(self._alarms, (wake, self._alarm_count, outlet))
            self._alarm_set.set()

    async def _load(self, outlet: Outlet, what: Callable[[Outlet], Coroutine[Any, Any, None]]) -> None:
        due = outlet.next_due
        try:
            await what(outlet)
        except Unavailable:
            if due is not None:
                outlet.due(due)
            await self._clock.sleep(_RETRY_SECONDS)
        finally:
            outlet.loading = False
            self._look_after(outlet)

    async def _load_fresh(self, outlet: Outlet) -> None:
        outlet.missed = False
        known, after = dict(outlet.known), outlet.loaded
        limit = CAPACITY - outlet.backlog.fresh + len(known)
        rows = await self._db.read(lambda tx: store.fresh(tx, outlet.endpoint.id, after=after, limit=limit))
        await self._take_in(outlet, rows, outlet.backlog.add, known)
        if outlet.loaded == after and rows:
            outlet.loaded = rows[-1].position
        if len(rows) < limit and not outlet.missed:
            outlet.behind = False

    async def _load_timed(self, outlet: Outlet) -> None:
        # Taken before the read: a row that memory answers for may be stored in between, and then look due.
        known = dict(outlet.known)
        outlet.next_due = None
        rows = await self._db.read(lambda tx: store.timed(tx, outlet.endpoint.id, limit=CAPACITY + len(known)))
        now = self._clock.now()
        unknown = [row for row in rows if row.id not in known]
        due = [row for row in unknown if row.next_attempt_at is not None and row.next_attempt_at <= now]
        await self._take_in(outlet, due, outlet.backlog.add_timed, known)
        later = unknown[len(due)] if len(due) < len(unknown) else None
        if later is not None and later.next_attempt_at is not None:
            outlet.due(later.next_attempt_at)
        elif len(rows) == CAPACITY + len(known):
            outlet.due(now)

    async def _take_in(
        self, outlet: Outlet, rows: Sequence[Delivery], add: Callable[[Task], None], known: Mapping[DeliveryId, int]
    ) -> None:
        events = await self._log.fetch({row.event_seq for row in rows})
        for row in rows:
            answered_for = outlet.known.get(row.id, known.get(row.id))
            if answered_for is not None:
                if answered_for != row.round:
                    outlet.renewed.add(row.id)
                continue
            event = events.get(row.event_seq)
            outlet.known[row.id] = row.round
            if event is None:
                self._ledger.add(_expired(row, self._clock.now()))
            else:
                add(Task(row, body_of(event), event.traceparent))

    # -- attempts

    def _send_ready(self, now: datetime) -> None:
        while self._ready and self._running < SLOTS and not self._stopping:
            outlet = self._ready.popleft()
            outlet.queued = False
            if not outlet.can_send(now):
                continue
            if outlet.failing and self._failing >= FAILING_SLOTS:
                outlet.queued = True
                self._parked.append(outlet)
                continue
            task = outlet.backlog.take()
            if task is not None:
                self._begin(outlet, task)
            if outlet.can_send(now):
                outlet.queued = True
                self._ready.append(outlet)

    def _begin(self, outlet: Outlet, task: Task) -> None:
        outlet.began()
        self._running += 1
        self._failing += outlet.failing
        assert outlet.target is not None
        self._spawn(self._attempt(outlet, outlet.target, task, counted_failing=outlet.failing))

    async def _attempt(self, outlet: Outlet, target: Target, task: Task, *, counted_failing: bool) -> None:
        delivery = task.delivery
        begun = self._clock.monotonic()
        try:
            answer = await self._sender.send(target, delivery.event_id, task.body, task.traceparent)
        finally:
            self._running -= 1
            self._failing -= counted_failing
        now = self._clock.now()
        result = after(delivery, answer, now, self._jitter)
        _ATTEMPT_SECONDS.observe(self._clock.monotonic() - begun)
        _count(delivery, answer, result, now)
        outlet.ended(accepted=answer.accepted, pause_until=result.pause_until)
        if delivery.in_lane and not result.holding:
            outlet.backlog.free(delivery.lane)
        if result.disables:
            outlet.update(replace(outlet.endpoint, enabled=False), target)
        self._note(task, result)
        if not answer.accepted:
            _log.info(
                "webhook not accepted",
                endpoint_id=outlet.endpoint.id,
                event_id=delivery.event_id,
                attempt=result.attempts,
                status=answer.status,
                outcome=result.status.value,
            )
        if self._parked:
            self._ready.append(self._parked.popleft())
        self._look_after(outlet)

    def _note(self, task: Task, result: Attempted) -> None:
        """Have a result stored, but not before what it is a result of."""
        if task.durable is not None and not task.durable.done():
            self._noting += 1
            task.durable.add_done_callback(lambda _: self._note_held(task, result))
        elif task.durable is None or task.durable.result():
            self._ledger.add(result)
        elif (outlet := self._outlets.get(result.endpoint_id)) is not None:
            outlet.known.pop(result.id, None)

    def _note_held(self, task: Task, result: Attempted) -> None:
        self._noting -= 1
        self._note(task, result)

    def _stored(self, result: Attempted) -> None:
        outlet = self._outlets.get(result.endpoint_id)
        if outlet is None:
            return
        outlet.known.pop(result.id, None)
        if result.id in outlet.renewed:
            outlet.renewed.discard(result.id)
            outlet.loaded = 0
            outlet.fell_behind()
            self._look_after(outlet)
        if result.next_attempt_at is not None:
            outlet.due(result.next_attempt_at)
            self._look_after(outlet)

    # -- time

    async def _ring_alarms(self) -> None:
        while True:
            self._alarm_set.clear()
            now = self._clock.now()
            while self._alarms and self._alarms[0][0] <= now:
                *_, outlet = heapq.heappop(self._alarms)
                outlet.alarm = None
                self._look_after(outlet)
            wait = _LONGEST_SLEEP
            if self._alarms:
                wait = min(wait, (self._alarms[0][0] - now).total_seconds())
            sleep = asyncio.create_task(self._clock.sleep(wait))
            changed = asyncio.create_task(self._alarm_set.wait())
            try:
                await asyncio.wait((sleep, changed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                changed.cancel()

    # -- tasks

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _count(delivery: Delivery, answer: Answer, result: Attempted, now: datetime) -> None:
    _ATTEMPTS.add("none" if answer.status is None else f"{answer.status // 100}xx")
    if result.status is not DeliveryStatus.PENDING:
        _DELIVERIES.add(result.status.value)
    if result.status is DeliveryStatus.DELIVERED:
        _DELIVERY_SECONDS.observe((now - delivery.created_at).total_seconds())


def _expired(row: Delivery, now: datetime) -> Attempted:
    """The event is no longer kept: there is nothing left to deliver."""
    return Attempted(
        id=row.id,
        endpoint_id=row.endpoint_id,
        round=row.round,
        status=DeliveryStatus.DEAD,
        attempts=row.attempts,
        step=row.step,
        holding=False,
        first_attempt_at=row.first_attempt_at or now,
        next_attempt_at=None,
        last_status=row.last_status,
        last_error="event_not_kept",
        finished_at=now,
    )


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
