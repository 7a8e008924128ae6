"""An open database with one small table, independent of every feature."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from tests.storage.tables import notes
from wagate.storage.database import Database, Tx

T = TypeVar("T")
Together = Callable[[Sequence[Callable[[Tx], object]]], Awaitable[list[object]]]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    await database.write(lambda tx: notes.metadata.create_all(tx.connection))
    yield database
    await database.close()


@pytest.fixture
def together(db: Database) -> Together:
    """Runs jobs as one group: the writer is held up until all of them are queued."""

    async def run(jobs: Sequence[Callable[[Tx], object]]) -> list[object]:
        queued = threading.Event()
        holding = asyncio.ensure_future(db.write(lambda _tx: queued.wait(10)))
        results = asyncio.gather(*(db.write(job) for job in jobs), return_exceptions=True)
        for _ in range(3):
            await asyncio.sleep(0)
        queued.set()
        await holding
        return list(await results)

    return run
