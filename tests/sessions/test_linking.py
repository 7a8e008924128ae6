"""QR codes and pairing codes: who gets them, when, and that they stand in no database."""

import asyncio
import json
from datetime import timedelta

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.world import SHOP, World
from wagate.engine.port import PasskeyAssertion, PasskeyNotWanted, PasskeyUnsupported, QueryFailed
from wagate.sessions.codes import ShownCode
from wagate.sessions.errors import AlreadyConnected, InvalidPhone, LinkingNotReady, QrNotAvailable
from wagate.sessions.linking import PAIRING_SECONDS
from wagate.sessions.links import Stage
from wagate.sessions.model import Lease, Session, SessionStatus, Trigger

CODE = "https://wa.me/settings/linked_devices#2@ref,noise,identity,secret,1"


def code_for(world: World, seconds: float = 60, version: int = 1, text: str = CODE) -> ShownCode:
    return ShownCode(code=text, expires_at=world.clock.now() + timedelta(seconds=seconds), version=version)


async def showing(world: World) -> tuple[Lease, Session]:
    lease, _ = await world.hosted()
    return lease, await world.sessions.hosting.show_qr(lease, code_for(world))


# -- QR


async def test_a_code_on_show_is_answered_at_once(world: World) -> None:
    _, session = await showing(world)
    found = await world.sessions.qr(world.principal, session.id)
    assert (found.shown.code, found.session.status) == (CODE, SessionStatus.QR_REQUIRED)


async def test_without_a_code_and_without_waiting_there_is_none(world: World) -> None:
    session = await world.new()
    with pytest.raises(QrNotAvailable):
        await world.sessions.qr(world.principal, session.id)


async def test_whoever_waits_gets_the_code_when_it_comes_without_time_passing(world: World) -> None:
    lease, session = await world.hosted()
    waiting = [asyncio.create_task(world.sessions.qr(world.principal, session.id, wait=30)) for _ in range(3)]
    await world.settle()
    assert not any(task.done() for task in waiting)

    await world.sessions.hosting.show_qr(lease, code_for(world))

    for task in waiting:
        assert (await asyncio.wait_for(task, 5)).shown.code == CODE


async def test_the_wait_ends_when_its_time_is_over(world: World) -> None:
    _, session = await world.hosted()
    waiting = asyncio.create_task(world.sessions.qr(world.principal, session.id, wait=30))
    await world.settle()
    await world.clock.advance(29.9)
    await world.settle()
    assert not waiting.done()
    await world.clock.advance(0.2)
    with pytest.raises(QrNotAvailable):
        await asyncio.wait_for(waiting, 5)


async def test_a_scan_by_someone_else_ends_the_wait(world: World) -> None:
    lease, session = await world.hosted()
    waiting = asyncio.create_task(world.sessions.qr(world.principal, session.id, wait=30))
    await world.settle()
    await world.sessions.hosting.record(lease, Trigger.ONLINE, identity=SHOP)
    with pytest.raises(AlreadyConnected):
        await asyncio.wait_for(waiting, 5)


async def test_a_connected_session_has_nothing_to_scan(world: World) -> None:
    _, session = await world.online()
    with pytest.raises(AlreadyConnected):
        await world.sessions.qr(world.principal, session.id)


async def test_a_code_is_gone_when_it_expired_or_was_scanned(world: World) -> None:
    lease, session = await showing(world)
    await world.clock.advance(61)
    with pytest.raises(QrNotAvailable):
        await world.sessions.qr(world.principal, session.id)

    await world.sessions.hosting.show_qr(lease, code_for(world, version=2))
    await world.sessions.hosting.record(lease, Trigger.LINKED, identity=SHOP)
    assert await world.codes.qr(session.id) is None
    with pytest.raises(QrNotAvailable):
        await world.sessions.qr(world.principal, session.id)


