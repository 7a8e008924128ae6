"""The tables of endpoints, deliveries and replays, and the place that the fan-out has reached in the log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from wagate.core.ids import AccountId, DeliveryId, EndpointId, EventId, SessionId
from wagate.events.model import EventType
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore
from wagate.storage.sealed import sealed
from wagate.storage.types import Json, RowNumber, UtcDateTime
from wagate.webhooks.model import Attempted, Delivery, DeliveryStatus, Endpoint, Place, Replay, Waiting, bound_to

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", String, nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("description", String, nullable=False),
    Column("events", Json),
    Column("sessions", Json),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", String),
    Column("paused_until", UtcDateTime),
    Column("start_seq", BigInteger, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("sealed_previous", LargeBinary),
    Column("previous_until", UtcDateTime),
    Column("sealed_headers", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

for _secret in (endpoints.c.sealed_secret, endpoints.c.sealed_previous):
    sealed(_secret, of=("id",), place=lambda row: bound_to("secret", row["id"]))
sealed(endpoints.c.sealed_headers, of=("id",), place=lambda row: bound_to("headers", row["id"]))

_PENDING = DeliveryStatus.PENDING.value
_DELIVERED = DeliveryStatus.DELIVERED.value

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String, primary_key=True),
    # No foreign key: an endpoint goes at once, its deliveries in batches.
    Column("endpoint_id", String, nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("event_id", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("holding", Boolean, nullable=False),
    Column("first_attempt_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("last_status", Integer),
    Column("last_error", String),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
)
_c = deliveries.c
_waits_for_its_turn = and_(_c.status == _PENDING, _c.next_attempt_at.is_(None))
_waits_for_its_time = and_(_c.status == _PENDING, _c.next_attempt_at.is_not(None))
Index("uq_webhook_deliveries_endpoint_event", _c.endpoint_id, _c.event_seq, unique=True)
# The three below hold only what is not done, so they stay small however long the history.
Index(
    "ix_webhook_deliveries_turn",
    _c.endpoint_id,
    _c.position,
    sqlite_where=_waits_for_its_turn,
    postgresql_where=_waits_for_its_turn,
)
Index(
    "ix_webhook_deliveries_time",
    _c.endpoint_id,
    _c.next_attempt_at,
    sqlite_where=_waits_for_its_time,
    postgresql_where=_waits_for_its_time,
)
Index(
    "ix_webhook_deliveries_undone",
    _c.event_seq,
    sqlite_where=_c.status != _DELIVERED,
    postgresql_where=_c.status != _DELIVERED,
)

replays = Table(
    "webhook_replays",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("endpoint_id", String, ForeignKey(endpoints.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("after_seq", BigInteger, nullable=False),
    #: Where the fan-out stood when the replay began; NULL until then.
    Column("until_seq", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
)

fanout = Table(
    "webhook_fanout",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    #: Everything up to this event has its deliveries.
    Column("seq", BigInteger, nullable=False),
    #: The last position given to a delivery.
    Column("position", BigInteger, nullable=False),
    #: Counts changes of endpoints, so that nobody decides by what they were.
    Column("version", BigInteger, nullable=False),
)
_ONE = 1


# -- endpoints --------------------------------------------------------------------------------------------------------


def add_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    tx.execute(insert(endpoints), _endpoint_values(endpoint))
    _changed(tx)


def save_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    """Overwrite an endpoint with what it is now."""
    values = _endpoint_values(endpoint)
    mine = (endpoints.c.account_id == endpoint.account_id, endpoints.c.id == endpoint.id)
    tx.execute(update(endpoints).where(*mine), values)
    _changed(tx)


def delete_endpoint(tx: Tx, account_id: AccountId, endpoint_id: EndpointId) -> bool:
    """Delete an endpoint at once; its deliveries follow with :func:`prune`."""
    done = tx.execute(delete(endpoints).where(endpoints.c.account_id == account_id, endpoints.c.id == endpoint_id))
    _changed(tx)
    return bool(done.rowcount)


def endpoint(tx: Tx, account_id: AccountId, endpoint_id: EndpointId) -> Endpoint | None:
    row = tx.execute(
        select(endpoints).where(endpoints.c.account_id == account_id, endpoints.c.id == endpoint_id)
    ).one_or_none()
    return None if row is None else _endpoint(row)


def list_endpoints(tx: Tx, account_id: AccountId, *, after: str | None, limit: int) -> list[Endpoint]:
    query = select(endpoints).where(endpoints.c.account_id == account_id)
    if after is not None:
        query = query.where(endpoints.c.id > after)
    return [_endpoint(row) for row in tx.execute(query.order_by(endpoints.c.id).limit(limit)).all()]


def count_endpoints(tx: Tx, account_id: AccountId) -> int:
    query = select(func.count()).select_from(endpoints).where(endpoints.c.account_id == account_id)
    return int(tx.execute(query).scalar_one())


def all_endpoints(tx: Tx) -> list[Endpoint]:
    """Every account's, for the dispatcher."""
    return [_endpoint(row) for row in tx.execute(select(endpoints)).all()]


