"""A table of the storage tests' own, and the jobs they run on it."""

from collections.abc import Callable

from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select

from wagate.storage.database import Tx

notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", String, nullable=False))


def add(number: int, body: str = "x") -> Callable[[Tx], int]:
    """Insert one row; fails if there is one with this number."""

    def work(tx: Tx) -> int:
        tx.execute(insert(notes), {"id": number, "text": body})
        return number

    return work


def count(tx: Tx) -> int:
    return int(tx.execute(select(func.count()).select_from(notes)).scalar_one())


def numbers(tx: Tx) -> list[int]:
    return [row.id for row in tx.execute(select(notes.c.id).order_by(notes.c.id))]
