"""The table of sessions, and every statement on it.

Customers' statements take an account and never see beyond it. Workers' statements take a lease, and write only while
the row still carries its worker and epoch: whoever lost a session can't change it any more.

Rows that are read to be changed are locked, so that a customer's wish and a worker's finding that meet are made one
after the other (SQLite has one writer anyway and ignores the clause).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Row,
    RowMapping,
    String,
    Table,
    and_,
    bindparam,
    case,
    column,
    delete,
    false,
    func,
    or_,
    select,
    table,
    text,
    true,
    type_coerce,
    update,
)

from wagate.core.ids import AccountId, SessionId, WorkerId
from wagate.engine.lease import StaleEpoch
from wagate.plans.model import UNLIMITED, Plan
from wagate.plans.store import plans
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.model import LIVE, Desired, Lease, PauseReason, Session, SessionStatus
from wagate.storage.database import Tx, metadata
from wagate.storage.sealed import sealed
from wagate.storage.types import Json, UtcDateTime, moment_of
from wagate.wire.jid import Jid

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("phone", String),
    Column("purpose", String),
    # A proxy's URL holds its password, so it is sealed.
    Column("proxy", LargeBinary),
    Column("metadata", Json, nullable=False),
    Column("engine", String, nullable=False),
    Column("status", String, nullable=False),
    Column("status_reason", String),
    Column("since", UtcDateTime, nullable=False),
    Column("desired", String, nullable=False),
    # Set by a customer's wish that a worker has not met yet, cleared when an attempt begins.
    Column("reconnect_asked", Boolean, nullable=False),
    Column("retry_at", UtcDateTime),
    Column("jid", String),
    Column("lid", String),
    Column("push_name", String, nullable=False),
    Column("linked_at", UtcDateTime),
    Column("pause_reason", String),
    Column("paused_until", UtcDateTime),
    Column("worker_id", String),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    # The worker that is to have it next; its present one lets go when it sees another's name here.
    Column("move_to", String),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("last_connected_at", UtcDateTime),
    Column("last_disconnected_at", UtcDateTime),
    Column("created_by", String),
    Index(None, "account_id", "id"),
    Index(None, "worker_id"),
    Index(None, "desired", "status", "lease_until"),
)


def proxy_aad(session: SessionId) -> bytes:
    """What a sealed proxy is bound to."""
    return f"sessions.proxy:{session}".encode()


sealed(sessions.c.proxy, of=("id",), place=lambda row: proxy_aad(row["id"]))

_c = sessions.c
_LIVE = tuple(sorted(LIVE))


# -- for customers ------------------------------------------------------------------------------------------------


def insert(tx: Tx, session: Session, proxy: bytes | None) -> None:
    tx.execute(sessions.insert().values(**_columns(session), proxy=proxy))


def find(tx: Tx, account: AccountId, session: SessionId) -> Session:
    """:raises SessionNotFound:"""
    return _one(tx, account, session, lock=False)


def find_to_change(tx: Tx, account: AccountId, session: SessionId) -> Session:
    """As :func:`find`; nobody else changes the row until this transaction ends."""
    return _one(tx, account, session, lock=True)


def device_is_here(tx: Tx, device: Jid) -> bool:
    """Whether any account has a session that is this very device."""
    return tx.execute(select(_c.id).where(_c.jid == str(device)).limit(1)).first() is not None


def page(
    tx: Tx, account: AccountId, *, before: SessionId | None, limit: int, only: Collection[SessionId] | None
) -> list[Session]:
    """Newest first, from the one after ``before`` on."""
    query = select(sessions).where(_c.account_id == account).order_by(_c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_c.id < before)
    if only is not None:
        query = query.where(_c.id.in_(sorted(only)))
    return [_session(row) for row in tx.execute(query)]


def save(tx: Tx, session: Session, **extra: object) -> None:
    """Write back a row read by :func:`find_to_change`."""
    where = and_(_c.id == session.id, _c.account_id == session.account_id)
    tx.execute(update(sessions).where(where).values(**_columns(session), **extra))


def count(tx: Tx, account: AccountId) -> int:
    """How many sessions an account has."""
    return int(tx.execute(select(func.count()).where(_c.account_id == account)).scalar_one())


def remove(tx: Tx, account: AccountId, session: SessionId) -> None:
    tx.execute(delete(sessions).where(_c.id == session, _c.account_id == account))


# -- for messages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """As much of a session as sending needs, and what its account may send."""

    status: str
    jid: Jid | None
    plan: Plan
    pause_reason: str | None
    _paused_until: int | None
    _linked_at: int

    @property
    def linked_at(self) -> datetime:
        """When a phone let it in."""
        return moment_of(self._linked_at)

    @property
    def paused_until(self) -> datetime | None:
        return None if self._paused_until is None else moment_of(self._paused_until)


def sender_of(tx: Tx, account: AccountId, session: SessionId) -> Sender | None:
    """What every message that is accepted asks for, in one statement."""
    row = tx.execute(_SENDER, {"session": session, "account": account}).one_or_none()
    if row is None:
        return None
    status, jid, linked_at, created_at, paused_until, pause_reason, per_day, per_month, first_contacts = row
    plan = UNLIMITED
    if per_day is not None or per_month is not None or first_contacts is not None:
        plan = Plan(messages_per_day=per_day, messages_per_month=per_month, first_contacts_per_day=first_contacts)
    linked = created_at if linked_at is None else linked_at
    return Sender(status, _jid(jid), plan, pause_reason, paused_until, linked)


_SENDER = (
    select(
        _c.status,
        _c.jid,
        # As numbers: each would be made a datetime for every message, and is asked for with a few.
        type_coerce(_c.linked_at, BigInteger),
        type_coerce(_c.created_at, BigInteger),
        type_coerce(_c.paused_until, BigInteger),
        _c.pause_reason,
        plans.c.messages_per_day,
        plans.c.messages_per_month,
        plans.c.first_contacts_per_day,
    )
    .select_from(sessions.outerjoin(plans, plans.c.account_id == _c.account_id))
    .where(_c.id == bindparam("session"), _c.account_id == bindparam("account"))
)


# -- for workers --------------------------------------------------------------------------------------------------


def claim(
    tx: Tx, worker: WorkerId, *, now: datetime, until: datetime, limit: int, alone: bool, fresh: bool
) -> list[Session]:
    """Take up to ``limit`` sessions that want a worker and have none, each with a new epoch.

    ``alone`` says that no other worker lives, so that leases of former ones need not be waited for. ``fresh`` is true
    for a worker's first claim: sessions that stopped with an error get another attempt, and delays are forgotten (but
    not bans).
    """
    left_behind = and_(true() if alone else false(), _c.worker_id != worker)
    free = _free(or_(_c.worker_id.is_(None), _c.lease_until < now, left_behind), fresh=fresh)
    retry_at = case((_c.status == SessionStatus.BANNED, _c.retry_at), else_=None) if fresh else _c.retry_at
    # The condition stands twice: the inner one chooses, the outer one is what the database checks again on a row that
    # another worker was changing at the same moment.
    chosen = select(_c.id).where(free).order_by(_c.id).limit(limit).scalar_subquery()
    statement = (
        update(sessions)
        .where(_c.id.in_(chosen), free)
        .values(worker_id=worker, epoch=_c.epoch + 1, lease_until=until, retry_at=retry_at, move_to=None)
        .returning(sessions)
    )
    return [_session(row) for row in tx.execute(statement)]


def claim_moving(tx: Tx, worker: WorkerId, *, now: datetime, until: datetime) -> list[Session]:
    """As :func:`claim`, those sessions that are to move to ``worker``."""
    free = _free(or_(_c.worker_id.is_(None), _c.lease_until < now), fresh=False)
    statement = (
        update(sessions)
        .where(_c.move_to == worker, free)
        .values(worker_id=worker, epoch=_c.epoch + 1, lease_until=until, move_to=None)
        .returning(sessions)
    )
    return [_session(row) for row in tx.execute(statement)]


def _free(unowned: ColumnElement[bool], *, fresh: bool) -> ColumnElement[bool]:
    stopped_by_error = and_(true() if fresh else false(), _c.status == SessionStatus.ERROR)
    wanted = and_(
        _c.desired == Desired.CONNECTED,
        or_(_c.status.in_(_LIVE), _c.retry_at.is_not(None), stopped_by_error),
    )
    # Its worker went away between the wish and the deed.
    unwanted = and_(_c.desired == Desired.DISCONNECTED, _c.worker_id.is_not(None))
    return and_(unowned, or_(wanted, unwanted))


def count_free(tx: Tx, *, now: datetime, limit: int) -> int:
    """How many sessions :func:`claim` could take, but no more than ``limit``."""
    free = _free(or_(_c.worker_id.is_(None), _c.lease_until < now), fresh=False)
    some = select(_c.id).where(free).limit(limit).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())


def held_by(tx: Tx, worker: WorkerId, *, now: datetime) -> list[Session]:
    """The sessions whose leases ``worker`` holds."""
    query = select(sessions).where(_c.worker_id == worker, _c.lease_until >= now)
    return [_session(row) for row in tx.execute(query)]


def loads(tx: Tx) -> dict[WorkerId, int]:
    """How many sessions each worker holds; those without any are missing."""
    query = select(_c.worker_id, func.count()).where(_c.worker_id.is_not(None)).group_by(_c.worker_id)
    return {WorkerId(worker): count for worker, count in tx.execute(query)}


def end_leases(tx: Tx, worker: WorkerId, *, now: datetime) -> int:
    """Have the leases of a worker that is dead run out now; how many it were."""
    held = and_(_c.worker_id == worker, _c.lease_until >= now)
    return tx.execute(update(sessions).where(held).values(lease_until=now - timedelta(milliseconds=1))).rowcount


def move(tx: Tx, session: SessionId, *, to: WorkerId) -> Session | None:
    """Have a session go to another worker; the session, ``None`` if there is none or it is there already."""
    elsewhere = or_(_c.worker_id.is_(None), _c.worker_id != to)
    statement = update(sessions).where(_c.id == session, elsewhere).values(move_to=to).returning(sessions)
    row = tx.execute(statement).one_or_none()
    return None if row is None else _session(row)


def movable(tx: Tx, worker: WorkerId) -> SessionId | None:
    """A session that ``worker`` could hand over without cutting anything short."""
    query = select(_c.id).where(
        _c.worker_id == worker, _c.status == SessionStatus.CONNECTED, _c.desired == Desired.CONNECTED
    )
    found: str | None = tx.execute(query.where(_c.move_to.is_(None)).limit(1)).scalar()
    return None if found is None else SessionId(found)


def holder(tx: Tx, session: SessionId) -> WorkerId | None:
    """Who holds a session's lease."""
    found: str | None = tx.execute(select(_c.worker_id).where(_c.id == session)).scalar()
    return None if found is None else WorkerId(found)


