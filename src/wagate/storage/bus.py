"""Wake-ups between the tasks of one process, and values that expire; over Redis both reach further (redis.py).

A bus promises little on purpose: whoever was subscribed learns that something came, not what or how often. The
database holds what happened; a reader that wakes up, or whose wait ran out, looks there. So nothing is lost when a
payload is dropped, and a bus over a network may lose whole messages and cost only latency.

Both belong to one event loop and are called on it, never from database threads (use ``Tx.after_commit``).
"""

import asyncio
import heapq
from collections import deque
from enum import Enum
from types import TracebackType
from typing import ClassVar, Self

from wagate.core.clock import Clock, SystemClock

#: A reader this far behind has to look in the database anyway.
_MAX_PAYLOADS = 64


class Wake(Enum):
    """What :meth:`Subscription.next` returns for a publication without payload, so that ``None`` is a timeout only."""

    WAKE = "wake"


class Subscription:
    """One reader of one topic, from :meth:`Bus.subscribe` until its ``with`` block ends."""

    __slots__ = ("_bus", "_payloads", "_topic", "_waiters")

    def __init__(self, bus: "Bus", topic: str) -> None:
        self._bus = bus
        self._topic = topic
        self._payloads: deque[object] = deque(maxlen=_MAX_PAYLOADS)
        self._waiters: deque[asyncio.Future[bool]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; a reader still waiting gets ``None``."""
        self._bus._forget(self._topic, self)
        self._wake(all_of_them=True)

    async def next(self, timeout: float | None = None) -> object | None:
        """The oldest payload not yet read (``Wake.WAKE`` if it was published without one), waiting up to ``timeout``
        seconds of the bus's clock for it; ``None`` if none came.

        Of more than 64 unread payloads the oldest are dropped.
        """
        if self._payloads:
            return self._payloads.popleft()
        if timeout is not None and timeout <= 0:
            return None
        arrival: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(arrival)
        alarm = None if timeout is None else asyncio.create_task(self._alarm(arrival, timeout))
        try:
            await arrival
        finally:
            if alarm is not None:
                alarm.cancel()
            if arrival in self._waiters:
                self._waiters.remove(arrival)
        return self._payloads.popleft() if self._payloads else None

    def drain(self) -> None:
        """Forget what came so far: the reader is about to look at the state itself."""
        self._payloads.clear()

    async def _alarm(self, arrival: asyncio.Future[bool], timeout: float) -> None:
        await self._bus._clock.sleep(timeout)
        if not arrival.done():
            arrival.set_result(False)

    def _offer(self, payload: object) -> None:
        self._payloads.append(payload)
        self._wake()

    def _wake(self, *, all_of_them: bool = False) -> None:
        while self._waiters:
            arrival = self._waiters.popleft()
            if not arrival.done():
                arrival.set_result(True)
                if not all_of_them:
                    return


class Bus:
    """Topics by name. Nothing is kept for those who subscribe later."""

    #: How long a reader may wait for news without looking by itself, in seconds; ``None`` if no wake-up gets lost.
    longest_wait: ClassVar[float | None] = None

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = SystemClock() if clock is None else clock
        self._subscriptions: dict[str, list[Subscription]] = {}

    def publish(self, topic: str, payload: object = None, *, abroad: str = "") -> None:
        """Wake everyone subscribed to ``topic``; never blocks and never fails.

        ``abroad`` is the payload of readers in other processes, if the bus reaches them: one line without tabs. It may
        be lost where a wake-up is not.
        """
        for subscription in self._subscriptions.get(topic, ()):
            subscription._offer(Wake.WAKE if payload is None else payload)

    def publish_here(self, topic: str, payload: object = None) -> None:
        """As :meth:`publish`, but in this process alone, wherever else the bus reaches."""
        Bus.publish(self, topic, payload)

    def subscribe(self, topic: str) -> Subscription:
        """Listen from now on; close it, or use it as a context manager."""
        subscription = Subscription(self, topic)
        self._subscriptions.setdefault(topic, []).append(subscription)
        return subscription

    def topics(self) -> list[str]:
        """Those that somebody is subscribed to."""
        return list(self._subscriptions)

    def _forget(self, topic: str, subscription: Subscription) -> None:
        listening = self._subscriptions.get(topic)
        if listening is not None and subscription in listening:
            listening.remove(subscription)
            if not listening:
                del self._subscriptions[topic]


class Kv:
    """Short-lived values by key, such as the QR code on show. Lost when the process ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[str, tuple[float, str]] = {}
        self._deadlines: list[tuple[float, str]] = []

    async def set(self, key: str, value: str, ttl_seconds: float) -> None:
        """Keep ``value`` for ``ttl_seconds``, in place of what was there."""
        now = self._clock.monotonic()
        self._drop_expired(now)
        self._values[key] = (now + ttl_seconds, value)
        heapq.heappush(self._deadlines, (now + ttl_seconds, key))

    async def get(self, key: str) -> str | None:
        """The value, ``None`` if there is none or its time is over."""
        self._drop_expired(self._clock.monotonic())
        entry = self._values.get(key)
        return None if entry is None else entry[1]

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        self._values.pop(key, None)

    def _drop_expired(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, key = heapq.heappop(self._deadlines)
            entry = self._values.get(key)
            # A key that was set again has a later deadline further down the heap.
            if entry is not None and entry[0] <= now:
                del self._values[key]
