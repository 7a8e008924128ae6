"""Who a key belongs to, from the first look-up to the moment after it was revoked."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from wagate.accounts import store
from wagate.accounts.errors import ExpiryPassed, GrantTooWide, KeyNotFound, LastAdminKey
from wagate.accounts.keys import new_key
from wagate.accounts.service import Accounts
from wagate.accounts.service.known import CACHE_SIZE
from wagate.core.errors import Unauthorized
from wagate.core.ids import KeyId, SessionId
from wagate.storage.database import Database, Tx
from wagate.storage.errors import StorageUnavailable
from wagate.web.principal import Principal, Scope


class Watched:
    """A database that counts, and can be told to fail or to wait."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.reads = 0
        self.writes = 0
        self.fail_writes = False
        self.after_read: Callable[[], Any] | None = None

    async def read(self, work: Callable[[Tx], Any]) -> Any:
        self.reads += 1
        value = await self._db.read(work)
        if self.after_read is not None:
            await self.after_read()
        return value

    async def write(self, work: Callable[[Tx], Any]) -> Any:
        self.writes += 1
        if self.fail_writes:
            raise StorageUnavailable
        return await self._db.write(work)


def watched(rig: Any) -> tuple[Accounts, Watched]:
    db = Watched(rig.db)
    return Accounts(db, rig.clock, rig.ring, rig.entropy), db  # type: ignore[arg-type]


async def admin_of(rig: Any) -> Principal:
    found: Principal = await rig.accounts.authenticate(rig.admin_key)
    return found


async def test_the_first_admin_may_do_everything(rig: Any) -> None:
    principal = await admin_of(rig)
    assert principal.is_admin
    assert all(map(principal.allows, Scope))
    assert principal.sessions is None


async def test_what_is_no_key_costs_no_look_up(rig: Any) -> None:
    accounts, db = watched(rig)
    key = rig.admin_key
    for wrong in ("", "x", "wag_", key[:-1] + ("a" if key[-1] != "a" else "b"), key.swapcase(), "é" * 40, "\ud800"):
        with pytest.raises(Unauthorized):
            await accounts.authenticate(wrong)
    assert (db.reads, db.writes) == (0, 0)


async def test_a_key_of_the_right_form_that_nobody_has_is_refused_every_time(rig: Any) -> None:
    accounts, db = watched(rig)
    unknown = new_key(rig.entropy)
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await accounts.authenticate(unknown)
    assert db.reads == 3, "that a key is bad is never remembered: it may be made the moment after"


async def test_a_key_is_looked_up_once_in_a_while(rig: Any) -> None:
    accounts, db = watched(rig)
    for _ in range(50):
        await accounts.authenticate(rig.admin_key)
    assert db.reads == 1
    await rig.clock.advance(1)
    await accounts.authenticate(rig.admin_key)
    assert db.reads == 2


async def test_a_revoked_key_is_refused_at_once_here_and_within_a_second_elsewhere(rig: Any) -> None:
    here, elsewhere = rig.accounts, Accounts(rig.db, rig.clock, rig.ring, rig.entropy)
    admin = await admin_of(rig)
    made = await here.create_key(admin, name="lost")
    await here.authenticate(made.secret)
    await elsewhere.authenticate(made.secret)
    await here.revoke_key(admin, made.key.id)
    with pytest.raises(Unauthorized):
        await here.authenticate(made.secret)
    await rig.clock.advance(0.999)
    with pytest.raises(Unauthorized):
        await elsewhere.authenticate(made.secret)


async def test_a_look_up_that_was_under_way_does_not_bring_a_revoked_key_back(rig: Any) -> None:
    accounts, db = watched(rig)
    admin = await admin_of(rig)
    made = await accounts.create_key(admin, name="raced")
    has_read, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        db.after_read = None
        has_read.set()
        await go_on.wait()

    db.after_read = wait
    racing = asyncio.create_task(accounts.authenticate(made.secret))
    await has_read.wait()
    await accounts.revoke_key(admin, made.key.id)
    go_on.set()
    await asyncio.gather(racing, return_exceptions=True)
    with pytest.raises(Unauthorized):
        await accounts.authenticate(made.secret)


async def test_an_expired_key_is_refused_though_it_is_remembered(rig: Any) -> None:
    admin = await admin_of(rig)
    end = rig.clock.now() + timedelta(milliseconds=500)
    made = await rig.accounts.create_key(admin, name="short", expires_at=end)
    await rig.accounts.authenticate(made.secret)
    await rig.clock.advance(0.5)
    with pytest.raises(Unauthorized):
        await rig.accounts.authenticate(made.secret)


@pytest.mark.parametrize("table", ["accounts", "users"])
async def test_the_keys_of_a_disabled_account_or_user_open_nothing(rig: Any, table: str) -> None:
    disabled = update(getattr(store, table)).values(disabled_at=rig.clock.now())
    await rig.db.write(lambda tx: tx.execute(disabled))
    with pytest.raises(Unauthorized):
        await rig.accounts.authenticate(rig.admin_key)


async def test_when_a_key_was_used_is_noted_once_a_minute(rig: Any) -> None:
    accounts, db = watched(rig)
    for _ in range(120):
        await accounts.authenticate(rig.admin_key)
        await rig.clock.advance(1)
    assert db.writes == 2
    identity = await accounts.identity(await admin_of(rig))
    assert rig.clock.now() - identity.key.last_used_at < timedelta(minutes=2)


async def test_a_full_disk_does_not_keep_a_good_key_out(rig: Any) -> None:
    accounts, db = watched(rig)
    db.fail_writes = True
    assert (await accounts.authenticate(rig.admin_key)).is_admin


