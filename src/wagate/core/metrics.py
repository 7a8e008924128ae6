"""What is counted while the program runs: families of numbers, each declared once beside the code that it watches.

As loggers are, families belong to the process: whoever counts imports nothing that shows numbers, and pays one addition
in a dictionary. ``web.metrics`` renders all of them for Prometheus when somebody asks. Labels are words from short
lists (a status, a kind of message, a route's template), never who or what: no account, session, number or message.

A series is written by one thread, most of them by the event loop's. Reading one from another thread may miss the last
moment, nothing else.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

Labels = tuple[str, ...]

#: From what one machine does at once to what a caller waits for at most (60 s).
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_NAME: Final = re.compile(r"wagate(_[a-z0-9]+)+")

_families: dict[str, "Family"] = {}


class Family:
    """Numbers of one name, one for each combination of labels.

    :raises ValueError: if the name is of another form, or taken.
    """

    __slots__ = ("help", "labels", "name")

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name} is no name of a metric of ours")
        if name in _families:
            raise ValueError(f"{name} is declared twice")
        self.name = name
        self.help = help
        self.labels: Labels = tuple(labels)
        _families[name] = self


class Counter(Family):
    """Only rises. ``name`` ends in ``_total``."""

    __slots__ = ("values",)

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        if not name.endswith("_total"):
            raise ValueError(f"{name} does not end in _total")
        super().__init__(name, help, labels)
        self.values: dict[Labels, int] = {} if labels else {(): 0}

    def add(self, *labels: str, by: int = 1) -> None:
        """Count what happened; ``labels`` in the order in which they were declared."""
        values = self.values
        values[labels] = values.get(labels, 0) + by


class Gauge(Family):
    """What is now: measured numbers, and the sum of what its readers read when it is shown."""

    __slots__ = ("_measured", "_readers")

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, help, labels)
        self._measured: Mapping[Labels, float] = {}
        self._readers: dict[Callable[[], None], tuple[Labels, Callable[[], float]]] = {}

    def replace(self, measured: Mapping[Labels, float]) -> None:
        """Everything that was measured anew; what is missing is no longer shown."""
        self._measured = dict(measured)

    def follow(self, read: Callable[[], float], *labels: str) -> Callable[[], None]:
        """Have ``read`` called whenever the gauge is shown, until the returned function is called."""

        def leave() -> None:
            self._readers.pop(leave, None)

        self._readers[leave] = (labels, read)
        return leave

    def read(self) -> dict[Labels, float]:
        """Every number as it is now."""
        now = dict(self._measured)
        for labels, read in list(self._readers.values()):
            now[labels] = now.get(labels, 0.0) + read()
        return now


class Series:
    """One histogram: how many observations fell between the bounds (the last beyond all), and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0


class Histogram(Family):
    """How large things are: seconds by default."""

    __slots__ = ("bounds", "series")

    def __init__(self, name: str, help: str, labels: Sequence[str] = (), *, bounds: Sequence[float] = SECONDS) -> None:
        super().__init__(name, help, labels)
        self.bounds = tuple(bounds)
        self.series: dict[Labels, Series] = {} if labels else {(): Series(len(self.bounds))}

    def observe(self, value: float, *labels: str) -> None:
        """Count one; what is below zero (two machines' clocks) counts as nothing."""
        series = self.series.get(labels)
        if series is None:
            series = self.series[labels] = Series(len(self.bounds))
        series.counts[bisect_left(self.bounds, value)] += 1
        if value > 0:
            series.sum += value


def families() -> Iterator[Family]:
    """Everything that was declared by what is imported, by name."""
    for name in sorted(_families):
        yield _families[name]
