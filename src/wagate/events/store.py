"""The table of events.

``seq`` is given out by the database while a transaction is open. It is the order of commits because one writer thread
writes all of a process's transactions one after the other, and because :func:`append` has several processes take turns.
Otherwise a reader could pass over a number that is given out but not yet committed.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Row,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
)

from wagate.core.ids import AccountId, EventId, SessionId
from wagate.events.model import Event, EventType, Line
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import take_turns
from wagate.storage.types import RowNumber, UtcDateTime

events = Table(
    "events",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("account_id", String, nullable=False),
    Column("session_id", String),
    Column("chat", String),
    Column("type", String, nullable=False),
    Column("timestamp", UtcDateTime, nullable=False),
    #: The text is passed on as it is, so it is no Json column.
    Column("data", Text, nullable=False),
    Column("traceparent", String),
    Index(None, "account_id", "seq"),
    Index(None, "session_id", "seq"),
    # A number must not be given out again after the newest rows were deleted: cursors hold it.
    sqlite_autoincrement=True,
)

_COLUMNS = (
    events.c.seq,
    events.c.id,
    events.c.type,
    events.c.account_id,
    events.c.session_id,
    events.c.chat,
    events.c.timestamp,
    events.c.data,
    events.c.traceparent,
)
_INSERT = insert(events).inline()
_READ_ALL = select(*_COLUMNS).where(events.c.seq > bindparam("after")).order_by(events.c.seq).limit(bindparam("count"))
#: Says which of these events, by ``seq``, somebody still needs.
StillNeeded = Callable[[Tx, Sequence[int]], Collection[int]]


def append(
    tx: Tx,
    *,
    id: EventId,
    type: EventType,
    account_id: AccountId,
    session_id: SessionId | None,
    chat: str | None,
    timestamp: datetime,
    json: str,
    traceparent: str | None = None,
) -> None:
    """Add a row at the end of the log; the transaction itself does not see it yet."""
    tx.at_last(
        _insert,
        {
            "id": id,
            "type": type,
            "account_id": account_id,
            "session_id": session_id,
            "chat": chat,
            "timestamp": timestamp,
            "data": json,
            "traceparent": traceparent,
        },
    )


def _insert(tx: Tx, rows: list[dict[str, Any]]) -> None:
    take_turns(tx, "events")
    tx.execute(_INSERT, rows)


def read(
    tx: Tx,
    account_id: AccountId,
    *,
    after: int,
    types: Collection[EventType] = (),
    sessions: Collection[SessionId] | None = None,
    limit: int,
) -> list[Event]:
    """The account's events after ``after``, oldest first; ``sessions`` leaves out what is about no session."""
    query = select(*_COLUMNS).where(events.c.account_id == account_id, events.c.seq > after)
    if types:
        query = query.where(events.c.type.in_(types))
    if sessions is not None:
        query = query.where(events.c.session_id.in_(sessions))
    rows = tx.execute(query.order_by(events.c.seq).limit(limit)).all()
    return [_event(row) for row in rows]


def read_all(tx: Tx, *, after: int, limit: int) -> list[Event]:
    """The events of all accounts, for the one reader that serves them all."""
    return [_event(row) for row in tx.execute(_READ_ALL, {"after": after, "count": limit}).all()]


def lines(tx: Tx, *, after: int, limit: int) -> list[Line]:
    """As :func:`read_all`, as they are stored."""
    return [Line._make(row) for row in tx.execute(_LINES, {"after": after, "count": limit})]


_LINES = (
    select(
        events.c.seq,
        events.c.type,
        events.c.account_id,
        events.c.session_id,
        type_coerce(events.c.timestamp, BigInteger),
        events.c.data,
    )
    .where(events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("count"))
)


def fetch(tx: Tx, seqs: Collection[int]) -> list[Event]:
    """Some events of any accounts."""
    return [_event(row) for row in tx.execute(select(*_COLUMNS).where(events.c.seq.in_(seqs))).all()]


def seq_of(tx: Tx, account_id: AccountId, event_id: EventId) -> int | None:
    """Where an event stands; ``None`` if it is not (or no longer) in the account's log."""
    found: int | None = tx.execute(
        select(events.c.seq).where(events.c.id == event_id, events.c.account_id == account_id)
    ).scalar_one_or_none()
    return found


def newest(tx: Tx, account_id: AccountId, sessions: Collection[SessionId] | None) -> EventId | None:
    """The account's newest event; of ``sessions`` alone, if given."""
    query = select(events.c.id).where(events.c.account_id == account_id)
    if sessions is not None:
        query = query.where(events.c.session_id.in_(sessions))
    found: str | None = tx.execute(query.order_by(events.c.seq.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else EventId(found)


def last_before(tx: Tx, account_id: AccountId, moment: datetime) -> int:
    """Where the account's newest event older than ``moment`` stands; 0 if there is none.

    Times rise with ``seq`` but for steps of the clock.
    """
    query = select(func.max(events.c.seq)).where(events.c.account_id == account_id, events.c.timestamp < moment)
    return int(tx.execute(query).scalar_one() or 0)


def count(tx: Tx, account_id: AccountId, type: EventType, since: datetime) -> int:
    """How many events of a type the account has since a moment."""
    query = select(func.count()).where(
        events.c.account_id == account_id,
        events.c.seq > last_before(tx, account_id, since),
        events.c.type == type,
        events.c.timestamp >= since,
    )
    return int(tx.execute(query).scalar_one())


def head(tx: Tx) -> int:
    """Where the newest event stands; 0 if the log is empty."""
    return int(tx.execute(select(func.max(events.c.seq))).scalar_one() or 0)


def prune(
    tx: Tx, *, after: int, before: datetime, limit: int, still_needed: Sequence[StillNeeded]
) -> tuple[int, int | None]:
    """Delete events older than ``before`` among the ``limit`` rows that follow ``after``.

    Returns how many, and where to go on; ``None`` if the end of the old ones is reached.
    """
    query = select(events.c.seq, events.c.timestamp).where(events.c.seq > after).order_by(events.c.seq).limit(limit)
    rows = tx.execute(query).all()
    old = [row.seq for row in rows if row.timestamp < before]
    if old:
        kept = {seq for needed in still_needed for seq in needed(tx, old)}
        gone = [seq for seq in old if seq not in kept]
        if gone:
            tx.execute(delete(events).where(events.c.seq == bindparam("gone")), [{"gone": seq} for seq in gone])
    else:
        gone = []
    more = len(rows) == limit and len(old) == len(rows)
    return len(gone), rows[-1].seq if more else None


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    seq, id, type, account_id, session_id, chat, timestamp, data, traceparent = row
    return Event(
        seq=seq,
        id=EventId(id),
        type=EventType(type),
        account_id=AccountId(account_id),
        session_id=None if session_id is None else SessionId(session_id),
        chat=chat,
        timestamp=timestamp,
        json=data,
        traceparent=traceparent,
    )
