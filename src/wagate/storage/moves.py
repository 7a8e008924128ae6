"""Who may start on an installation that was, or is being, moved to another database.

Two gateways that each have a copy of the same sessions would use the same message keys for different messages, which
WhatsApp's clients can't forgive. So at no moment do both ends of a move start: the copy is held by a row of its own
until the source is marked as moved, and the mark outlives everything.
"""

import hashlib
import json
import os

from sqlalchemy import Column, String, Table, delete, select

from wagate.core.errors import StartupError
from wagate.storage.canary import key_canary
from wagate.storage.database import Tx, metadata
from wagate.storage.datadir import DataDir

unfinished_move = Table("unfinished_move", metadata, Column("source", String, primary_key=True))

_MARK = "moved.json"


class Moved(StartupError):
    """This installation lives in another database now."""

    code = "installation_moved"


class MoveUnfinished(StartupError):
    """This database is the copy of a move that has not ended."""

    code = "move_unfinished"


def refuse_unfinished(tx: Tx) -> None:
    """:raises MoveUnfinished: if the database is a copy whose source may still be started."""
    if held_for(tx) is not None:
        raise MoveUnfinished(
            "the move into this database has not ended", hint="run the same `wagate migrate --to …` again to end it"
        )


def refuse_if_moved(folder: DataDir) -> None:
    """:raises Moved: if the SQLite database of the folder was moved elsewhere."""
    place = moved_to(folder)
    if place is not None:
        raise Moved(
            f"the database of {folder.path} was moved to {place['database']}; started here as well, its sessions would"
            " use their message keys twice",
            hint="set WAGATE_DATABASE_URL to where it is now",
        )


def moved_to(folder: DataDir) -> dict[str, str] | None:
    """Where the database of the folder went: ``source`` (see :func:`source_of`) and ``database``, its place without
    user and password; ``None`` if it is here.
    """
    try:
        found: dict[str, str] = json.loads((folder.path / _MARK).read_text("utf-8"))
        return {"source": str(found["source"]), "database": str(found["database"])}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StartupError(f"{folder.path / _MARK} is damaged; it says where the database was moved") from error


def mark_moved(folder: DataDir, source: str, database: str) -> None:
    """Have the database of the folder refused from now on; durable when this returns."""
    write_secret(folder, _MARK, json.dumps({"source": source, "database": database}, indent=2) + "\n")


def write_secret(folder: DataDir, name: str, text: str) -> None:
    """A file (0600) in the folder, whole or not at all, on the disk when this returns.

    :raises StartupError: if it can't be written.
    """
    path = folder.path / name
    draft = path.with_name(f"{name}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}") from error


def source_of(tx: Tx) -> str:
    """What tells an installation from all others: its first proof of a key, hashed; no other one has the same."""
    first = tx.execute(select(key_canary.c.sealed).order_by(key_canary.c.id).limit(1)).scalar()
    if first is None:
        raise StartupError("the database was never used; there is nothing to move")
    return hashlib.sha256(bytes(first)).hexdigest()[:32]


def held_for(tx: Tx) -> str | None:
    """The source whose unfinished copy the database is."""
    source: str | None = tx.execute(select(unfinished_move.c.source)).scalar()
    return source


def let_start(tx: Tx, source: str) -> None:
    """The source is marked as moved: the copy may be started."""
    tx.execute(delete(unfinished_move).where(unfinished_move.c.source == source))
