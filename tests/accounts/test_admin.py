"""The first administrator, however often the start is cut short."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from structlog.testing import capture_logs

from wagate.accounts import admin as admin_module
from wagate.accounts import store
from wagate.accounts.keys import is_well_formed, new_key
from wagate.accounts.service import Accounts
from wagate.core.clock import ManualClock
from wagate.core.errors import StartupError, Unauthorized
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.core.settings import Settings
from wagate.storage.database import Database


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.fixture
def accounts(database: Database, clock: ManualClock, ring: KeyRing, entropy: Entropy) -> Accounts:
    return Accounts(database, clock, ring, entropy)


async def test_what_is_made_at_random_is_kept_and_told_once(accounts: Accounts, tmp_path: Path) -> None:
    told: list[str] = []
    first = await accounts.ensure_admin(settings(), tmp_path, told.append)
    assert first is not None
    path = tmp_path / "admin.json"
    assert json.loads(path.read_text()) == {"email": first.email, "password": first.password, "key": first.key}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_well_formed(first.key)
    assert len(first.password) == 18
    assert len(told) == 1 and first.key in told[0] and first.password in told[0]
    assert (await accounts.authenticate(first.key)).is_admin

    assert await accounts.ensure_admin(settings(), tmp_path, told.append) is None
    assert len(told) == 1
    assert json.loads(path.read_text())["key"] == first.key
    assert sorted(entry.name for entry in tmp_path.iterdir() if "admin" in entry.name) == ["admin.json"]


async def test_what_the_operator_chose_is_used_and_not_told(
    accounts: Accounts, tmp_path: Path, entropy: Entropy
) -> None:
    told: list[str] = []
    key = new_key(entropy)
    given = settings(admin_email="Boss@Example.org", admin_password="hunter2hunter2", admin_key=key)
    first = await accounts.ensure_admin(given, tmp_path, told.append)
    assert first is not None
    assert (first.email, first.password, first.key) == ("boss@example.org", "hunter2hunter2", key)
    assert key not in told[0] and "hunter2" not in told[0]
    assert (await accounts.authenticate(key)).is_admin


async def test_the_password_is_kept_as_argon2id(accounts: Accounts, database: Database, tmp_path: Path) -> None:
    first = await accounts.ensure_admin(settings(), tmp_path, lambda _text: None)
    assert first is not None
    stored = await database.read(lambda tx: tx.execute(select(store.users.c.password_hash)).scalar_one())
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(stored, first.password)


async def test_an_operators_key_needs_no_form_and_works_after_a_restart(
    accounts: Accounts, database: Database, clock: ManualClock, ring: KeyRing, tmp_path: Path
) -> None:
    own = "a-key-of-my-own-choosing"
    await accounts.ensure_admin(settings(admin_key=own), tmp_path, lambda _text: None)
    assert (await accounts.authenticate(own)).is_admin
    restarted = Accounts(database, clock, ring)
    with pytest.raises(Unauthorized):
        await restarted.authenticate(own)
    await restarted.ensure_admin(settings(), tmp_path, lambda _text: None)
    assert (await restarted.authenticate(own)).is_admin


@pytest.mark.parametrize(
    "weak",
    [
        {"admin_key": "short"},
        {"admin_key": "x" * 15},
        {"admin_key": "spaces are not for headers"},
        {"admin_key": "schlüssel-mit-umlauten"},
        {"admin_password": "seven77"},
        {"admin_email": "nobody"},
    ],
)
async def test_weak_settings_are_refused_and_leave_nothing_behind(
    accounts: Accounts, database: Database, tmp_path: Path, weak: dict[str, str]
) -> None:
    with pytest.raises(StartupError) as refused:
        await accounts.ensure_admin(settings(**weak), tmp_path)
    assert not await database.read(store.has_admin)
    assert not list(tmp_path.glob("admin*"))
    assert next(iter(weak.values())) not in str(refused.value)


async def test_a_start_cut_short_after_the_file_ends_with_the_key_in_it(
    accounts: Accounts,
    database: Database,
    clock: ManualClock,
    ring: KeyRing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    async def killed(_password: str) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(admin_module, "hash_password", killed)
        with pytest.raises(Killed):
            await accounts.ensure_admin(settings(), tmp_path)
    begun = json.loads((tmp_path / "admin.json").read_text())
    assert not await database.read(store.has_admin)

    first = await Accounts(database, clock, ring).ensure_admin(settings(), tmp_path, lambda _text: None)
    assert first is not None
    assert (first.key, first.password) == (begun["key"], begun["password"])
    assert (await accounts.authenticate(begun["key"])).is_admin


async def test_a_start_cut_short_while_writing_the_file_is_no_trouble(accounts: Accounts, tmp_path: Path) -> None:
    (tmp_path / "admin.json.new").write_text('{"email": "adm')
    first = await accounts.ensure_admin(settings(), tmp_path, lambda _text: None)
    assert first is not None
    assert not (tmp_path / "admin.json.new").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"email": "a@b"}', "null"])
async def test_a_damaged_file_is_left_as_it_is(
    accounts: Accounts, database: Database, tmp_path: Path, text: str
) -> None:
    (tmp_path / "admin.json").write_text(text)
    with pytest.raises(StartupError):
        await accounts.ensure_admin(settings(), tmp_path)
    assert (tmp_path / "admin.json").read_text() == text
    assert not await database.read(store.has_admin)


async def test_a_folder_that_cannot_be_written_stops_the_start(
    accounts: Accounts, database: Database, tmp_path: Path
) -> None:
    with pytest.raises(StartupError, match="cannot be written"):
        await accounts.ensure_admin(settings(), tmp_path / "missing")
    assert not await database.read(store.has_admin)


async def test_of_two_gateways_that_start_together_one_makes_the_admin(
    accounts: Accounts,
    database: Database,
    clock: ManualClock,
    ring: KeyRing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    theirs.mkdir()
    hash_password = admin_module.hash_password

    async def while_hashing(password: str) -> str:
        monkeypatch.setattr(admin_module, "hash_password", hash_password)
        assert await Accounts(database, clock, ring).ensure_admin(settings(), theirs, lambda _text: None) is not None
        return await hash_password(password)

    monkeypatch.setattr(admin_module, "hash_password", while_hashing)
    assert await accounts.ensure_admin(settings(), mine, lambda _text: None) is None
    assert not (mine / "admin.json").exists()
    key = json.loads((theirs / "admin.json").read_text())["key"]
    assert (await accounts.authenticate(key)).is_admin


async def test_a_key_setting_that_came_too_late_is_pointed_out(accounts: Accounts, tmp_path: Path) -> None:
    first = await accounts.ensure_admin(settings(), tmp_path, lambda _text: None)
    assert first is not None
    with capture_logs() as lines:
        await accounts.ensure_admin(settings(admin_key=first.key), tmp_path)
        assert lines == []
        await accounts.ensure_admin(settings(admin_key="another-key-of-mine"), tmp_path)
    assert [line["log_level"] for line in lines] == ["warning"]
    assert "another-key-of-mine" not in str(lines)
