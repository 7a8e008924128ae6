"""What callers are told when the database breaks, and that nothing unstored is ever acknowledged."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, make_url, text

from tests.storage.tables import add, count, notes, numbers
from wagate.core.clock import SystemClock
from wagate.core.errors import StartupError
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable

PROGRAM = """
import asyncio, resource, sys
from sqlalchemy import insert
from tests.storage.tables import add, notes
from wagate.core.logging import configure_logging
from wagate.storage.database import Database
from wagate.storage.errors import StorageUnavailable

async def main(url):
    configure_logging("error", "json")
    database = await Database.open(url)
    await database.write(lambda tx: notes.metadata.create_all(tx.connection))
    {body}

asyncio.run(main(sys.argv[1]))
"""


# -- SQLite ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    database = await Database.open(sqlite_url)
    await database.write(lambda tx: notes.metadata.create_all(tx.connection))
    yield database
    await database.close()


async def test_sqlite_is_set_to_lose_nothing(sqlite: Database) -> None:
    def pragmas(tx: Tx) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    full = 2
    assert await sqlite.write(pragmas) == ["wal", full, 1]


async def test_a_full_disk_stores_nothing_acknowledges_nothing_and_passes(sqlite: Database) -> None:
    def limit(pages: int) -> Any:
        return lambda tx: tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar()

    used = await sqlite.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    await sqlite.write(limit(used + 4))
    large = "x" * 2000
    results = await asyncio.gather(*(sqlite.write(add(n, large)) for n in range(40)), return_exceptions=True)
    stored = [each for each in results if isinstance(each, int)]
    refused = [each for each in results if not isinstance(each, int)]
    assert stored and refused
    assert {type(each) for each in refused} == {StorageUnavailable}
    assert await sqlite.read(numbers) == stored
    await sqlite.write(limit(10_000))
    assert await sqlite.write(add(1000, large)) == 1000


async def test_a_write_that_fails_in_the_file_system_is_never_acknowledged(sqlite_url: str) -> None:
    # A limit on file sizes makes the kernel refuse the log's next page in the middle of a commit.
    body = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    for number in range(200):
        try:
            await database.write(add(number, "x" * 3000))
            print("stored", number)
        except StorageUnavailable as error:
            print(type(error).__name__)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await database.write(add(1000))
    print("stored", 1000)
    await database.close()
    """
    said = await run(body, sqlite_url)
    acknowledged = [int(line.split()[1]) for line in said if line.startswith("stored")]
    assert 1 < len(acknowledged) < 200
    assert acknowledged[-1] == 1000
    assert set(said) - {f"stored {n}" for n in acknowledged} <= {"OutcomeUnknown", "StorageUnavailable"}
    database = await Database.open(sqlite_url)
    assert set(acknowledged) <= set(await database.read(numbers))
    await database.close()


async def test_what_was_acknowledged_survives_a_kill(sqlite_url: str) -> None:
    body = """
    async def client(first):
        for number in range(first, 10**9, 16):
            await database.write(add(number))
            print("stored", number, flush=True)
    await asyncio.gather(*(client(first) for first in range(16)))
    """
    process = await start(body, sqlite_url)
    assert process.stdout is not None
    said = b"".join([await process.stdout.readline() for _ in range(500)])
    os.kill(process.pid, signal.SIGKILL)
    said += await process.stdout.read()
    await process.wait()
    whole_lines = said.split(b"\n")[:-1]
    acknowledged = {int(line.removeprefix(b"stored ")) for line in whole_lines}
    database = await Database.open(sqlite_url)
    stored = set(await database.read(numbers))
    await database.close()
    assert len(acknowledged) >= 500
    assert acknowledged <= stored


@pytest.mark.parametrize(
    "content",
    [b"this is no database", b"SQLite format 3\0" + b"\xff" * 4096, b"SQLite"],
    ids=["text", "damaged", "cut short"],
)
async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wagate.db"
    path.write_bytes(content)
    with pytest.raises(StartupError, match="database") as refused:
        await Database.open(f"sqlite:///{path}")
    assert "\n" not in refused.value.detail
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["wagate.db"]