def pause(tx: Tx, endpoint_id: EndpointId, until: datetime) -> None:
    tx.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(paused_until=until))


def disable(tx: Tx, endpoint_id: EndpointId, reason: str, now: datetime) -> None:
    """Stop telling this endpoint anything."""
    changes = {"enabled": False, "disabled_reason": reason, "updated_at": now}
    tx.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(**changes))
    _changed(tx)


# -- the fan-out ------------------------------------------------------------------------------------------------------


def set_up(tx: Tx) -> None:
    """Make the one row of ``webhook_fanout`` if it is missing."""
    tx.execute(insert_or_ignore(fanout), {"id": _ONE, "seq": 0, "position": 0, "version": 0})


def place(tx: Tx) -> Place:
    row = tx.execute(select(fanout.c.seq, fanout.c.version)).one()
    return Place(seq=row.seq, version=row.version)


def version(tx: Tx) -> int:
    return int(tx.execute(_VERSION).scalar_one())


_VERSION = select(fanout.c.version)


def advance(tx: Tx, *, seq: int, to: int, count: int) -> int | None:
    """Move the fan-out from ``seq`` on and take ``count`` positions; the one before the first of them.

    ``None`` if somebody else moved it meanwhile.
    """
    last = tx.execute(_ADVANCE, {"from_seq": seq, "to_seq": to, "count": count}).scalar_one_or_none()
    return None if last is None else int(last) - count


_ADVANCE = (
    update(fanout)
    .where(fanout.c.id == _ONE, fanout.c.seq == bindparam("from_seq"))
    .values(seq=bindparam("to_seq"), position=fanout.c.position + bindparam("count"))
    .returning(fanout.c.position)
)


def take_positions(tx: Tx, count: int) -> int:
    """Take ``count`` positions without moving the fan-out; the one before the first of them."""
    query = update(fanout).where(fanout.c.id == _ONE).values(position=fanout.c.position + count)
    return int(tx.execute(query.returning(fanout.c.position)).scalar_one()) - count


def add_deliveries(tx: Tx, new: Sequence[Delivery], positions: Sequence[int]) -> None:
    """Store new deliveries, each at its position."""
    rows = [_delivery_values(delivery) for delivery in new]
    tx.execute(_ADD, [{**row, "position": position} for row, position in zip(rows, positions, strict=True)])


_ADD = insert(deliveries)


def known(tx: Tx, ids: Sequence[DeliveryId]) -> bool:
    """Whether these deliveries, which were stored together if at all, are there."""
    return tx.execute(select(_c.id).where(_c.id == ids[0])).first() is not None


def _changed(tx: Tx) -> None:
    set_up(tx)
    tx.execute(update(fanout).values(version=fanout.c.version + 1))


# -- the dispatcher ---------------------------------------------------------------------------------------------------


def waiting(tx: Tx) -> dict[EndpointId, Waiting]:
    """Every endpoint that has something left to be told."""
    found: dict[EndpointId, Waiting] = {}
    fresh = tx.execute(select(_c.endpoint_id).where(_waits_for_its_turn).distinct()).scalars()
    for endpoint_id in fresh:
        found[EndpointId(endpoint_id)] = Waiting(fresh=True, next_attempt_at=None)
    timed = select(_c.endpoint_id, func.min(_c.next_attempt_at)).where(_waits_for_its_time).group_by(_c.endpoint_id)
    for endpoint_id, moment in tx.execute(timed).all():
        key = EndpointId(endpoint_id)
        found[key] = Waiting(fresh=key in found, next_attempt_at=moment)
    return found


def held_lanes(tx: Tx) -> list[tuple[EndpointId, str]]:
    """The lanes that wait for a second attempt."""
    query = select(_c.endpoint_id, _c.lane).where(_waits_for_its_time, _c.holding)
    return [(EndpointId(endpoint_id), lane) for endpoint_id, lane in tx.execute(query).all()]


