"""Where SQLite and PostgreSQL differ, as small named questions; feature code never asks which database it is on.

The two share the syntax of ``ON CONFLICT``, and PostgreSQL's construct compiles on both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.dml import Insert


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
