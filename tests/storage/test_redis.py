"""Wake-ups and values that cross processes, and what becomes of them while Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.servers import Valkey
from wagate.core.errors import StartupError
from wagate.storage import redis as storage_redis
from wagate.storage.bus import Wake
from wagate.storage.errors import StorageUnavailable
from wagate.storage.redis import RedisBus, RedisKv, check_redis, open_redis

NewBus = Callable[[str], Awaitable[RedisBus]]


@pytest.fixture
async def new_bus() -> AsyncIterator[NewBus]:
    """Makes a bus as another process would have it."""
    async with AsyncExitStack() as stack:

        async def make(url: str) -> RedisBus:
            client = open_redis(url)
            stack.push_async_callback(client.aclose)
            bus = RedisBus(client)
            await bus.start()
            stack.push_async_callback(bus.stop)
            return bus

        yield make


async def hears(listener: RedisBus, teller: RedisBus, topic: str) -> None:
    """Return once ``listener`` hears ``teller``."""
    async with asyncio.timeout(20):
        with listener.subscribe(topic) as news:
            while True:
                teller.publish(topic)
                if await news.next(0.1) is not None:
                    return


@pytest.mark.parametrize("url", ["", "redis.example", "http://redis", "redis://host:port", "redis://:hunter2@host:0x1"])
def test_what_is_no_redis_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StartupError) as refusal:
        open_redis(url)
    assert "hunter2" not in str(refusal.value)


async def test_a_redis_that_is_away_is_told_by_the_check_and_not_by_opening() -> None:
    client = open_redis("redis://127.0.0.1:1")
    with pytest.raises(StorageUnavailable):
        await check_redis(client)
    await client.aclose()


async def test_what_is_published_here_wakes_readers_there_and_carries_payloads_here(
    redis_server: str, new_bus: NewBus
) -> None:
    here, there = await new_bus(redis_server), await new_bus(redis_server)
    await hears(there, here, "ready")
    with here.subscribe("topic") as near, there.subscribe("topic") as far, there.subscribe("other") as other:
        here.publish("topic", "payload")
        assert await near.next(0) == "payload"
        assert await far.next(5) is Wake.WAKE
        assert await other.next(0.05) is None


async def test_readers_elsewhere_get_what_is_meant_for_them(redis_server: str, new_bus: NewBus) -> None:
    here, there = await new_bus(redis_server), await new_bus(redis_server)
    await hears(there, here, "ready")
    with here.subscribe("topic") as near, there.subscribe("topic") as far:
        here.publish("topic", ("any", "object"), abroad='["sent",null]')
        assert await near.next(0) == ("any", "object")
        assert await far.next(5) == '["sent",null]'


async def test_a_process_does_not_hear_its_own_echo(redis_server: str, new_bus: NewBus) -> None:
    here, there = await new_bus(redis_server), await new_bus(redis_server)
    await hears(here, there, "ready")
    with here.subscribe("topic") as near, here.subscribe("end") as end:
        here.publish("topic", "once")
        await hears(there, here, "ready")
        there.publish("end")
        assert await end.next(5) is Wake.WAKE
        assert await near.next(0) == "once"
        assert await near.next(0.05) is None


async def test_equal_topics_travel_once_and_many_travel_together(redis_server: str, new_bus: NewBus) -> None:
    here = await new_bus(redis_server)
    client = open_redis(redis_server)
    async with client.pubsub() as channel:
        await channel.subscribe(storage_redis.CHANNEL)
        for _ in range(1000):
            here.publish("same")
            here.publish("other")
        heard: list[str] = []
        while "other" not in heard:
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=5)
            if message is not None and message["data"].startswith(here._me):
                heard.extend(message["data"].split("\n")[1:])
    await client.aclose()
    assert heard == ["same", "other"]


async def test_more_topics_than_are_kept_wake_everybody_instead(
    valkey: Valkey, new_bus: NewBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_redis, "_MAX_WAITING", 10)
    here, there = await new_bus(valkey.url), await new_bus(valkey.url)
    await hears(there, here, "ready")
    with there.subscribe("never published") as news:
        for number in range(100):
            here.publish(f"topic {number}")
        assert len(here._waiting) <= 10
        assert await news.next(5) is Wake.WAKE


async def test_publishing_never_waits_and_never_fails_while_redis_is_away(new_bus: NewBus) -> None:
    with capture_logs() as lines:
        bus = await new_bus("redis://127.0.0.1:1")
        with bus.subscribe("topic") as news:
            for _ in range(5):
                bus.publish("topic")
                assert await news.next(0) is Wake.WAKE
                await asyncio.sleep(0.2)
    assert [line["event"] for line in lines] == ["Redis is away; wake-ups between processes wait"]


async def test_after_redis_was_away_every_reader_is_woken_and_what_was_published_is_told(
    valkey: Valkey, new_bus: NewBus
) -> None:
    here, there = await new_bus(valkey.url), await new_bus(valkey.url)
    await hears(there, here, "ready")
    with there.subscribe("quiet") as quiet, here.subscribe("quiet too") as quiet_too:
        valkey.stop()
        here.publish("meanwhile")
        await asyncio.sleep(0.5)
        assert await quiet.next(0) is None
        valkey.start()
        assert await quiet.next(20) is Wake.WAKE
        assert await quiet_too.next(20) is Wake.WAKE
    await hears(there, here, "as before")
    await hears(here, there, "as before")


async def test_a_redis_that_froze_with_open_connections_is_noticed(
    valkey: Valkey, new_bus: NewBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_redis, "_ECHO_SECONDS", 0.1)
    monkeypatch.setattr(storage_redis, "_SILENCE_SECONDS", 0.5)
    bus = await new_bus(valkey.url)
    await hears(bus, await new_bus(valkey.url), "ready")
    with bus.subscribe("quiet") as news:
        valkey.freeze()
        await asyncio.sleep(1.5)
        news.drain()
        valkey.thaw()
        assert await news.next(20) is Wake.WAKE


async def test_what_was_published_last_is_told_before_the_end(redis_server: str, new_bus: NewBus) -> None:
    here, there = await new_bus(redis_server), await new_bus(redis_server)
    await hears(there, here, "ready")
    with there.subscribe("last") as news:
        here.publish("last")
        await here.stop()
        assert await news.next(5) is Wake.WAKE


@pytest.fixture
async def client(valkey: Valkey) -> AsyncIterator[Redis]:
    client = open_redis(valkey.url)
    yield client
    await client.aclose()


async def test_a_value_is_seen_by_every_process_for_as_long_as_it_was_given(valkey: Valkey, client: Redis) -> None:
    other = open_redis(valkey.url)
    await RedisKv(client).set("qr:ses_1", "code", 120)
    assert await RedisKv(other).get("qr:ses_1") == "code"
    assert 119_000 < await client.pttl("qr:ses_1") <= 120_000
    await RedisKv(other).delete("qr:ses_1")
    assert await RedisKv(client).get("qr:ses_1") is None
    await other.aclose()


async def test_a_value_whose_time_is_over_is_gone(client: Redis) -> None:
    kv = RedisKv(client)
    await kv.set("short", "code", 0.05)
    await kv.set("over", "old", 10)
    await kv.set("over", "code", 0)
    await asyncio.sleep(0.1)
    assert await kv.get("short") is None
    assert await kv.get("over") is None


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_without_redis_there_are_no_values_and_nobody_waits_long(valkey: Valkey, client: Redis, how: str) -> None:
    kv = RedisKv(client)
    await kv.set("qr:ses_1", "code", 120)
    getattr(valkey, how)()
    for work in (kv.get("qr:ses_1"), kv.set("qr:ses_1", "new", 120), kv.delete("qr:ses_1")):
        began = time.monotonic()
        assert await work is None
        assert time.monotonic() - began < 2
    valkey.stop()
    valkey.start()
    await kv.set("qr:ses_1", "again", 120)
    assert await kv.get("qr:ses_1") == "again"
