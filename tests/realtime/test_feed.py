"""Reading the log for many streams at once."""

import asyncio
from typing import Any

import pytest

from tests.events.appending import Append
from tests.realtime.people import ADA, BOB, HELP, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, EventId
from wagate.events.model import BEFORE_ALL, Event
from wagate.events.service import EventLog
from wagate.realtime.model import Wanted
from wagate.realtime.service import Feed


@pytest.fixture
def reads(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which place in the log each read of it began."""
    places: list[int] = []
    follow = log.follow

    async def counted(account_id: AccountId, *, after: int, **options: Any) -> Any:
        places.append(after)
        return await follow(account_id, after=after, **options)

    monkeypatch.setattr(log, "follow", counted)
    return places


class Told:
    """One stream, read by a task, and the ids that came."""

    def __init__(self, feed: Feed, wanted: Wanted, last_seen: EventId | None, account: AccountId) -> None:
        self.ids: list[str] = []
        self.task = asyncio.create_task(self._read(feed, wanted, last_seen, account))

    async def has(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.ids) < count:
                await asyncio.sleep(0.001)

    async def _read(self, feed: Feed, wanted: Wanted, last_seen: EventId | None, account: AccountId) -> None:
        async def allowed() -> None:
            return None

        found: list[Event]
        async for found in feed.batches(account, last_seen=last_seen, wanted=lambda: wanted, still_allowed=allowed):
            self.ids += [event.id for event in found]


async def test_streams_that_are_up_to_date_share_each_read(
    log: EventLog, append: Append, clock: ManualClock, reads: list[int]
) -> None:
    feed = Feed(log, clock)
    streams = [Told(feed, Wanted(), BEFORE_ALL, ADA) for _ in range(50)]
    written: list[str] = []
    for _ in range(5):
        written.append(await append())
        for stream in streams:
            await stream.has(len(written))
        # Each is back to waiting before the next: in an order of their own they could not have been together.
        async with asyncio.timeout(20):
            while sum(not woken.done() for _, _, woken in clock._sleepers) < len(streams):
                await asyncio.sleep(0.001)
    assert all(stream.ids == written for stream in streams)
    # One of each stream that began by itself, and few for each event.
    assert len(reads) <= 50 + 5 * 10
    for stream in streams:
        stream.task.cancel()


async def test_what_is_shared_is_what_each_wants(
    log: EventLog, append: Append, clock: ManualClock, reads: list[int]
) -> None:
    feed = Feed(log, clock)
    every, shop, other = (
        Told(feed, Wanted(), BEFORE_ALL, ADA),
        Told(feed, Wanted(sessions=frozenset({SHOP})), BEFORE_ALL, ADA),
        Told(feed, Wanted(), BEFORE_ALL, BOB),
    )
    first, second, third = await append(session=HELP), await append(session=SHOP), await append(account=BOB)
    await every.has(2)
    await shop.has(1)
    await other.has(1)
    assert (every.ids, shop.ids, other.ids) == ([first, second], [second], [third])
    for stream in (every, shop, other):
        stream.task.cancel()


async def test_one_that_leaves_takes_nothing_from_those_it_shared_a_read_with(
    log: EventLog, append: Append, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(log, clock)
    follow, begun, go_on = log.follow, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any, **options: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await follow(*arguments, **options)

    monkeypatch.setattr(log, "follow", slow)
    event = await append()
    leaving, staying = (Told(feed, Wanted(), BEFORE_ALL, ADA) for _ in range(2))
    await begun.wait()
    leaving.task.cancel()
    go_on.set()
    await staying.has(1)
    assert (staying.ids, leaving.ids) == ([event], [])
    staying.task.cancel()


async def test_the_newest_event_is_the_accounts_own_and_of_the_sessions_asked_for(
    log: EventLog, append: Append
) -> None:
    assert await log.newest(ADA) == BEFORE_ALL
    first = await append(session=HELP)
    second = await append(session=SHOP)
    await append(account=BOB)
    assert await log.newest(ADA) == second
    assert await log.newest(ADA, frozenset({HELP})) == first
    assert await log.newest(ADA, frozenset()) == BEFORE_ALL
    assert [event.id for event in await log.read(ADA, after=BEFORE_ALL, limit=10)] == [first, second]
