"""Which columns hold sealed values, and what each value is bound to. Declared beside each table.

A rotation of the key ring re-wraps what is declared here; a column that holds sealed values and is not declared would
keep an old key needed for ever. Tests hold every binary column to it, and swap two rows of each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import Column, RowMapping, Table


class SealedBy(Enum):
    """What seals a column."""

    #: The key ring itself: a rotation re-wraps each value.
    RING = auto()
    #: A session's data key, which the ring wraps: a rotation leaves the values alone.
    DATA_KEY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values. ``place`` gives the associated data of a row, out of the columns named in ``of``."""

    column: Column[Any]
    of: tuple[str, ...]
    place: Callable[[RowMapping], bytes]
    by: SealedBy

    @property
    def table(self) -> Table:
        return self.column.table

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


_declared: dict[str, SealedColumn] = {}


def sealed(
    column: Column[Any], *, of: tuple[str, ...], place: Callable[[RowMapping], bytes], by: SealedBy = SealedBy.RING
) -> None:
    """Declare that ``column`` holds sealed values, each bound to what ``place`` makes of its row."""
    one = SealedColumn(column=column, of=of, place=place, by=by)
    _declared[str(one)] = one


def sealed_columns() -> tuple[SealedColumn, ...]:
    """All that were declared, by name: those of every store that was imported."""
    return tuple(_declared[name] for name in sorted(_declared))
