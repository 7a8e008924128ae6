"""The migrations build exactly the tables that the code declares, and no database is damaged on the way."""

import asyncio
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, column, inspect, select, table, text, update

from wagate.core.errors import StartupError
from wagate.storage import schema
from wagate.storage.connect import parse_url, sqlite_path, writer_engine
from wagate.storage.database import metadata

T = TypeVar("T")

version_table = table(schema.VERSION_TABLE, column("version_num"))


def on(url: str, work: Callable[[Connection], T]) -> T:
    engine = writer_engine(url)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={"compare_server_default": True, "include_name": lambda name, kind, parent: name != schema.VERSION_TABLE},
    )
    return list(compare_metadata(context, metadata))


async def test_migrations_build_what_the_code_declares(database_url: str, declared: MetaData) -> None:
    assert len(declared.tables) > 1
    await schema.migrate(database_url)
    assert on(database_url, differences) == []


async def test_the_comparison_sees_a_missing_table_and_column(database_url: str, declared: MetaData) -> None:
    on(database_url, declared.create_all)
    assert on(database_url, differences) == []
    on(database_url, lambda connection: connection.execute(text("ALTER TABLE key_canary DROP COLUMN sealed")))
    assert len(on(database_url, differences)) == 1
    on(database_url, lambda connection: connection.execute(text("DROP TABLE key_canary")))
    assert len(on(database_url, differences)) == 1


async def test_a_current_database_is_not_touched_and_needs_no_alembic(sqlite_url: str) -> None:
    await schema.migrate(sqlite_url)
    before = fingerprint(sqlite_url)
    program = (
        "import asyncio, sys\n"
        "from wagate.storage.schema import migrate\n"
        f"asyncio.run(migrate({sqlite_url!r}))\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0
    assert fingerprint(sqlite_url) == before


async def test_a_failed_migration_leaves_nothing_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    real = op.create_table
    made: list[str] = []

    def create_table(name: str, *rest: Any, **options: Any) -> Table:
        made.append(name)
        if len(made) == 3:
            raise RuntimeError("power cut")
        return real(name, *rest, **options)

    monkeypatch.setattr(op, "create_table", create_table)
    with pytest.raises(RuntimeError, match="power cut"):
        await schema.migrate(database_url)
    assert on(database_url, lambda connection: inspect(connection).get_table_names()) == []


@pytest.mark.postgres
async def test_two_gateways_may_start_on_one_new_database(postgres_url: str) -> None:
    program = f"import asyncio; from wagate.storage.schema import migrate; asyncio.run(migrate({postgres_url!r}))"
    starting = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(3)]
    assert [await process.wait() for process in starting] == [0, 0, 0]
    await schema.check_version(postgres_url)


async def test_a_database_from_a_newer_wagate_is_refused_and_left_alone(database_url: str) -> None:
    await schema.migrate(database_url)
    on(database_url, lambda connection: connection.execute(update(version_table).values(version_num="9999")).rowcount)
    for refuse in (schema.migrate, schema.check_version):
        with pytest.raises(schema.NewerDatabase, match="version 9999, made by a newer wagate"):
            await refuse(database_url)
    assert on(database_url, lambda connection: connection.execute(select(version_table)).scalar_one()) == "9999"


async def test_a_database_of_something_else_is_refused_and_left_alone(database_url: str) -> None:
    on(database_url, lambda connection: connection.execute(text("CREATE TABLE invoices (id INTEGER)")))
    for refuse in (schema.migrate, schema.check_version):
        with pytest.raises(schema.ForeignDatabase, match="not wagate's"):
            await refuse(database_url)
    assert on(database_url, lambda connection: inspect(connection).get_table_names()) == ["invoices"]


async def test_check_version_refuses_an_empty_database_and_makes_nothing(sqlite_url: str) -> None:
    with pytest.raises(StartupError, match="version none"):
        await schema.check_version(sqlite_url)
    path = sqlite_path(parse_url(sqlite_url))
    assert path is not None
    assert not path.exists()


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 4096])
async def test_a_damaged_file_is_refused_in_one_sentence_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wagate.db"
    path.write_bytes(content)
    with pytest.raises(StartupError) as refused:
        await schema.migrate(f"sqlite:///{path}")
    assert "\n" not in refused.value.detail
    assert path.read_bytes() == content


def fingerprint(url: str) -> str:
    path = sqlite_path(parse_url(url))
    assert path is not None
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_sessions_from_before_there_was_a_choice_stay_on_the_engine_that_has_their_keys(
    database_url: str,
) -> None:
    from alembic import command

    on(database_url, lambda connection: command.upgrade(schema.alembic_config(connection), "0001"))
    session = (
        "INSERT INTO sessions (id, account_id, name, metadata, status, since, desired, reconnect_asked, push_name,"
        " epoch, created_at, updated_at) VALUES (:id, 'acc', 'x', '{}', 'connected', 0, 'connected', :no, '', 1, 0, 0)"
    )
    key = "INSERT INTO signal_keys (session_id, kind, key, value) VALUES (:id, :kind, '', :value)"

    def fill(connection: Connection) -> None:
        for name in ("fresh", "baileys", "native"):
            connection.execute(text(session), {"id": name, "no": False})
        for name, kind in (("baileys", "creds"), ("native", "native/device"), ("native", "native/lid")):
            connection.execute(text(key), {"id": name, "kind": kind, "value": b"sealed"})

    on(database_url, fill)
    await schema.migrate(database_url)

    rows = on(
        database_url, lambda connection: connection.execute(text("SELECT id, engine, status FROM sessions")).all()
    )
    assert {(row.id, row.engine, row.status) for row in rows} == {
        ("fresh", "baileys", "connected"),
        ("baileys", "baileys", "connected"),
        ("native", "native", "connected"),
    }
