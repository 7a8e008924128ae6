"""What Database promises, on both databases."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from wagate.storage.database import Database, Tx

notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", String, nullable=False))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    await database.write(lambda tx: notes.metadata.create_all(tx.connection))
    yield database
    await database.close()


def add(number: int, body: str = "x") -> Callable[[Tx], int]:
    def work(tx: Tx) -> int:
        tx.execute(insert(notes), {"id": number, "text": body})
        return number

    return work


def count(tx: Tx) -> int:
    return int(tx.execute(select(func.count()).select_from(notes)).scalar_one())


def numbers(tx: Tx) -> list[int]:
    return [row.id for row in tx.execute(select(notes.c.id).order_by(notes.c.id))]


async def test_a_write_returns_what_work_returned_and_is_seen_by_the_next_read(db: Database) -> None:
    assert await db.write(add(7)) == 7
    assert await db.read(numbers) == [7]


async def test_writes_that_queue_up_share_commits(db: Database) -> None:
    threads_blocked = threading.Event()
    seen: list[int] = []

    def wait(tx: Tx) -> None:
        threads_blocked.wait(5)

    async def one(number: int) -> None:
        await db.write(add(number))
        seen.append(number)

    first = asyncio.create_task(db.write(wait))
    others = [asyncio.create_task(one(number)) for number in range(100)]
    await asyncio.sleep(0)
    threads_blocked.set()
    await asyncio.gather(first, *others)
    assert seen == list(range(100))
    assert await db.read(count) == 100


async def test_a_failing_job_fails_alone_and_the_others_of_its_group_are_stored(db: Database) -> None:
    await db.write(add(5))
    results = await asyncio.gather(*(db.write(add(n)) for n in range(10)), return_exceptions=True)
    assert isinstance(results[5], IntegrityError)
    assert [r for r in results if not isinstance(r, BaseException)] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert await db.read(numbers) == list(range(10))