def fresh(tx: Tx, endpoint_id: EndpointId, *, after: int, limit: int) -> list[Delivery]:
    """The endpoint's deliveries that wait for their turn, by position."""
    query = select(deliveries).where(_c.endpoint_id == endpoint_id, _waits_for_its_turn, _c.position > after)
    return [_delivery(row) for row in tx.execute(query.order_by(_c.position).limit(limit)).all()]


def timed(tx: Tx, endpoint_id: EndpointId, *, limit: int) -> list[Delivery]:
    """The endpoint's deliveries that wait for their time, soonest first."""
    query = select(deliveries).where(_c.endpoint_id == endpoint_id, _waits_for_its_time)
    return [_delivery(row) for row in tx.execute(query.order_by(_c.next_attempt_at, _c.position).limit(limit)).all()]


def record(tx: Tx, attempted: Sequence[Attempted]) -> None:
    """Store what became of deliveries; one that was replayed meanwhile is another series and stays as it is."""
    tx.execute(_RECORD, [_attempted_values(one) for one in attempted])


_RECORD_COLUMNS = (
    "status",
    "attempts",
    "step",
    "holding",
    "first_attempt_at",
    "next_attempt_at",
    "last_status",
    "last_error",
    "finished_at",
)
_RECORD = (
    update(deliveries)
    .where(_c.id == bindparam("of_id"), _c.round == bindparam("of_round"))
    .values({name: bindparam(f"new_{name}", type_=_c[name].type) for name in _RECORD_COLUMNS})
)


def backlog(tx: Tx) -> tuple[int, int, int]:
    """How many deliveries wait for their turn, how many for their next attempt, and how far the fan-out has come."""
    turn = tx.execute(select(func.count()).select_from(deliveries).where(_waits_for_its_turn)).scalar_one()
    time = tx.execute(select(func.count()).select_from(deliveries).where(_waits_for_its_time)).scalar_one()
    reached = tx.execute(select(fanout.c.seq)).scalar_one_or_none()
    return int(turn), int(time), int(reached or 0)


def any_enabled(tx: Tx) -> bool:
    """Whether any endpoint is to be told anything."""
    return tx.execute(select(endpoints.c.id).where(endpoints.c.enabled).limit(1)).first() is not None


# -- looking and replaying --------------------------------------------------------------------------------------------


def list_deliveries(
    tx: Tx, endpoint_id: EndpointId, *, status: DeliveryStatus | None, before: int | None, limit: int
) -> list[Delivery]:
    """The endpoint's deliveries, newest event first."""
    query = select(deliveries).where(_c.endpoint_id == endpoint_id)
    if status is not None:
        query = query.where(_c.status == status.value)
    if before is not None:
        query = query.where(_c.event_seq < before)
    return [_delivery(row) for row in tx.execute(query.order_by(_c.event_seq.desc()).limit(limit)).all()]


def delivery(tx: Tx, account_id: AccountId, delivery_id: DeliveryId) -> tuple[Delivery, Endpoint] | None:
    """A delivery to an endpoint of this account."""
    row = tx.execute(select(deliveries).where(_c.id == delivery_id)).one_or_none()
    if row is None:
        return None
    owner = endpoint(tx, account_id, EndpointId(row.endpoint_id))
    return None if owner is None else (_delivery(row), owner)


def start_over(tx: Tx, series: Sequence[tuple[DeliveryId, int]]) -> None:
    """Begin these deliveries anew, each at its new position."""
    blank = {
        "status": _PENDING,
        "attempts": 0,
        "step": 0,
        "holding": False,
        "first_attempt_at": None,
        "next_attempt_at": None,
        "finished_at": None,
    }
    query = (
        update(deliveries)
        .where(_c.id == bindparam("of_id"))
        .values(position=bindparam("at"), round=_c.round + 1, **blank)
    )
    tx.execute(query, [{"of_id": delivery_id, "at": position} for delivery_id, position in series])


def of_events(tx: Tx, endpoint_id: EndpointId, seqs: Collection[int]) -> dict[int, tuple[DeliveryId, DeliveryStatus]]:
    """Which of these events have a delivery to this endpoint already."""
    query = select(_c.event_seq, _c.id, _c.status).where(_c.endpoint_id == endpoint_id, _c.event_seq.in_(seqs))
    return {seq: (DeliveryId(id), DeliveryStatus(status)) for seq, id, status in tx.execute(query).all()}


