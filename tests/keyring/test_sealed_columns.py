"""Every sealed column is declared, and a value opens only in its own row."""

import pytest
from sqlalchemy import LargeBinary, MetaData, and_, update

from tests.conftest import import_stores
from tests.keyring.world import sealed_rows, stored
from wagate.core.seal import DataKey, KeyRing, SealBroken
from wagate.storage.database import Database, Tx
from wagate.storage.sealed import SealedBy, SealedColumn, sealed_columns

import_stores()

#: Binary columns that hold hashes: they give nothing away and are looked up by.
HASHES = {"api_keys.fingerprint", "inbox.digest", "idempotency_keys.digest", "session_backups.digest"}
COLUMNS = [column for column in sealed_columns() if column.table.name != "key_canary"]


def test_every_binary_column_is_declared_as_sealed_or_known_to_be_a_hash(declared: MetaData) -> None:
    binary = {
        f"{table.name}.{column.name}"
        for table in declared.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    known = {str(column) for column in sealed_columns()} | HASHES
    assert binary <= known, f"declare these with storage.sealed beside their tables: {sorted(binary - known)}"
    assert binary >= HASHES
    assert len(COLUMNS) >= 10


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_swapped_rows_are_refused_and_their_neighbour_opens(
    column: SealedColumn, database: Database, ring: KeyRing
) -> None:
    key: KeyRing | DataKey = ring if column.by is SealedBy.RING else DataKey.generate()
    rows = sealed_rows(column, ring, 3)
    for number, row in enumerate(rows):
        row[column.column.name] = key.seal(b"secret %d" % number, column.place(row))  # type: ignore[arg-type]
    swapped = [rows[1][column.column.name], rows[0][column.column.name]]

    def work(tx: Tx) -> None:
        tx.execute(column.table.insert(), rows)
        for row, value in zip(rows, swapped, strict=False):
            same = and_(*(c == row[c.name] for c in column.table.primary_key.columns))
            tx.execute(update(column.table).where(same).values({column.column: value}))

    await database.write(work)
    first, second, third = await database.read(lambda tx: stored(tx, column))
    for row in (first, second):
        with pytest.raises(SealBroken):
            key.open(row[column.column.name], column.place(row))
    assert key.open(third[column.column.name], column.place(third)) == b"secret 2"
