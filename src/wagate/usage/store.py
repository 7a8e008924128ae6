"""The tables of usage, and every statement on them. ``usage_cursor`` is how far the event log was counted."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Row,
    String,
    Table,
    and_,
    bindparam,
    case,
    distinct,
    func,
    or_,
    select,
    update,
)

from wagate.core.ids import AccountId, SessionId
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore, upsert
from wagate.usage.model import Amount, Cell, Days, Month, SessionDay, Used

usage_days = Table(
    "usage_days",
    metadata,
    Column("account_id", String, primary_key=True),
    #: As in ``2026-01-31``.
    Column("day", String, primary_key=True),
    Column("session_id", String, primary_key=True),
    Column("type", String, primary_key=True),
    Column("status", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("media_bytes", BigInteger, nullable=False),
)

usage_cursor = Table(
    "usage_cursor",
    metadata,
    Column("name", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

_d = usage_days.c
_k = usage_cursor.c
_NAME: Final = "events"


# -- counting -----------------------------------------------------------------------------------------------------


def position(tx: Tx) -> int:
    """The ``seq`` of the last event that was counted."""
    found: int | None = tx.execute(select(_k.seq).where(_k.name == _NAME)).scalar_one_or_none()
    return found or 0


def begin(tx: Tx) -> None:
    """Make the cursor if there is none."""
    tx.execute(insert_or_ignore(usage_cursor, ["name"]), {"name": _NAME, "seq": 0})


def advance(tx: Tx, *, after: int, to: int) -> bool:
    """Move the cursor; ``False`` if somebody else has moved it from where it was."""
    return tx.execute(_ADVANCE, {"was": after, "will": to}).rowcount == 1


_ADVANCE = update(usage_cursor).where(_k.name == _NAME, _k.seq == bindparam("was")).values(seq=bindparam("will"))


def add(tx: Tx, found: Mapping[Cell, Amount]) -> None:
    """Add to the counts."""
    if found:
        tx.execute(
            _ADD,
            [
                {
                    "account_id": cell.account,
                    "day": cell.day,
                    "session_id": cell.session,
                    "type": cell.type,
                    "status": cell.status,
                    "count": amount.count,
                    "media_bytes": amount.media_bytes,
                }
                for cell, amount in found.items()
            ],
        )


_ADD = upsert(
    usage_days,
    ["account_id", "day", "session_id", "type", "status"],
    lambda new: {
        "count": _d["count"] + new.excluded["count"],
        "media_bytes": _d.media_bytes + new.excluded.media_bytes,
    },
)


# -- answering ----------------------------------------------------------------------------------------------------


def has_any(tx: Tx, account: AccountId, session: SessionId) -> bool:
    """Whether anything was counted for a session, which may be gone."""
    query = select(_d.day).where(_d.account_id == account, _d.session_id == session).limit(1)
    return tx.execute(query).first() is not None


def by_session(
    tx: Tx,
    account: AccountId,
    days: Days,
    *,
    sessions: Collection[SessionId] | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[SessionDay]:
    """Days and sessions in order, those after the day and session of ``after``."""
    where = _within(account, days, sessions)
    if after is not None:
        day, session = after
        where.append(or_(_d.day > day, and_(_d.day == day, _d.session_id > session)))
    query = select(_d.day, _d.session_id, *_USED).where(*where).group_by(_d.day, _d.session_id)
    rows = tx.execute(query.order_by(_d.day, _d.session_id).limit(limit))
    return [
        SessionDay(day=date.fromisoformat(row.day), session=SessionId(row.session_id), used=_used(row)) for row in rows
    ]


def by_month(tx: Tx, account: AccountId, *, sessions: Collection[SessionId] | None, limit: int) -> list[Month]:
    """The latest months in which anything was counted, newest first."""
    month = func.substr(_d.day, 1, 7)
    where: list[ColumnElement[bool]] = [_d.account_id == account]
    if sessions is not None:
        where.append(_d.session_id.in_(sorted(sessions)))
    query = select(month.label("month"), func.count(distinct(_d.session_id)).label("sessions"), *_USED).where(*where)
    rows = tx.execute(query.group_by(month).order_by(month.desc()).limit(limit))
    return [Month(name=row.month, sessions=row.sessions, used=_used(row)) for row in rows]


def counts(
    tx: Tx, account: AccountId, days: Days, *, sessions: Collection[SessionId] | None
) -> list[tuple[date, str, str, int]]:
    """Day, type, status, and how many."""
    query = (
        select(_d.day, _d.type, _d.status, func.sum(_d["count"]).label("many"))
        .where(*_within(account, days, sessions))
        .group_by(_d.day, _d.type, _d.status)
        .order_by(_d.day, _d.type, _d.status)
    )
    return [(date.fromisoformat(row.day), row.type, row.status, int(row.many)) for row in tx.execute(query)]


def _sum(column: Column[int], *statuses: str) -> ColumnElement[int]:
    return func.sum(case((_d.status.in_(statuses), column), else_=0))


_USED = (
    _sum(_d["count"], "queued").label("accepted"),
    _sum(_d["count"], "sent").label("sent"),
    _sum(_d["count"], "delivered").label("delivered"),
    _sum(_d["count"], "read").label("read"),
    _sum(_d["count"], "failed").label("failed"),
    _sum(_d["count"], "received").label("received"),
    _sum(_d.media_bytes, "sent").label("media_bytes_sent"),
    _sum(_d.media_bytes, "received").label("media_bytes_received"),
)


def _within(account: AccountId, days: Days, sessions: Collection[SessionId] | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        _d.account_id == account,
        _d.day >= days.first.isoformat(),
        _d.day <= days.last.isoformat(),
    ]
    if sessions is not None:
        where.append(_d.session_id.in_(sorted(sessions)))
    return where


def _used(row: Row[Any]) -> Used:
    return Used(
        accepted=int(row.accepted),
        sent=int(row.sent),
        delivered=int(row.delivered),
        read=int(row.read),
        failed=int(row.failed),
        received=int(row.received),
        media_bytes_sent=int(row.media_bytes_sent),
        media_bytes_received=int(row.media_bytes_received),
    )
