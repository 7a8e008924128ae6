"""How often somebody may try: a password, a registration.

A try is taken before it is made and given back if it succeeded, so that tries that run side by side count as well.
"""

import math
from dataclasses import dataclass

from wagate.storage.rates import Rates, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``tries`` in ``seconds``, which begin with the first. ``subject`` tells its counts from others'."""

    subject: Subject
    tries: int
    seconds: int


class Attempts:
    """Counts tries, over all processes that share the counters."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    async def take(self, allowance: Allowance, who: str) -> int:
        """Take one try: 0 if there was one, else the whole seconds until there is."""
        if await self._rates.hit(allowance.subject, who, allowance.seconds) <= allowance.tries:
            return 0
        return max(1, math.ceil(await self._rates.left(allowance.subject, who)))

    async def give_back(self, allowance: Allowance, who: str) -> None:
        """Make as if a try that was taken had not been."""
        await self._rates.take_back(allowance.subject, who, allowance.seconds)
