"""So many of something in so long a time."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

_SECONDS: Final = MappingProxyType({"second": 1, "minute": 60, "hour": 3600, "day": 86400})


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` in any window of ``seconds`` that begins with the first; a count of 0 is no limit."""

    count: int
    seconds: int = 60

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``100/minute`` (or second, hour, day); ``0`` and nothing are no limit.

        :raises ValueError: if it is anything else.
        """
        count, _, unit = text.strip().partition("/")
        if count in ("", "0"):
            return cls(0)
        if not (count.isascii() and count.isdigit() and len(count) < 10) or unit not in _SECONDS:
            raise ValueError("a rate is written as 100/second, 100/minute, 100/hour or 100/day; 0 is no limit")
        return cls(int(count), _SECONDS[unit])

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        units = {seconds: unit for unit, seconds in _SECONDS.items()}
        return f"{self.count}/{units[self.seconds]}" if self else "0"
