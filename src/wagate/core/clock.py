"""Time as an argument. Nothing outside this module reads a wall clock or sleeps by itself."""

import asyncio
import heapq
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What code that needs time is given."""

    def now(self) -> datetime:
        """The wall clock, always in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class WrongClock(SystemClock):
    """The machine's clock as somebody set it wrong: ahead by the seconds that a file says, behind if they are negative.
    Nothing in the file, or no file, and it is right. Like the machine's, its :meth:`monotonic` can't be set.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        try:
            ahead = float(self._file.read_text() or 0)
        except FileNotFoundError:
            ahead = 0.0
        return super().now() + timedelta(seconds=ahead)


def clock_of(environment: Mapping[str, str]) -> Clock:
    """The clock of a program. ``WAGATE_CLOCK_AHEAD=@<file>`` makes it a :class:`WrongClock`, which is honoured only
    under ``WAGATE_TEST_FAULTS=1``.
    """
    order = environment.get("WAGATE_CLOCK_AHEAD", "") if environment.get("WAGATE_TEST_FAULTS") == "1" else ""
    return WrongClock(Path(order[1:])) if order.startswith("@") else SystemClock()


class ManualClock:
    """A clock that stands still until told to move; sleepers wake in the order of their deadlines."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed = 0.0
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._elapsed + seconds, self._order, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own moment and letting it run before the next."""
        end = self._elapsed + seconds
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= end:
            deadline, _, woken = heapq.heappop(self._sleepers)
            self._move_to(deadline)
            if not woken.done():
                woken.set_result(None)
            await _let_others_run()
        self._move_to(end)

    def _move_to(self, elapsed: float) -> None:
        self._now += timedelta(seconds=elapsed - self._elapsed)
        self._elapsed = elapsed


async def _let_others_run() -> None:
    # A task that was woken may take several turns of the loop to reach its next sleep.
    for _ in range(20):
        await asyncio.sleep(0)
