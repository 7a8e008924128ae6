"""The database fails at the worst moments; nothing is lost, and nothing repeated that need not be."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from tests.webhooks.names import ADA
from tests.webhooks.rig import HOOK, Rig
from wagate.events.service import EventLog
from wagate.storage.database import Database, Tx
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.webhooks.model import DeliveryStatus

T = TypeVar("T")


class Unreliable:
    """A database whose next writes and reads fail as told; the rest is passed on."""

    def __init__(self, db: Database) -> None:
        self._db = db
        #: For each coming write: ``None`` passes, an error is raised instead of writing, or after having written.
        self.writes: list[Exception | None] = []
        self.reads: list[Exception | None] = []
        #: If set, every read waits for it between reading and answering.
        self.before_answering: Callable[[], Awaitable[None]] | None = None

    async def write(self, work: Callable[[Tx], T], *, patient: bool = False) -> T:
        error = self.writes.pop(0) if self.writes else None
        if error is not None and not isinstance(error, OutcomeUnknown):
            raise error
        value = await self._db.write(work, patient=patient)
        if error is not None:
            raise error
        return value

    async def read(self, work: Callable[[Tx], T]) -> T:
        error = self.reads.pop(0) if self.reads else None
        if error is not None:
            raise error
        value = await self._db.read(work)
        if self.before_answering is not None:
            await self.before_answering()
        return value


@pytest.fixture
async def faulty(rig: Rig) -> Unreliable:
    """The rig's dispatcher on an unreliable database; what happens beside it is written reliably."""
    await rig.stop()
    unreliable = Unreliable(rig.db)
    reliable = rig.db, rig.log
    rig.db = unreliable  # type: ignore[assignment]
    rig.log = EventLog(rig.db, rig.bus, rig.clock)
    await rig.start()
    rig.db, rig.log = reliable
    return unreliable


async def outlive(rig: Rig) -> None:
    """Let time pass until nothing is left to do; what failed is tried again every second."""
    assert rig.dispatcher is not None
    quiet = 0
    while quiet < 20:
        await rig.event_loop_turn()
        quiet = 0 if rig.dispatcher.busy else quiet + 1
        await rig.clock.advance(0.05 if rig.dispatcher.busy else 0)


@pytest.mark.parametrize("error", [StorageUnavailable("away"), OutcomeUnknown("no answer")])
@pytest.mark.parametrize("before", range(4))
async def test_a_failing_write_costs_neither_event_nor_repeat(
    rig: Rig, faulty: Unreliable, error: Exception, before: int
) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.settle()
    faulty.writes = [*[None] * before, error, error]
    for n in range(10):
        await rig.event(n=n, chat="one")
    await outlive(rig)
    for n in range(10, 20):
        await rig.event(n=n, chat="one")
    await outlive(rig)

    assert faulty.writes == []
    assert [call.data["n"] for call in rig.receivers.calls] == list(range(20))
    found = await rig.deliveries(endpoint)
    assert [(d.status, d.attempts) for d in found] == [(DeliveryStatus.DELIVERED, 1)] * 20
    await rig.restart()
    await rig.settle()
    assert len(rig.receivers.calls) == 20


@pytest.mark.parametrize("before", range(6))
async def test_a_failing_read_costs_neither_event_nor_repeat(rig: Rig, faulty: Unreliable, before: int) -> None:
    await rig.endpoint()
    await rig.settle()
    rig.receivers.refuses_connections(HOOK)
    await rig.events(20, chat=lambda n: str(n))
    await rig.settle()
    rig.receivers.works(HOOK)
    calls = len(rig.receivers.calls)
    faulty.reads = [*[None] * before, *[StorageUnavailable("away")] * 3]
    await rig.events(400, chat=lambda n: str(n), later=True)
    await outlive(rig)
    while rig.dispatcher is not None and rig.dispatcher.next_due is not None:
        await rig.clock.advance(1)
        await outlive(rig)
    assert faulty.reads == []
    told: list[Any] = [(bool(call.data.get("later")), call.data["n"]) for call in rig.receivers.calls[calls:]]
    assert sorted(told) == [(False, n) for n in range(20)] + [(True, n) for n in range(400)]


async def test_an_attempt_whose_row_did_not_survive_a_crash_is_made_again_with_the_same_id(
    rig: Rig, faulty: Unreliable
) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.settle()
    faulty.writes = [StorageUnavailable("away")] * 5
    event = await rig.event()
    while not rig.receivers.calls:
        await rig.event_loop_turn()
    await rig.crash()
    await rig.start()
    await rig.settle()
    assert [call.event_id for call in rig.receivers.calls] == [event, event]
    (delivery,) = await rig.deliveries(endpoint)
    assert (delivery.status, delivery.event_id) == (DeliveryStatus.DELIVERED, event)


async def test_a_result_that_is_stored_late_does_not_undo_a_replay(rig: Rig, faulty: Unreliable) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.settle()
    # The result is stored, but the dispatcher does not learn of it and stores it once more, a second later.
    faulty.writes = [None, OutcomeUnknown("no answer")]
    await rig.event()
    while not (found := await rig.deliveries(endpoint)) or found[0].status is not DeliveryStatus.DELIVERED:
        await rig.event_loop_turn()
    rig.receivers.fails(HOOK)
    await rig.webhooks.replay_delivery(ADA, found[0].id)
    for _ in range(50):
        await rig.event_loop_turn()
    await outlive(rig)
    (delivery,) = await rig.deliveries(endpoint)
    assert len(rig.receivers.calls) == 2
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DeliveryStatus.PENDING, 1, 500)


async def test_a_delivery_that_arrives_while_others_are_looked_up_is_not_repeated(rig: Rig, faulty: Unreliable) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.events(2, chat=lambda n: str(n))
    await rig.settle()
    assert rig.dispatcher is not None
    (outlet,) = rig.dispatcher._outlets.values()
    release = rig.receivers.hangs(HOOK)
    first_due = rig.dispatcher.next_due
    assert first_due is not None
    await rig.clock.advance((first_due - rig.clock.now()).total_seconds() + 1e-6)
    while rig.receivers.open[HOOK] < 1:
        await rig.event_loop_turn()

    async def until_the_first_is_stored() -> None:
        release.set()
        while outlet.known:
            await rig.event_loop_turn()

    # The second is due; the answer to the look-up still shows the first as waiting.
    faulty.before_answering = until_the_first_is_stored
    await rig.clock.advance(5)
    faulty_reads = len(rig.receivers.calls)
    await outlive(rig)
    faulty.before_answering = None
    await rig.pass_time()
    assert faulty_reads >= 3
    assert sorted(call.data["n"] for call in rig.receivers.calls) == [0, 0, 1, 1]