async def test_a_damaged_page_is_reported_and_does_not_stop_the_rest(sqlite_url: str, sqlite: Database) -> None:
    await asyncio.gather(*(sqlite.write(add(n, "x" * 1000)) for n in range(200)))
    await sqlite.close()
    path = Path(make_url(sqlite_url).database or "")
    content = bytearray(path.read_bytes())
    assert len(content) > 20 * 4096
    content[10 * 4096 : 11 * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    database = await Database.open(sqlite_url)
    with pytest.raises(StorageUnavailable, match="malformed"):
        await database.read(lambda tx: tx.execute(text("SELECT sum(length(text)) FROM notes")).scalar())
    assert await database.read(lambda tx: tx.execute(text("SELECT 1")).scalar()) == 1
    await database.close()


async def test_another_process_holding_the_lock_is_waited_for(sqlite_url: str, sqlite: Database) -> None:
    other = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(sqlite.write(add(1)))
    assert await sqlite.read(count) == 0
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    assert await writing == 1


# -- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "neither an SQLite file nor PostgreSQL"),
        ("sqlite:///:memory:", "neither an SQLite file nor PostgreSQL"),
        ("mysql://u:hush@h/d", "neither an SQLite file nor PostgreSQL"),
        ("what is this", "cannot be read"),
        ("sqlite:////nowhere/at/all/wagate.db", "does not exist"),
        ("postgresql://ada:hush@/wagate?host=/nowhere", "cannot be opened"),
        ("postgresql://ada:hush@127.0.0.1:1/wagate", "cannot be opened"),
    ],
)
async def test_a_database_that_cannot_be_opened_is_said_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(StartupError, match=sentence) as refused:
        await Database.open(url)
    assert "\n" not in refused.value.detail
    assert "hush" not in refused.value.detail + refused.value.hint


# -- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgres_url)
    await database.write(lambda tx: notes.metadata.create_all(tx.connection))
    yield database
    await database.close()


KILL_ME = text("SELECT pg_terminate_backend(pg_backend_pid())")


def cut_all(url: str, *, allow_new: bool) -> None:
    """End every connection to this database, as a restart of the server does."""
    name = make_url(url).database
    admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allow_new}"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
    admin.dispose()


@pytest.mark.postgres
async def test_connections_cut_between_writes_are_replaced_unnoticed(postgres: Database, postgres_url: str) -> None:
    await asyncio.gather(*(postgres.read(count) for _ in range(8)))
    await postgres.write(add(1))
    await asyncio.to_thread(cut_all, postgres_url, allow_new=True)
    assert await postgres.write(add(2)) == 2
    assert await postgres.read(numbers) == [1, 2]


@pytest.mark.postgres
async def test_a_server_that_is_away_is_answered_with_503_and_taken_back(postgres: Database, postgres_url: str) -> None:
    await postgres.write(add(1))
    await asyncio.to_thread(cut_all, postgres_url, allow_new=False)
    results = await asyncio.gather(*(postgres.write(add(n)) for n in range(2, 30)), return_exceptions=True)
    assert {type(each) for each in results} == {StorageUnavailable}
    assert {(each.status, each.retry_after, each.certain) for each in results} == {(503, 1, True)}  # type: ignore[union-attr]
    with pytest.raises(StorageUnavailable):
        await postgres.read(count)
    await asyncio.to_thread(cut_all, postgres_url, allow_new=True)
    assert await postgres.write(add(2)) == 2
    assert await postgres.read(numbers) == [1, 2]


@pytest.mark.postgres
async def test_a_job_that_loses_its_connection_is_run_again(postgres: Database) -> None:
    runs: list[int] = []

    def work(tx: Tx) -> int:
        runs.append(1)
        tx.execute(insert(notes), {"id": 1, "text": "x"})
        if len(runs) == 1:
            tx.execute(KILL_ME)
        return len(runs)

    assert await postgres.write(work) == 2
    assert await postgres.read(numbers) == [1]


