"""What changing the engine and taking over a device leave in the row, whatever state the session is in."""

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.test_service import bound_to
from tests.sessions.world import World, principal_of
from wagate.engine.lease import StaleEpoch
from wagate.engine.port import AuthFolderUnreadable, KeysUnreadable
from wagate.sessions.errors import DeviceAlreadyHere, SessionNotFound, SessionsOutOfReach
from wagate.sessions.links import Stage
from wagate.sessions.model import WRONG_ENGINE, Desired, SessionStatus, Trigger


async def test_the_keys_the_engine_and_the_epoch_change_together_and_the_host_is_out(both: World) -> None:
    lease, session = await both.online()
    link = FakeLink()
    both.links.put(session.id, link, Stage.ONLINE, both.clock.now())

    after = await both.sessions.change_engine(both.principal, session.id, "native")

    assert after == await both.now(session.id)
    assert (after.engine, after.epoch, after.worker_id) == ("native", session.epoch + 1, None)
    assert (after.status, after.status_reason, after.desired) == (
        SessionStatus.CONNECTING,
        "engine_changed",
        Desired.CONNECTED,
    )
    assert both.keys.kept[session.id] == {("engine", ""): b"native"}
    assert link.closed
    with pytest.raises(StaleEpoch):
        await both.sessions.hosting.record(lease, Trigger.LOST)
    assert [event.data["engine"] for event in await both.told()][-1] == "native"
    ((again, _),) = await both.sessions.hosting.claim(both.another_worker(), limit=10)
    assert again.epoch == after.epoch + 1


async def test_choosing_the_engine_that_it_has_changes_nothing(world: World) -> None:
    lease, session = await world.online()
    assert await world.sessions.change_engine(world.principal, session.id, "baileys") == session
    await world.sessions.hosting.record(lease, Trigger.LOST)
    assert world.keys.kept == {}


async def test_a_session_that_is_not_wanted_stays_disconnected(world: World) -> None:
    session = await world.new()
    after = await world.sessions.change_engine(world.principal, session.id, "native")
    assert (after.status, after.desired) == (SessionStatus.DISCONNECTED, Desired.DISCONNECTED)

    _, hosted = await world.online("other")
    await world.sessions.disconnect(world.principal, hosted.id)
    after = await world.sessions.change_engine(world.principal, hosted.id, "native")
    assert (after.status, after.worker_id) == (SessionStatus.DISCONNECTED, None)


@pytest.mark.parametrize("trigger", [Trigger.REPLACED, Trigger.BANNED])
async def test_a_conflict_and_a_ban_outlast_the_change(world: World, trigger: Trigger) -> None:
    lease, _ = await world.online()
    before = await world.sessions.hosting.record(lease, trigger)
    after = await world.sessions.change_engine(world.principal, before.id, "native")
    assert (after.status, after.engine) == (before.status, "native")


async def test_a_session_with_keys_of_another_engine_is_put_right_by_choosing(world: World) -> None:
    lease, session = await world.hosted()
    stopped = await world.sessions.hosting.record(lease, WRONG_ENGINE.trigger, reason=WRONG_ENGINE.reason, release=True)
    assert (stopped.status, stopped.status_reason) == (SessionStatus.ERROR, "wrong_engine")

    after = await world.sessions.change_engine(world.principal, session.id, "baileys")

    assert (after.status, after.status_reason) == (SessionStatus.CONNECTING, "engine_changed")
    assert world.keys.kept[session.id] == {("engine", ""): b"baileys"}


async def test_keys_that_cannot_be_read_leave_everything_as_it_was(both: World) -> None:
    lease, session = await both.online()
    both.keys.kept[session.id] = {("broken", ""): b""}
    with pytest.raises(KeysUnreadable):
        await both.sessions.change_engine(both.principal, session.id, "native")
    assert await both.now(session.id) == session
    await both.sessions.hosting.record(lease, Trigger.LOST)


async def test_nobody_else_can_change_the_engine(world: World) -> None:
    session, other = await world.new(), await world.new("other")
    for principal in (principal_of(world.clock, world.entropy), bound_to(world.principal, other.id)):
        with pytest.raises(SessionNotFound):
            await world.sessions.change_engine(principal, session.id, "native")
    assert await world.now(session.id) == session


async def test_a_device_is_taken_over_with_its_keys_and_who_it_is(both: World) -> None:
    made = await both.sessions.take_over(
        both.principal, name="old shop", files={"creds.json": "491700000001"}, engine="native"
    )
    assert await both.now(made.id) == made
    assert (str(made.jid), made.push_name, made.engine) == ("491700000001:2@s.whatsapp.net", "Old Shop", "native")
    assert (made.status, made.desired) == (SessionStatus.DISCONNECTED, Desired.DISCONNECTED)
    assert both.keys.kept[made.id] == {("engine", ""): b"native"}


async def test_a_device_is_taken_over_once_whoever_asks(world: World) -> None:
    files = {"creds.json": "491700000001"}
    await world.sessions.take_over(world.principal, name="old shop", files=files)
    for principal in (world.principal, principal_of(world.clock, world.entropy)):
        with pytest.raises(DeviceAlreadyHere):
            await world.sessions.take_over(principal, name="again", files=files)
    assert len(await world.sessions.page(world.principal, before=None, limit=10)) == 1


async def test_of_a_folder_that_cannot_be_read_nothing_is_stored(world: World) -> None:
    with pytest.raises(AuthFolderUnreadable):
        await world.sessions.take_over(world.principal, name="x", files={})
    with pytest.raises(SessionsOutOfReach):
        await world.sessions.take_over(bound_to(world.principal), name="x", files={"creds.json": "491700000001"})
    assert await world.sessions.page(world.principal, before=None, limit=10) == []
    assert world.keys.kept == {}
