"""Every event is counted once, whoever counts and whenever they die."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.conftest import import_stores
from tests.usage.names import ADA, BOB, BOBS, DESK, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.events import jobs as event_jobs
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx, metadata
from wagate.usage import jobs, store
from wagate.usage.jobs import Counting
from wagate.usage.model import Days, Used

NEW_YEAR = date(2026, 1, 1)
WEEK = Days(NEW_YEAR, date(2026, 1, 7))


async def counted(db: Database, account: Any = ADA) -> dict[tuple[date, str, str], int]:
    rows = await db.read(lambda tx: store.counts(tx, account, WEEK, sessions=None))
    return {(day, type, status): count for day, type, status, count in rows}


async def test_what_happens_is_counted_by_day_type_and_status(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    await happen("message.queued", "message.sent", "message.delivered")
    await happen("message.queued", "message.failed", type="image")
    await happen("message.received", direction="in", type="image")
    await happen("session.status")
    await happen("message.queued", account=BOB, session=BOBS)
    await clock.advance(86400)
    await happen("message.read")
    await Counting(database, log, clock).catch_up()
    next_day = date(2026, 1, 2)
    assert await counted(database) == {
        (NEW_YEAR, "text", "queued"): 1,
        (NEW_YEAR, "text", "sent"): 1,
        (NEW_YEAR, "text", "delivered"): 1,
        (NEW_YEAR, "image", "queued"): 1,
        (NEW_YEAR, "image", "failed"): 1,
        (NEW_YEAR, "image", "received"): 1,
        (next_day, "text", "read"): 1,
    }
    assert await counted(database, BOB) == {(NEW_YEAR, "text", "queued"): 1}


async def test_what_the_accounts_own_phone_writes_is_neither_sent_nor_received(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    await happen("message.received", direction="out", fromMe=True)
    await Counting(database, log, clock).catch_up()
    assert await counted(database) == {}


async def test_bytes_are_those_that_were_really_carried(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    await happen("message.queued", "message.sent", "message.delivered", type="image", media={"size": 700})
    await happen("message.queued", "message.failed", type="image", media={"size": 5000})
    await happen("message.received", direction="in", type="image", media={"size": 10**12, "state": "pending"})
    await happen("message.media", direction="in", type="image", media={"size": 40, "state": "ready"})
    await happen("message.media", direction="in", type="image", media={"size": 10**12, "state": "failed"})
    await Counting(database, log, clock).catch_up()
    (shown,) = await database.read(lambda tx: store.by_session(tx, ADA, WEEK, sessions=None, after=None, limit=10))
    assert shown.used == Used(
        accepted=2, sent=1, delivered=1, failed=1, received=1, media_bytes_sent=700, media_bytes_received=40
    )


async def test_a_counter_that_stops_anywhere_goes_on_where_it_was(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    for _ in range(5):
        await happen("message.queued", "message.sent")
    await database.write(store.begin)
    for _ in range(2):
        assert await Counting(database, log, clock, batch=3).step()
    for _ in range(3):
        await Counting(database, log, clock, batch=3).catch_up()
    assert await counted(database) == {(NEW_YEAR, "text", "queued"): 5, (NEW_YEAR, "text", "sent"): 5}


async def test_the_job_counts_what_comes_and_can_be_ended(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    job = asyncio.create_task(Counting(database, log, clock).run())
    for total in (1, 2, 3):
        await happen("message.queued")
        for _ in range(200):
            await clock.advance(3)
            if (await counted(database)).get((NEW_YEAR, "text", "queued")) == total:
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError(f"number {total} was not counted")
        if total == 1:
            # Minutes went by on the clock, but not a day.
            assert clock.now().date() == NEW_YEAR
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_events_are_kept_until_they_are_counted(
    database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    await happen("message.queued", "message.sent")
    await clock.advance(31 * 86400)
    assert await event_jobs.prune(log, clock, still_needed=(jobs.still_needed,)) == 0
    await Counting(database, log, clock).catch_up()
    assert await event_jobs.prune(log, clock, still_needed=(jobs.still_needed,)) == 2


@pytest.mark.postgres
async def test_two_processes_that_count_at_the_same_time_count_nothing_twice(
    new_postgres_database: Callable[[], str], clock: ManualClock, entropy: Entropy
) -> None:
    import_stores()
    url = new_postgres_database()
    dbs = [await Database.open(url), await Database.open(url)]
    try:
        await dbs[0].write(lambda tx: metadata.create_all(tx.connection))
        logs = [EventLog(db, Bus(clock), clock, entropy=entropy) for db in dbs]

        def append(log: EventLog, session: Any) -> Callable[[Tx], object]:
            return lambda tx: log.append(
                tx,
                account_id=ADA,
                session_id=session,
                type=EventType.MESSAGE_QUEUED,
                data={"type": "text", "direction": "out"},
            )

        readers = [Counting(db, log, clock, batch=7) for db, log in zip(dbs, logs, strict=True) for _ in range(2)]
        writers = [(db, append(log, session)) for db, log in zip(dbs, logs, strict=True) for session in (SHOP, DESK)]
        writes = [db.write(work) for _ in range(100) for db, work in writers]
        await asyncio.gather(*writes, *(reader.catch_up() for reader in readers))
        await asyncio.gather(*(reader.catch_up() for reader in readers))
        assert await counted(dbs[0]) == {(NEW_YEAR, "text", "queued"): 400}
    finally:
        for db in dbs:
            await db.close()
