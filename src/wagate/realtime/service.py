"""Streams of events."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import AccountId, EventId, SessionId
from wagate.core.logging import get_logger
from wagate.events.model import Event
from wagate.events.service import EventLog
from wagate.realtime.errors import TooManyStreams
from wagate.realtime.model import Wanted

#: Proxies give up on what is silent for a minute, many of them after 30 seconds.
KEEP_ALIVE_SECONDS: Final = 15.0
#: Each holds a connection.
MAX_STREAMS: Final = 100
#: Events read at a time.
BATCH: Final = 100
#: What a reader that was cut off waits before it comes back.
_RECONNECT_MILLISECONDS: Final = 1000

_log = get_logger("wagate.realtime")

#: Events of the account after a place in the log, and where to read on.
Read = tuple[list[Event], int]
#: Asked before anything is told. :raises WagateError: if the stream has to end.
StillAllowed = Callable[[], Awaitable[None]]


class Feed:
    """Streams of the event log."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._open: Counter[AccountId] = Counter()
        #: Reads that are about to begin.
        self._beginning: dict[tuple[AccountId, int, Wanted], asyncio.Task[Read]] = {}

    def check_room(self, account_id: AccountId) -> None:
        """:raises TooManyStreams: if the account can't open another stream."""
        if self._open[account_id] >= MAX_STREAMS:
            raise TooManyStreams(f"An account may have {MAX_STREAMS} streams open")

    def streams_of(self, account_id: AccountId) -> int:
        """How many streams the account has open."""
        return self._open[account_id]

    @contextmanager
    def place(self, account_id: AccountId) -> Iterator[None]:
        """Count as one of the account's streams.

        :raises TooManyStreams: if it can't open another.
        """
        self.check_room(account_id)
        self._open[account_id] += 1
        try:
            yield
        finally:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]

    async def newest(self, account_id: AccountId, sessions: frozenset[SessionId] | None) -> EventId:
        """What a reader that begins now names as the last event it saw."""
        return await self._log.newest(account_id, sessions)

    async def stream(
        self, account_id: AccountId, *, last_seen: EventId | None, wanted: Wanted, still_allowed: StillAllowed
    ) -> AsyncGenerator[str, None]:
        """What :meth:`batches` tells, in the format of server-sent events, without end.

        The stream ends quietly when ``still_allowed``, or the log, raises one of our errors, and its reader comes back
        with the id of the last event it saw.
        """
        try:
            with self.place(account_id):
                batches = self.batches(
                    account_id, last_seen=last_seen, wanted=lambda: wanted, still_allowed=still_allowed
                )
                async with aclosing(batches):
                    await anext(batches)
                    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
                    async for found in batches:
                        yield "".join(map(frame, found)) or ": keep-alive\n\n"
        except WagateError as error:
            _log.info("stream ended", code=error.code)

    async def batches(
        self,
        account_id: AccountId,
        *,
        last_seen: EventId | None,
        wanted: Callable[[], Wanted],
        still_allowed: StillAllowed,
    ) -> AsyncGenerator[list[Event], None]:
        """Everything after ``last_seen``, or from now on, that is ``wanted`` at the time, without end.

        What happens after the first batch came, which is empty, is never missed. Another empty one comes whenever
        there was nothing to tell for :data:`KEEP_ALIVE_SECONDS`. Before each, ``still_allowed`` is asked.

        :raises WagateError: of ``still_allowed`` or the log.
        """
        # Listening before reading: what comes in between is noticed.
        with self._log.watch(account_id) as news:
            reached = await self._log.head() if last_seen is None else await self._log.position(account_id, last_seen)
            yield []
            due = self._clock.monotonic() + KEEP_ALIVE_SECONDS
            while True:
                news.drain()
                asked = wanted()
                found, after = await self._read(account_id, reached, asked)
                if wanted() != asked:
                    # What was passed over may be wanted by now.
                    continue
                reached = after
                if found or self._clock.monotonic() >= due:
                    await still_allowed()
                    yield found
                    due = self._clock.monotonic() + KEEP_ALIVE_SECONDS
                if len(found) < BATCH:
                    await news.next(due - self._clock.monotonic())

    async def _read(self, account_id: AccountId, after: int, wanted: Wanted) -> Read:
        """Streams of one account that are up to date are woken together, and share a read."""
        key = (account_id, after, wanted)
        reading = self._beginning.get(key)
        if reading is None:
            reading = self._beginning[key] = asyncio.create_task(self._begin(key))
            # If all have left, nobody else asks how it ended.
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One that leaves must not end it for the others.
        return await asyncio.shield(reading)

    async def _begin(self, key: tuple[AccountId, int, Wanted]) -> Read:
        # Whoever was woken with the first has asked by now. Nobody may join later: a read that has begun does not find
        # what that one was woken for.
        del self._beginning[key]
        account_id, after, wanted = key
        return await self._log.follow(
            account_id, after=after, types=wanted.types, sessions=wanted.sessions, limit=BATCH
        )


def frame(event: Event) -> str:
    """One event as server-sent events write it; JSON has no line ends, so one ``data`` line holds it."""
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.to_json()}\n\n"
