"""The table of the audit log. It is added to and read; the database itself refuses to change or drop an entry."""

from typing import Any

from sqlalchemy import DDL, Column, Index, Row, String, Table, event, insert, or_, select

from wagate.audit.model import Action, Actor, Entry, Query
from wagate.core.ids import AccountId, AuditId, KeyId, UserId
from wagate.storage.database import Tx, metadata
from wagate.storage.types import Json, RowNumber, UtcDateTime
from wagate.web.principal import Origin

audit = Table(
    "audit",
    metadata,
    #: The order in which entries were written: several may be of one moment.
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    # No foreign keys: an entry outlives what it is about.
    Column("account_id", String),
    Column("user_id", String),
    Column("key_id", String),
    Column("worker", String),
    Column("action", String, nullable=False),
    Column("target", String),
    Column("ip", String),
    Column("request_id", String),
    Column("detail", Json, nullable=False),
    Index(None, "account_id", "seq"),
    Index(None, "action", "seq"),
)

#: As the migration has them. Each refuses every UPDATE and DELETE.
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$",
        "CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to()",
    ),
}
for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        # SQLAlchemy gives its constructor no types.
        _guard: DDL = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(audit, "after_create", _guard.execute_if(dialect=_dialect))

_c = audit.c


def append(tx: Tx, entry: Entry) -> None:
    """Add an entry, whoever's it is."""
    tx.execute(_APPEND, _values(entry))


_APPEND = insert(audit)


def page(tx: Tx, query: Query, *, before: int | None, limit: int) -> list[Entry]:
    """Entries of all accounts that ``query`` wants, newest first, those with a lower ``seq`` than ``before``."""
    wanted = select(audit).order_by(_c.seq.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(_c.seq < before)
    if query.account is not None:
        wanted = wanted.where(_c.account_id == query.account)
    if query.actor is not None:
        wanted = wanted.where(or_(_c.user_id == query.actor, _c.key_id == query.actor, _c.worker == query.actor))
    if query.action is not None:
        wanted = wanted.where(_c.action == query.action)
    if query.since is not None:
        wanted = wanted.where(_c.at >= query.since)
    if query.until is not None:
        wanted = wanted.where(_c.at < query.until)
    return [_entry(row) for row in tx.execute(wanted)]


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "account_id": entry.account_id,
        "user_id": entry.actor.user_id,
        "key_id": entry.actor.key_id,
        "worker": entry.actor.worker,
        "action": entry.action,
        "target": entry.target,
        "ip": entry.actor.origin.ip,
        "request_id": entry.actor.origin.request_id,
        "detail": dict(entry.detail),
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=AuditId(row.id),
        at=row.at,
        account_id=None if row.account_id is None else AccountId(row.account_id),
        actor=Actor(
            user_id=None if row.user_id is None else UserId(row.user_id),
            key_id=None if row.key_id is None else KeyId(row.key_id),
            worker=row.worker,
            origin=Origin(ip=row.ip, request_id=row.request_id),
        ),
        action=Action(row.action),
        target=row.target,
        detail=row.detail,
        seq=row.seq,
    )
