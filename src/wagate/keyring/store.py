"""The table of rotations, and the statements that work on every sealed column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Row,
    RowMapping,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from wagate.core.seal import KeyRing, SealBroken, ring_head
from wagate.keyring.model import Rotation
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore
from wagate.storage.sealed import SealedBy, SealedColumn, sealed_columns
from wagate.storage.types import UtcDateTime

key_rotations = Table(
    "key_rotations",
    metadata,
    # The key that everything is to be sealed by.
    Column("key_id", String, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    # The process that works at it, until then unless it says so again.
    Column("runner", String),
    Column("held_until", UtcDateTime),
)

_r = key_rotations.c


# -- rotations ----------------------------------------------------------------------------------------------------


def begin(tx: Tx, key_id: str, now: datetime) -> Rotation:
    """Note that everything is to be sealed by ``key_id``, unless that is under way; what led to another key ends."""
    tx.execute(delete(key_rotations).where(_r.key_id != key_id, _r.finished_at.is_(None)))
    tx.execute(delete(key_rotations).where(_r.key_id == key_id, _r.finished_at.is_not(None)))
    values = {"key_id": key_id, "started_at": now, "total": 0, "done": 0, "unreadable": 0}
    tx.execute(insert_or_ignore(key_rotations), values)
    return _rotation(tx.execute(select(key_rotations).where(_r.key_id == key_id)).one())


def latest(tx: Tx) -> Rotation | None:
    """The rotation under way, else the one that began last."""
    query = select(key_rotations).order_by(_r.finished_at.is_not(None), _r.started_at.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return None if row is None else _rotation(row)


def hold(tx: Tx, key_id: str, runner: str, *, now: datetime, until: datetime) -> bool:
    """Be the one that works at a rotation, or go on being it; ``False`` if another one is, or it has ended."""
    free = or_(_r.runner.is_(None), _r.runner == runner, _r.held_until < now)
    statement = update(key_rotations).where(_r.key_id == key_id, _r.finished_at.is_(None), free)
    return tx.execute(statement.values(runner=runner, held_until=until)).rowcount == 1


def let_go(tx: Tx, runner: str) -> None:
    tx.execute(update(key_rotations).where(_r.runner == runner).values(runner=None, held_until=None))


def expect(tx: Tx, key_id: str, left: int) -> None:
    """Say how many values are left to re-wrap."""
    tx.execute(update(key_rotations).where(_r.key_id == key_id).values(total=_r.done + left))


def advance(tx: Tx, key_id: str, done: int) -> None:
    tx.execute(update(key_rotations).where(_r.key_id == key_id).values(done=_r.done + done))


def finish(tx: Tx, key_id: str, *, unreadable: int, now: datetime) -> None:
    values: dict[str, Any] = {"finished_at": now, "unreadable": unreadable, "runner": None, "held_until": None}
    tx.execute(update(key_rotations).where(_r.key_id == key_id).values(total=_r.done, **values))


def _rotation(row: Row[Any]) -> Rotation:
    return Rotation(
        key_id=row.key_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        total=row.total,
        done=row.done,
        unreadable=row.unreadable,
    )


# -- sealed values ------------------------------------------------------------------------------------------------


def ring_columns() -> tuple[SealedColumn, ...]:
    """The columns that the ring itself seals. The proofs of the keys stay under the key that each is about."""
    return tuple(c for c in sealed_columns() if c.by is SealedBy.RING and c.table.name != "key_canary")


def count_under(tx: Tx, column: SealedColumn, key_id: str) -> int:
    """How many values of the column that key sealed."""
    return _count(tx, column, _begins(column.column, key_id))


def count_not_under(tx: Tx, column: SealedColumn, key_id: str) -> int:
    """How many values of the column another key sealed."""
    return _count(tx, column, ~_begins(column.column, key_id))


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """Some rows sealed anew, and where to look on."""

    after: tuple[Any, ...] | None
    values: Sequence[dict[str, Any]]
    unreadable: int


def rewrapped(tx: Tx, column: SealedColumn, ring: KeyRing, *, after: tuple[Any, ...] | None, limit: int) -> Rewrapped:
    """The next ``limit`` values behind ``after`` that another key than the newest sealed, sealed by the newest.

    Nothing is written. ``Rewrapped.after`` is ``None`` when there are no more.
    """
    key = tuple(column.table.primary_key.columns)
    wanted = {c.name: c for c in (*key, *(column.table.c[name] for name in column.of), column.column)}
    query = select(*wanted.values()).where(~_begins(column.column, ring.newest), column.column.is_not(None))
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*(literal(v, c.type) for v, c in zip(after, key, strict=True))))
    values: list[dict[str, Any]] = []
    unreadable = 0
    last: RowMapping | None = None
    count = 0
    for last in tx.execute(query.order_by(*key).limit(limit)).mappings():
        count += 1
        former, place = bytes(last[column.column.name]), column.place(last)
        try:
            fresh = ring.seal(ring.open(former, place), place)
        except SealBroken:
            unreadable += 1
            continue
        values.append({"fresh": fresh, "former": former, **{f"key_{c.name}": last[c.name] for c in key}})
    more = last is not None and count == limit
    return Rewrapped(tuple(last[c.name] for c in key) if more and last else None, values, unreadable)


def put(tx: Tx, column: SealedColumn, values: Sequence[dict[str, Any]]) -> None:
    """Store what :func:`rewrapped` sealed, where the former value still stands: who changed it meanwhile, sealed it."""
    same = column.column == bindparam("former", type_=LargeBinary)
    row = and_(*(c == bindparam(f"key_{c.name}") for c in column.table.primary_key.columns), same)
    tx.execute(update(column.table).where(row).values({column.column: bindparam("fresh", type_=LargeBinary)}), values)


def _count(tx: Tx, column: SealedColumn, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(column.table).where(column.column.is_not(None), condition)
    return int(tx.execute(query).scalar_one())


def _begins(column: Column[Any], key_id: str) -> ColumnElement[bool]:
    head = ring_head(key_id)
    return func.substr(column, 1, len(head)) == literal(head, LargeBinary)
