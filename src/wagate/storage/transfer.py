"""Copying an SQLite database into an empty PostgreSQL: all tables, in one transaction, compared before it commits.

Cut short, it leaves the target as empty as it was. The two know the same tables, being at the same version; they are
read from the target, so that nothing depends on which features this program has loaded.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Boolean, Connection, Engine, LargeBinary, MetaData, String, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from wagate.core.errors import StartupError
from wagate.storage.connect import describe, writer_engine
from wagate.storage.moves import unfinished_move
from wagate.storage.schema import VERSION_TABLE

#: Rows between two words on the progress.
_STEP = 1000
#: Rows read at a time.
_FETCH = 500
_HASH_BYTES = 16

#: Table, rows copied so far, rows in all.
Told = Callable[[str, int, int], None]


class TargetInUse(StartupError):
    """The target database holds something already."""

    code = "move_target_in_use"


class CopyDiffers(StartupError):
    """What was read back from the target is not what was written."""

    code = "move_copy_differs"


@dataclass(frozen=True, slots=True)
class _Sum:
    """How many rows, and the sum of their hashes: the same for the same rows in any order."""

    count: int
    total: int


def copy(source_url: str, target_url: str, source: str, told: Told) -> int:
    """Copy everything; how many rows it was. The target is held for ``source`` (see :mod:`wagate.storage.moves`).

    A former unfinished copy of the same source is replaced: nobody can have started on it.

    :raises TargetInUse: if the target holds anything else.
    :raises CopyDiffers: if a row is not in the target as it is in the source.
    :raises StartupError: if either database fails; the target is left as it was.
    """
    reading, writing = writer_engine(source_url, set_up=False), writer_engine(target_url)
    try:
        return _copy(reading, writing, source, told)
    except DBAPIError as error:
        raise StartupError(f"the move failed and changed nothing: {describe(error)}") from error
    finally:
        reading.dispose()
        writing.dispose()


def _copy(reading: Engine, writing: Engine, source: str, told: Told) -> int:
    with reading.connect() as old, writing.begin() as new:
        # The copy takes as long as it takes, and in between nothing is said for a while.
        new.execute(text("SET idle_in_transaction_session_timeout = 0"))
        tables = _tables(new)
        new.execute(text(f"LOCK TABLE {', '.join(_quoted(new, t) for t in tables)} IN ACCESS EXCLUSIVE MODE"))
        _make_room(new, tables, source)
        rows = 0
        for table in tables:
            if table.name == unfinished_move.name:
                continue
            _copy_table(old, new, table, told)
            wanted, found = _sum(_read(old, table)), _sum(_read(new, table))
            if wanted != found:
                raise CopyDiffers(f"the table {table.name} did not arrive as it was; nothing was changed")
            _count_on(old, new, table)
            rows += wanted.count
        new.execute(unfinished_move.insert(), {"source": source})
        return rows


def _tables(connection: Connection) -> list[Table]:
    """All tables, those first that others refer to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def _make_room(new: Connection, tables: Sequence[Table], source: str) -> None:
    held = new.execute(select(unfinished_move.c.source)).scalar()
    full = [table.name for table in tables if new.execute(select(1).select_from(table).limit(1)).first()]
    if not full:
        return
    if held != source:
        raise TargetInUse(f"the target database is not empty: {', '.join(full[:3])} hold rows; it was left as it is")
    names = [_quoted(new, table) for table in tables]
    # What an unfinished attempt has copied goes, the audit log included, which otherwise is only added to.
    for name in names:
        new.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    new.execute(text(f"TRUNCATE {', '.join(names)}"))
    for name in names:
        new.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))


def _copy_table(old: Connection, new: Connection, table: Table, told: Told) -> None:
    total = old.execute(select(func.count()).select_from(table)).scalar_one()
    told(table.name, 0, total)
    names = ", ".join(new.dialect.identifier_preparer.quote(column.name) for column in table.columns)
    cursor = new.connection.cursor()
    with cursor.copy(f"COPY {_quoted(new, table)} ({names}) FROM STDIN") as into:
        for number, row in enumerate(_read(old, table), start=1):
            into.write_row(row)
            if number % _STEP == 0:
                told(table.name, number, total)
    told(table.name, total, total)


def _read(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """Every row, with its values as PostgreSQL has them."""
    makers = [_maker(column.type) for column in table.columns]
    # As text and numbers, the way they are stored: what a column's type makes of them is no business of a copy.
    query = select(*(text(connection.dialect.identifier_preparer.quote(c.name)) for c in table.columns))
    streamed = query.select_from(table).execution_options(stream_results=True, yield_per=_FETCH)
    with connection.execute(streamed) as rows:
        for row in rows:
            yield [None if value is None else make(value) for make, value in zip(makers, row, strict=True)]


def _maker(kind: object) -> Callable[[Any], Any]:
    if isinstance(kind, Boolean):
        return bool
    if isinstance(kind, LargeBinary):
        return bytes
    # A text of PostgreSQL can't hold the character 0, which SQLite takes.
    return _without_zero if isinstance(kind, String) else _same


def _without_zero(value: str) -> str:
    return value.replace("\0", "\ufffd") if "\0" in value else value


def _same(value: Any) -> Any:
    return value


def _sum(rows: Iterable[list[Any]]) -> _Sum:
    count = total = 0
    for row in rows:
        digest = hashlib.blake2b(msgspec.msgpack.encode(row), digest_size=_HASH_BYTES).digest()
        total = (total + int.from_bytes(digest, "big")) % 2 ** (8 * _HASH_BYTES)
        count += 1
    return _Sum(count, total)


def _count_on(old: Connection, new: Connection, table: Table) -> None:
    """Have row numbers go on where the source's would: one that was given and deleted must not be given again, since
    readers hold such numbers as cursors.
    """
    for column in table.primary_key.columns:
        sequence = new.execute(select(func.pg_get_serial_sequence(_quoted(new, table), column.name))).scalar()
        if sequence is None:
            continue
        last = new.execute(select(func.max(column))).scalar() or 0
        if old.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")).first():
            given = old.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            last = max(last, given.scalar() or 0)
        if last:
            new.execute(select(func.setval(sequence, last)))


def _quoted(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)
