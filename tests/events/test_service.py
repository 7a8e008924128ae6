"""The log on both databases: nothing without its change, nothing twice, nothing passed over."""

import asyncio
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.events.appending import Append
from tests.events.names import ADA, BOB, HELP, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import EventId
from wagate.events import jobs
from wagate.events.model import Event, EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx, metadata


async def test_what_was_appended_is_read_whole_and_in_order(log: EventLog, append: Append, clock: ManualClock) -> None:
    resource = {"id": "msg_1", "text": "grüße\n☃", "nested": {"list": [1, 2.5, None, True]}}
    first = await append(EventType.MESSAGE_SENT, session=SHOP, **resource)
    await clock.advance(1.5)
    second = await append(EventType.SESSION_STATUS, session=SHOP, status="connected")

    found = await log.read(ADA, limit=10)

    assert [event.id for event in found] == [first, second]
    assert found[0].data == resource
    assert found[0].type is EventType.MESSAGE_SENT
    assert found[0].session_id == SHOP
    assert found[1].timestamp - found[0].timestamp == timedelta(seconds=1.5)
    assert found[0].seq < found[1].seq


async def test_an_event_of_a_transaction_that_fails_never_happened(
    log: EventLog, database: Database, bus: Bus, append: Append
) -> None:
    def work(tx: Tx) -> None:
        log.append(tx, account_id=ADA, session_id=None, type=EventType.MESSAGE_SENT, data={})
        raise RuntimeError("the change was refused")

    with log.watch(ADA) as news:
        with pytest.raises(RuntimeError):
            await database.write(work)
        assert await news.next(0) is None
        await append()
        assert await news.next(0) is not None
    assert len(await log.read(ADA, limit=10)) == 1


async def test_readers_are_woken_for_their_account_only(log: EventLog, append: Append) -> None:
    with log.watch(ADA) as ada, log.watch(BOB) as bob, log.watch() as everyone:
        await append(account=BOB)
        assert await ada.next(0) is None
        assert await bob.next(0) is not None
        assert await everyone.next(0) is not None


async def test_waiting_ends_with_an_event_or_with_the_time(log: EventLog, append: Append, clock: ManualClock) -> None:
    waiting = asyncio.create_task(log.wait(ADA, 5))
    await clock.advance(4.9)
    await append()
    assert await waiting is True
    waiting = asyncio.create_task(log.wait(ADA, 5))
    await clock.advance(5)
    assert await waiting is False


async def test_the_chat_comes_from_the_resource_unless_given(log: EventLog, database: Database) -> None:
    def work(tx: Tx) -> None:
        for data, chat in (
            ({"chat": "1@s.whatsapp.net"}, None),
            ({"chat": {"id": 1}}, None),
            ({}, "2@g.us"),
            ({}, None),
        ):
            log.append(tx, account_id=ADA, session_id=SHOP, type=EventType.MESSAGE_SENT, data=data, chat=chat)

    await database.write(work)
    assert [event.chat for event in await log.read(ADA, limit=10)] == ["1@s.whatsapp.net", None, "2@g.us", None]


async def test_filters_leave_out_the_rest(log: EventLog, append: Append) -> None:
    status = await append(EventType.SESSION_STATUS, session=SHOP)
    sent = await append(EventType.MESSAGE_SENT, session=SHOP)
    helped = await append(EventType.MESSAGE_SENT, session=HELP)
    campaign = await append(EventType.CAMPAIGN_PROGRESS)
    await append(EventType.MESSAGE_SENT, account=BOB, session=SHOP)

    async def ids(**filters: Any) -> list[EventId]:
        return [event.id for event in await log.read(ADA, limit=10, **filters)]

    assert await ids() == [status, sent, helped, campaign]
    assert await ids(types={EventType.MESSAGE_SENT}) == [sent, helped]
    assert await ids(session_id=SHOP) == [status, sent]
    assert await ids(sessions=frozenset({HELP})) == [helped]
    assert await ids(sessions=frozenset()) == []
    assert await ids(sessions=frozenset({HELP}), session_id=SHOP) == []
    assert await ids(after=sent) == [helped, campaign]
    assert await ids(after=campaign) == []


async def test_an_event_of_another_account_is_no_position(log: EventLog, append: Append, clock: ManualClock) -> None:
    mine = await append()
    await clock.advance(1)
    foreign = await append(account=BOB)
    await clock.advance(1)
    later = await append()
    # It only stands for its time.
    assert [event.id for event in await log.read(ADA, after=foreign, limit=10)] == [later]
    assert [event.id for event in await log.read(ADA, after=mine, limit=10)] == [later]


