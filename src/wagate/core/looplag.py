"""How late the event loop is: what keeps it busy, or a machine without time for us, makes everything wait."""

from typing import Final

from wagate.core.clock import Clock
from wagate.core.metrics import Histogram

_PAUSE: Final = 0.25

_LAG = Histogram("wagate_loop_lag_seconds", "How much later than asked for the event loop wakes a sleeper.")


async def watch(clock: Clock) -> None:
    """Measure, four times a second, until cancelled."""
    while True:
        due = clock.monotonic() + _PAUSE
        await clock.sleep(_PAUSE)
        _LAG.observe(clock.monotonic() - due)
