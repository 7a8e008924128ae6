"""Who may use a PostgreSQL database together."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from wagate.cli import program
from wagate.core.clock import SystemClock
from wagate.core.errors import StartupError
from wagate.storage import occupancy
from wagate.storage.occupancy import DatabaseTaken, Occupancy

CLOCK = SystemClock()

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(occupancy, "_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(occupancy, "_START_PATIENCE", 0.1)
    monkeypatch.setattr(occupancy, "_PATIENCE", 0.3)


def end_connections(url: str) -> None:
    """The server ends all connections to the database but this one."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


async def test_one_that_is_alone_keeps_everybody_out_and_many_that_share_keep_one_out(postgres_url: str) -> None:
    alone = await Occupancy.alone(postgres_url, CLOCK)
    for other in (Occupancy.alone, Occupancy.together):
        with pytest.raises(DatabaseTaken):
            await other(postgres_url, CLOCK)
    await alone.close()
    sharing = [await Occupancy.together(postgres_url, CLOCK) for _ in range(3)]
    with pytest.raises(DatabaseTaken) as refusal:
        await Occupancy.alone(postgres_url, CLOCK)
    assert "worker" in refusal.value.hint
    for each in sharing:
        await each.close()
    await (await Occupancy.alone(postgres_url, CLOCK)).close()


async def test_another_database_of_the_server_is_another_matter(new_postgres_database: object) -> None:
    assert callable(new_postgres_database)
    held = [await Occupancy.alone(new_postgres_database(), CLOCK) for _ in range(2)]
    for each in held:
        await each.close()


async def test_a_lost_connection_is_made_again(postgres_url: str) -> None:
    alone = await Occupancy.alone(postgres_url, CLOCK)
    watching = asyncio.create_task(alone.watch())
    for _ in range(3):
        end_connections(postgres_url)
        await asyncio.sleep(0.3)
        with pytest.raises(DatabaseTaken):
            await Occupancy.together(postgres_url, CLOCK)
    assert not watching.done()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await alone.close()


async def test_who_lost_the_database_to_another_is_told_to_end(postgres_url: str) -> None:
    slow = await Occupancy.alone(postgres_url, CLOCK)
    end_connections(postgres_url)
    quick = await Occupancy.together(postgres_url, CLOCK)
    with pytest.raises(DatabaseTaken):
        await asyncio.wait_for(slow.watch(), 20)
    await slow.close()
    await quick.close()


async def test_a_database_that_does_not_answer_is_told_at_the_start() -> None:
    with pytest.raises(StartupError, match="cannot be opened"):
        await Occupancy.alone("postgresql://127.0.0.1:1/none", CLOCK)


async def test_sqlite_is_left_to_the_lock_of_the_data_folder(sqlite_url: str) -> None:
    first, second = await Occupancy.alone(sqlite_url, CLOCK), await Occupancy.alone(sqlite_url, CLOCK)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.watch(), 0.2)
    await first.close()
    await second.close()


async def test_up_is_refused_while_another_process_uses_the_database(postgres_url: str, tmp_path: Path) -> None:
    environment = {"WAGATE_DATABASE_URL": postgres_url}
    arguments = ("--sandbox", "--port", "0", "--data-dir")
    running = await program.start(
        "up", (*arguments, str(tmp_path / "a")), tmp_path / "a", environment, tmp_path / "a.log"
    )
    try:
        with pytest.raises(DatabaseTaken):
            await Occupancy.together(postgres_url, CLOCK)
        keys = (tmp_path / "a" / "secret-keys").read_text().strip()
        with pytest.raises(StartupError, match="another wagate process uses this database"):
            await program.start(
                "up",
                (*arguments, str(tmp_path / "b")),
                tmp_path / "b",
                {**environment, "WAGATE_SECRET_KEYS": keys},
                tmp_path / "b.log",
            )
    finally:
        assert await running.stop() == 0
    await (await Occupancy.together(postgres_url, CLOCK)).close()
