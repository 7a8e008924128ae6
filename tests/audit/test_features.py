"""What customers change of sessions and endpoints is logged, and what changes nothing is not."""

import pytest

from tests.sessions.world import World
from tests.webhooks.receiver import Receivers
from wagate.audit.model import Query
from wagate.audit.service import AuditLog
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy
from wagate.core.seal import KeyRing
from wagate.events.service import EventLog
from wagate.sessions.model import Desired
from wagate.sessions.service import Change
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database
from wagate.webhooks.service import Webhooks
from wagate.webhooks.service.endpoints import NewEndpoint


@pytest.fixture
def world(database: Database, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy) -> World:
    return World.on(database, clock, bus, kv, ring, entropy)


async def logged(database: Database, target: str) -> list[str]:
    """What was done to one thing, oldest first."""
    entries = await AuditLog(database).page(Query(), before=None, limit=100)
    return [entry.action.value for entry in reversed(entries) if entry.target == target]


async def test_the_life_of_a_session(database: Database, world: World, clock: ManualClock) -> None:
    sessions, who = world.sessions, world.principal
    session = await sessions.create(who, name="shop")
    for step in (
        lambda: sessions.update(who, session.id, Change(name="shop 2", phone="+491701234567")),
        lambda: sessions.connect(who, session.id),
        lambda: sessions.connect(who, session.id),
        lambda: sessions.reconnect(who, session.id),
        lambda: sessions.disconnect(who, session.id),
        lambda: sessions.disconnect(who, session.id),
        lambda: sessions.change_engine(who, session.id, "native"),
        lambda: sessions.logout(who, session.id),
        lambda: sessions.delete(who, session.id),
    ):
        await clock.advance(1)
        await step()
    actions = await logged(database, session.id)
    assert [action for action in actions if action != "session.reconnected"] == [
        "session.created",
        "session.updated",
        "session.connected",
        "session.disconnected",
        "session.engine_changed",
        "session.logged_out",
        "session.deleted",
    ]
    entries = await AuditLog(database).page(Query(), before=None, limit=100)
    assert {entry.account_id for entry in entries} == {who.account_id}
    assert all(entry.actor.key_id == who.key_id for entry in entries)
    assert "491701234567" not in str(entries)


async def test_a_disabled_accounts_sessions_are_wanted_disconnected_and_no_others(
    database: Database, world: World, clock: ManualClock
) -> None:
    mine = [await world.sessions.create(world.principal, name=f"s{number}") for number in range(3)]
    for session in mine[:2]:
        await world.sessions.connect(world.principal, session.id)
    now = clock.now()
    await database.write(lambda tx: world.sessions.disconnect_all(tx, AccountId.new(now), now))
    assert (await world.sessions.get(world.principal, mine[0].id)).desired is Desired.CONNECTED
    await database.write(lambda tx: world.sessions.disconnect_all(tx, world.principal.account_id, now))
    for session in mine:
        after = await world.sessions.get(world.principal, session.id)
        assert (after.desired, after.status.value) == (Desired.DISCONNECTED, "disconnected")


async def test_every_session_of_many_is_disconnected(
    database: Database, world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wagate.sessions.service._BATCH", 2)
    mine = [await world.sessions.create(world.principal, name=f"s{number}") for number in range(5)]
    for session in mine:
        await world.sessions.connect(world.principal, session.id)
    await database.write(lambda tx: world.sessions.disconnect_all(tx, world.principal.account_id, clock.now()))
    for session in mine:
        assert (await world.sessions.get(world.principal, session.id)).desired is Desired.DISCONNECTED


async def test_the_life_of_an_endpoint_without_what_is_secret_of_it(
    database: Database, world: World, bus: Bus, clock: ManualClock, ring: KeyRing
) -> None:
    log = EventLog(database, bus, clock)
    webhooks = Webhooks(db=database, log=log, bus=bus, clock=clock, ring=ring, egress=Receivers(clock))
    new = NewEndpoint(
        url="https://hooks.example.org/?token=hunter2",
        description="",
        events=None,
        sessions=None,
        headers={"X-Secret": "hunter2"},
        enabled=True,
    )
    endpoint, secret = await webhooks.create(world.principal, new)
    await clock.advance(1)
    await webhooks.update(world.principal, endpoint.id, {"headers": {"X-Secret": "hunter3"}, "enabled": False})
    await clock.advance(1)
    await webhooks.rotate(world.principal, endpoint.id)
    await clock.advance(1)
    await webhooks.replay(world.principal, endpoint.id, clock.now())
    await clock.advance(1)
    await webhooks.delete(world.principal, endpoint.id)
    assert await logged(database, endpoint.id) == [
        "webhook.created",
        "webhook.updated",
        "webhook.secret_rotated",
        "webhook.replayed",
        "webhook.deleted",
    ]
    text = str(await AuditLog(database).page(Query(), before=None, limit=100))
    assert "hunter" not in text and secret not in text and "'fields': ['enabled', 'headers']" in text