def any_account(tx: Tx, session: SessionId) -> Session:
    """A session whoever's it is: for those who run the gateway, and for workers that were given it.

    :raises SessionNotFound:
    """
    row = tx.execute(select(sessions).where(_c.id == session)).one_or_none()
    if row is None:
        raise SessionNotFound
    return _session(row)


def renew(tx: Tx, worker: WorkerId, *, until: datetime) -> dict[SessionId, int]:
    """Prolong every lease of ``worker``; what it still holds, with the epochs."""
    statement = update(sessions).where(_c.worker_id == worker).values(lease_until=until).returning(_c.id, _c.epoch)
    return {SessionId(row.id): row.epoch for row in tx.execute(statement)}


def wishes(tx: Tx, worker: WorkerId) -> list[Session]:
    """The sessions of ``worker`` whose customers want something else than what goes on."""
    away = and_(_c.move_to.is_not(None), _c.move_to != worker)
    wished = or_(_c.desired == Desired.DISCONNECTED, _c.reconnect_asked, away)
    query = select(sessions).where(_c.worker_id == worker, wished)
    return [_session(row) for row in tx.execute(query)]


def leased(tx: Tx, lease: Lease) -> Session:
    """The session of a lease, locked.

    :raises StaleEpoch: if the lease is no longer the session's.
    """
    row = tx.execute(select(sessions).where(_held(lease)).with_for_update()).one_or_none()
    if row is None:
        raise StaleEpoch(f"worker {lease.worker} no longer holds session {lease.session}")
    return _session(row)


