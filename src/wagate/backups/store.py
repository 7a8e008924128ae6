"""The tables of backups and of the high-water mark, and every statement on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    case,
    column,
    delete,
    exists,
    func,
    select,
    table,
    text,
    update,
)

from wagate.backups.model import Backup, Device
from wagate.core.ids import AccountId, SessionId
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore, upsert
from wagate.storage.types import UtcDateTime

session_backups = Table(
    "session_backups",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("jid", String, nullable=False),
    # Of the records in it, to tell whether something changed since; they are random enough not to be guessed from it.
    Column("digest", LargeBinary, nullable=False),
    Column("key_id", String, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
)

#: One row: how far this database has come. See backups.watermark.
watermark = Table(
    "watermark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
    # Which history of the database server it belongs to; empty where there is only one.
    Column("timeline", String, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

_ROW = 1
_b = session_backups.c
_w = watermark.c
_s = table(
    "sessions",
    column("engine"),
    column("id"),
    column("account_id"),
    column("epoch"),
    column("jid"),
    column("lid"),
    column("push_name"),
).c
_keys = table("signal_keys", column("session_id"), column("kind")).c


# -- backups ------------------------------------------------------------------------------------------------------


def device(tx: Tx, session: SessionId) -> Device | None:
    """The linked device of a session; ``None`` if it has none, or is gone."""
    query = select(_s.account_id, _s.engine, _s.epoch, _s.jid, _s.lid, _s.push_name).where(
        _s.id == session, _s.jid.is_not(None)
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Device(
        account=AccountId(row.account_id),
        session=session,
        engine=row.engine,
        epoch=row.epoch,
        jid=row.jid,
        lid=row.lid or "",
        push_name=row.push_name,
    )


def account_of(tx: Tx, session: SessionId) -> AccountId | None:
    found = tx.execute(select(_s.account_id).where(_s.id == session)).scalar()
    return None if found is None else AccountId(found)


def all_sessions(tx: Tx) -> list[SessionId]:
    """The sessions that have keys."""
    return [SessionId(row.session_id) for row in tx.execute(select(_keys.session_id).distinct())]


def of_session(tx: Tx, session: SessionId) -> list[Backup]:
    """The backups of a session, the newest first."""
    query = select(session_backups).where(_b.session_id == session).order_by(_b.version.desc())
    return [_backup(row) for row in tx.execute(query)]


def add(tx: Tx, device: Device, backup: Backup) -> None:
    values = {
        "session_id": backup.session,
        "version": backup.version,
        "account_id": device.account,
        "epoch": backup.epoch,
        "jid": backup.jid,
        "digest": backup.digest,
        "key_id": backup.key_id,
        "size": backup.size,
        "taken_at": backup.taken_at,
    }
    names = [name for name in values if name not in ("session_id", "version")]
    tx.execute(upsert(session_backups, ["session_id", "version"], names), values)


def forget(tx: Tx, session: SessionId, version: str) -> None:
    tx.execute(delete(session_backups).where(_b.session_id == session, _b.version == version))


def of_no_use(tx: Tx, limit: int) -> list[Backup]:
    """Backups of sessions that are deleted, or linked as another device or not at all."""
    same = exists(select(_s.id).where(_s.id == _b.session_id, _s.jid == _b.jid))
    return [_backup(row) for row in tx.execute(select(session_backups).where(~same).limit(limit))]


def count_under(tx: Tx, key_id: str) -> int:
    return int(tx.execute(select(func.count()).where(_b.key_id == key_id)).scalar_one())


def not_under(tx: Tx, key_id: str, limit: int) -> list[tuple[AccountId, Backup]]:
    """Backups that another key sealed."""
    query = select(session_backups).where(_b.key_id != key_id).order_by(_b.session_id, _b.version).limit(limit)
    return [(AccountId(row.account_id), _backup(row)) for row in tx.execute(query)]


def count_not_under(tx: Tx, key_id: str) -> int:
    return int(tx.execute(select(func.count()).select_from(session_backups).where(_b.key_id != key_id)).scalar_one())


def sealed_by(tx: Tx, backup: Backup, key_id: str) -> None:
    same = and_(_b.session_id == backup.session, _b.version == backup.version)
    tx.execute(update(session_backups).where(same).values(key_id=key_id))


def _backup(row: Row[Any]) -> Backup:
    return Backup(
        session=SessionId(row.session_id),
        version=row.version,
        epoch=row.epoch,
        jid=row.jid,
        digest=bytes(row.digest),
        key_id=row.key_id,
        size=row.size,
        taken_at=row.taken_at,
    )


# -- the high-water mark ------------------------------------------------------------------------------------------


def timeline(tx: Tx) -> str:
    """The history that the database server is in: another one after a standby took over, or after a recovery to a
    moment in the past.
    """
    if tx.connection.dialect.name != "postgresql":
        return ""
    return str(tx.execute(text("SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)")).scalar_one())


def mark(tx: Tx) -> tuple[int, str, datetime] | None:
    """Generation, timeline, and when a process last saw them; ``None`` in a new database."""
    row = tx.execute(select(watermark).where(_w.id == _ROW)).one_or_none()
    return None if row is None else (row.generation, row.timeline, row.seen_at)


def raise_mark(tx: Tx, least: int, timeline: str, now: datetime) -> int:
    """One more than ``least`` and than what it was; the new generation."""
    values = {"id": _ROW, "generation": least, "timeline": timeline, "seen_at": now}
    tx.execute(insert_or_ignore(watermark, ["id"]), values)
    higher = case((_w.generation < least, least), else_=_w.generation) + 1
    statement = update(watermark).where(_w.id == _ROW).values(generation=higher, timeline=timeline, seen_at=now)
    return int(tx.execute(statement.returning(_w.generation)).scalar_one())
