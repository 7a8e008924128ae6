"""Time that stands still until told, and ids that sort by it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.clock import ManualClock, SystemClock
from wagate.core.ids import AccountId, Entropy, Id, MessageId, SessionId

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_sleepers_wake_at_their_own_moments_in_order() -> None:
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("long", 10)), asyncio.create_task(sleeper("short", 2, 3, 20))]
    await clock.advance(12)
    assert woken == [("short", 2), ("short", 5), ("long", 10)]
    await clock.advance(13)
    assert clock.now() == NOW + timedelta(seconds=25)
    assert woken[-1] == ("short", 25)
    await asyncio.gather(*tasks)


async def test_a_cancelled_sleeper_stops_nobody() -> None:
    clock = ManualClock()
    leaving, staying = asyncio.create_task(clock.sleep(1)), asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    leaving.cancel()
    await clock.advance(1)
    assert staying.done() and leaving.cancelled()


async def test_the_system_clock_is_aware_and_its_sleep_takes_time() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001


@given(st.timedeltas(timedelta(0), timedelta(days=300_000)), st.integers(1, 10**9))
def test_later_ids_sort_later(since: timedelta, milliseconds: int) -> None:
    moment = NOW + since
    later = moment + timedelta(milliseconds=milliseconds)
    assert MessageId.new(moment) < MessageId.new(later)


def test_ids_parse_as_their_own_kind_only(entropy: Entropy) -> None:
    made = SessionId.new(NOW, entropy)
    assert SessionId.parse(str(made)) == made
    assert type(SessionId.parse(str(made))) is SessionId
    for text in (AccountId.new(NOW, entropy), made[:-1], made + "0", made.upper(), "", "ses_", "ses_" + "u" * 26):
        with pytest.raises(ValueError, match="not an id of the form ses_"):
            SessionId.parse(text)


def test_ids_do_not_repeat_and_prefixes_are_unique(entropy: Entropy) -> None:
    assert len({MessageId.new(NOW, entropy) for _ in range(1000)}) == 1000
    prefixes = [kind.prefix for kind in Id.__subclasses__()]
    assert len(set(prefixes)) == len(prefixes)
