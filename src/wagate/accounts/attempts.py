"""How often somebody may try: a password, a registration.

A try is taken before it is made and given back if it succeeded, so that tries that run side by side count as well.
"""

import math
from dataclasses import dataclass
from typing import Final, Protocol

from wagate.core.clock import Clock

#: Of each kind. Whoever is forgotten for others' sake starts with all their tries again.
_MAX_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``tries`` at once, and as many again spread over ``seconds``. ``kind`` tells its counts from others'."""

    kind: str
    tries: int
    seconds: float


class Attempts(Protocol):
    """Counts tries, for one process or for all."""

    async def take(self, allowance: Allowance, who: str) -> float:
        """Take one try: 0.0 if there was one, else the seconds until there is."""
        ...

    async def give_back(self, allowance: Allowance, who: str) -> None:
        """Make as if a try that was taken had not been."""
        ...


class MemoryAttempts:
    """Counts in this process alone.

    A virtual schedule (GCRA): one number each, the moment at which all tries would be there again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[str, dict[str, float]] = {}

    async def take(self, allowance: Allowance, who: str) -> float:
        """:meth:`Attempts.take`."""
        full_at = self._full_at.setdefault(allowance.kind, {})
        now = self._clock.monotonic()
        pause = allowance.seconds / allowance.tries
        after = max(full_at.pop(who, now), now) + pause
        wait = after - now - allowance.seconds
        # Adding up fractions leaves a little.
        if wait > 1e-6:
            full_at[who] = after - pause
            return math.ceil(wait)
        if len(full_at) >= _MAX_REMEMBERED:
            del full_at[next(iter(full_at))]
        full_at[who] = after
        return 0.0

    async def give_back(self, allowance: Allowance, who: str) -> None:
        """:meth:`Attempts.give_back`."""
        full_at = self._full_at.get(allowance.kind, {})
        if who in full_at:
            full_at[who] -= allowance.seconds / allowance.tries
