"""Where SQLite and PostgreSQL differ, as small named questions; feature code never asks which database it is on.

The two share the syntax of ``ON CONFLICT``, and PostgreSQL's construct compiles on both.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.dml import Insert

from wagate.core.clock import Clock
from wagate.storage.database import Tx

#: What can be sorted: ids and row numbers.
T = TypeVar("T", int, str)


def insert_or_ignore(table: Table, index_elements: Sequence[str] | None = None) -> Insert:
    """An INSERT that leaves the table as it is when the row's key exists (``rowcount`` 0, ``RETURNING`` no row).

    Without ``index_elements`` any unique key counts.
    """
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=index_elements)


def upsert(
    table: Table,
    index_elements: Sequence[str],
    set_: Sequence[str] | Callable[[Insert], Mapping[str, Any]],
    where: Callable[[Insert], ColumnElement[bool]] | None = None,
) -> Insert:
    """An INSERT that updates the row when one with the same ``index_elements`` exists.

    ``set_`` names the columns to take over from the new row, or is given the statement and returns column values
    (``statement.excluded`` is the new row, ``table.c`` the old one). With ``where``, a row that fails it stays.
    """
    statement = postgresql.insert(table)
    values = set_(statement) if callable(set_) else {name: statement.excluded[name] for name in set_}
    return statement.on_conflict_do_update(
        index_elements=list(index_elements), set_=dict(values), where=None if where is None else where(statement)
    )


def database_now(tx: Tx, clock: Clock) -> datetime:
    """What time it is for all who share the database: PostgreSQL's clock, so that processes whose clocks differ agree
    on when a lease ends. SQLite is used by one process, whose ``clock`` is as good.
    """
    if tx.connection.dialect.name != "postgresql":
        return clock.now()
    # Not now(): that is when the transaction began, and a group of jobs may have been under way for a while.
    now: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def padded(values: Collection[T]) -> list[T]:
    """The values in order, the last of them repeated up to a power of two: each number of values in an ``IN`` is a
    statement of its own, which the database would have to plan, and a connection keeps the plans of a hundred.
    """
    found = sorted(values)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found) if found else 0)


def take_turns(tx: Tx, name: str) -> None:
    """Have all transactions that call this with the same ``name`` commit one after the other, whichever process runs
    them, so that numbers drawn after it are seen in their order.

    SQLite has one writer anyway. Called as late as can be: what waits for its turn holds the locks it has. Two that
    wait for each other are told apart by PostgreSQL, and the loser's job is run again.
    """
    if tx.connection.dialect.name != "postgresql":
        return
    # The lock lasts until the end of the transaction, which a whole group of jobs shares.
    turn = tx.connection.get_transaction()
    held: dict[str, object] = tx.connection.info.setdefault("turns", {})
    if held.get(name) is not turn:
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        tx.execute(select(func.pg_advisory_xact_lock(key)))
        held[name] = turn
