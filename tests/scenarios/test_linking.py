"""Linking a phone, staying linked, and every way a link ends; gateway, worker, bridge and sandbox for real."""

import base64

import pytest

from tests.scenarios.rig import Rig
from wagate.cli.client import ApiFailure

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"


async def test_a_phone_links_by_qr_and_the_session_knows_who_it_is(rig: Rig) -> None:
    await rig.phone(SHOP, "Corner Shop")
    session = await rig.new_session()
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    code = await rig.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    assert code["status"] == "qr_required"
    assert base64.b64decode(code["qrCode"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    assert "█" in await rig.api.text(f"/api/sessions/{session}/qr", {"format": "text"})
    assert "<svg" in await rig.api.text(f"/api/sessions/{session}/qr", {"format": "svg"})

    await rig.phones.call("POST", f"/sandbox/phones/{SHOP}/scan", {"qr": code["qrString"]})
    connected = await rig.reaches(session, "connected")

    assert connected["me"]["jid"].startswith(SHOP)
    assert connected["me"]["lid"].endswith("@lid")
    assert connected["me"]["pushName"] == "Corner Shop"
    with pytest.raises(ApiFailure) as refused:
        await rig.api.call("GET", f"/api/sessions/{session}/qr")
    assert refused.value.problem["code"] == "already_connected"
    states = [e["data"]["status"] for e in await rig.events("session.status")]
    assert states[-1] == "connected"
    assert "qr_required" in states
    assert "error" not in states


async def test_a_phone_links_by_code(rig: Rig) -> None:
    await rig.phone(SHOP)
    session = await rig.new_session()
    answer = await rig.api.call("POST", f"/api/sessions/{session}/pairing-code", {"phone": f"+{SHOP}"})
    assert len(answer["code"]) == 9
    assert answer["code"][4] == "-"

    await rig.phones.call("POST", f"/sandbox/phones/{SHOP}/enter-code", {"code": answer["code"]})

    connected = await rig.reaches(session, "connected")
    assert connected["me"]["jid"].startswith(SHOP)


async def test_a_restart_brings_the_session_back_without_a_scan(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    assert await rig.stop_gateway() == 0

    await rig.start_gateway()

    await rig.reaches(session, "connected")
    sent = await rig.send(session, ADA, text="back again")
    assert (await rig.shown(ADA, sent["waId"]))["text"] == "back again"


async def test_logout_unlinks_and_nothing_can_be_sent_any_more(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.api.call("POST", f"/api/sessions/{session}/logout")
    await rig.reaches(session, "logged_out")

    with pytest.raises(ApiFailure) as refused:
        await rig.send(session, ADA, text="never")

    assert refused.value.problem["status"] == 409
    assert refused.value.problem["code"] == "session_logged_out"


async def test_a_device_unlinked_on_the_phone_is_logged_out_and_can_link_again(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    device = (await rig.session(session))["me"]["jid"].split(":")[1].split("@")[0]

    await rig.phones.call("DELETE", f"/sandbox/phones/{SHOP}/devices/{device}")

    await rig.reaches(session, "logged_out")
    again = await rig.link(session, SHOP)
    assert again["me"]["jid"].split(":")[1] != f"{device}@s.whatsapp.net"


async def test_disconnect_keeps_the_link_and_connect_takes_it_up_again(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.api.call("POST", f"/api/sessions/{session}/disconnect")
    await rig.reaches(session, "disconnected")

    await rig.api.call("POST", f"/api/sessions/{session}/connect")

    assert (await rig.reaches(session, "connected"))["me"]["jid"].startswith(SHOP)


async def test_delete_unlinks_the_device_and_leaves_nothing(rig: Rig) -> None:
    session = await rig.linked(SHOP)

    await rig.api.call("DELETE", f"/api/sessions/{session}")

    with pytest.raises(ApiFailure) as gone:
        await rig.session(session)
    assert gone.value.problem["status"] == 404
    phones = (await rig.phones.call("GET", "/sandbox/phones"))["items"]
    assert [p["devices"] for p in phones if p["number"] == SHOP] == [[]]