async def test_a_cursor_over_concurrent_writers_sees_everything_once(log: EventLog, append: Append) -> None:
    seen: list[EventId] = []
    after = 0
    writers = [asyncio.create_task(append(account=ADA if n % 3 else BOB)) for n in range(300)]
    with log.watch(ADA) as news:
        while len(seen) < 200:
            news.drain()
            found = await log.tail(ADA, after=after, limit=7)
            if not found:
                await news.next()
                continue
            after = found[-1].seq
            seen += [event.id for event in found]
    written = await asyncio.gather(*writers)
    assert sorted(seen) == sorted(id for n, id in enumerate(written) if n % 3)


@pytest.mark.postgres
async def test_numbers_are_seen_in_order_when_two_processes_write(
    postgres_url: str, bus: Bus, clock: ManualClock
) -> None:
    first, second = await Database.open(postgres_url), await Database.open(postgres_url)
    await first.write(lambda tx: metadata.create_all(tx.connection))
    log = EventLog(first, bus, clock)
    appended, released = threading.Event(), threading.Event()

    def append(tx: Tx) -> None:
        log.append(tx, account_id=ADA, session_id=None, type=EventType.MESSAGE_SENT, data={})

    def hold(tx: Tx, _: list[None]) -> None:
        appended.set()
        assert released.wait(10)

    def append_slowly(tx: Tx) -> None:
        append(tx)
        tx.at_last(hold, None)

    def somebody_waits(tx: Tx) -> bool:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(tx.execute(text(waiting)).scalar_one())

    slow = asyncio.create_task(first.write(append_slowly))
    await asyncio.to_thread(appended.wait, 10)
    quick = asyncio.create_task(second.write(append))
    while not quick.done() and not await first.read(somebody_waits):
        pass
    overtook = quick.done()
    released.set()
    await asyncio.gather(slow, quick)
    found = await log.read(ADA, limit=10)
    await first.close()
    await second.close()
    assert not overtook
    assert len(found) == 2


async def test_codes_are_put_in_on_the_way_out_and_never_stored(
    database: Database, bus: Bus, clock: ManualClock
) -> None:
    async def enrich(event: Event) -> Mapping[str, Any]:
        return {**event.data, "qrString": "2@secret"}

    log = EventLog(database, bus, clock, enrich=enrich)

    def work(tx: Tx) -> None:
        log.append(tx, account_id=ADA, session_id=SHOP, type=EventType.SESSION_QR, data={"version": 1})
        log.append(tx, account_id=ADA, session_id=SHOP, type=EventType.SESSION_STATUS, data={"version": 2})

    await database.write(work)
    qr, status = await log.read(ADA, limit=10)
    assert qr.data == {"version": 1, "qrString": "2@secret"}
    assert status.data == {"version": 2}
    everything, newest = await log.read_all(after=0, limit=10, beside=log.head_at)
    assert everything[0].data == qr.data
    assert newest == everything[-1].seq
    assert (await log.fetch([qr.seq, 999]))[qr.seq].data == qr.data
    stored = await database.read(lambda tx: tx.execute(text("SELECT data FROM events")).scalars().all())
    assert not any("secret" in data for data in stored)


# -- forgetting -------------------------------------------------------------------------------------------------------


async def test_old_events_are_deleted_in_batches_and_younger_ones_kept(
    log: EventLog, append: Append, clock: ManualClock
) -> None:
    old = [await append() for _ in range(7)]
    await clock.advance(timedelta(days=30).total_seconds())
    young = [await append() for _ in range(3)]
    await clock.advance(1)

    pruning = asyncio.create_task(jobs.prune(log, clock, batch=3))
    while not pruning.done():
        await clock.advance(1)

    assert await pruning == len(old)
    assert [event.id for event in await log.read(ADA, limit=20)] == young
    # Whoever last saw a deleted event goes on with the oldest that is left.
    assert [event.id for event in await log.read(ADA, after=old[-1], limit=20)] == young


async def test_old_events_that_are_needed_are_kept_until_they_are_not(
    log: EventLog, append: Append, clock: ManualClock
) -> None:
    old = [await append() for _ in range(3)]
    needed = (await log.read(ADA, limit=10))[1].seq
    await clock.advance(timedelta(days=31).total_seconds())
    assert await jobs.prune(log, clock, still_needed=[lambda tx, seqs: {needed}.intersection(seqs)]) == 2
    assert [event.id for event in await log.read(ADA, limit=20)] == [old[1]]
    assert await jobs.prune(log, clock) == 1


async def test_a_number_is_never_given_out_twice(log: EventLog, append: Append, clock: ManualClock) -> None:
    await append()
    before = await log.head()
    await clock.advance(timedelta(days=31).total_seconds())
    assert await jobs.prune(log, clock) == 1
    assert await log.head() == 0
    await append()
    assert await log.head() > before
