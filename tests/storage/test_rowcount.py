"""An INSERT says whether it stored its row, on both databases."""

from sqlalchemy import Column, MetaData, String, Table

from wagate.storage.database import Database, Tx
from wagate.storage.dialect import insert_or_ignore

names = Table("rowcount_names", MetaData(), Column("name", String, primary_key=True))


async def test_an_ignored_insert_counts_no_row_and_a_stored_one_counts_one(database: Database) -> None:
    def add(tx: Tx, name: str) -> int:
        return tx.execute(insert_or_ignore(names).values(name=name)).rowcount

    await database.write(lambda tx: names.create(tx.connection))
    assert await database.write(lambda tx: add(tx, "a")) == 1
    assert await database.write(lambda tx: add(tx, "a")) == 0
    assert await database.write(lambda tx: add(tx, "b")) == 1
