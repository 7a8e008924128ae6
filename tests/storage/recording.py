"""Writes down the statements that the program runs, so that a later version's tests can ask whether they still would.

``python -m pytest -p tests.storage.recording …`` with ``RECORD_STATEMENTS`` set to a folder adds what these tests ran
to ``<folder>/<dialect>.sql``, one statement a line. Only what stores run is taken, not what tests look up by
themselves.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from wagate.storage.database import metadata

#: Lists of values differ in length only.
_SQLITE_LIST = re.compile(r"\(\?(?:, \?)+\)(?= |\)|$)")
_POSTGRES_LIST = re.compile(r"IN \((%\(\w+\)s[^,()]*)(?:, %\(\w+\)s[^,()]*)+\)")
_TABLES = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN) (\w+)")
_STORES = ("store.py", "lease.py", "canary.py")

_found: dict[str, set[str]] = {}


@event.listens_for(Engine, "before_cursor_execute")
def _record(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    if "RECORD_STATEMENTS" not in os.environ or not any(_files().__contains__(name) for name in _STORES):
        return
    line = one_line(statement)
    tables = set(_TABLES.findall(line))
    if tables and tables <= set(metadata.tables):
        _found.setdefault(connection.dialect.name, set()).add(line)


def one_line(statement: str) -> str:
    """The statement without what differs from one run of it to the next."""
    line = " ".join(statement.split())
    if line.startswith("INSERT"):
        return line
    return _POSTGRES_LIST.sub(r"IN (\1)", _SQLITE_LIST.sub("(?)", line))


def _files() -> set[str]:
    def frames() -> Iterator[str]:
        frame = sys._getframe(2)
        while frame is not None:
            if "/wagate/" in frame.f_code.co_filename:
                yield Path(frame.f_code.co_filename).name
            frame = frame.f_back  # type: ignore[assignment]

    return set(frames())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    folder = os.environ.get("RECORD_STATEMENTS")
    for dialect, statements in _found.items() if folder else ():
        path = Path(str(folder)) / f"{dialect}.sql"
        known = set(path.read_text().splitlines()) if path.exists() else set()
        path.write_text("\n".join(sorted(known | statements)) + "\n")