@pytest.mark.postgres
async def test_a_connection_that_is_lost_when_a_job_asks_for_the_time_is_as_any_other(
    postgres: Database, postgres_url: str
) -> None:
    runs: list[int] = []

    def work(tx: Tx) -> int:
        runs.append(1)
        if len(runs) == 1:
            cut_all(postgres_url, allow_new=True)
        database_now(tx, SystemClock())
        tx.execute(insert(notes), {"id": 1, "text": "x"})
        return len(runs)

    assert await postgres.write(work) == 2
    assert await postgres.read(numbers) == [1]


@pytest.mark.postgres
async def test_a_job_that_always_kills_the_server_side_fails_and_its_neighbours_are_stored(postgres: Database) -> None:
    def kill(tx: Tx) -> None:
        tx.execute(KILL_ME)

    jobs = [postgres.write(job) for job in (add(1), kill, add(2))]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(each) for each in results] == [int, StorageUnavailable, int]
    assert await postgres.read(numbers) == [1, 2]


@pytest.mark.postgres
async def test_a_connection_lost_during_the_commit_is_reported_as_unknown(postgres: Database) -> None:
    for statement in (
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW WHEN (NEW.text = 'cut') EXECUTE FUNCTION cut()",
    ):
        await postgres.write(lambda tx, statement=statement: tx.execute(text(statement)).rowcount)  # type: ignore[misc]
    heard: list[str] = []

    def work(tx: Tx) -> None:
        tx.execute(insert(notes), {"id": 1, "text": "cut"})
        tx.after_commit(lambda: heard.append("told"))

    with pytest.raises(OutcomeUnknown) as unknown:
        await postgres.write(work)
    assert (unknown.value.status, unknown.value.certain) == (503, False)
    assert heard == []
    assert await postgres.write(add(2)) == 2


@pytest.mark.postgres
async def test_a_rule_checked_at_commit_fails_only_the_job_that_broke_it(postgres: Database) -> None:
    await postgres.write(
        lambda tx: (
            tx.execute(
                text(
                    "CREATE TABLE replies (id INTEGER PRIMARY KEY, "
                    "note INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"
                )
            ).rowcount
        )
    )

    def reply(number: int, note: int) -> Any:
        return lambda tx: tx.execute(text(f"INSERT INTO replies VALUES ({number}, {note})")).rowcount  # noqa: S608

    jobs = [add(1), reply(1, 1), reply(2, 404), add(2), reply(3, 2)]
    results = await asyncio.gather(*(postgres.write(job) for job in jobs), return_exceptions=True)
    assert [type(each).__name__ for each in results] == ["int", "int", "IntegrityError", "int", "int"]
    assert await postgres.read(numbers) == [1, 2]


@pytest.mark.postgres
async def test_a_job_that_lost_to_another_transaction_is_run_again(postgres: Database) -> None:
    # A sequence is not rolled back, so this conflict happens exactly once.
    for statement in (
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION conflict_once() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN IF nextval('tries') = 1 THEN RAISE SQLSTATE '40001'; END IF; END $$",
    ):
        await postgres.write(lambda tx, statement=statement: tx.execute(text(statement)).rowcount)  # type: ignore[misc]

    def work(tx: Tx) -> str:
        tx.execute(insert(notes), {"id": 1, "text": "x"})
        tx.execute(text("SELECT conflict_once()"))
        return "stored"

    assert await postgres.write(work) == "stored"
    assert await postgres.read(numbers) == [1]


@pytest.mark.postgres
async def test_a_server_that_would_acknowledge_too_early_is_overruled(postgres_url: str) -> None:
    name = make_url(postgres_url).database
    admin = create_engine(make_url(postgres_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    admin.dispose()
    database = await Database.open(postgres_url)
    assert await database.write(lambda tx: tx.execute(text("SHOW synchronous_commit")).scalar()) == "on"
    await database.close()


# -- programs that are made to fail ---------------------------------------------------------------------------------


async def start(body: str, url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM.format(body=body.strip()),
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )


async def run(body: str, url: str) -> list[str]:
    process = await start(body, url)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().splitlines()
