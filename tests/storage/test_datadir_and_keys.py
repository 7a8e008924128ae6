"""One process per data folder, and never a new key for a database that has one."""

import asyncio
import base64
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from wagate.core.clock import ManualClock
from wagate.core.errors import StartupError
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing, SealBroken
from wagate.core.settings import Settings
from wagate.storage.canary import key_canary, remove_key, unlock
from wagate.storage.database import Database
from wagate.storage.datadir import KEY_FILE_SECONDS, DataDir
from wagate.storage.errors import StorageUnavailable


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[DataDir]:
    with DataDir.open(tmp_path / "data") as data_dir:
        yield data_dir


@pytest.fixture
async def fresh(data_dir: DataDir) -> AsyncIterator[Database]:
    database = await Database.open(data_dir.database_url)
    await database.write(lambda tx: key_canary.create(tx.connection))
    yield database
    await database.close()


def settings(keys: str = "") -> Settings:
    return Settings(_env_file=None, secret_keys=SecretStr(keys))  # type: ignore[call-arg]


async def sealed(database: Database) -> list[bytes]:
    query = select(key_canary.c.sealed).order_by(key_canary.c.id)
    return await database.read(lambda tx: list(tx.execute(query).scalars()))


# -- the folder -----------------------------------------------------------------------------------------------------


def test_the_folder_is_made_for_nobody_else(tmp_path: Path) -> None:
    with DataDir.open(tmp_path / "deep" / "data") as data_dir:
        assert data_dir.path.stat().st_mode & 0o777 == 0o700
        assert data_dir.database_url == f"sqlite:///{tmp_path}/deep/data/wagate.db"


def test_a_second_process_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from wagate.storage.datadir import DataDir\n"
        "try: DataDir.open(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "else: print('opened')\n"
    )

    def second() -> str:
        command = [sys.executable, "-c", program, str(tmp_path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    with DataDir.open(tmp_path):
        assert second() == f"StartupError another wagate process is using the data folder {tmp_path}"
        with pytest.raises(StartupError, match="another wagate process"):
            DataDir.open(tmp_path)
    assert second() == "opened"


def test_a_lock_left_by_a_killed_process_is_no_lock(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from wagate.storage.datadir import DataDir\n"
        "DataDir.open(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "lock").exists()
    DataDir.open(tmp_path).close()


def test_a_folder_that_cannot_be_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=r"the data folder .* cannot be used"):
        DataDir.open(tmp_path / "file" / "data")


async def test_a_disk_that_fills_up_later_is_told_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DataDir.open(tmp_path) as folder:
        await folder.check_space()
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
        with pytest.raises(StorageUnavailable, match="only 1 MiB free"):
            await folder.check_space()


def test_a_nearly_full_disk_is_said_at_start_and_the_lock_let_go(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="MiB free"):
        DataDir.open(tmp_path, min_free_bytes=1 << 60)
    DataDir.open(tmp_path).close()


# -- the keys -------------------------------------------------------------------------------------------------------


async def test_a_new_database_gets_a_key_file_that_opens_it_again(
    fresh: Database, data_dir: DataDir, entropy: Entropy
) -> None:
    ring = await unlock(fresh, data_dir, settings(), entropy)
    assert data_dir.key_file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in data_dir.path.glob("secret-keys*")) == ["secret-keys"]
    before = data_dir.key_file.read_bytes(), await sealed(fresh)
    again = await unlock(fresh, data_dir, settings())
    assert again.open(ring.seal(b"x", b"a"), b"a") == b"x"
    assert (data_dir.key_file.read_bytes(), await sealed(fresh)) == before


async def test_keys_from_the_settings_make_no_file(fresh: Database, data_dir: DataDir, ring: KeyRing) -> None:
    await unlock(fresh, data_dir, settings(ring.to_text()))
    await unlock(fresh, data_dir, settings(ring.to_text()))
    assert not data_dir.key_file.exists()


async def test_an_existing_key_file_serves_a_new_database(fresh: Database, data_dir: DataDir, ring: KeyRing) -> None:
    data_dir.key_file.write_text(ring.to_text())
    assert (await unlock(fresh, data_dir, settings())).to_text() == ring.to_text()


async def test_a_missing_key_file_is_never_made_anew(fresh: Database, data_dir: DataDir) -> None:
    await unlock(fresh, data_dir, settings())
    data_dir.key_file.unlink()
    with pytest.raises(StartupError, match=r"its key file .* is missing"):
        await unlock(fresh, data_dir, settings())
    assert not data_dir.key_file.exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"garbage", b"1:short", b"1:" + base64.b64encode(os.urandom(31)), b"\xff\xfe", b"1:!!!!", b"\n\n"],
    ids=["empty", "no colon", "short", "31 bytes", "not text", "not base64", "blank"],
)
async def test_a_malformed_key_file_is_refused_and_kept(fresh: Database, data_dir: DataDir, damage: bytes) -> None:
    for new in (True, False):
        data_dir.key_file.write_bytes(damage)
        with pytest.raises(StartupError, match="key file") as refused:
            await unlock(fresh, data_dir, settings())
        assert data_dir.key_file.read_bytes() == damage
        assert "garbage" not in refused.value.detail
        if new:
            assert await sealed(fresh) == []
            data_dir.key_file.unlink()
            await unlock(fresh, data_dir, settings())