async def test_the_memory_of_keys_has_a_bound(rig: Any) -> None:
    admin = await admin_of(rig)
    made = [await rig.accounts.create_key(admin, name="many") for _ in range(3)]
    known = rig.accounts.known._remembered
    known.update({bytes([index % 256, index // 256]): object() for index in range(CACHE_SIZE - len(known))})
    for new in made:
        await rig.accounts.authenticate(new.secret)
    assert len(known) == CACHE_SIZE


async def test_a_key_gives_no_more_than_it_has(rig: Any) -> None:
    now = rig.clock.now()
    one, two = SessionId.new(now), SessionId.new(now)
    admin = await admin_of(rig)

    def holding(scopes: set[Scope], sessions: frozenset[SessionId] | None = None) -> Principal:
        return Principal(account_id=admin.account_id, scopes=frozenset(scopes), sessions=sessions)

    create = rig.accounts.create_key
    for scope in set(Scope) - {Scope.READ, Scope.MANAGE}:
        with pytest.raises(GrantTooWide):
            await create(holding({Scope.MANAGE}), name="x", scopes=frozenset({scope}))
    bound = holding({Scope.ADMIN}, frozenset({one}))
    for sessions in (frozenset({two}), frozenset({one, two})):
        with pytest.raises(GrantTooWide):
            await create(bound, name="x", sessions=sessions)
    assert (await create(bound, name="x")).key.sessions == {one}, "it reaches no further than its maker"
    assert (await create(admin, name="x", sessions=frozenset({two}))).key.sessions == {two}


async def test_a_made_key_acts_for_its_makers_user_and_only_admin_keys_run_the_gateway(rig: Any) -> None:
    admin = await admin_of(rig)
    plain = await rig.accounts.create_key(admin, name="plain")
    wide = await rig.accounts.create_key(admin, name="wide", scopes=frozenset({Scope.ADMIN}))
    first, second = [await rig.accounts.authenticate(made.secret) for made in (plain, wide)]
    assert first.user_id == second.user_id == admin.user_id
    assert (first.is_admin, second.is_admin) == (False, True)
    assert first.scopes == {Scope.READ, Scope.SEND, Scope.MANAGE}


async def test_a_key_that_has_expired_already_is_not_made(rig: Any) -> None:
    with pytest.raises(ExpiryPassed):
        await rig.accounts.create_key(await admin_of(rig), name="x", expires_at=rig.clock.now())


async def test_the_last_admin_key_stays(rig: Any) -> None:
    admin = await admin_of(rig)
    assert admin.key_id is not None
    soon = rig.clock.now() + timedelta(seconds=30)
    bound = frozenset({SessionId.new(rig.clock.now())})
    scopes = frozenset({Scope.ADMIN})
    await rig.accounts.create_key(admin, name="expires", scopes=scopes, expires_at=soon)
    await rig.accounts.create_key(admin, name="bound", scopes=scopes, sessions=bound)
    await rig.clock.advance(60)
    with pytest.raises(LastAdminKey):
        await rig.accounts.revoke_key(admin, admin.key_id)
    await rig.accounts.create_key(admin, name="second", scopes=scopes)
    await rig.accounts.revoke_key(admin, admin.key_id)
    with pytest.raises(Unauthorized):
        await rig.accounts.authenticate(rig.admin_key)


async def test_another_accounts_keys_do_not_exist(rig: Any) -> None:
    admin = await admin_of(rig)
    stranger = await rig.accounts.authenticate(await rig.other_account())
    made = await rig.accounts.create_key(admin, name="mine")
    with pytest.raises(KeyNotFound):
        await rig.accounts.revoke_key(stranger, made.key.id)
    with pytest.raises(KeyNotFound):
        await rig.accounts.revoke_key(stranger, KeyId.new(rig.clock.now()))
    seen = await rig.accounts.list_keys(stranger, after=None, limit=100)
    assert [key.id for key in seen] == [stranger.key_id]
    await rig.accounts.authenticate(made.secret)


async def test_a_bound_key_knows_only_of_keys_bound_no_less(rig: Any) -> None:
    admin = await admin_of(rig)
    one, two = (frozenset({SessionId.new(rig.clock.now())}) for _ in range(2))
    for index in range(7):
        await rig.accounts.create_key(admin, name=f"one {index}", sessions=one)
        await rig.accounts.create_key(admin, name=f"two {index}", sessions=two)
    maker = await rig.accounts.create_key(admin, name="maker", sessions=one, scopes=frozenset({Scope.ADMIN}))
    bound = await rig.accounts.authenticate(maker.secret)
    seen = await rig.accounts.list_keys(bound, after=None, limit=100)
    assert {key.name for key in seen} == {"maker", *(f"one {index}" for index in range(7))}
    assert await rig.accounts.list_keys(bound, after=None, limit=3) == seen[:3]
    with pytest.raises(KeyNotFound):
        await rig.accounts.revoke_key(bound, admin.key_id)


async def test_no_key_is_stored(rig: Any) -> None:
    made = await rig.accounts.create_key(await admin_of(rig), name="canary")
    await rig.accounts.authenticate(made.secret)

    def dump(tx: Tx) -> str:
        tables = (store.accounts, store.users, store.api_keys)
        return "".join(str(tuple(row)) for table in tables for row in tx.execute(select(table)))

    stored = await rig.db.read(dump)
    for secret in (made.secret, rig.admin_key):
        assert secret not in stored
        assert secret[4:31] not in stored
    assert "$argon2id$" in stored


async def test_the_database_itself_refuses_a_second_user_with_an_address(rig: Any) -> None:
    rows = await rig.db.read(lambda tx: tx.execute(text("SELECT email FROM users")).all())
    assert [row.email for row in rows] == ["admin@wagate.local"]
