"""Appending to the log and reading it."""

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, Entropy, EventId, SessionId
from wagate.events import store
from wagate.events.model import BEFORE_ALL, CARRY_CODES, Event, EventType, Line, encode, made_at
from wagate.storage.bus import Bus, Subscription
from wagate.storage.database import Database, Tx

T = TypeVar("T")

#: Published after each commit that appended something, whoever's it is.
ALL_EVENTS = "events"
#: Puts what must not be stored into an event on its way out (``sessions.codes.Codes.enrich``).
Enrich = Callable[[Event], Awaitable[Mapping[str, Any]]]


def events_of(account_id: AccountId) -> str:
    """The topic published after each commit that appended to this account's log."""
    return f"events:{account_id}"


class EventLog:
    """The log. ``enrich`` is asked about events of :data:`~wagate.events.model.CARRY_CODES` only."""

    def __init__(
        self, db: Database, bus: Bus, clock: Clock, *, enrich: Enrich | None = None, entropy: Entropy = os.urandom
    ) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._enrich = enrich
        self._entropy = entropy

    def append(
        self,
        tx: Tx,
        *,
        account_id: AccountId,
        session_id: SessionId | None,
        type: EventType,
        data: Mapping[str, Any],
        chat: str | None = None,
        traceparent: str | None = None,
    ) -> EventId:
        """Add an event to the caller's transaction; readers are woken once that is durable.

        ``data`` is the whole resource in camelCase. ``chat`` is the conversation in which the event keeps its order;
        ``data["chat"]`` unless given. ``traceparent`` is where it stands in a trace.
        """
        now = self._clock.now()
        event_id = EventId.new(now, self._entropy)
        if chat is None:
            of_data = data.get("chat")
            chat = of_data if isinstance(of_data, str) else None
        store.append(
            tx,
            id=event_id,
            type=type,
            account_id=account_id,
            session_id=session_id,
            chat=chat,
            timestamp=now,
            json=encode(data),
            traceparent=traceparent,
        )
        tx.after_commit(lambda: self._woke(account_id))
        return event_id

    async def read(
        self,
        account_id: AccountId,
        *,
        after: EventId | None = None,
        types: Collection[EventType] = (),
        session_id: SessionId | None = None,
        sessions: Collection[SessionId] | None = None,
        limit: int,
    ) -> list[Event]:
        """The account's events after ``after``, oldest first; from the oldest that is kept if it is ``None``."""
        position = 0 if after is None else await self.position(account_id, after)
        return await self.tail(
            account_id, after=position, types=types, session_id=session_id, sessions=sessions, limit=limit
        )

    async def tail(
        self,
        account_id: AccountId,
        *,
        after: int,
        types: Collection[EventType] = (),
        session_id: SessionId | None = None,
        sessions: Collection[SessionId] | None = None,
        limit: int,
    ) -> list[Event]:
        """As :meth:`read`, by ``seq``. Only events of ``session_id``, and only of ``sessions``, if given."""
        found, _ = await self.follow(
            account_id, after=after, types=types, session_id=session_id, sessions=sessions, limit=limit
        )
        return found

    async def follow(
        self,
        account_id: AccountId,
        *,
        after: int,
        types: Collection[EventType] = (),
        session_id: SessionId | None = None,
        sessions: Collection[SessionId] | None = None,
        limit: int,
    ) -> tuple[list[Event], int]:
        """As :meth:`tail`, and the ``seq`` after which to go on: what the filters left out is not looked at again."""
        only = sessions
        if session_id is not None:
            only = [session_id] if sessions is None or session_id in sessions else []

        def work(tx: Tx) -> tuple[list[Event], int]:
            found = (
                []
                if only is not None and not only
                else store.read(tx, account_id, after=after, types=types, sessions=only, limit=limit)
            )
            return found, found[-1].seq if len(found) == limit else max(after, store.head(tx))

        found, reached = await self._db.read(work)
        return await self._enriched(found), reached

    async def read_all(self, *, after: int, limit: int, beside: Callable[[Tx], T]) -> tuple[list[Event], T]:
        """The events of all accounts after ``after``, for the one reader that serves them all, and what ``beside``
        reads at the same moment: what it finds was true when the last of these events was committed, or later.
        """
        found, other = await self._db.read(lambda tx: (store.read_all(tx, after=after, limit=limit), beside(tx)))
        return await self._enriched(found), other

    async def lines(self, *, after: int, limit: int) -> list[Line]:
        """The events of all accounts after ``after``, as they are stored."""
        return await self._db.read(lambda tx: store.lines(tx, after=after, limit=limit))

    async def fetch(self, seqs: Collection[int]) -> dict[int, Event]:
        """These events by ``seq``, whoever's they are; those that are no longer kept are missing."""
        found = await self._db.read(lambda tx: store.fetch(tx, seqs)) if seqs else []
        return {event.seq: event for event in await self._enriched(found)}

    async def position(self, account_id: AccountId, event_id: EventId) -> int:
        """The ``seq`` after which to read on when ``event_id`` was the last that was seen.

        An event that is no longer kept is placed by its time, so that nothing that is kept is passed over.
        """

        def work(tx: Tx) -> int:
            found = store.seq_of(tx, account_id, event_id)
            return store.last_before(tx, account_id, made_at(event_id)) if found is None else found

        return await self._db.read(work)

    async def newest(self, account_id: AccountId, sessions: Collection[SessionId] | None = None) -> EventId:
        """The account's newest event, of ``sessions`` alone if given; :data:`~wagate.events.model.BEFORE_ALL` if there
        is none. Who reads on after it misses nothing that is appended from now on.
        """
        found = await self._db.read(lambda tx: store.newest(tx, account_id, sessions))
        return BEFORE_ALL if found is None else found

    async def position_at(self, account_id: AccountId, moment: datetime) -> int:
        """The ``seq`` after which to read for what happened at ``moment`` or later."""
        return await self._db.read(lambda tx: store.last_before(tx, account_id, moment))

    async def count_queued(self, account_id: AccountId, *, since: datetime) -> int:
        """How many messages of the account were accepted since a moment, as far as events are kept."""
        return await self._db.read(lambda tx: store.count(tx, account_id, EventType.MESSAGE_QUEUED, since))

    async def head(self) -> int:
        """The ``seq`` of the newest event; 0 if the log is empty."""
        return await self._db.read(store.head)

    @staticmethod
    def head_at(tx: Tx) -> int:
        """As :meth:`head`, within a transaction: every event of a later commit has a higher one."""
        return store.head(tx)

    async def prune(
        self, *, after: int, before: datetime, limit: int, still_needed: Sequence[store.StillNeeded]
    ) -> tuple[int, int | None]:
        """One batch of :func:`wagate.events.store.prune`."""
        return await self._db.write(
            lambda tx: store.prune(tx, after=after, before=before, limit=limit, still_needed=still_needed)
        )

    def watch(self, account_id: AccountId | None = None) -> Subscription:
        """Be woken after each commit that appended something (to this account's log). Watch first, then read: what
        comes in between is then waiting already.
        """
        return self._bus.subscribe(ALL_EVENTS if account_id is None else events_of(account_id))

    async def wait(self, account_id: AccountId, timeout: float) -> bool:
        """Whether something was appended within ``timeout`` seconds from now."""
        with self.watch(account_id) as news:
            return await news.next(timeout) is not None

    def _woke(self, account_id: AccountId) -> None:
        self._bus.publish(events_of(account_id))
        self._bus.publish(ALL_EVENTS)

    async def _enriched(self, found: list[Event]) -> list[Event]:
        if self._enrich is None:
            return found
        return [event.with_data(await self._enrich(event)) if event.type in CARRY_CODES else event for event in found]
