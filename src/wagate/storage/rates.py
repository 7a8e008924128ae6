"""Counting how often something happened within a window of time, in this process or for all of them in Redis.

A window begins with the first hit and is over after so many seconds. What is counted here is never worth a failed
request: without Redis each process counts for itself.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.logging import get_logger

if TYPE_CHECKING:
    from limits.aio.storage import RedisStorage

#: A look at Redis may take so long. A request makes two at most, one after the other, and may lose 50 ms by them.
SHARED_SECONDS: Final = 0.024
#: After a look that failed or took too long, how long nobody tries another.
AWAY_SECONDS: Final = 2.0
#: Counters of a process; with more, the oldest are forgotten, which lets somebody through rather than keep them out.
MAX_COUNTERS: Final = 100_000

_log = get_logger("storage.rates")


class Subject(StrEnum):
    """Whose hits are counted; the beginning of a counter's name."""

    ADDRESS = "ip"
    KEY = "key"
    USER = "user"
    ACCOUNT = "account"
    SESSION = "session"
    LOGIN = "login"
    FAILURE = "failure"


class Rates(Protocol):
    """Counters."""

    async def hit(self, subject: Subject, name: str, seconds: int) -> int:
        """Count once more; how often it was in this window."""
        ...

    async def left(self, subject: Subject, name: str) -> float:
        """Seconds until the window of a counter is over; 0 if there is none."""
        ...


class LocalRates:
    """Counters of this process.

    Not those of the library ``limits``: its in-process store walks through all its counters at each hit (0.8 ms with
    10,000 of them).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counters: dict[tuple[Subject, str], tuple[float, int]] = {}

    async def hit(self, subject: Subject, name: str, seconds: int) -> int:
        return self.hit_now(subject, name, seconds)

    async def left(self, subject: Subject, name: str) -> float:
        return self.left_now(subject, name)

    def hit_now(self, subject: Subject, name: str, seconds: int) -> int:
        """As :meth:`hit`, at once."""
        now = self._clock.monotonic()
        found = self._counters.get((subject, name))
        if found is None or found[0] <= now:
            # Put at the end, so that those at the front are the oldest.
            self._counters.pop((subject, name), None)
            self._make_room(now)
            found = (now + seconds, 0)
        self._counters[(subject, name)] = (found[0], found[1] + 1)
        return found[1] + 1

    def left_now(self, subject: Subject, name: str) -> float:
        """As :meth:`left`, at once."""
        found = self._counters.get((subject, name))
        return 0.0 if found is None else max(0.0, found[0] - self._clock.monotonic())

    def __len__(self) -> int:
        return len(self._counters)

    def _make_room(self, now: float) -> None:
        # Two a time: what is over goes faster than new ones come.
        for _ in range(2):
            oldest = next(iter(self._counters), None)
            if oldest is None or (len(self._counters) < MAX_COUNTERS and self._counters[oldest][0] > now):
                return
            del self._counters[oldest]


class SharedRates:
    """Counters in Redis, named as in ``user:{userId}:rate_limit``; in this process while Redis is away."""

    def __init__(self, url: str, clock: Clock) -> None:
        """:raises StartupError: if the library for Redis is not installed."""
        self._clock = clock
        self._local = LocalRates(clock)
        self._pool, self._stores = _stores(url)
        self._away_until = 0.0
        self._away = False

    async def hit(self, subject: Subject, name: str, seconds: int) -> int:
        if self._may_try():
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    count = await self._stores[subject].incr(_named(name), seconds)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a request
                self._gave_up(error)
            else:
                self._answered()
                return count
        return self._local.hit_now(subject, name, seconds)

    async def left(self, subject: Subject, name: str) -> float:
        if self._may_try():
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    ends = await self._stores[subject].get_expiry(_named(name))
            except Exception as error:  # noqa: BLE001 - as above
                self._gave_up(error)
            else:
                self._answered()
                return max(0.0, ends - self._clock.now().timestamp())
        return self._local.left_now(subject, name)

    async def close(self) -> None:
        """Let go of the connections."""
        with suppress(Exception):
            await self._pool.disconnect()

    def _may_try(self) -> bool:
        if not self._away:
            return True
        now = self._clock.monotonic()
        if now < self._away_until:
            return False
        # One tries, the others count here until it knows.
        self._away_until = now + AWAY_SECONDS
        return True

    def _gave_up(self, error: Exception) -> None:
        if not self._away:
            _log.warning("limits are counted in this process for now", error=type(error).__name__)
        self._away = True
        self._away_until = self._clock.monotonic() + AWAY_SECONDS

    def _answered(self) -> None:
        if self._away:
            _log.info("limits are counted in Redis again")
        self._away = False


def _named(name: str) -> str:
    return f"{name}:rate_limit"


def _stores(url: str) -> "tuple[Any, Mapping[Subject, RedisStorage]]":
    try:
        from limits.aio.storage import RedisStorage
        from redis.asyncio import ConnectionPool
    except ImportError as error:
        raise StartupError("WAGATE_REDIS_URL is set, but there is no client for Redis", "install wagate[redis]") from (
            error
        )
    pool = ConnectionPool.from_url(url)
    return pool, {
        # The address is the pool's.
        subject: RedisStorage(
            "async+redis://localhost",
            implementation="redispy",
            key_prefix=subject.value,
            connection_pool=pool,  # type: ignore[arg-type]  # it is told apart from what goes to the client
        )
        for subject in Subject
    }
