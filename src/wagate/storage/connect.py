"""From a database URL to connections set up as we need them, and from a driver's error to what it means."""

import sqlite3
from enum import Enum, auto
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from wagate.core.errors import StartupError

_SQLITE_MAGIC = b"SQLite format 3\0"
#: How long one connection attempt may take, and so how late a 503 may be (libpq takes no less than 2).
_CONNECT_SECONDS = 2
_BUSY_SECONDS = 5


class Failure(Enum):
    """What a database error means to the job that met it."""

    #: The statement broke a rule of the schema, or is wrong: the job's own fault.
    REFUSED = auto()
    #: Another transaction won; the same job may succeed when run again.
    RETRY = auto()
    #: The connection is gone; whatever was not committed is not stored.
    LOST = auto()
    #: No room: nothing was written.
    FULL = auto()
    #: The disk or the file failed; a commit that met this may or may not have reached the disk.
    BROKEN = auto()


_SQLITE_FAILURES = {
    sqlite3.SQLITE_BUSY: Failure.RETRY,
    sqlite3.SQLITE_LOCKED: Failure.RETRY,
    sqlite3.SQLITE_FULL: Failure.FULL,
    sqlite3.SQLITE_READONLY: Failure.FULL,
    sqlite3.SQLITE_NOMEM: Failure.FULL,
    sqlite3.SQLITE_IOERR: Failure.BROKEN,
    sqlite3.SQLITE_CANTOPEN: Failure.BROKEN,
    sqlite3.SQLITE_CORRUPT: Failure.BROKEN,
    sqlite3.SQLITE_NOTADB: Failure.BROKEN,
    sqlite3.SQLITE_PROTOCOL: Failure.BROKEN,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_RETRY = frozenset({"40001", "40P01", "55P03"})
_POSTGRES_LOST_CLASSES = frozenset({"08", "57"})
_POSTGRES_FULL_CLASSES = frozenset({"53"})
_POSTGRES_BROKEN_CLASSES = frozenset({"58", "XX"})
#: A standby or a server set to read-only: nothing can be written, reconnecting may find the new primary.
_POSTGRES_READ_ONLY = "25006"


def classify(error: SQLAlchemyError) -> Failure:
    """What kind of failure this is."""
    if not isinstance(error, DBAPIError):
        return Failure.REFUSED
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return Failure.REFUSED if code is None else _SQLITE_FAILURES.get(code & 0xFF, Failure.REFUSED)
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated:
        return Failure.LOST
    if state is None:
        # libpq reports what never reached the server (refused, timed out) without a state.
        return Failure.LOST if type(error).__name__ == "OperationalError" else Failure.REFUSED
    if state in _POSTGRES_RETRY:
        return Failure.RETRY
    if state == _POSTGRES_READ_ONLY or state[:2] in _POSTGRES_LOST_CLASSES:
        return Failure.LOST
    if state[:2] in _POSTGRES_FULL_CLASSES:
        return Failure.FULL
    if state[:2] in _POSTGRES_BROKEN_CLASSES:
        return Failure.BROKEN
    return Failure.REFUSED


def describe(error: SQLAlchemyError) -> str:
    """One line of what the driver said, without statement and parameters, which hold people's data."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def parse_url(url: str) -> URL:
    """Read a database URL.

    :raises StartupError: if it is neither SQLite in a file nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StartupError("the database URL cannot be read", hint="sqlite:///file.db or postgresql://…") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StartupError(
        "the database is neither an SQLite file nor PostgreSQL", hint="sqlite:///file.db or postgresql://…"
    )


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database, ``None`` for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def writer_engine(url: str, *, set_up: bool = True) -> Engine:
    """An engine for the one writing connection; without ``set_up`` an SQLite file is not switched to WAL yet.

    :raises StartupError: if the URL can't be used, or the SQLite file is something else; nothing is touched then.
    """
    parsed = parse_url(url)
    path = sqlite_path(parsed)
    if path is None:
        return _postgres_engine(parsed, poolclass=NullPool)
    refuse_foreign_file(path)
    engine = create_engine(parsed, poolclass=NullPool, connect_args=_sqlite_arguments())
    if set_up:
        event.listen(engine, "connect", _set_up_sqlite_writer)
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "connect", _set_up_sqlite_reader)
        event.listen(engine, "begin", _begin)
    return engine


def reader_engine(url: str, readers: int) -> Engine:
    """An engine whose connections can't write, one per reader."""
    parsed = parse_url(url)
    if sqlite_path(parsed) is None:
        engine = _postgres_engine(parsed, poolclass=QueuePool, pool_size=readers, max_overflow=0)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    engine = create_engine(
        parsed, poolclass=QueuePool, pool_size=readers, max_overflow=0, connect_args=_sqlite_arguments()
    )
    event.listen(engine, "connect", _set_up_sqlite_reader)
    event.listen(engine, "begin", _begin)
    return engine


def refuse_foreign_file(path: Path) -> None:
    """Look at an SQLite file without opening it as a database.

    :raises StartupError: if it exists and is no SQLite database, or its folder is missing.
    """
    if not path.parent.is_dir():
        raise StartupError(f"the database's folder {path.parent} does not exist")
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StartupError(f"the database {path} cannot be read: {error.strerror}") from error
    if head and head != _SQLITE_MAGIC:
        raise StartupError(f"{path} is not an SQLite database; it was left as it is")


def _sqlite_arguments() -> dict[str, Any]:
    # Connections are used by one thread at a time but closed by another. Transactions are begun by us, explicitly:
    # the driver's own rules leave a SELECT outside.
    return {"check_same_thread": False, "timeout": _BUSY_SECONDS, "isolation_level": None}


def _set_up_sqlite_writer(connection: sqlite3.Connection, _record: object) -> None:
    # The first pragma reads the file: a damaged one fails here, before WAL mode changes its header.
    connection.execute("PRAGMA schema_version").fetchone()
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Bounds the log file after a burst; it would keep its largest size for ever.
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA cache_size = -16384")


def _set_up_sqlite_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: Connection) -> None:
    _begin_with(connection, "BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    _begin_with(connection, "BEGIN")


def _begin_with(connection: Connection, statement: str) -> None:
    # Straight to the driver: as one of SQLAlchemy's statements it would cost as much as the first query after it.
    try:
        connection.connection.cursor().execute(statement)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect) from error


def _postgres_engine(url: URL, **pool: Any) -> Engine:
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "wagate",
        # A server that vanished without a word is noticed after 10 s and not after two hours.
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
    }
    try:
        # Without it psycopg says -1 after an INSERT, and nobody can tell a row that was stored from one ignored.
        rows_counted = {"preserve_rowcount": True}
        engine = create_engine(url, connect_args=arguments, execution_options=rows_counted, **pool)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StartupError(
            "PostgreSQL is not supported by this installation", hint="pip install 'wagate[postgres]'"
        ) from None
    event.listen(engine, "connect", _set_up_postgres)
    return engine


def _set_up_postgres(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        # A lock that another process forgot would stop every write of this one. A server configured to acknowledge
        # commits before they are on the disk is overruled: what we answer must be true.
        cursor.execute(
            "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'; "
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()
