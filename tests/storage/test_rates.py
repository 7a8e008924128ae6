"""Counters count windows, exactly, and never fail a request."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.servers import Valkey
from wagate.core.clock import ManualClock, SystemClock
from wagate.core.ids import UserId
from wagate.storage import rates as rates_module
from wagate.storage.rates import LocalRates, Subject
from wagate.storage.redis import open_redis
from wagate.storage.sharedrates import AWAY_SECONDS, SharedRates


async def test_a_window_begins_with_the_first_hit_and_is_over_after_its_time(clock: ManualClock) -> None:
    rates = LocalRates(clock)
    assert [await rates.hit(Subject.KEY, "a", 60) for _ in range(3)] == [1, 2, 3]
    assert await rates.hit(Subject.USER, "a", 60) == 1
    await clock.advance(59)
    assert await rates.left(Subject.KEY, "a") == pytest.approx(1)
    assert await rates.hit(Subject.KEY, "a", 60) == 4
    await clock.advance(1)
    assert await rates.left(Subject.KEY, "a") == 0
    assert await rates.hit(Subject.KEY, "a", 60) == 1


async def test_counters_do_not_pile_up(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "MAX_COUNTERS", 50)
    rates = LocalRates(clock)
    for name in range(500):
        rates.hit_now(Subject.ADDRESS, str(name), 60)
    assert len(rates) <= 50
    assert rates.hit_now(Subject.ADDRESS, "499", 60) == 2, "those that are in use are kept"
    await clock.advance(61)
    for name in range(60):
        rates.hit_now(Subject.ADDRESS, f"new {name}", 60)
    assert len(rates) <= 61


@pytest.fixture
async def shared(redis_server: str) -> AsyncIterator[tuple[SharedRates, SharedRates]]:
    """Two gateways."""
    clients = open_redis(redis_server), open_redis(redis_server)
    # What is counted must not depend on how busy the machine is.
    yield SharedRates(clients[0], SystemClock(), patience=20), SharedRates(clients[1], SystemClock(), patience=20)
    for client in clients:
        await client.aclose()


def unique() -> str:
    return uuid4().hex


async def test_gateways_count_together(shared: tuple[SharedRates, SharedRates]) -> None:
    name = unique()
    counts = [await shared[n % 2].hit(Subject.ACCOUNT, name, 60) for n in range(10)]
    assert counts == list(range(1, 11))
    assert 55 < await shared[0].left(Subject.ACCOUNT, name) <= 60
    assert await shared[0].left(Subject.ACCOUNT, unique()) == 0


async def test_what_one_gateway_takes_back_the_other_may_use(shared: tuple[SharedRates, SharedRates]) -> None:
    name = unique()
    for _ in range(2):
        await shared[0].hit(Subject.LOGIN_IP, name, 60)
    await shared[1].take_back(Subject.LOGIN_IP, name, 60)
    assert await shared[1].hit(Subject.LOGIN_IP, name, 60) == 2
    # A window that is over meanwhile leaves nothing for ever.
    await shared[0].take_back(Subject.LOGIN_IP, other := unique(), 60)
    assert 0 < await shared[0].left(Subject.LOGIN_IP, other) <= 60


async def test_many_at_once_are_all_counted(shared: tuple[SharedRates, SharedRates]) -> None:
    name = unique()
    counts = [
        count
        for _ in range(10)
        for count in await asyncio.gather(*(gateway.hit(Subject.KEY, name, 60) for gateway in shared for _ in range(3)))
    ]
    assert sorted(counts) == list(range(1, 61))


async def test_the_counter_of_a_user_has_the_name_that_others_look_for(
    shared: tuple[SharedRates, SharedRates], redis_server: str
) -> None:
    user = UserId.new(SystemClock().now())
    await shared[0].hit(Subject.USER, user, 60)
    client = open_redis(redis_server)
    assert await client.get(f"user:{user}:rate_limit") == "1"
    assert 50 < await client.ttl(f"user:{user}:rate_limit") <= 60
    await client.aclose()


async def test_without_redis_each_counts_for_itself_and_nobody_waits_long(valkey: Valkey) -> None:
    client, clock = open_redis(valkey.url), ManualClock()
    rates = SharedRates(client, clock, patience=1)
    assert await rates.hit(Subject.KEY, "a", 600) == 1
    valkey.freeze()
    begun = time.monotonic()
    assert await rates.hit(Subject.KEY, "a", 600) == 1
    assert time.monotonic() - begun >= 1, "one request finds out"
    begun = time.monotonic()
    for count in range(2, 1002):
        assert await rates.hit(Subject.KEY, "a", 600) == count
    assert time.monotonic() - begun < 2.0, "nobody else waits for a Redis that is known to be away"
    valkey.thaw()
    assert await rates.hit(Subject.KEY, "a", 600) == 1002
    await clock.advance(AWAY_SECONDS + 0.1)
    assert await rates.hit(Subject.KEY, "a", 600) < 10, "it counts where all count again"
    await client.aclose()


async def test_a_redis_that_is_gone_refuses_nobody_and_is_used_when_it_is_back(valkey: Valkey) -> None:
    client, clock = open_redis(valkey.url), ManualClock()
    rates = SharedRates(client, clock, patience=5)
    await rates.hit(Subject.KEY, "a", 600)
    valkey.stop()
    assert [await rates.hit(Subject.KEY, "a", 600) for _ in range(3)] == [1, 2, 3]
    assert await rates.left(Subject.KEY, "a") > 0
    valkey.start()
    await clock.advance(AWAY_SECONDS + 0.1)
    assert await rates.hit(Subject.KEY, "a", 600) == 1
    await client.aclose()
