"""The tables of messages and idempotency keys, and every statement on them.

Customers' statements take an account, workers' statements a session; neither sees beyond it. The order of a session's
outbox is the order of ``seq``. What WhatsApp calls a message (``wa_id``) is unique per session, chat and sender, which
is what makes a redelivered message the same row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Text,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    table,
    text,
    update,
)

from wagate.core.ids import AccountId, MediaId, MessageId, SessionId
from wagate.messages import payload
from wagate.messages.model import PENDING, Attachment, Direction, Failure, Message, MessageStatus, predecessors
from wagate.messages.rows import message_of, shown, values_of
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore, padded
from wagate.storage.sealed import sealed
from wagate.storage.types import Json, RowNumber, UtcDateTime
from wagate.wire.jid import Jid


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


messages = Table(
    "messages",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("account_id", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("wa_id", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("chat_lid", String),
    Column("sender", String, nullable=False),
    Column("sender_lid", String),
    Column("recipient", String, nullable=False),
    Column("from_me", Boolean, nullable=False),
    Column("by_lid", Boolean, nullable=False),
    Column("push_name", String),
    Column("type", String, nullable=False),
    Column("text", Text),
    Column("fields", Json, nullable=False),
    Column("media_id", String),
    # What the message shows of its file, except for the state of the download, which the file's own row has.
    Column("attachment", Json),
    Column("status", String, nullable=False),
    Column("error_code", String),
    Column("error_certain", Boolean),
    Column("reply_to", String),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("read_at", UtcDateTime),
    Column("played_at", UtcDateTime),
    Column("request_id", String),
    Column("traceparent", String),
    # The serialised protobuf, sealed; emptied after a while (see jobs.py).
    Column("payload", LargeBinary),
    Index("uq_messages_wa_id", "session_id", "wa_id", "chat", "sender", unique=True),
    Index(None, "session_id", "seq"),
    Index(None, "session_id", "chat", "seq"),
    _partial("ix_messages_outbox", "session_id", "seq", where="status IN ('queued', 'sending')"),
    _partial("ix_messages_payload", "created_at", where="payload IS NOT NULL"),
    _partial("ix_messages_media", "media_id", where="media_id IS NOT NULL"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("message_id", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

sealed(
    messages.c.payload,
    of=("session_id", "wa_id"),
    place=lambda row: payload.place_of(row["session_id"], row["wa_id"]),
)

_m = messages.c
_k = idempotency_keys.c
_media = table("media", column("id"), column("state"))

#: Written out, because a database only sees that a partial index fits when the condition is the same text.
_PENDING = text("messages.status IN ('queued', 'sending')")
#: LIDs are in no index. So many rows are read in a few milliseconds, and who is answered by LID wrote just before.
_LATEST: Final = 5_000
#: Values in one statement; SQLite takes 32,766 and PostgreSQL 65,535.
_MOST_IDS = 10_000
#: Everything but the payload, which is large and sealed.
_COLUMNS = [c for c in messages.columns if c.name != "payload"]


def _one_of(column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    # IN is written out anew for every execution; this is not.
    return or_(*(column == value for value in sorted(values)))


# -- accepting ----------------------------------------------------------------------------------------------------


def chat_known(tx: Tx, session: SessionId, chat: Jid, *, settled: bool = False) -> bool:
    """Whether anything was written in this chat, by either side; with ``settled``, and got there.

    By its LID, a chat that is kept by its number is looked for among the session's latest messages only.
    """
    where = [_m.session_id == session]
    if settled:
        where.append(_m.status.not_in((MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.FAILED)))
    if tx.execute(select(_m.seq).where(*where, _m.chat == str(chat)).limit(1)).first() is not None:
        return True
    if not chat.is_lid:
        return False
    latest = select(_m.chat_lid).where(*where).order_by(_m.seq.desc()).limit(_LATEST).subquery()
    return tx.execute(select(latest.c.chat_lid).where(latest.c.chat_lid == str(chat)).limit(1)).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedKey:
    """What an idempotency key was first used for."""

    digest: bytes
    message_id: MessageId


def used_key(tx: Tx, account: AccountId, key: str, now: datetime) -> UsedKey | None:
    query = select(_k.digest, _k.message_id)
    row = tx.execute(query.where(_k.account_id == account, _k.key == key, _k.expires_at > now)).one_or_none()
    return None if row is None else UsedKey(digest=row.digest, message_id=MessageId(row.message_id))


def use_key(
    tx: Tx, account: AccountId, key: str, digest: bytes, message: MessageId, now: datetime, lifetime: timedelta
) -> bool:
    """Take the key; ``False`` if a request that ran at the same time was faster."""
    tx.execute(delete(idempotency_keys).where(_k.account_id == account, _k.key == key, _k.expires_at <= now))
    values = {
        "account_id": account,
        "key": key,
        "digest": digest,
        "message_id": message,
        "expires_at": now + lifetime,
    }
    return tx.execute(insert_or_ignore(idempotency_keys), values).rowcount == 1


def insert_at_end(tx: Tx, message: Message, payload: bytes) -> None:
    """Store a message that nobody else can have made; jobs of the same commit do not see it."""
    tx.at_last(_insert_all, values_of(message, payload))


def _insert_all(tx: Tx, rows: list[dict[str, Any]]) -> None:
    tx.execute(_INSERT, rows)


def insert(tx: Tx, message: Message, payload: bytes) -> bool:
    """Store a new message; ``False`` if the session has it already."""
    return tx.execute(_INSERT, values_of(message, payload)).rowcount == 1


# Nobody asks for the row's number, which costs a statement or a RETURNING.
_INSERT = insert_or_ignore(messages).inline()


def insert_old(tx: Tx, message: Message, payload: bytes) -> bool:
    """Store a message from before the session was linked under its own ``seq``; ``False`` if that is taken, or the
    session has the message.
    """
    return tx.execute(_INSERT, {**values_of(message, payload), "seq": message.seq}).rowcount == 1


def places_of(tx: Tx, session: SessionId, wa_ids: Collection[str]) -> set[tuple[str, bool, str]]:
    """Of the messages with these ids: id, whether it is one's own, and each address of its chat."""
    query = select(_m.wa_id, _m.from_me, _m.chat, _m.chat_lid).where(
        _m.session_id == session, _m.wa_id.in_(sorted(wa_ids))
    )
    rows = tx.execute(query).all()
    return {(row.wa_id, bool(row.from_me), chat) for row in rows for chat in (row.chat, row.chat_lid) if chat}


