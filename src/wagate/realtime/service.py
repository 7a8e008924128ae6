"""Streams of events."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from typing import Final

from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import AccountId, EventId, SessionId
from wagate.core.logging import get_logger
from wagate.events.model import Event, EventType
from wagate.events.service import EventLog
from wagate.realtime.errors import TooManyStreams

#: Proxies give up on what is silent for a minute, many of them after 30 seconds.
KEEP_ALIVE_SECONDS: Final = 15.0
#: Each holds a connection.
MAX_STREAMS: Final = 100
#: Events read at a time.
_BATCH: Final = 100
#: What a reader that was cut off waits before it comes back.
_RECONNECT_MILLISECONDS: Final = 1000

_log = get_logger("wagate.realtime")


class Feed:
    """Streams of the event log."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._open: Counter[AccountId] = Counter()

    def check_room(self, account_id: AccountId) -> None:
        """:raises TooManyStreams: if the account can't open another stream."""
        if self._open[account_id] >= MAX_STREAMS:
            raise TooManyStreams(f"An account may have {MAX_STREAMS} streams open")

    def streams_of(self, account_id: AccountId) -> int:
        """How many streams the account has open."""
        return self._open[account_id]

    async def stream(
        self,
        account_id: AccountId,
        *,
        last_seen: EventId | None,
        types: Collection[EventType] = (),
        session_id: SessionId | None = None,
        sessions: Collection[SessionId] | None = None,
        still_allowed: Callable[[], Awaitable[None]],
    ) -> AsyncGenerator[str, None]:
        """Everything after ``last_seen``, or from now on, in the format of server-sent events, without end.

        What happens after the first piece came is never missed. ``still_allowed`` is asked before events go out; the
        stream ends quietly when it, or the log, raises one of our errors, and its reader comes back with the id of the
        last event it saw.
        """
        self._open[account_id] += 1
        try:
            # Listening before reading: what comes in between is noticed.
            with self._log.watch(account_id) as news:
                reached = (
                    await self._log.head() if last_seen is None else await self._log.position(account_id, last_seen)
                )
                yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
                while True:
                    news.drain()
                    found, reached = await self._log.follow(
                        account_id, after=reached, types=types, session_id=session_id, sessions=sessions, limit=_BATCH
                    )
                    if found:
                        await still_allowed()
                        yield "".join(map(frame, found))
                    if len(found) < _BATCH and await news.next(KEEP_ALIVE_SECONDS) is None:
                        await still_allowed()
                        yield ": keep-alive\n\n"
        except WagateError as error:
            _log.info("stream ended", code=error.code)
        finally:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]


def frame(event: Event) -> str:
    """One event as server-sent events write it; JSON has no line ends, so one ``data`` line holds it."""
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.to_json()}\n\n"
