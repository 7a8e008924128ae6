"""What this process takes of its machine."""

import os
from pathlib import Path

from wagate.core.clock import Clock


class Load:
    """Processor and memory of this process and its children that ended, in percent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._spent = _processor_seconds()

    def measure(self) -> tuple[float, float]:
        """Processor since the last measurement, in percent of one core, and memory in percent of the machine's."""
        now, spent = self._clock.monotonic(), _processor_seconds()
        passed = now - self._at
        processor = (spent - self._spent) / passed * 100 if passed > 0 else 0.0
        self._at, self._spent = now, spent
        return round(max(0.0, processor), 1), round(_memory_percent(), 2)


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _memory_percent() -> float:
    try:
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        return 100 * resident / os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0.0
