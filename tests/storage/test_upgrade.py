"""While an upgrade rolls, the former version goes on running on the new schema: what it says must still be understood.

``former/`` holds the statements of the last released version, as its own tests ran them on each database (see
``recording.py``). After all migrations, both databases must still take every one of them, and no row that it inserts
may lack a column. What the statements *mean* is not tested here: a migration that keeps a column and changes what
stands in it is for its author to think about.

At a release, and only then, they are recorded anew::

    rm tests/storage/former/*.sql
    RECORD_STATEMENTS=tests/storage/former python -m pytest -p tests.storage.recording tests/accounts tests/events \
        tests/sessions tests/messages tests/media tests/history tests/webhooks tests/realtime tests/worker \
        tests/engine/test_store.py
"""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Inspector, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.storage.recording import one_line
from wagate.storage import schema
from wagate.storage.connect import writer_engine

FORMER = Path(__file__).parent / "former"
_PARAMETER = re.compile(r"%\((\w+)\)s")
_INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]+)\)")


@pytest.fixture
def migrated(database_url: str) -> Iterator[Connection]:
    """A database after all migrations."""
    import asyncio

    asyncio.run(schema.migrate(database_url))
    engine = writer_engine(database_url)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def statements(connection: Connection) -> list[str]:
    return (FORMER / f"{connection.dialect.name}.sql").read_text().splitlines()


def misunderstood(connection: Connection) -> list[str]:
    """The former version's statements that this database would not run, with its reasons."""
    found = []
    for statement in statements(connection):
        try:
            with connection.begin_nested():
                _prepare(connection, statement)
        except (DBAPIError, sqlite3.Error) as error:
            found.append(f"{str(error).splitlines()[0]}: {statement[:200]}")
    return found


def _prepare(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite":
        # EXPLAIN compiles it and runs nothing.
        connection.exec_driver_sql(f"EXPLAIN {statement}", (None,) * statement.count("?"))
        return
    numbers: dict[str, int] = {}

    def numbered(parameter: re.Match[str]) -> str:
        return f"${numbers.setdefault(parameter[1], len(numbers) + 1)}"

    prepared = _PARAMETER.sub(numbered, statement).replace("%%", "%")
    connection.execute(text(f"PREPARE former AS {prepared}".replace(":", "\\:")))
    connection.execute(text("DEALLOCATE former"))


def lacking(inspector: Inspector, former: list[str]) -> list[str]:
    """Columns that must have a value and that no row of the former version would give one."""
    found = []
    for table, named in sorted({match.groups() for statement in former if (match := _INSERT.match(statement))}):
        given = {name.strip(' "') for name in named.split(",")}
        by_itself = set(inspector.get_pk_constraint(table)["constrained_columns"])
        found += [
            f"{table}.{column['name']}"
            for column in inspector.get_columns(table)
            if not column["nullable"] and column["default"] is None and column["name"] not in given | by_itself
        ]
    return found


def test_the_former_version_is_understood_after_all_migrations(migrated: Connection) -> None:
    assert len(statements(migrated)) > 100
    assert misunderstood(migrated) == []


def test_no_row_of_the_former_version_lacks_a_column(migrated: Connection) -> None:
    assert lacking(inspect(migrated), statements(migrated)) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE messages RENAME COLUMN chat_lid TO lid_of_chat",
        "ALTER TABLE webhook_replays DROP COLUMN until_seq",
        "DROP TABLE idempotency_keys",
        "ALTER TABLE sessions RENAME TO devices",
    ],
)
def test_a_change_that_the_former_version_would_trip_over_is_seen(migrated: Connection, change: str) -> None:
    migrated.execute(text(change))
    assert misunderstood(migrated)


def test_a_new_column_that_must_have_a_value_is_seen(migrated: Connection) -> None:
    columns = "id VARCHAR PRIMARY KEY, name VARCHAR, size INTEGER NOT NULL, n INTEGER NOT NULL DEFAULT 1"
    migrated.execute(text(f"CREATE TABLE things ({columns})"))
    former = ["INSERT INTO things (id, name) VALUES (?, ?)"]
    assert lacking(inspect(migrated), former) == ["things.size"]


def test_a_recorded_statement_is_the_same_however_long_its_lists_were() -> None:
    assert one_line("SELECT a\nFROM t WHERE a IN (?, ?, ?) AND b = ?") == "SELECT a FROM t WHERE a IN (?) AND b = ?"
    one = one_line("SELECT a FROM t WHERE a IN (%(a_1_1)s::VARCHAR, %(a_1_2)s::VARCHAR)")
    assert one == "SELECT a FROM t WHERE a IN (%(a_1_1)s::VARCHAR)"
