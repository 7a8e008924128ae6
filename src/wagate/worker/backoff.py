"""When to try again, and how many may try at once."""

from random import Random
from typing import Final

from wagate.core.clock import Clock

FIRST_SECONDS: Final = 1.0
#: A minute is the usual ceiling. A quarter of it is left for the queue below, so that a thousand sessions are back
#: within a minute of the server: the last has slept by then, and 55 s of turns are over.
LONGEST_SECONDS: Final = 45.0
#: Two to the power of this is beyond :data:`LONGEST_SECONDS`; a larger exponent would only overflow.
_ENOUGH_DOUBLINGS: Final = 6

#: The cap for a whole fleet is 20 attempts a second; two less leave room for timers and commits that come late.
RECONNECTS_PER_SECOND: Final = 18.0
#: First attempts, those that customers ask for, and the restarts that WhatsApp asks for (515).
OPENINGS_PER_SECOND: Final = 100.0


def full_jitter(attempt: int, random: Random) -> float:
    """Seconds to wait before retry number ``attempt`` (from 0): anything up to 1, 2, 4 … 45 s with equal probability.

    The whole range is drawn from, so that sessions which were cut off together come back apart (Brooker, "Exponential
    Backoff And Jitter", AWS 2015).
    """
    ceiling = FIRST_SECONDS * 2.0 ** min(attempt, _ENOUGH_DOUBLINGS)
    return random.uniform(0.0, min(LONGEST_SECONDS, ceiling))


class Pacer:
    """Spreads what everybody wants to do at once: one turn every ``1 / rate`` seconds, first come, first served."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._interval = 1.0 / rate
        self._clock = clock
        self._next = clock.monotonic()

    def reserve(self) -> float:
        """Take the next turn; the seconds until it comes. A turn that is not used is lost."""
        now = self._clock.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._interval
        return turn - now
