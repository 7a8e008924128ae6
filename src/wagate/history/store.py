"""The table of chunks of history that phones announced, and every statement on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    column,
    delete,
    exists,
    or_,
    select,
    table,
    text,
    update,
)

from wagate.core.ids import AccountId, SessionId
from wagate.core.seal import KeyRing
from wagate.history.model import Chunk, ChunkState, Notice
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore
from wagate.storage.sealed import sealed
from wagate.storage.types import UtcDateTime
from wagate.wire.jid import Jid

history_chunks = Table(
    "history_chunks",
    metadata,
    Column("session_id", String, primary_key=True),
    # The WhatsApp id of the message that brought the notice.
    Column("wa_id", String, primary_key=True),
    Column("state", String, nullable=False),
    # Where the chunk is and the key to it, or the chunk itself; sealed, and emptied once it is read.
    Column("notice", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    # Why it was set aside.
    Column("reason", String),
    Column("created_at", UtcDateTime, nullable=False),
    Index(
        "ix_history_chunks_pending",
        "session_id",
        "created_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

sealed(
    history_chunks.c.notice,
    of=("session_id", "wa_id"),
    place=lambda row: _aad(row["session_id"], row["wa_id"]),
)

_h = history_chunks.c
_sessions = table("sessions", column("id"), column("account_id"), column("jid"), column("lid"))
#: Written out, because a database only sees that a partial index fits when the condition is the same text.
_PENDING = text("history_chunks.state = 'pending'")


def insert(tx: Tx, ring: KeyRing, session: SessionId, wa_id: str, notice: Notice, now: datetime) -> bool:
    """Write a notice down; ``False`` if it was before."""
    values = {
        "session_id": session,
        "wa_id": wa_id,
        "state": ChunkState.PENDING,
        "notice": ring.seal(msgspec.msgpack.encode(notice), _aad(session, wa_id)),
        "attempts": 0,
        "next_attempt_at": now,
        "reason": None,
        "created_at": now,
    }
    return tx.execute(insert_or_ignore(history_chunks, ["session_id", "wa_id"]), values).rowcount == 1


def sessions_with_due(tx: Tx, now: datetime) -> list[SessionId]:
    query = select(_h.session_id).where(_PENDING, _h.next_attempt_at <= now).distinct()
    return [SessionId(row.session_id) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A chunk to read, its notice sealed."""

    account: AccountId
    session: SessionId
    wa_id: str
    jid: Jid
    lid: Jid | None
    notice: bytes
    attempts: int


def next_due(tx: Tx, session: SessionId, now: datetime) -> Due | None:
    """The oldest chunk of a session whose time has come."""
    query = (
        select(history_chunks, _sessions.c.account_id, _sessions.c.jid, _sessions.c.lid)
        .select_from(history_chunks.join(_sessions, _sessions.c.id == _h.session_id))
        .where(_PENDING, _h.session_id == session, _h.next_attempt_at <= now, _sessions.c.jid.is_not(None))
        .order_by(_h.created_at, _h.wa_id)
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else _due(row)


def opened(due: Due, ring: KeyRing) -> Chunk:
    """The chunk with its notice.

    :raises SealBroken: if the row was changed, or the key ring lacks its key.
    """
    notice = msgspec.msgpack.decode(ring.open(due.notice, _aad(due.session, due.wa_id)), type=Notice)
    return Chunk(
        account=due.account,
        session=due.session,
        wa_id=due.wa_id,
        jid=due.jid,
        lid=due.lid,
        notice=notice,
        attempts=due.attempts,
    )


def settle(tx: Tx, session: SessionId, wa_id: str, state: ChunkState, reason: str = "") -> None:
    """Say how it ended. What was set aside keeps its notice."""
    values: dict[str, Any] = {"state": state, "next_attempt_at": None, "reason": reason or None}
    if state is ChunkState.DONE:
        values["notice"] = None
    tx.execute(update(history_chunks).where(_h.session_id == session, _h.wa_id == wa_id).values(**values))


def postpone(tx: Tx, session: SessionId, wa_id: str, *, attempts: int, next_attempt_at: datetime) -> None:
    statement = update(history_chunks).where(_h.session_id == session, _h.wa_id == wa_id, _PENDING)
    tx.execute(statement.values(attempts=attempts, next_attempt_at=next_attempt_at))


def tidy(tx: Tx, before: datetime) -> int:
    """Forget chunks that ended before, and those of sessions that are deleted; how many it were."""
    ended = and_(_h.state != ChunkState.PENDING, _h.created_at < before)
    gone = ~exists(select(_sessions.c.id).where(_sessions.c.id == _h.session_id))
    return tx.execute(delete(history_chunks).where(or_(ended, gone))).rowcount


def _due(row: Row[Any]) -> Due:
    return Due(
        account=AccountId(row.account_id),
        session=SessionId(row.session_id),
        wa_id=row.wa_id,
        jid=Jid.parse(row.jid).bare,
        lid=Jid.parse(row.lid).bare if row.lid else None,
        notice=row.notice,
        attempts=row.attempts,
    )


def _aad(session: SessionId, wa_id: str) -> bytes:
    return f"history_chunks.notice:{session}:{wa_id}".encode()
