"""Whoever waits for an answer is told that the database says nothing; everybody else waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, make_url, select, text

from tests.chaos.relay import Relay, to_port, to_socket
from wagate.storage import silence
from wagate.storage.database import Database, Tx
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.storage.silence import answering

pytestmark = pytest.mark.postgres

notes = Table("silence_notes", MetaData(), Column("number", Integer, primary_key=True))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "_NOTICE_SECONDS", 0.05)


@dataclass(frozen=True)
class Line:
    database: Database
    relay: Relay


@pytest.fixture
async def line(postgres_url: str) -> AsyncIterator[Line]:
    """A database at the end of a line that can be held."""
    url = make_url(postgres_url)
    socket = url.query.get("host")
    port = int(url.port or 5432)
    relay = Relay(to_socket(f"{socket}/.s.PGSQL.{port}") if socket else to_port(url.host or "localhost", port))
    await relay.start()
    there = url.set(host="127.0.0.1", port=relay.port, query={})
    database = await Database.open(there.render_as_string(hide_password=False))
    await database.write(lambda tx: notes.create(tx.connection))
    # Both kinds of connection stand before the line falls silent.
    await database.ping()
    yield Line(database, relay)
    await relay.restore()
    await database.close()
    await relay.stop()


def noted(number: int) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        tx.execute(insert(notes).values(number=number))

    return work


async def numbers(database: Database) -> list[int]:
    return await database.read(lambda tx: list(tx.execute(select(notes.c.number).order_by("number")).scalars()))


async def test_reads_and_writes_for_an_answer_are_given_up_and_what_had_not_begun_never_happens(line: Line) -> None:
    line.relay.hold()
    begun = threading.Event()

    def slow(tx: Tx) -> None:
        begun.set()
        noted(1)(tx)

    with answering():
        first = asyncio.create_task(line.database.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.create_task(line.database.write(noted(2)))
        read = asyncio.create_task(numbers(line.database))
    found = await asyncio.gather(first, second, read, return_exceptions=True)
    assert [type(error) for error in found] == [OutcomeUnknown, StorageUnavailable, StorageUnavailable]
    await line.relay.restore()
    await line.database.write(noted(3))
    assert await numbers(line.database) == [1, 3]


async def test_sessions_and_jobs_wait_until_the_database_speaks_again(line: Line) -> None:
    line.relay.hold()
    waiting = [asyncio.create_task(line.database.write(noted(number))) for number in (1, 2)]
    with answering(), pytest.raises(StorageUnavailable):
        await numbers(line.database)
    assert not any(task.done() for task in waiting)
    await line.relay.restore()
    await asyncio.gather(*waiting)
    assert await numbers(line.database) == [1, 2]


async def test_a_slow_answer_is_no_silence(line: Line) -> None:
    with answering():
        await line.database.read(lambda tx: tx.connection.execute(text("SELECT pg_sleep(0.3)")))
        await line.database.write(lambda tx: tx.connection.execute(text("SELECT pg_sleep(0.3)")))


async def test_who_is_cancelled_while_waiting_leaves_the_write_to_happen(line: Line) -> None:
    line.relay.hold()
    with answering():
        task = asyncio.create_task(line.database.write(noted(1)))
    await asyncio.sleep(0)
    task.cancel()
    await line.relay.restore()
    await line.database.write(noted(2))
    assert await numbers(line.database) == [1, 2]
