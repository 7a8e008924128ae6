"""What arrived is taken in once and in order, and what can't be taken in stops nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import pytest

from tests.sessions.world import World
from tests.worker.fakes import FakeInbox, FakeReceiver
from wagate.engine.lease import StaleEpoch
from wagate.sessions.model import LEASE_SECONDS, Lease, Session
from wagate.storage.database import Database, Tx
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.worker.inbox import ATTEMPTS, BATCH, InboxConsumer

T = TypeVar("T")


class UnreliableDatabase:
    """A database that is away for some writes, or answers late."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.failures: list[Exception] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._db.read(work)

    async def write(self, work: Callable[[Tx], T]) -> T:
        if self.failures:
            raise self.failures.pop(0)
        result = await self._db.write(work)
        await self.answers.wait()
        return result


@dataclass
class Bench:
    world: World
    lease: Lease
    session: Session
    inbox: FakeInbox
    receiver: FakeReceiver
    db: UnreliableDatabase

    def consumer(self) -> InboxConsumer:
        return InboxConsumer(
            self.lease,
            lambda: self.session,
            db=self.db,  # type: ignore[arg-type]
            inbox=self.inbox,
            receiver=self.receiver,
            clock=self.world.clock,
            random=Random(7),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[InboxConsumer]:
        consumer = self.consumer()
        task = asyncio.create_task(consumer.run())
        try:
            yield consumer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(world: World) -> Bench:
    lease, session = await world.online()
    return Bench(world, lease, session, FakeInbox(), FakeReceiver(), UnreliableDatabase(world.db))


IDS = [f"m{n}" for n in range(2 * BATCH + 20)]


async def test_everything_is_taken_in_once_and_in_order_in_few_transactions(bench: Bench) -> None:
    bench.inbox.arrive(bench.session.id, *IDS)
    async with bench.running() as consumer:
        await bench.world.until(lambda: len(bench.receiver.taken) == len(IDS))
        bench.inbox.arrive(bench.session.id, "later")
        consumer.wake()
        await bench.world.until(lambda: bench.receiver.taken[-1] == "later")
    assert bench.receiver.taken == [*IDS, "later"]
    assert bench.inbox.waiting[bench.session.id] == []


async def test_poison_is_set_aside_and_all_else_goes_on_in_order(bench: Bench) -> None:
    seqs = bench.inbox.arrive(bench.session.id, *IDS)
    bench.receiver.poison = {"m0": 99, "m7": 99, IDS[-1]: 99}
    async with bench.running():
        await bench.world.until(lambda: len(bench.receiver.taken) == len(IDS) - 3, step=0.5)
        await bench.world.until(lambda: len(bench.inbox.set_aside) == 3, step=0.5)
    assert bench.receiver.taken == [i for i in IDS[:-1] if i not in ("m0", "m7")]
    assert bench.inbox.set_aside == [(seqs[0], "ValueError"), (seqs[7], "ValueError"), (seqs[-1], "ValueError")]
    assert bench.receiver.tries.count("m0") == ATTEMPTS + 1, "once in its batch, then alone"


async def test_a_failure_that_passes_sets_nothing_aside_and_keeps_the_order(bench: Bench) -> None:
    bench.inbox.arrive(bench.session.id, "a", "b", "c")
    bench.receiver.poison = {"b": ATTEMPTS}
    async with bench.running():
        await bench.world.until(lambda: len(bench.receiver.taken) == 3, step=0.5)
    assert bench.receiver.taken == ["a", "b", "c"]
    assert bench.inbox.set_aside == []


@pytest.mark.parametrize("error", [StorageUnavailable, OutcomeUnknown])
async def test_a_database_that_is_away_is_waited_for_and_counts_against_nobody(
    bench: Bench, error: type[Exception]
) -> None:
    bench.inbox.arrive(bench.session.id, "a", "b")
    bench.db.failures = [error() for _ in range(10)]
    async with bench.running():
        await bench.world.until(lambda: bench.receiver.taken == ["a", "b"], step=1)
    assert bench.inbox.set_aside == []


async def test_nothing_is_taken_in_under_a_lost_lease(bench: Bench) -> None:
    bench.inbox.arrive(bench.session.id, "a")
    await bench.world.clock.advance(LEASE_SECONDS + 1)
    await bench.world.sessions.hosting.claim(bench.world.another_worker(), limit=1)
    with pytest.raises(StaleEpoch):
        await bench.consumer().run()
    assert bench.receiver.taken == []
    assert len(bench.inbox.waiting[bench.session.id]) == 1
    assert bench.inbox.set_aside == []


async def test_a_cancelled_consumer_is_gone_only_when_its_last_write_is_known(bench: Bench) -> None:
    bench.inbox.arrive(bench.session.id, "a")
    bench.db.answers.clear()
    first = asyncio.create_task(bench.consumer().run())
    await bench.world.until(lambda: bench.receiver.taken == ["a"])
    first.cancel()
    await bench.world.settle()
    assert not first.done(), "or the next consumer might read what is about to be marked"
    bench.db.answers.set()
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    async with bench.running():
        await bench.world.settle()
    assert bench.receiver.taken == ["a"]


async def test_a_consumer_that_is_to_finish_empties_the_inbox_first(bench: Bench) -> None:
    bench.inbox.arrive(bench.session.id, *IDS)
    consumer = bench.consumer()
    consumer.finish()
    await consumer.run()
    assert bench.receiver.taken == IDS