async def test_no_code_is_kept_longer_than_two_minutes(world: World) -> None:
    lease, session = await world.hosted()
    await world.sessions.hosting.show_qr(lease, code_for(world, seconds=3600))
    await world.clock.advance(119)
    assert await world.codes.qr(session.id) is not None
    await world.clock.advance(2)
    assert await world.codes.qr(session.id) is None


# -- events


async def test_the_event_of_a_code_is_stored_without_it_and_delivered_with_it(world: World) -> None:
    lease, _ = await showing(world)
    stored = await world.db.read(
        lambda tx: str([tuple(row) for row in tx.connection.exec_driver_sql("SELECT * FROM events")])
    )
    assert "session.qr" in stored
    assert "2@ref" not in stored

    (event,) = await world.told("session.qr")
    assert event.data["qrString"] == CODE
    assert event.data["qrCode"].startswith("data:image/png;base64,")
    assert event.data["status"] == "qr_required"
    assert event.data["expiresAt"] == "2026-01-01T00:01:00.000Z"

    await world.sessions.hosting.show_qr(lease, code_for(world, version=2, text="2@next"))
    first, second = await world.told("session.qr")
    assert "qrString" not in first.data, "an old event does not carry a later code"
    assert second.data["qrString"] == "2@next"

    await world.clock.advance(121)
    assert not any("qrString" in event.data for event in await world.told("session.qr"))


# -- pairing codes


async def test_asking_for_a_code_connects_and_waits_until_whatsapp_offers_to_link(world: World) -> None:
    session = await world.new()
    link = FakeLink()
    asking = asyncio.create_task(world.sessions.pairing_code(world.principal, session.id, "+49 170 1234567"))
    await world.settle()
    assert (await world.now(session.id)).status is SessionStatus.CONNECTING
    await world.clock.advance(5)
    world.links.put(session.id, link, Stage.LINKING, world.clock.now())

    shown = await asyncio.wait_for(asking, 5)

    assert shown.code == "ABCD-1234"
    assert shown.expires_at == world.clock.now() + timedelta(seconds=PAIRING_SECONDS)
    assert link.phones == ["491701234567"]
    (event,) = await world.told("session.pairing_code")
    assert event.data["code"] == "ABCD-1234"
    stored = await world.db.read(
        lambda tx: str([tuple(row) for row in tx.connection.exec_driver_sql("SELECT * FROM events")])
    )
    assert "session.pairing_code" in stored
    assert "ABCD" not in stored


async def test_a_code_asked_for_late_ends_with_the_connection_it_belongs_to(world: World) -> None:
    session = await world.wanted()
    opened = world.clock.now()
    world.links.put(session.id, FakeLink(), Stage.LINKING, opened)
    await world.clock.advance(100)
    shown = await world.sessions.pairing_code(world.principal, session.id, "+491701234567")
    assert shown.expires_at == opened + timedelta(seconds=PAIRING_SECONDS)


async def test_a_linked_session_needs_no_code(world: World) -> None:
    _, online = await world.online()
    with pytest.raises(AlreadyConnected):
        await world.sessions.pairing_code(world.principal, online.id, "+491701234567")
    reconnecting = await world.wanted("reconnecting")
    world.links.put(reconnecting.id, FakeLink(), Stage.ONLINE, world.clock.now())
    with pytest.raises(AlreadyConnected):
        await world.sessions.pairing_code(world.principal, reconnecting.id, "+491701234567")


async def test_a_bad_number_is_refused_before_anything_connects(world: World) -> None:
    session = await world.new()
    with pytest.raises(InvalidPhone):
        await world.sessions.pairing_code(world.principal, session.id, "call me")
    assert (await world.now(session.id)).status is SessionStatus.DISCONNECTED


async def test_nobody_waits_for_ever_for_whatsapp_to_offer_linking(world: World) -> None:
    session = await world.new()
    asking = asyncio.create_task(world.sessions.pairing_code(world.principal, session.id, "+491701234567"))
    await world.settle()
    await world.clock.advance(31)
    with pytest.raises(LinkingNotReady):
        await asyncio.wait_for(asking, 5)


