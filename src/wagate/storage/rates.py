"""Counting how often something happened within a window of time, which begins with the first hit."""

from enum import StrEnum
from typing import Final, Protocol

from wagate.core.clock import Clock

#: Counters of a process; with more, the oldest are forgotten, which lets somebody through rather than keep them out.
MAX_COUNTERS: Final = 100_000


class Subject(StrEnum):
    """Whose hits are counted; the beginning of a counter's name."""

    ADDRESS = "ip"
    KEY = "key"
    USER = "user"
    ACCOUNT = "account"
    SESSION = "session"
    LOGIN = "login"
    LOGIN_ADDRESS = "login_address"
    LOGIN_IP = "login_ip"
    REGISTER_IP = "register_ip"
    FAILURE = "failure"


class Rates(Protocol):
    """Counters."""

    async def hit(self, subject: Subject, name: str, seconds: int) -> int:
        """Count once more; how often it was in this window."""
        ...

    async def take_back(self, subject: Subject, name: str, seconds: int) -> None:
        """Make as if one hit in this window had not been."""
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

    async def take_back(self, subject: Subject, name: str, seconds: int) -> None:
        self.take_back_now(subject, name)

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

    def take_back_now(self, subject: Subject, name: str) -> None:
        """As :meth:`take_back`, at once."""
        found = self._counters.get((subject, name))
        if found is not None:
            self._counters[(subject, name)] = (found[0], max(0, found[1] - 1))

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
