"""When to try again, and how many may try at once."""

from math import ceil, floor
from random import Random
from typing import Final

from wagate.core.clock import Clock

FIRST_SECONDS: Final = 1.0
#: A minute is the usual ceiling. A quarter of it is left for the queue below, so that a thousand sessions are back
#: within a minute of the server: the last has slept by then, and 55 s of turns are over.
LONGEST_SECONDS: Final = 45.0
#: Two to the power of this is beyond :data:`LONGEST_SECONDS`; a larger exponent would only overflow.
_ENOUGH_DOUBLINGS: Final = 6

#: The cap for a whole fleet is 20 attempts a second; two less leave room for timers and commits that come late. What
#: was held up is not made up for any faster: workers that hurry together would be over the cap together.
RECONNECTS_PER_SECOND: Final = 18.0
#: First attempts, those that customers ask for, and the restarts that WhatsApp asks for (515).
OPENINGS_PER_SECOND: Final = 100.0
#: So many sessions of one worker connect at once, and so many record what became of them. Of thousands that do so
#: together the last would wait for longer than a lease lasts, and so would its renewal behind them: the leases would
#: run out, all connections be closed, and everything begin again.
AT_ONCE: Final = 64
#: Seconds since 1970 are known to a quarter of a microsecond, so slots are to some thousandths of a percent.
_SLOT_ERROR: Final = 1e-4


def full_jitter(attempt: int, random: Random) -> float:
    """Seconds to wait before retry number ``attempt`` (from 0): anything up to 1, 2, 4 … 45 s with equal probability.

    The whole range is drawn from, so that sessions which were cut off together come back apart (Brooker, "Exponential
    Backoff And Jitter", AWS 2015).
    """
    ceiling = FIRST_SECONDS * 2.0 ** min(attempt, _ENOUGH_DOUBLINGS)
    return random.uniform(0.0, min(LONGEST_SECONDS, ceiling))


class Pacer:
    """Spreads what everybody wants to do at once: ``rate`` turns a second, first come, first served.

    Turns are slots of the wall clock, so that the workers of a fleet can share one rate without talking at each turn:
    of ``n`` workers each has every ``n``-th slot, and no two the same. How exact that is depends on how well their
    clocks agree. The slot of a turn is not settled when it is taken: a change of the shares moves all that are still
    to come.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._place, self._workers = 0, 1
        self._taken = 0
        #: Nobody begins before this moment of the monotonic clock.
        self._earliest = self._clock.monotonic()
        self._ahead = self._wall_ahead()
        #: A turn and its slot, from which those of all others follow.
        self._known = (0, self._own_slot(ceil(self._now() - _SLOT_ERROR)))

    def take(self) -> int:
        """Take the next turn; its number, to ask :meth:`left` with. A turn that is not used is lost."""
        turn = self._taken
        self._taken += 1
        # Nobody wanted the slots that passed, and nobody makes up for them.
        first = self._own_slot(ceil(self._now() - _SLOT_ERROR))
        if self._slot(turn) < first:
            self._known = (turn, first)
        return turn

    def left(self, turn: int) -> float:
        """Seconds until this turn comes, as the shares are at present."""
        slots = self._slot(turn) - self._now()
        return slots / self._rate if slots > _SLOT_ERROR else 0.0

    def begin(self) -> float:
        """0 for one whose turn has come and who begins at this moment; for others in how many seconds to ask again.
        Those whose turns came while this process was held up must not begin together.
        """
        now = self._clock.monotonic()
        if now < self._earliest:
            return self._earliest - now
        # What a timer is late by would add up over hundreds of turns. More than that is a hold-up.
        punctual = now - self._earliest < self._distance / 4
        self._earliest = (self._earliest if punctual else now) + self._distance
        return 0.0

    def share(self, place: int, workers: int) -> None:
        """Have every ``workers``-th turn from now on. ``place`` counts from 0 and is another for each of them."""
        if not 0 <= place < workers:
            raise ValueError(f"there is no place {place} among {workers} workers")
        known, at = self._known
        present = floor(self._now() + _SLOT_ERROR)
        following = min(self._taken, max(known, known + (present - at) // self._workers + 1))
        # Clocks of machines are set; what they say now is what all of them share.
        self._ahead = self._wall_ahead()
        self._place, self._workers = place, workers
        self._earliest = min(self._earliest, self._clock.monotonic() + self._distance)
        self._known = (following, self._own_slot(floor(self._now() + _SLOT_ERROR) + 1))

    @property
    def _distance(self) -> float:
        return self._workers / self._rate

    def _slot(self, turn: int) -> int:
        known, at = self._known
        return at + (turn - known) * self._workers

    def _own_slot(self, first: int) -> int:
        """The first slot of this worker from ``first`` on."""
        return first + (self._place - first) % self._workers

    def _now(self) -> float:
        """The present moment in slots since 1970, by a clock that nobody sets."""
        return (self._clock.monotonic() + self._ahead) * self._rate

    def _wall_ahead(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
