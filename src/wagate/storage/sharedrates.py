"""Counting for all processes, in Redis.

What is counted here is never worth a failed or a late request: while Redis is away, or slow, each process counts for
itself, and only every so often one request finds out whether Redis is back.
"""

import asyncio
from typing import Final

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.storage.rates import LocalRates, Subject

#: A look at Redis may take so long. A request makes two at most, one after the other, and may lose 50 ms by them.
SHARED_SECONDS: Final = 0.024
#: After a look that failed or took too long, how long nobody tries another.
AWAY_SECONDS: Final = 2.0

_log = get_logger("storage.rates")


class SharedRates:
    """Counters in Redis, named as in ``user:{userId}:rate_limit``; in this process while Redis is away."""

    def __init__(self, client: Redis, clock: Clock, *, patience: float = SHARED_SECONDS) -> None:
        """``patience`` is how many seconds a look at Redis may take."""
        self._clock = clock
        self._patience = patience
        self._local = LocalRates(clock)
        self._stores = {subject: _store(client, subject) for subject in Subject}
        self._away_until = 0.0
        self._away = False

    async def hit(self, subject: Subject, name: str, seconds: int) -> int:
        if self._may_try():
            try:
                async with asyncio.timeout(self._patience):
                    count = await self._stores[subject].incr(_named(name), seconds)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a request
                self._gave_up(error)
            else:
                self._answered()
                return count
        return self._local.hit_now(subject, name, seconds)

    async def take_back(self, subject: Subject, name: str, seconds: int) -> None:
        if self._may_try():
            try:
                async with asyncio.timeout(self._patience):
                    await self._stores[subject].incr(_named(name), seconds, amount=-1)
            except Exception as error:  # noqa: BLE001 - as above
                self._gave_up(error)
            else:
                self._answered()
                return
        self._local.take_back_now(subject, name)

    async def left(self, subject: Subject, name: str) -> float:
        if self._may_try():
            try:
                async with asyncio.timeout(self._patience):
                    ends = await self._stores[subject].get_expiry(_named(name))
            except Exception as error:  # noqa: BLE001 - as above
                self._gave_up(error)
            else:
                self._answered()
                return max(0.0, ends - self._clock.now().timestamp())
        return self._local.left_now(subject, name)

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


def _store(client: Redis, subject: Subject) -> RedisStorage:
    pool = client.connection_pool
    # Whose address counts is the pool's.
    return RedisStorage(
        "async+redis://localhost:6379",
        implementation="redispy",
        key_prefix=subject.value,
        connection_pool=pool,  # type: ignore[arg-type]  # it is told apart from what goes to the client
    )
