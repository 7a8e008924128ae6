"""An account has as many sessions as its plan allows, though it asks for several at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.conftest import import_stores
from tests.sessions.world import SHOP, World
from wagate.accounts.store import accounts
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.plans import store as plans
from wagate.plans.errors import PlanLimit
from wagate.plans.model import Plan
from wagate.sessions import store
from wagate.sessions.model import Trigger
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, Tx, metadata


async def allow(world: World, sessions: int) -> None:
    account = world.principal.account_id

    def work(tx: Tx) -> None:
        tx.execute(insert(accounts).values(id=account, name="x", created_at=world.clock.now()))
        plans.save(tx, account, Plan(sessions=sessions))

    await world.db.write(work)


async def test_a_session_beyond_the_plan_is_refused_until_another_is_deleted(both: World) -> None:
    await allow(both, 2)
    first = await both.sessions.create(both.principal, name="one")
    await both.sessions.take_over(both.principal, name="two", files={"creds.json": "491700000009"})
    for _ in range(2):
        with pytest.raises(PlanLimit):
            await both.sessions.create(both.principal, name="three")
        with pytest.raises(PlanLimit):
            await both.sessions.take_over(both.principal, name="three", files={"creds.json": "491700000008"})
    await both.sessions.delete(both.principal, first.id)
    await both.sessions.create(both.principal, name="three")


@pytest.mark.postgres
async def test_gateways_together_make_exactly_as_many_as_the_plan_allows(
    new_postgres_database: Callable[[], str], clock: ManualClock, kv: Kv, ring: KeyRing, entropy: Entropy
) -> None:
    import_stores()
    url = new_postgres_database()
    dbs = [await Database.open(url), await Database.open(url)]
    try:
        await dbs[0].write(lambda tx: metadata.create_all(tx.connection))
        worlds = [World.on(db, clock, Bus(clock), kv, ring, entropy) for db in dbs]
        worlds[1].principal = worlds[0].principal
        await allow(worlds[0], 7)
        making = [world.sessions.create(world.principal, name="x") for _ in range(15) for world in worlds]
        made = await asyncio.gather(*making, return_exceptions=True)
        assert sum(isinstance(one, PlanLimit) for one in made) == 23
        account = worlds[0].principal.account_id
        assert await dbs[1].read(lambda tx: store.count(tx, account)) == 7
    finally:
        for db in dbs:
            await db.close()


async def test_a_link_is_as_old_as_the_day_on_which_a_phone_let_it_in(both: World) -> None:
    lease, session = await both.hosted()
    hosting, linked = both.sessions.hosting, both.clock.now() + timedelta(days=1)
    await both.clock.advance(86400)
    session = await hosting.record(lease, Trigger.LINKED, identity=SHOP)
    assert session.linked_at == linked != session.created_at
    await both.clock.advance(86400)
    for trigger in (Trigger.ONLINE, Trigger.LOST, Trigger.OPENING, Trigger.ONLINE):
        session = await hosting.record(lease, trigger)
    assert session.linked_at == linked
    session = await hosting.record(lease, Trigger.REVOKED, reason="logged_out", wipe=True)
    assert session.linked_at is None