def hosted(tx: Tx, session: SessionId, epoch: int) -> Session:
    """The session that is hosted under this epoch, locked.

    :raises StaleEpoch: if it is hosted under another.
    """
    row = tx.execute(select(sessions).where(_c.id == session, _c.epoch == epoch).with_for_update()).one_or_none()
    if row is None:
        raise StaleEpoch(f"session {session} is no longer at epoch {epoch}")
    return _session(row)


def save_leased(tx: Tx, lease: Lease, session: Session) -> None:
    """Write back a row read by :func:`leased`.

    :raises StaleEpoch: if the lease is no longer the session's.
    """
    result = tx.execute(update(sessions).where(_held(lease)).values(**_columns(session)))
    if result.rowcount != 1:
        raise StaleEpoch(f"worker {lease.worker} no longer holds session {lease.session}")


def release(tx: Tx, lease: Lease) -> None:
    """Give up one lease, if it is still held."""
    tx.execute(update(sessions).where(_held(lease)).values(worker_id=None, lease_until=None))


def release_all(tx: Tx, worker: WorkerId) -> None:
    tx.execute(update(sessions).where(_c.worker_id == worker).values(worker_id=None, lease_until=None))


def sealed_proxy(tx: Tx, lease: Lease) -> bytes | None:
    """:raises StaleEpoch: if the lease is no longer the session's."""
    row = tx.execute(select(_c.proxy).where(_held(lease))).one_or_none()
    if row is None:
        raise StaleEpoch(f"worker {lease.worker} no longer holds session {lease.session}")
    proxy: bytes | None = row.proxy
    return proxy


