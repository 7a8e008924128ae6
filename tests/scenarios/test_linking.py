"""Linking a phone, staying linked, and every way a link ends; gateway, worker, bridge and sandbox for real."""

import base64

import pytest

from tests.scenarios.rig import Rig
from wagate.cli.client import ApiFailure

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_phone_links_by_qr_and_the_session_knows_who_it_is(rig: Rig, shop: str) -> None:
    await rig.phone(shop, "Corner Shop")
    session = await rig.new_session()
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    code = await rig.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    assert code["status"] == "qr_required"
    assert base64.b64decode(code["qrCode"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    assert "█" in await rig.api.text(f"/api/sessions/{session}/qr", {"format": "text"})
    assert "<svg" in await rig.api.text(f"/api/sessions/{session}/qr", {"format": "svg"})

    await rig.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": code["qrString"]})
    connected = await rig.reaches(session, "connected")

    assert connected["me"]["jid"].startswith(shop)
    assert connected["me"]["lid"].endswith("@lid")
    assert connected["me"]["pushName"] == "Corner Shop"
    with pytest.raises(ApiFailure) as refused:
        await rig.api.call("GET", f"/api/sessions/{session}/qr")
    assert refused.value.problem["code"] == "already_connected"
    states = [e["data"]["status"] for e in await rig.events("session.status", session=session)]
    assert states[-1] == "connected"
    assert "qr_required" in states
    assert "error" not in states


async def test_a_phone_links_by_code(rig: Rig, shop: str) -> None:
    await rig.phone(shop)
    session = await rig.new_session()
    answer = await rig.api.call("POST", f"/api/sessions/{session}/pairing-code", {"phone": f"+{shop}"})
    assert len(answer["code"]) == 9
    assert answer["code"][4] == "-"

    await rig.phones.call("POST", f"/sandbox/phones/{shop}/enter-code", {"code": answer["code"]})

    connected = await rig.reaches(session, "connected")
    assert connected["me"]["jid"].startswith(shop)


async def test_a_session_linked_by_code_can_send_and_receive(rig: Rig, shop: str, ada: str) -> None:
    await rig.phone(shop)
    await rig.phone(ada)
    session = await rig.new_session()
    answer = await rig.api.call("POST", f"/api/sessions/{session}/pairing-code", {"phone": f"+{shop}"})
    await rig.phones.call("POST", f"/sandbox/phones/{shop}/enter-code", {"code": answer["code"]})
    await rig.reaches(session, "connected")

    sent = await rig.send(session, ada, text="typed, not scanned")
    assert (await rig.shown(ada, sent["waId"]))["text"] == "typed, not scanned"
    answer_id = await rig.phone_sends(ada, to=shop, text="works")
    assert (await rig.received(session, answer_id))["text"] == "works"


async def test_a_restart_brings_the_session_back_without_a_scan(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    device = (await rig.session(session))["me"]["jid"]
    assert await rig.stop_gateway() == 0

    await rig.start_gateway()

    assert (await rig.reaches(session, "connected"))["me"]["jid"] == device
    sent = await rig.send(session, ada, text="back again")
    assert (await rig.shown(ada, sent["waId"]))["text"] == "back again"


async def test_logout_unlinks_and_nothing_can_be_sent_any_more(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.api.call("POST", f"/api/sessions/{session}/logout")
    await rig.reaches(session, "logged_out")

    with pytest.raises(ApiFailure) as refused:
        await rig.send(session, ada, text="never")

    assert refused.value.problem["status"] == 409
    assert refused.value.problem["code"] == "session_logged_out"
    assert await rig.devices(shop) == []


async def test_a_device_unlinked_on_the_phone_is_logged_out_and_can_link_again(rig: Rig, shop: str) -> None:
    session = await rig.linked(shop)
    device = (await rig.session(session))["me"]["jid"].split(":")[1].split("@")[0]

    await rig.phones.call("DELETE", f"/sandbox/phones/{shop}/devices/{device}")

    ended = await rig.reaches(session, "logged_out")
    assert (ended["statusReason"], ended["me"]) == ("logged_out", None)
    again = await rig.link(session, shop)
    assert again["me"]["jid"].split(":")[1] != f"{device}@s.whatsapp.net"


async def test_a_device_unlinked_while_the_gateway_was_down_is_logged_out_at_its_return(rig: Rig, shop: str) -> None:
    session = await rig.linked(shop)
    (device,) = await rig.devices(shop)
    await rig.stop_gateway()
    await rig.phones.call("DELETE", f"/sandbox/phones/{shop}/devices/{device['number']}")

    await rig.start_gateway()

    assert (await rig.reaches(session, "logged_out"))["statusReason"] == "logged_out"


async def test_disconnect_keeps_the_link_and_connect_takes_it_up_again(rig: Rig, shop: str) -> None:
    session = await rig.linked(shop)
    await rig.api.call("POST", f"/api/sessions/{session}/disconnect")
    await rig.reaches(session, "disconnected")
    (device,) = await rig.devices(shop)
    assert not device["online"]

    await rig.api.call("POST", f"/api/sessions/{session}/connect")

    assert (await rig.reaches(session, "connected"))["me"]["jid"].startswith(shop)


async def test_delete_unlinks_the_device_and_leaves_nothing(rig: Rig, shop: str) -> None:
    session = await rig.linked(shop)

    await rig.api.call("DELETE", f"/api/sessions/{session}")

    with pytest.raises(ApiFailure) as gone:
        await rig.session(session)
    assert gone.value.problem["status"] == 404
    assert await rig.devices(shop) == []
