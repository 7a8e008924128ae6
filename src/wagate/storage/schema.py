"""The version of the database's tables, and bringing it up to date.

The version is the number of the last migration applied, kept in the one-row table ``wagate_version`` and read by plain
SQL: Alembic is imported only to change something. A migration is one transaction on both databases, so a database is
at one version or the next and never between.

A database that holds anything else, or comes from a newer wagate, is refused and left as it is.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from wagate.core.errors import StartupError
from wagate.storage.connect import describe, parse_url, sqlite_path, writer_engine
from wagate.storage.database import metadata

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "wagate_version"
#: Any number, as long as nothing else on the server uses it: "wagate" in ASCII.
_ADVISORY_LOCK = int.from_bytes(b"wagate", "big")
_REVISION_FILE = re.compile(r"(\d{4})_\w+\.py\Z")


class NewerDatabase(StartupError):
    """The database was made by a newer wagate."""

    code = "database_newer"


class ForeignDatabase(StartupError):
    """The database is not wagate's."""

    code = "database_foreign"


def revisions() -> list[str]:
    """The migrations that this wagate knows, oldest first."""
    return sorted(
        match[1] for path in (MIGRATIONS / "versions").iterdir() if (match := _REVISION_FILE.match(path.name))
    )


async def migrate(url: str) -> None:
    """Bring the database up to date: a new one gets all tables, a current one is only looked at.

    :raises StartupError: if it can't be opened, is not wagate's (:class:`ForeignDatabase`) or comes from a newer one
        (:class:`NewerDatabase`); it is left as it is.
    """
    await asyncio.to_thread(_migrate, url)


async def check_version(url: str) -> None:
    """Make sure that the database is up to date, without changing it.

    :raises StartupError: if it is not, or as :func:`migrate`.
    """
    stored = await stored_version(url)
    known = revisions()
    if stored != known[-1]:
        raise StartupError(
            f"the database is at version {stored or 'none'} and this wagate needs {known[-1]}",
            hint="start `wagate up` or `wagate gateway` first; they bring the database up to date",
        )


async def stored_version(url: str) -> str | None:
    """The version of the database, ``None`` for an empty one. Changes nothing.

    :raises StartupError: if it can't be opened, is not wagate's or comes from a newer one.
    """
    return await asyncio.to_thread(_look, url)


def _look(url: str) -> str | None:
    path = sqlite_path(parse_url(url))
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        return None
    engine = writer_engine(url, set_up=False)
    try:
        with engine.connect() as connection:
            return _stored_version(connection)
    except DBAPIError as error:
        raise StartupError(f"the database cannot be opened: {describe(error)}") from error
    finally:
        engine.dispose()


def _migrate(url: str) -> None:
    known = revisions()
    stored = _look(url)
    if stored == known[-1]:
        return
    engine = writer_engine(url)
    try:
        _upgrade(engine, known)
    except DBAPIError as error:
        raise StartupError(f"the database cannot be brought up to date: {describe(error)}") from error
    finally:
        engine.dispose()


def _upgrade(engine: Engine, known: list[str]) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Another gateway may be starting on the same database; the second one finds the work done.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        stored = _stored_version(connection)
        if stored != known[-1]:
            from alembic import command

            command.upgrade(alembic_config(connection), "head")


def _stored_version(connection: Connection) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        if tables:
            raise ForeignDatabase("the database holds tables that are not wagate's; it was left as it is")
        return None
    version = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    if version is None:
        return None
    known = revisions()
    if version in known:
        return str(version)
    if version.isdigit() and len(version) == 4:
        newest = known[-1]
        raise NewerDatabase(
            f"the database is at version {version}, made by a newer wagate; this one knows up to {newest}",
            hint="use that version again; the database was left as it is",
        )
    raise ForeignDatabase(f"the table {VERSION_TABLE} is not wagate's; the database was left as it is")


def alembic_config(connection: Connection) -> Any:
    """The configuration with which Alembic's commands work on ``connection``, within its transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["wagate"] = {
        "connection": connection,
        "target_metadata": metadata,
        "version_table": VERSION_TABLE,
        # Alembic believes that SQLite can't; it can when the driver is kept from committing by itself.
        "transactional_ddl": True,
        "render_as_batch": True,
        "render_item": _render_item,
        "compare_server_default": True,
    }
    return config


def _render_item(kind: str, item: object, _context: object) -> str | bool:
    # A migration says what was in the database then, not what a class of ours means now.
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False