# -- for whoever watches --------------------------------------------------------------------------------------------


def count_all(tx: Tx) -> dict[tuple[str, str], int]:
    """The sessions of all accounts by status and engine."""
    query = select(_c.status, _c.engine, func.count()).group_by(_c.status, _c.engine)
    return {(status, engine): count for status, engine, count in tx.execute(query).all()}


def count_unhosted(tx: Tx, now: datetime) -> int:
    """Sessions that want to be connected and that no worker holds."""
    free = or_(_c.worker_id.is_(None), _c.lease_until < now)
    query = select(func.count()).select_from(sessions)
    query = query.where(_c.desired == Desired.CONNECTED, _c.status.in_(_LIVE), free)
    return int(tx.execute(query).scalar_one())


def waiting(tx: Tx) -> dict[str, tuple[int, datetime]]:
    """How many messages wait in sessions' queues, and since when the first of them does, by the sessions' status."""
    return {status: (count, since) for status, count, since in tx.execute(_WAITING)}


# As much of the messages' table as a session's queue is.
_messages = table("messages", column("session_id"), column("status"), column("created_at", UtcDateTime))
_WAITING = (
    select(_c.status, func.count(), func.min(_messages.c.created_at))
    .join_from(_messages, sessions, _messages.c.session_id == _c.id)
    # In the words of the messages' partial index, which is all that is read then.
    .where(text("messages.status IN ('queued', 'sending')"))
    .group_by(_c.status)
)


# -- rows ---------------------------------------------------------------------------------------------------------


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(_c.id == lease.session, _c.worker_id == lease.worker, _c.epoch == lease.epoch)


def _one(tx: Tx, account: AccountId, session: SessionId, *, lock: bool) -> Session:
    query = select(sessions).where(_c.id == session, _c.account_id == account)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise SessionNotFound
    return _session(row)


def _columns(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "account_id": session.account_id,
        "name": session.name,
        "phone": session.phone,
        "purpose": session.purpose,
        "metadata": dict(session.metadata),
        "engine": session.engine,
        "status": session.status,
        "status_reason": session.status_reason,
        "since": session.since,
        "desired": session.desired,
        "reconnect_asked": session.reconnect_asked,
        "retry_at": session.retry_at,
        "jid": None if session.jid is None else str(session.jid),
        "lid": None if session.lid is None else str(session.lid),
        "push_name": session.push_name,
        "linked_at": session.linked_at,
        "pause_reason": session.pause_reason,
        "paused_until": session.paused_until,
        "worker_id": session.worker_id,
        "epoch": session.epoch,
        "lease_until": session.lease_until,
        "move_to": session.move_to,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "last_connected_at": session.last_connected_at,
        "last_disconnected_at": session.last_disconnected_at,
        "created_by": session.created_by,
    }


def _session(row: Row[Any]) -> Session:
    found: RowMapping = row._mapping
    return Session(
        id=SessionId(found["id"]),
        account_id=AccountId(found["account_id"]),
        name=found["name"],
        phone=found["phone"],
        purpose=found["purpose"],
        metadata=found["metadata"],
        engine=found["engine"],
        status=SessionStatus(found["status"]),
        status_reason=found["status_reason"],
        since=found["since"],
        desired=Desired(found["desired"]),
        reconnect_asked=found["reconnect_asked"],
        retry_at=found["retry_at"],
        jid=_jid(found["jid"]),
        lid=_jid(found["lid"]),
        push_name=found["push_name"],
        linked_at=found["linked_at"],
        pause_reason=None if found["pause_reason"] is None else PauseReason(found["pause_reason"]),
        paused_until=found["paused_until"],
        worker_id=None if found["worker_id"] is None else WorkerId(found["worker_id"]),
        epoch=found["epoch"],
        lease_until=found["lease_until"],
        move_to=None if found["move_to"] is None else WorkerId(found["move_to"]),
        created_at=found["created_at"],
        updated_at=found["updated_at"],
        last_connected_at=found["last_connected_at"],
        last_disconnected_at=found["last_disconnected_at"],
        created_by=found["created_by"],
    )


def _jid(text: str | None) -> Jid | None:
    return None if text is None else Jid.parse(text)