async def test_the_wrong_keys_are_refused_and_nothing_is_changed(fresh: Database, data_dir: DataDir) -> None:
    await unlock(fresh, data_dir, settings())
    before = data_dir.key_file.read_bytes(), await sealed(fresh)
    same_id = KeyRing.generate()
    other_id = KeyRing({"2": os.urandom(32)})
    for wrong in (same_id, other_id):
        with pytest.raises(StartupError, match="not the ones this database was encrypted with"):
            await unlock(fresh, data_dir, settings(wrong.to_text()))
    assert (data_dir.key_file.read_bytes(), await sealed(fresh)) == before


async def test_a_ring_without_a_key_that_the_database_needs_is_refused_and_nothing_is_changed(
    fresh: Database, data_dir: DataDir
) -> None:
    old, new = os.urandom(32), os.urandom(32)
    await unlock(fresh, data_dir, settings(KeyRing({"1": old}).to_text()))
    # Known and not used yet: nothing is sealed by it, so it may go again.
    await unlock(fresh, data_dir, settings(KeyRing({"1": old, "2": new}).to_text()))
    await unlock(fresh, data_dir, settings(KeyRing({"1": old}).to_text()))
    await unlock(fresh, data_dir, settings(KeyRing({"2": new, "1": old}).to_text()))
    before = await sealed(fresh)
    for lacking, keys in (("1", {"2": new}), ("2", {"1": old})):
        with pytest.raises(StartupError, match=f"lack {lacking}, which the database still needs"):
            await unlock(fresh, data_dir, settings(KeyRing(keys).to_text()))
    with pytest.raises(StartupError, match="not the ones"):
        await unlock(fresh, data_dir, settings(KeyRing({"2": new, "1": os.urandom(32)}).to_text()))
    assert await sealed(fresh) == before
    await fresh.write(lambda tx: remove_key(tx, "1"))
    await unlock(fresh, data_dir, settings(KeyRing({"2": new}).to_text()))


async def test_a_ring_out_of_the_key_file_finds_a_key_that_was_added_there(
    fresh: Database, data_dir: DataDir, clock: ManualClock
) -> None:
    ring = await unlock(fresh, data_dir, settings(), clock=clock)
    newer = ring.with_new_key()
    value = newer.seal(b"x", b"a")
    for _ in range(2):
        with pytest.raises(SealBroken):
            ring.open(value, b"a")
    data_dir.replace_secret_keys(newer)
    # Looked for a moment ago; a damaged value must not cost a look at the disk each time.
    with pytest.raises(SealBroken):
        ring.open(value, b"a")
    await clock.advance(KEY_FILE_SECONDS)
    assert ring.open(value, b"a") == b"x"
    assert ring.newest == newer.newest == "2"


async def test_the_second_of_two_gateways_on_a_new_database_takes_no_key_of_its_own(
    fresh: Database, data_dir: DataDir, tmp_path: Path
) -> None:
    await unlock(fresh, data_dir, settings())
    with DataDir.open(tmp_path / "second") as second:
        with pytest.raises(StartupError, match="is missing"):
            await unlock(fresh, second, settings())
        assert not second.key_file.exists()


async def test_of_two_gateways_starting_together_on_a_new_database_one_wins(
    fresh: Database, data_dir: DataDir, tmp_path: Path
) -> None:
    with DataDir.open(tmp_path / "second") as second:
        folders = [data_dir, second]
        results = await asyncio.gather(*(unlock(fresh, each, settings()) for each in folders), return_exceptions=True)
        assert sorted(type(each).__name__ for each in results) == ["KeyRing", "StartupError"]
        won = [isinstance(each, KeyRing) for each in results]
        assert [each.key_file.exists() for each in folders] == won
        await unlock(fresh, folders[won.index(True)], settings())
