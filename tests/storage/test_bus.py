"""A bus loses payloads of slow readers, never the fact that something came; values expire with the clock."""

import asyncio

from wagate.core.clock import ManualClock
from wagate.storage.bus import Bus, Kv, Wake


async def test_every_subscriber_of_a_topic_gets_the_payload_and_nobody_else(bus: Bus) -> None:
    with bus.subscribe("a") as first, bus.subscribe("a") as second, bus.subscribe("b") as other:
        bus.publish("a", "news")
        assert await first.next(0) == "news"
        assert await second.next(0) == "news"
        assert await other.next(0) is None


async def test_a_publication_without_payload_is_told_from_a_timeout(bus: Bus) -> None:
    with bus.subscribe("a") as reader:
        bus.publish("a")
        assert await reader.next(0) is Wake.WAKE
        assert await reader.next(0) is None


async def test_a_waiting_reader_wakes(bus: Bus) -> None:
    with bus.subscribe("a") as reader:
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish("a", 1)
        assert await waiting == 1


async def test_a_wait_ends_with_none_when_its_time_is_over(bus: Bus, clock: ManualClock) -> None:
    with bus.subscribe("a") as reader:
        waiting = asyncio.create_task(reader.next(5))
        await clock.advance(4.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert await waiting is None
        bus.publish("a", "later")
        assert await reader.next(5) == "later"


async def test_a_slow_reader_loses_the_oldest_payloads_and_no_more(bus: Bus) -> None:
    with bus.subscribe("a") as reader:
        for number in range(1000):
            bus.publish("a", number)
        assert [await reader.next(0) for _ in range(64)] == list(range(936, 1000))
        assert await reader.next(0) is None


async def test_several_tasks_may_wait_on_one_subscription(bus: Bus) -> None:
    with bus.subscribe("a") as reader:
        waiting = [asyncio.create_task(reader.next()) for _ in range(3)]
        await asyncio.sleep(0)
        for number in range(3):
            bus.publish("a", number)
        assert sorted(await asyncio.gather(*waiting), key=str) == [0, 1, 2]


async def test_a_cancelled_reader_takes_nothing_with_it(bus: Bus, clock: ManualClock) -> None:
    with bus.subscribe("a") as reader:
        for timeout in (None, 60.0):
            leaving = asyncio.create_task(reader.next(timeout))
            await asyncio.sleep(0)
            bus.publish("a", "kept")
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            assert await reader.next(0) == "kept"


async def test_drain_forgets_what_came(bus: Bus) -> None:
    with bus.subscribe("a") as reader:
        bus.publish("a", 1)
        reader.drain()
        assert await reader.next(0) is None


async def test_a_closed_subscription_hears_nothing_and_frees_its_waiters(bus: Bus) -> None:
    reader = bus.subscribe("a")
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    reader.close()
    assert await waiting is None
    bus.publish("a", 1)
    assert await reader.next(0) is None
    reader.close()


async def test_a_value_lives_as_long_as_it_was_given(kv: Kv, clock: ManualClock) -> None:
    await kv.set("qr", "one", 120)
    await clock.advance(119)
    assert await kv.get("qr") == "one"
    await clock.advance(1)
    assert await kv.get("qr") is None


async def test_setting_again_starts_the_time_anew(kv: Kv, clock: ManualClock) -> None:
    await kv.set("qr", "one", 120)
    await clock.advance(100)
    await kv.set("qr", "two", 120)
    await clock.advance(100)
    assert await kv.get("qr") == "two"
    await kv.set("qr", "three", 5)
    await clock.advance(5)
    assert await kv.get("qr") is None


async def test_delete_forgets_and_forgives(kv: Kv) -> None:
    await kv.set("qr", "one", 120)
    await kv.delete("qr")
    await kv.delete("qr")
    assert await kv.get("qr") is None


async def test_expired_values_do_not_pile_up(kv: Kv, clock: ManualClock) -> None:
    for number in range(1000):
        await kv.set(f"qr:{number % 10}", str(number), 10)
        await kv.set(f"once:{number}", "x", 10)
        await clock.advance(1)
    assert len(kv._values) <= 30
    assert len(kv._deadlines) <= 30
