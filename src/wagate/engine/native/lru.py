"""A cache with a bound, and optionally an age."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Keeps the ``capacity`` values used last, each no longer than ``max_age`` seconds of ``monotonic``."""

    __slots__ = ("_capacity", "_max_age", "_monotonic", "_values")

    def __init__(self, capacity: int, *, max_age: float = 0.0, monotonic: Callable[[], float] = lambda: 0.0) -> None:
        self._capacity = capacity
        self._max_age = max_age
        self._monotonic = monotonic
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value, which counts as used now."""
        found = self._values.get(key)
        if found is None:
            return None
        since, value = found
        if self._max_age and self._monotonic() - since > self._max_age:
            del self._values[key]
            return None
        self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._values[key] = (self._monotonic(), value)
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def pop(self, key: K) -> V | None:
        """Forget a key; what it had."""
        found = self._values.pop(key, None)
        return None if found is None else found[1]

    def pop_all(self, belongs: Callable[[K], bool]) -> None:
        """Forget the keys of which that is true; looks at all of them."""
        for key in [key for key in self._values if belongs(key)]:
            del self._values[key]