def add_replay(tx: Tx, endpoint_id: EndpointId, after_seq: int, now: datetime) -> None:
    tx.execute(insert(replays), {"endpoint_id": endpoint_id, "after_seq": after_seq, "created_at": now})


def next_replay(tx: Tx) -> Replay | None:
    """The replay that was asked for first."""
    row = tx.execute(select(replays).order_by(replays.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    return Replay(id=row.id, endpoint_id=EndpointId(row.endpoint_id), after_seq=row.after_seq, until_seq=row.until_seq)


def move_replay(tx: Tx, replay_id: int, *, after_seq: int, until_seq: int) -> None:
    """Note how far a replay has come; one that has come to its end is deleted."""
    this = replays.c.id == replay_id
    if after_seq >= until_seq:
        tx.execute(delete(replays).where(this))
    else:
        tx.execute(update(replays).where(this).values(after_seq=after_seq, until_seq=until_seq))


# -- forgetting -------------------------------------------------------------------------------------------------------


def still_needed(tx: Tx, seqs: Sequence[int]) -> set[int]:
    """Which events have a delivery that is not made yet or could be replayed (``events.store.StillNeeded``)."""
    query = select(_c.event_seq).where(_c.status != _DELIVERED, _c.event_seq >= min(seqs), _c.event_seq <= max(seqs))
    return set(tx.execute(query).scalars())


def prune(
    tx: Tx, *, after: str, until: str, delivered_before: datetime, dead_before: datetime, limit: int
) -> tuple[int, str | None]:
    """Delete finished deliveries that are old enough, and those whose endpoint is gone, among the ``limit`` that
    follow ``after`` and were made before ``until`` (ids sort by the time they were made).

    Returns how many, and where to go on; ``None`` at the end.
    """
    columns = (_c.id, _c.status, _c.finished_at, _c.created_at, endpoints.c.enabled)
    query = (
        select(*columns)
        .select_from(deliveries.outerjoin(endpoints, endpoints.c.id == _c.endpoint_id))
        .where(_c.id > after, _c.id < until)
        .order_by(_c.id)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    gone = [row.id for row in rows if _is_over(row, delivered_before, dead_before)]
    if gone:
        tx.execute(delete(deliveries).where(_c.id == bindparam("gone")), [{"gone": id} for id in gone])
    return len(gone), rows[-1].id if len(rows) == limit else None


def _is_over(row: Row[*tuple[Any, ...]], delivered_before: datetime, dead_before: datetime) -> bool:
    if row.enabled is None:
        return True
    if row.status == _DELIVERED:
        return bool(row.finished_at < delivered_before)
    if row.status == _PENDING:
        # Nobody enabled its endpoint again for as long as a dead letter is kept.
        return not row.enabled and bool(row.created_at < dead_before)
    return bool(row.finished_at < dead_before)


# -- rows and values --------------------------------------------------------------------------------------------------


def _endpoint_values(endpoint: Endpoint) -> Mapping[str, Any]:
    return {column.name: getattr(endpoint, column.name) for column in endpoints.c}


def _endpoint(row: Row[*tuple[Any, ...]]) -> Endpoint:
    values = dict(row._mapping)
    values["id"] = EndpointId(row.id)
    values["account_id"] = AccountId(row.account_id)
    values["events"] = None if row.events is None else tuple(row.events)
    values["sessions"] = None if row.sessions is None else tuple(map(SessionId, row.sessions))
    return Endpoint(**values)


def _delivery_values(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in _DELIVERY_COLUMNS}


_DELIVERY_COLUMNS = tuple(column.name for column in deliveries.c)


def _attempted_values(one: Attempted) -> dict[str, Any]:
    values: dict[str, Any] = {f"new_{name}": getattr(one, name) for name in _RECORD_COLUMNS}
    return {"of_id": one.id, "of_round": one.round, **values}


def _delivery(row: Row[*tuple[Any, ...]]) -> Delivery:
    values = dict(row._mapping)
    values["id"] = DeliveryId(row.id)
    values["endpoint_id"] = EndpointId(row.endpoint_id)
    values["event_id"] = EventId(row.event_id)
    values["event_type"] = EventType(row.event_type)
    values["status"] = DeliveryStatus(row.status)
    return Delivery(**values)