async def test_whatsapps_refusal_of_a_number_comes_through(world: World) -> None:
    session = await world.wanted()
    link = FakeLink()
    link.failure = QueryFailed(429)
    world.links.put(session.id, link, Stage.LINKING, world.clock.now())
    with pytest.raises(QueryFailed):
        await world.sessions.pairing_code(world.principal, session.id, "+491701234567")


async def test_a_banned_session_says_when_to_ask_again(world: World) -> None:
    lease, session = await world.online()
    ends = world.clock.now() + timedelta(seconds=90)
    await world.sessions.hosting.record(lease, Trigger.BANNED, retry_at=ends)
    with pytest.raises(LinkingNotReady) as refused:
        await world.sessions.pairing_code(world.principal, session.id, "+491701234567")
    assert refused.value.retry_after == 90


# -- passkeys

OPTIONS = {"challenge": "c2VjcmV0IGNoYWxsZW5nZQ", "rpId": "web.whatsapp.com", "timeout": 60000}
ASSERTION = PasskeyAssertion(id="AA", raw_id="AA", client_data="BB", authenticator_data="CC", signature="DD")


def question(world: World, seconds: float = 60, version: int = 2) -> ShownCode:
    return code_for(world, seconds, version, json.dumps(OPTIONS))


async def test_a_question_for_a_passkey_takes_the_place_of_the_code(world: World) -> None:
    lease, _ = await showing(world)
    session = await world.sessions.hosting.show_passkey(lease, question(world))
    assert (session.status, session.status_reason) == (SessionStatus.QR_REQUIRED, "passkey_required")
    with pytest.raises(QrNotAvailable):
        await world.sessions.qr(world.principal, session.id)
    found = await world.sessions.passkey(world.principal, session.id)
    assert found.options == OPTIONS


async def test_the_question_stands_in_no_database_and_in_its_event_while_it_holds(world: World) -> None:
    lease, _ = await showing(world)
    await world.sessions.hosting.show_passkey(lease, question(world))
    stored = await world.db.read(
        lambda tx: str([tuple(row) for row in tx.connection.exec_driver_sql("SELECT * FROM events")])
    )
    assert "session.passkey" in stored
    assert OPTIONS["challenge"] not in stored
    (event,) = await world.told("session.passkey")
    assert event.data["publicKey"] == OPTIONS
    await world.clock.advance(61)
    (event,) = await world.told("session.passkey")
    assert "publicKey" not in event.data


async def test_a_question_is_gone_when_it_expired_or_was_answered_to_the_end(world: World) -> None:
    lease, session = await showing(world)
    await world.sessions.hosting.show_passkey(lease, question(world))
    await world.clock.advance(61)
    with pytest.raises(PasskeyNotWanted):
        await world.sessions.passkey(world.principal, session.id)
    await world.sessions.hosting.show_passkey(lease, question(world, version=3))
    await world.sessions.hosting.record(lease, Trigger.LINKED, identity=SHOP)
    with pytest.raises(PasskeyNotWanted):
        await world.sessions.passkey(world.principal, session.id)


async def test_an_answer_is_handed_to_the_connection_and_needs_one(world: World) -> None:
    _, session = await showing(world)
    with pytest.raises(PasskeyNotWanted):
        await world.sessions.answer_passkey(world.principal, session.id, ASSERTION)
    link = FakeLink()
    world.links.put(session.id, link, Stage.LINKING, world.clock.now())
    await world.sessions.answer_passkey(world.principal, session.id, ASSERTION)
    assert link.assertions == [ASSERTION]

    link.links_by_passkey = False
    with pytest.raises(PasskeyUnsupported):
        await world.sessions.passkey(world.principal, session.id)


async def test_a_connected_session_wants_no_passkey(world: World) -> None:
    _, session = await world.online()
    with pytest.raises(AlreadyConnected):
        await world.sessions.passkey(world.principal, session.id)
    with pytest.raises(AlreadyConnected):
        await world.sessions.answer_passkey(world.principal, session.id, ASSERTION)
