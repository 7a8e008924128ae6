"""From the log to deliveries.

One transaction adds the deliveries of a stretch of the log and moves the cursor past it, so that a crash loses none.
They are attempted while it is being committed: the event itself is durable already, and an attempt whose row did not
survive a crash is made again from the log, with the same ``webhook-id``.

Endpoints are kept in memory; their version is read at the same moment as the events, so that an endpoint that was there
when an event was committed is never overlooked.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, DeliveryId, EndpointId, Entropy
from wagate.core.logging import get_logger
from wagate.events.model import Event
from wagate.events.service import EventLog
from wagate.storage.database import Database, Tx
from wagate.webhooks import store
from wagate.webhooks.model import Delivery, DeliveryStatus, Endpoint, Wish, body_of, lane_of, types_of
from wagate.webhooks.service.outlets import Task

#: Events taken at a time.
BATCH = 256
#: The cursor is stored without deliveries only when it is this far ahead: reading that far again costs little.
_UNSTORED = 1000

_log = get_logger("wagate.webhooks")


class FanOut:
    """Reads the log for all endpoints.

    ``refreshed`` is told all endpoints when any has changed. ``made`` is offered the new deliveries of an endpoint in
    their order and says whether it takes them; ``stored`` learns how far those are in the database. ``behind`` is told
    that an endpoint has others there (``None``: that any may have).
    """

    def __init__(
        self,
        *,
        db: Database,
        log: EventLog,
        clock: Clock,
        entropy: Entropy,
        refreshed: Callable[[Sequence[Endpoint]], None],
        made: Callable[[EndpointId, Sequence[Task]], bool],
        stored: Callable[[EndpointId, int], None],
        behind: Callable[[EndpointId | None], None],
    ) -> None:
        self._db = db
        self._log = log
        self._clock = clock
        self._entropy = entropy
        self._refreshed = refreshed
        self._made = made
        self._stored = stored
        self._behind = behind
        self._wishes: Mapping[AccountId, list[Wish]] = {}
        self._endpoints: Mapping[EndpointId, Endpoint] = {}
        self._version = -1
        self._seq = 0
        self._stored_seq = 0
        self._batch: _Batch | None = None

    @property
    def wanted(self) -> bool:
        """Whether any endpoint is to be told of anything."""
        return bool(self._wishes)

    async def start(self) -> None:
        """Find the place in the log."""
        await self._db.write(store.set_up)
        await self._find_place()
        await self._refresh()

    async def step(self) -> bool:
        """Take in the next stretch of the log; whether there may be more of it now."""
        if self._batch is not None:
            await self._store(self._batch)
        events, version = await self._log.read_all(after=self._seq, limit=BATCH, beside=store.version)
        if version != self._version:
            await self._refresh()
            return True
        if not events:
            return False
        wanted = [
            (event, wish.endpoint_id)
            for event in events
            for wish in self._wishes.get(event.account_id, ())
            if wish.includes(event)
        ]
        last = events[-1].seq
        if wanted:
            self._batch = self._make(wanted, last)
            await self._store(self._batch)
        else:
            self._seq = last
            if last - self._stored_seq >= _UNSTORED:
                await self.store_place()
        return len(events) == BATCH

    async def replay(self) -> bool:
        """Take in the next stretch of the first replay that was asked for; whether there may be more."""
        replay = await self._db.read(store.next_replay)
        if replay is None:
            return False
        endpoint = self._endpoints.get(replay.endpoint_id)
        if endpoint is None:
            # It was made after the endpoints were read; if it is gone, its replays are, too.
            await self._refresh()
            return True
        # What the fan-out has not reached yet, it delivers itself.
        until = self._seq if replay.until_seq is None else replay.until_seq
        events = await self._log.tail(
            endpoint.account_id,
            after=replay.after_seq,
            types=types_of(endpoint.events) or (),
            sessions=endpoint.sessions,
            limit=BATCH,
        )
        events = [event for event in events if event.seq <= until]
        reached = events[-1].seq if len(events) == BATCH else until

        def work(tx: Tx) -> None:
            if store.next_replay(tx) == replay:
                self._repeat(tx, endpoint.id, events)
                store.move_replay(tx, replay.id, after_seq=reached, until_seq=until)

        await self._db.write(work)
        self._behind(endpoint.id)
        return True

    async def store_place(self) -> None:
        """Make the cursor durable."""
        if self._seq == self._stored_seq:
            return
        seq, to = self._stored_seq, self._seq
        if await self._db.write(lambda tx: store.advance(tx, seq=seq, to=to, count=0)) is None:
            await self._find_place()
        else:
            self._stored_seq = to

    def _make(self, wanted: Sequence[tuple[Event, EndpointId]], last: int) -> "_Batch":
        """Make deliveries and offer them."""
        batch = _Batch(last=last, durable=asyncio.get_running_loop().create_future())
        bodies: dict[int, str] = {}
        tasks: defaultdict[EndpointId, list[Task]] = defaultdict(list)
        for number, (event, endpoint_id) in enumerate(wanted, start=1):
            delivery = self._delivery(event, endpoint_id)
            body = bodies.get(event.seq)
            if body is None:
                body = bodies[event.seq] = body_of(event)
            batch.deliveries.append(delivery)
            batch.ends[endpoint_id] = number
            tasks[endpoint_id].append(Task(delivery, body, event.traceparent, batch.durable))
        batch.taken.update(endpoint_id for endpoint_id, offered in tasks.items() if self._made(endpoint_id, offered))
        return batch

    async def _store(self, batch: "_Batch") -> None:
        """Make the deliveries durable and move the cursor.

        :raises Unavailable: if that has to be tried again.
        """
        seq, count = self._stored_seq, len(batch.deliveries)

        def work(tx: Tx) -> int | None:
            base = store.advance(tx, seq=seq, to=batch.last, count=count)
            if base is not None:
                store.add_deliveries(tx, batch.deliveries, range(base + 1, base + count + 1))
            return base

        base = await self._db.write(work)
        self._batch = None
        if base is None:
            await self._lost_place(batch)
            return
        self._seq = self._stored_seq = batch.last
        batch.durable.set_result(True)
        for endpoint_id, number in batch.ends.items():
            if endpoint_id in batch.taken:
                self._stored(endpoint_id, base + number)
            else:
                self._behind(endpoint_id)

    async def _lost_place(self, batch: "_Batch") -> None:
        """Somebody moved the cursor: ourselves, by a commit that was never answered, or another dispatcher."""
        await self._find_place()
        ours = await self._db.read(lambda tx: store.known(tx, [delivery.id for delivery in batch.deliveries]))
        _log.warning("webhook fan-out found its place anew", seq=self._seq, ours=bool(ours))
        batch.durable.set_result(bool(ours))

    def _repeat(self, tx: Tx, endpoint_id: EndpointId, events: Sequence[Event]) -> None:
        """Have events delivered again, or for the first time, but for those that are waiting to be anyway."""
        known = store.of_events(tx, endpoint_id, [event.seq for event in events]) if events else {}
        events = [e for e in events if e.seq not in known or known[e.seq][1] is not DeliveryStatus.PENDING]
        base = store.take_positions(tx, len(events))
        old: list[tuple[DeliveryId, int]] = []
        new: list[Delivery] = []
        positions: list[int] = []
        for position, event in enumerate(events, start=base + 1):
            if event.seq in known:
                old.append((known[event.seq][0], position))
            else:
                new.append(self._delivery(event, endpoint_id))
                positions.append(position)
        if old:
            store.start_over(tx, old)
        if new:
            store.add_deliveries(tx, new, positions)

    def _delivery(self, event: Event, endpoint_id: EndpointId) -> Delivery:
        now = self._clock.now()
        return Delivery(
            id=DeliveryId.new(now, self._entropy),
            endpoint_id=endpoint_id,
            event_seq=event.seq,
            event_id=event.id,
            event_type=event.type,
            lane=lane_of(event),
            created_at=now,
        )

    async def _find_place(self) -> None:
        """Go where the database says that the fan-out stands; somebody may have moved it."""
        place = await self._db.read(store.place)
        self._seq = self._stored_seq = place.seq
        self._behind(None)

    async def _refresh(self) -> None:
        """Read the endpoints anew, and pass over what none of them is told."""
        # By what they were so far; after a crash it would be told by what they are from now on.
        await self.store_place()

        def work(tx: Tx) -> tuple[int, list[Endpoint], int]:
            return store.version(tx), store.all_endpoints(tx), self._log.head_at(tx)

        self._version, endpoints, head = await self._db.read(work)
        enabled = [endpoint for endpoint in endpoints if endpoint.enabled]
        self._seq = max(self._seq, min((endpoint.start_seq for endpoint in enabled), default=head))
        wishes: defaultdict[AccountId, list[Wish]] = defaultdict(list)
        for endpoint in enabled:
            wishes[endpoint.account_id].append(Wish(endpoint))
        self._wishes = dict(wishes)
        self._endpoints = {endpoint.id: endpoint for endpoint in endpoints}
        self._refreshed(endpoints)


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Deliveries on their way into the database: for each endpoint the number of its last, and who took theirs."""

    last: int
    durable: asyncio.Future[bool]
    deliveries: list[Delivery] = field(default_factory=list)
    ends: dict[EndpointId, int] = field(default_factory=dict)
    taken: set[EndpointId] = field(default_factory=set)