def drop_old(tx: Tx, session: SessionId, *, wa_id: str, chat: Jid, sender: Jid) -> bool:
    """Remove the row that history made of a message; ``False`` if its row is no such one."""
    statement = delete(messages).where(
        _m.session_id == session, _m.wa_id == wa_id, _m.chat == str(chat), _m.sender == str(sender), _m.seq < 0
    )
    return tx.execute(statement).rowcount == 1


# -- reading ------------------------------------------------------------------------------------------------------


def _with_media() -> Select[Any]:
    state = _media.c.state.label("media_state")
    return select(*_COLUMNS, state).select_from(messages.outerjoin(_media, _m.media_id == _media.c.id))


def find(tx: Tx, account: AccountId, message: MessageId) -> Message | None:
    row = tx.execute(_with_media().where(_m.id == message, _m.account_id == account)).one_or_none()
    return None if row is None else message_of(row._mapping)


def settled(tx: Tx, ids: Collection[MessageId]) -> list[Message]:
    """Those of these messages that were sent or given up."""
    query = _with_media().where(_m.id.in_(sorted(ids)), _m.status.not_in(sorted(PENDING)))
    return [message_of(row._mapping) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which messages of a session to list. ``chat`` is either address of the chat; the moments bound ``timestamp``."""

    chat: Jid | None = None
    direction: Direction | None = None
    status: MessageStatus | None = None
    type: str | None = None
    after: datetime | None = None
    before: datetime | None = None


def page(
    tx: Tx, account: AccountId, session: SessionId, filters: Filters, *, before_seq: int | None, limit: int
) -> list[Message]:
    """Newest first, from the one before ``before_seq`` on."""
    where: list[ColumnElement[bool]] = [_m.session_id == session, _m.account_id == account]
    if filters.chat is not None:
        address = str(filters.chat)
        where.append(or_(_m.chat == address, _m.chat_lid == address) if filters.chat.is_lid else _m.chat == address)
    if filters.direction is not None:
        where.append(_m.direction == filters.direction)
    if filters.status is not None:
        where.append(_m.status == filters.status)
    if filters.type is not None:
        where.append(_m.type == filters.type)
    if filters.after is not None:
        where.append(_m.timestamp > filters.after)
    if filters.before is not None:
        where.append(_m.timestamp < filters.before)
    if before_seq is not None:
        where.append(_m.seq < before_seq)
    query = _with_media().where(*where).order_by(_m.seq.desc()).limit(limit)
    return [message_of(row._mapping) for row in tx.execute(query)]


def sealed_payload(tx: Tx, session: SessionId, wa_id: str) -> bytes | None:
    """Of a message that this session sent."""
    query = select(_m.payload).where(
        _m.session_id == session, _m.wa_id == wa_id, _m.direction == Direction.OUT, _m.payload.is_not(None)
    )
    payload: bytes | None = tx.execute(query.limit(1)).scalar_one_or_none()
    return payload


def find_with_payload(
    tx: Tx, account: AccountId, session: SessionId, message: MessageId
) -> tuple[Message, bytes | None] | None:
    query = select(messages).where(_m.id == message, _m.account_id == account, _m.session_id == session)
    row = tx.execute(query).one_or_none()
    return None if row is None else (message_of(row._mapping), row.payload)


def id_of(tx: Tx, session: SessionId, wa_id: str) -> MessageId | None:
    """Our id of a message that the session knows by WhatsApp's."""
    found = tx.execute(select(_m.id).where(_m.session_id == session, _m.wa_id == wa_id).limit(1)).scalar()
    return None if found is None else MessageId(found)


def by_media(tx: Tx, media: MediaId) -> list[Message]:
    """The messages that show this file."""
    return [message_of(row._mapping) for row in tx.execute(_with_media().where(_m.media_id == media).order_by(_m.seq))]


def known(tx: Tx, session: SessionId, *, wa_id: str, chat: Jid, sender: Jid) -> bool:
    """Whether the session has this message."""
    parameters = {"session": session, "id": wa_id, "in": str(chat), "by": str(sender)}
    return tx.execute(_KNOWN, parameters).one_or_none() is not None


_KNOWN = select(_m.seq).where(
    _m.session_id == bindparam("session"),
    _m.wa_id == bindparam("id"),
    _m.chat == bindparam("in"),
    _m.sender == bindparam("by"),
)


def update_attachment(tx: Tx, message: Message, attachment: Attachment) -> None:
    """Correct what a message shows of its file, once the file itself is known."""
    statement = update(messages).where(_m.seq == message.seq, _m.session_id == message.session_id)
    tx.execute(statement.values(attachment=shown(attachment)))


# -- the outbox ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send, with its sealed protobuf."""

    message: Message
    payload: bytes | None


def count_by_status(tx: Tx, sessions: Collection[SessionId]) -> dict[str, int]:
    """How many messages of these sessions are in each state; states without any are missing."""
    query = select(_m.status, func.count()).where(_m.session_id.in_(sorted(sessions))).group_by(_m.status)
    return {str(status): int(count) for status, count in tx.execute(query).all()}


def left_sending(tx: Tx, session: SessionId) -> list[Outgoing]:
    """What a former owner began to send and never settled, in order."""
    query = select(messages).where(_m.session_id == session, _PENDING, _m.status == MessageStatus.SENDING)
    return [_outgoing(row) for row in tx.execute(query.order_by(_m.seq))]


def claim(tx: Tx, session: SessionId, *, limit: int, without: Collection[Jid]) -> list[Outgoing]:
    """Mark the next queued messages ``sending`` and return them in order, leaving out some chats."""
    query = _QUEUED
    if without:
        query = query.where(_m.chat.not_in(sorted(map(str, without))))
    return _started(tx, tx.execute(query, {"session": session, "count": limit}).all())


def claim_without_files(tx: Tx, session: SessionId, *, limit: int, without: Collection[Jid]) -> list[Outgoing]:
    """As :func:`claim`, but messages with a file stay queued, and with them what comes after one in its chat. Only the
    next 2,000 messages are looked at.
    """
    behind = set(map(str, without))
    chosen: list[int] = []
    for row in tx.execute(_AHEAD, {"session": session, "count": _LOOK_AHEAD}):
        if row.media_id is not None or row.chat in behind:
            behind.add(row.chat)
        elif len(chosen) < limit:
            chosen.append(row.seq)
    return _started(tx, tx.execute(select(messages).where(_m.seq.in_(chosen)).order_by(_m.seq)).all())


def _started(tx: Tx, rows: Sequence[Row[Any]]) -> list[Outgoing]:
    if rows:
        tx.execute(_START, [{"number": row.seq} for row in rows])
    return [_outgoing(row, status=MessageStatus.SENDING) for row in rows]


_QUEUED = (
    select(messages)
    .where(_m.session_id == bindparam("session"), _PENDING, _m.status == MessageStatus.QUEUED)
    .order_by(_m.seq)
    .limit(bindparam("count"))
)
#: Enough that a text overtakes the files of a campaign, and read in 2 ms.
_LOOK_AHEAD = 2_000
_AHEAD = _QUEUED.with_only_columns(_m.seq, _m.chat, _m.media_id)
_START = (
    update(messages)
    .where(_m.seq == bindparam("number"), _m.status == MessageStatus.QUEUED)
    .values(status=MessageStatus.SENDING)
)


def settle_sent(tx: Tx, session: SessionId, seqs: Collection[int], at: datetime) -> set[int]:
    """Mark messages as acknowledged; those that a receipt was faster to settle are not in the answer."""
    parameters = {"numbers": padded(seqs), "session": session, "at": at}
    return {row.seq for row in tx.execute(_SETTLE_SENT, parameters)}


_SETTLE_SENT = (
    update(messages)
    .where(
        _m.seq.in_(bindparam("numbers", expanding=True)),
        _m.session_id == bindparam("session"),
        _one_of(_m.status, predecessors(MessageStatus.SENT)),
    )
    .values(status=MessageStatus.SENT, sent_at=bindparam("at", type_=UtcDateTime))
    .returning(_m.seq)
)


def settle_failed(tx: Tx, session: SessionId, seq: int, failure: Failure) -> bool:
    """Give a message up; ``False`` if it was settled otherwise meanwhile."""
    statement = (
        update(messages)
        .where(_m.seq == seq, _m.session_id == session, _one_of(_m.status, predecessors(MessageStatus.FAILED)))
        .values(status=MessageStatus.FAILED, error_code=failure.code, error_certain=failure.certain)
    )
    return tx.execute(statement).rowcount == 1


def replace_payload(tx: Tx, session: SessionId, seq: int, payload: bytes) -> None:
    tx.execute(update(messages).where(_m.seq == seq, _m.session_id == session).values(payload=payload))


def _outgoing(row: Row[Any], status: MessageStatus | None = None) -> Outgoing:
    return Outgoing(message=message_of(row._mapping, status), payload=row.payload)


# -- receipts -----------------------------------------------------------------------------------------------------


def sent_by_wa_ids(tx: Tx, session: SessionId, wa_ids: Sequence[str]) -> list[Message]:
    """The session's own messages of these ids, locked until the transaction ends."""
    found: list[Message] = []
    for start in range(0, len(wa_ids), _MOST_IDS):
        rows = tx.execute(_SENT_BY_WA_IDS, {"session": session, "ids": padded(wa_ids[start : start + _MOST_IDS])})
        found += [message_of(row._mapping) for row in rows]
    # Sorted here: told to sort, SQLite walks through all messages of the session in that order.
    return sorted(found, key=lambda message: message.seq)


_SENT_BY_WA_IDS = (
    select(*_COLUMNS)
    .where(
        _m.session_id == bindparam("session"),
        _m.wa_id.in_(bindparam("ids", expanding=True)),
        _m.direction == Direction.OUT,
    )
    .with_for_update()
)


def save_statuses(tx: Tx, changed: Collection[Message]) -> None:
    """Write statuses and their moments, except for a row that got further meanwhile."""
    by_status: dict[MessageStatus, list[dict[str, Any]]] = {}
    for message in changed:
        at = message.status_at
        values = {"sent": at.sent, "delivered": at.delivered, "read": at.read, "played": at.played}
        where = {"number": message.seq, "session": message.session_id}
        by_status.setdefault(message.status, []).append(where | values)
    for status, parameters in by_status.items():
        tx.execute(_SAVE_STATUS[status], parameters)


_SAVE_STATUS = {
    status: update(messages)
    .where(
        _m.seq == bindparam("number"),
        _m.session_id == bindparam("session"),
        _one_of(_m.status, predecessors(status)),
    )
    .values(
        status=status,
        sent_at=bindparam("sent", type_=UtcDateTime),
        delivered_at=bindparam("delivered", type_=UtcDateTime),
        read_at=bindparam("read", type_=UtcDateTime),
        played_at=bindparam("played", type_=UtcDateTime),
    )
    for status in MessageStatus
    if predecessors(status)
}


# -- keeping it small ---------------------------------------------------------------------------------------------


def empty_payloads(tx: Tx, before: datetime, limit: int) -> int:
    """Forget the protobufs of settled messages older than ``before``; how many were."""
    old = (
        select(_m.seq)
        .where(_m.payload.is_not(None), _m.created_at < before, _m.status.not_in(sorted(PENDING)))
        .order_by(_m.created_at)
        .limit(limit)
    )
    return tx.execute(update(messages).where(_m.seq.in_(old.scalar_subquery())).values(payload=None)).rowcount


def drop_keys(tx: Tx, now: datetime) -> int:
    """Forget idempotency keys whose time is over."""
    return tx.execute(delete(idempotency_keys).where(_k.expires_at <= now)).rowcount
