"""An installation moves from SQLite to PostgreSQL: whole, once, and never so that both ends start."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, select, text

from tests.conftest import import_stores
from tests.keyring.world import row_of
from tests.servers import Buckets
from wagate.cli import migrate
from wagate.core.errors import StartupError
from wagate.core.settings import Settings
from wagate.events.store import events
from wagate.messages.store import messages
from wagate.storage import moves, schema, transfer
from wagate.storage.blobs import Blobs
from wagate.storage.canary import unlock
from wagate.storage.database import Database, metadata
from wagate.storage.datadir import DataDir

pytestmark = pytest.mark.postgres

import_stores()

ROWS = 30


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **more)  # type: ignore[call-arg, arg-type]


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    """A stopped installation with rows in every table."""
    path = tmp_path / "data"
    with DataDir.open(path) as folder:
        await schema.migrate(folder.database_url)
        database = await Database.open(folder.database_url)
        await unlock(database, folder, settings(path))
        for table in metadata.sorted_tables:
            if table.name in ("key_canary", "unfinished_move"):
                continue
            rows = [row_of(table) for _ in range(ROWS)]
            for row in rows:
                # Foreign keys: whatever refers to something refers to the row of the same place.
                for key in table.foreign_keys:
                    row[key.parent.name] = (await _values(database, key.column))[rows.index(row)]
            await database.write(lambda tx, table=table, rows=rows: tx.execute(insert(table), rows))  # type: ignore[misc]
        await database.write(lambda tx: tx.execute(messages.update().values(text="a\0b")))
        # The last event was given a number and is gone.
        last = select(func.max(events.c.seq)).scalar_subquery()
        await database.write(lambda tx: tx.execute(events.delete().where(events.c.seq == last)))
        await database.close()
        blobs = Blobs.in_folder(folder.path / "media")
        for number in range(3):
            await blobs.put(f"media/med_{number}", b"%d" % number * 100_000)
        await Blobs.in_folder(folder.path / "backups").put("watermark", b"7")
    return path


async def _values(database: Database, column: object) -> list[object]:
    return list(await database.read(lambda tx: tx.execute(select(column)).scalars().all()))  # type: ignore[call-overload]


@pytest.fixture
async def moved(source: Path, postgres_url: str) -> AsyncIterator[Database]:
    await migrate.move(settings(source), postgres_url, into_bucket=False)
    database = await Database.open(postgres_url)
    yield database
    await database.close()


async def starts(folder: Path, url: str = "") -> str:
    """Empty if a gateway would start, else why not: what :mod:`wagate.runtime` does first."""
    try:
        with DataDir.open(folder) as opened:
            if not url:
                moves.refuse_if_moved(opened)
            database = await Database.open(url or opened.database_url)
            try:
                await database.read(moves.refuse_unfinished)
                await unlock(database, opened, settings(folder))
            finally:
                await database.close()
    except StartupError as error:
        return error.code
    return ""


async def test_every_row_of_every_table_arrives_and_row_numbers_go_on(moved: Database, source: Path) -> None:
    with DataDir.open(source) as folder:
        before = await Database.open(folder.database_url)
        for table in metadata.sorted_tables:
            if table.name in ("unfinished_move", "messages"):
                continue
            key = table.primary_key.columns
            query = select(table)
            old = await before.read(lambda tx, query=query: tx.execute(query).all())  # type: ignore[misc]
            new = await moved.read(lambda tx, query=query: tx.execute(query).all())  # type: ignore[misc]
            assert sorted(map(repr, old)) == sorted(map(repr, new)), table.name
            assert len(old) >= (1 if table.name == "key_canary" else ROWS - 1), (table.name, key)
        given = await before.read(
            lambda tx: tx.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")).scalar_one()
        )
        await before.close()
    texts = await moved.read(lambda tx: tx.execute(select(messages.c.text)).scalars().all())
    assert set(texts) == {"a\ufffdb"}, "PostgreSQL has no character 0 in a text"
    fresh = row_of(events)
    del fresh["seq"]
    number = await moved.write(lambda tx: tx.execute(insert(events).returning(events.c.seq), fresh).scalar_one())
    assert number == given + 1


async def test_the_source_is_refused_and_the_key_ring_is_in_a_file_of_its_own(
    moved: Database, source: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await starts(source) == "installation_moved"
    assert await starts(source, postgres_url) == ""
    carried = source / migrate.ENVIRONMENT
    assert carried.stat().st_mode & 0o777 == 0o600
    ring = (source / "secret-keys").read_text().strip()
    assert f"WAGATE_SECRET_KEYS={ring}\n" in carried.read_text()
    shown = capsys.readouterr()
    assert ring.split(":")[1] not in shown.out + shown.err
    assert json.loads((source / "moved.json").read_text())["database"].endswith(
        postgres_url.split("/")[-1].split("?")[0]
    )
    # And once more is harmless, to the same place; to another one it is refused.
    await migrate.move(settings(source), postgres_url, into_bucket=False)
    with pytest.raises(moves.Moved):
        await migrate.move(settings(source), postgres_url.replace("wagate_test", "wagate_other"), into_bucket=False)


@pytest.mark.parametrize(
    ("step", "starting"),
    [
        ("_copy_rows", "source"),
        ("_copy_files", "source"),
        ("_write_environment", "source"),
        ("mark", "source"),
        ("_end", ""),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_cut_short_anywhere_never_both_ends_start_and_the_same_command_ends_it(
    source: Path,
    postgres_url: str,
    s3_server: Buckets,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    starting: str,
    after: bool,
) -> None:
    s3_server.make("whatsapp-media")
    s3_server.make("whatsapp-sessions")
    wanted = settings(
        source,
        s3_endpoint=s3_server.endpoint,
        s3_region=s3_server.region,
        s3_access_key_id=s3_server.access_key_id,
        s3_secret_access_key=SecretStr(s3_server.secret_access_key),
    )
    with monkeypatch.context() as patch:
        _die_at(patch, step, after)
        with pytest.raises(KeyboardInterrupt):
            await migrate.move(wanted, postgres_url, into_bucket=True)
    if step == "mark" and after:
        starting = ""
    if step == "_end" and after:
        starting = "target"
    assert (await starts(source) == "") is (starting == "source")
    if step != "_copy_rows" or after:
        assert (await starts(source, postgres_url) == "") is (starting == "target")

    await migrate.move(wanted, postgres_url, into_bucket=True)
    assert await starts(source) == "installation_moved"
    assert await starts(source, postgres_url) == ""
    client = s3_server.client()
    for number in range(3):
        stored = client.get_object(Bucket="whatsapp-media", Key=f"media/med_{number}")["Body"].read()
        assert stored == b"%d" % number * 100_000
    assert client.get_object(Bucket="whatsapp-sessions", Key="watermark")["Body"].read() == b"7"


def _die_at(patch: pytest.MonkeyPatch, step: str, after: bool) -> None:
    place, name = (moves, "mark_moved") if step == "mark" else (migrate, step)
    real: Callable[..., object] = getattr(place, name)

    if step in ("mark", "_write_environment"):

        def dies(*arguments: object) -> None:
            if after:
                real(*arguments)
            raise KeyboardInterrupt

        patch.setattr(place, name, dies)
        return

    async def dies_later(*arguments: object) -> None:
        if after:
            await real(*arguments)  # type: ignore[misc]
        raise KeyboardInterrupt

    patch.setattr(place, name, dies_later)


async def test_a_failure_in_the_middle_of_the_copy_leaves_the_target_empty(
    source: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_arguments: object) -> None:
        raise StartupError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_count_on", lost)
        with pytest.raises(StartupError, match="the power went"):
            await migrate.move(settings(source), postgres_url, into_bucket=False)
    target = await Database.open(postgres_url)
    for table in metadata.sorted_tables:
        query = select(func.count()).select_from(table)
        assert await target.read(lambda tx, query=query: tx.execute(query).scalar()) == 0  # type: ignore[misc]
    await target.close()
    assert await starts(source) == ""


async def test_a_target_that_holds_something_is_left_alone(source: Path, postgres_url: str) -> None:
    await schema.migrate(postgres_url)
    target = await Database.open(postgres_url)
    await target.write(lambda tx: tx.execute(insert(messages), row_of(messages)))
    with pytest.raises(transfer.TargetInUse, match="messages hold rows"):
        await migrate.move(settings(source), postgres_url, into_bucket=False)
    assert await target.read(lambda tx: tx.execute(select(func.count()).select_from(messages)).scalar()) == 1
    await target.close()
    assert await starts(source) == ""


async def test_a_row_that_arrives_otherwise_is_noticed(
    source: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = transfer._copy_table

    def spoils(old: object, new: object, table: object, told: object) -> None:
        real(old, new, table, told)  # type: ignore[arg-type]
        if getattr(table, "name", "") == "messages":
            new.execute(messages.update().where(messages.c.text == "a\ufffdb").values(push_name="x"))  # type: ignore[attr-defined]

    monkeypatch.setattr(transfer, "_copy_table", spoils)
    with pytest.raises(transfer.CopyDiffers, match="messages"):
        await migrate.move(settings(source), postgres_url, into_bucket=False)


async def test_a_source_that_is_running_is_refused(source: Path, postgres_url: str) -> None:
    with DataDir.open(source), pytest.raises(StartupError, match="another wagate process"):
        await migrate.move(settings(source), postgres_url, into_bucket=False)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of whoever runs the tests are none of ours."""
    for name in ("WAGATE_DATABASE_URL", "WAGATE_SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)
    yield
