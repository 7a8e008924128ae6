"""Rows of any table with sealed columns, and a process that rotates."""

import itertools
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Boolean, Float, Integer, LargeBinary, RowMapping, Table, select
from sqlalchemy.types import TypeEngine

from wagate.core.clock import Clock
from wagate.core.seal import KeyRing
from wagate.core.settings import Settings
from wagate.keyring.jobs import Rewrapper
from wagate.keyring.service import SecretKeys
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.datadir import DataDir
from wagate.storage.sealed import SealedColumn
from wagate.storage.types import Json, UtcDateTime

SETTINGS = Settings(_env_file=None, secret_keys=SecretStr(""))  # type: ignore[call-arg]
_numbers = itertools.count(1)


def some(kind: TypeEngine[Any], number: int) -> object:
    """A value of a column, another one for each number."""
    if isinstance(kind, UtcDateTime):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if isinstance(kind, Json):
        return {}
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Float):
        return number + 0.5
    return b"%032d" % number if isinstance(kind, LargeBinary) else f"some-{number:08}"


def row_of(table: Table) -> dict[str, Any]:
    """A row that no other is like, with every column filled."""
    number = next(_numbers)
    return {column.name: some(column.type, number) for column in table.columns}


def sealed_rows(column: SealedColumn, ring: KeyRing, count: int) -> list[dict[str, Any]]:
    """Rows whose value of that column is ``secret n`` where it stands."""
    rows = [row_of(column.table) for _ in range(count)]
    for number, row in enumerate(rows):
        row[column.column.name] = ring.seal(b"secret %d" % number, column.place(row))  # type: ignore[arg-type]
    return rows


def stored(tx: Tx, column: SealedColumn) -> list[RowMapping]:
    key = column.table.primary_key.columns
    return list(tx.execute(select(column.table).order_by(*key)).mappings())


class Process:
    """What one process of wagate has of the key ring."""

    def __init__(self, database: Database, ring: KeyRing, clock: Clock, folder: DataDir | None) -> None:
        self.database = database
        self.ring = ring
        self.bus = Bus(clock)
        self.keys = SecretKeys(db=database, bus=self.bus, ring=ring, clock=clock, folder=folder)
        self.job = Rewrapper(db=database, bus=self.bus, ring=ring, clock=clock, keys=self.keys)
