"""A process whose machine's clock is wrong lives by the database's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wagate.core.clock import ManualClock, SystemClock, WrongClock
from wagate.storage import time
from wagate.storage.database import Database
from wagate.storage.time import DatabaseTime, Reading, time_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    db = await Database.open(postgres_url)
    yield db
    await db.close()


def true_time() -> datetime:
    return datetime.now(UTC)


async def test_time_goes_on_from_a_reading_whatever_the_own_clock_shows() -> None:
    own = ManualClock(NOW + HOUR)
    clock = DatabaseTime(own, Reading(NOW, own.monotonic(), own.monotonic()))
    assert clock.now() == NOW
    await own.advance(90)
    assert clock.now() == NOW + 90 * SECOND


async def test_readings_that_differ_by_their_doubt_do_not_move_it_and_others_do() -> None:
    own = ManualClock()
    clock = DatabaseTime(own, Reading(NOW, 0.0, 0.0))
    await own.advance(10)
    clock.follow(Reading(NOW + 9.1 * SECOND, 8.0, 10.0))
    assert clock.now() == NOW + 10 * SECOND
    clock.follow(Reading(NOW + 20 * SECOND, 8.0, 10.0))
    assert clock.now() == NOW + 21 * SECOND
    clock.follow(Reading(NOW + 5 * SECOND, 10.0, 10.0))
    assert clock.now() == NOW + 5 * SECOND


@pytest.mark.postgres
async def test_on_postgresql_a_clock_an_hour_off_and_one_that_jumps_change_nothing(
    postgres_url: str, postgres: Database, tmp_path: Path
) -> None:
    ahead = tmp_path / "ahead"
    ahead.write_text("3600")
    async with time_of(postgres_url, postgres, WrongClock(ahead)) as clock:
        for seconds in ("3600", "-3600", "0"):
            ahead.write_text(seconds)
            assert abs(clock.now() - true_time()) < SECOND


@pytest.mark.postgres
async def test_what_was_missed_while_the_machine_slept_is_made_up_for(
    postgres_url: str, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slept(SystemClock):
        missed = 0.0

        def monotonic(self) -> float:
            return super().monotonic() - self.missed

    monkeypatch.setattr(time, "_READ_SECONDS", 0.01)
    own = Slept()
    async with time_of(postgres_url, postgres, own) as clock:
        own.missed = 3600.0
        assert true_time() - clock.now() > HOUR - SECOND
        async with asyncio.timeout(10):
            while abs(clock.now() - true_time()) > SECOND:
                await own.sleep(0.01)


async def test_on_sqlite_the_own_clock_is_the_clock(sqlite_url: str) -> None:
    db = await Database.open(sqlite_url)
    own = ManualClock()
    async with time_of(sqlite_url, db, own) as clock:
        assert clock is own
    await db.close()
