"""The control API, as a test or a person with curl uses it."""

import asyncio
import base64
import hashlib
from typing import Any

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from tests.sandbox.client import Keys, Rig, accept
from tests.sandbox.companion import qr_of, settled, until
from wagate.sandbox.api import app, router
from wagate.sandbox.model import lid_of
from wagate.sandbox.sandbox import Sandbox
from wagate.web.testing import AsgiClient, app_of

ALICE, BOB, CAROL = "15550001", "15550002", "15550003"


class Api:
    def __init__(self, rig: Rig) -> None:
        self._client = AsgiClient(app_of(router(rig.sandbox)))

    async def __call__(self, method: str, path: str, body: Any = None, status: int = 0, **params: str | int) -> Any:
        """Call; the answer's JSON. ``status`` is the one that is expected, else any good one."""
        answer = await self._client.request(method, f"/sandbox{path}", json=body, params=params)
        assert answer.status == status if status else answer.status < 300, (answer.status, answer.body)
        return answer.json() if answer.body else None

    async def phones(self, *numbers: str) -> None:
        for number in numbers:
            await self("POST", "/phones", {"number": number})


@pytest.fixture
def api(rig: Rig) -> Api:
    return Api(rig)


async def test_it_says_where_to_point_a_client(rig: Rig, api: Api) -> None:
    facts = await api("GET", "")
    assert facts["webSocketUrl"] == rig.sandbox.websocket_url
    assert facts["webSocketUrl"].startswith("ws://127.0.0.1:")
    assert bytes.fromhex(facts["rootPublicKey"]) == rig.sandbox.root_public_key
    assert facts["mediaCaPem"].startswith("-----BEGIN CERTIFICATE-----")
    assert facts["complaints"] == {}


async def test_a_phone_is_made_found_changed_and_made_again_without_harm(api: Api) -> None:
    made = await api("POST", "/phones", {"number": "+1 (555) 00-01", "name": "Alice"}, 201)
    assert made == {
        "number": ALICE,
        "name": "Alice",
        "jid": f"{ALICE}@s.whatsapp.net",
        "lid": f"{lid_of(ALICE)}@lid",
        "online": True,
        "readReceipts": True,
        "autoReply": None,
        "typing": False,
        "failNext": 0,
        "passkey": False,
        "devices": [],
    }
    changed = await api("POST", f"/phones/{ALICE}/settings", {"autoReply": True, "readReceipts": False, "failNext": 2})
    assert changed == {**made, "autoReply": True, "readReceipts": False, "failNext": 2}
    again = await api("POST", "/phones", {"number": ALICE, "name": "Alice B."})
    assert again == {**changed, "name": "Alice B."}
    assert (await api("POST", f"/phones/{ALICE}/settings", {"autoReply": None}))["autoReply"] is None
    assert await api("GET", f"/phones/{ALICE}") == {**again, "autoReply": None}
    assert [p["number"] for p in (await api("GET", "/phones"))["items"]] == [ALICE]


async def test_phones_are_listed_page_by_page(api: Api) -> None:
    await api.phones(CAROL, ALICE, BOB)
    first = await api("GET", "/phones", limit=2)
    assert [p["number"] for p in first["items"]] == [ALICE, BOB]
    second = await api("GET", "/phones", limit=2, after=first["next"])
    assert ([p["number"] for p in second["items"]], second["next"]) == ([CAROL], None)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/phones/19990000", None, 404, "phone_not_found"),
        ("POST", "/phones", {"number": "hello"}, 400, "invalid_number"),
        ("POST", "/phones", {"number": ALICE, "colour": "red"}, 400, "validation_failed"),
        ("POST", "/phones", {"number": 15550001}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/settings", {"failNext": -1}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/scan", {"qr": "nonsense"}, 404, "qr_not_found"),
        ("POST", f"/phones/{ALICE}/enter-code", {"code": "ABCD-1234"}, 404, "code_not_found"),
        ("DELETE", f"/phones/{ALICE}/devices/1", None, 404, "device_not_found"),
        ("POST", f"/phones/{ALICE}/send", {"to": BOB}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/send", {"to": BOB, "text": ""}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/send", {"to": BOB, "type": "image", "text": "x"}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/send", {"to": BOB, "media": {"base64": "!"}}, 400, "validation_failed"),
        ("POST", f"/phones/{ALICE}/send", {"to": "somebody", "text": "x"}, 400, "invalid_number"),
        ("POST", f"/phones/{ALICE}/send", {"to": "x@newsletter", "text": "x"}, 400, "invalid_number"),
        ("POST", f"/phones/{ALICE}/send", {"to": "19990000", "text": "x"}, 422, "not_in_sandbox"),
        ("POST", f"/phones/{ALICE}/send", {"to": "120363000@g.us", "text": "x"}, 404, "group_not_found"),
        ("POST", f"/phones/{ALICE}/send", {"to": BOB, "text": "x", "quote": "?"}, 422, "quote_not_found"),
        ("POST", "/groups", {"subject": "x", "members": []}, 400, "validation_failed"),
        ("POST", "/groups", {"subject": "x", "members": ["19990000"]}, 404, "phone_not_found"),
        ("POST", "/faults", {"kind": "drop"}, 400, "bad_fault"),
        ("POST", "/faults", {"kind": "smoke"}, 400, "validation_failed"),
        ("GET", "/wire?after=x", None, 400, "invalid_cursor"),
    ],
)
async def test_what_can_not_be_is_refused_and_said(
    api: Api, method: str, path: str, body: Any, status: int, code: str
) -> None:
    await api.phones(ALICE, BOB)
    assert (await api(method, path, body, status))["code"] == code


async def test_a_device_is_linked_listed_and_unlinked(rig: Rig, api: Api) -> None:
    await api.phones(ALICE)
    keys = Keys.make(rig.entropy)
    client, text = await qr_of(rig, keys)
    scanning = asyncio.create_task(api("POST", f"/phones/{ALICE}/scan", {"qr": text}, 201))
    await accept(client, keys)
    device = {"number": 1, "jid": f"{ALICE}:1@s.whatsapp.net", "lid": f"{lid_of(ALICE)}:1@lid", "online": False}
    assert await scanning == device
    assert (await api("GET", f"/phones/{ALICE}"))["devices"] == [device]
    await api("DELETE", f"/phones/{ALICE}/devices/1", status=204)
    assert (await api("GET", f"/phones/{ALICE}"))["devices"] == []


async def test_messages_are_sent_and_shown_with_all_that_belongs_to_them(rig: Rig, api: Api) -> None:
    await api.phones(ALICE, BOB)
    content = rig.entropy(1_000)
    media = {"base64": base64.b64encode(content).decode(), "mimetype": "image/png", "filename": "a.png"}
    asked = (await api("POST", f"/phones/{ALICE}/send", {"to": f"+{BOB}", "text": "hi"}, 201))["waId"]
    picture = (await api("POST", f"/phones/{ALICE}/send", {"to": BOB, "media": media, "caption": "look"}))["waId"]
    lid = f"{lid_of(BOB)}@lid"
    answer = (await api("POST", f"/phones/{ALICE}/send", {"to": lid, "text": "well?", "quote": picture}))["waId"]
    await until(lambda: len(rig.world.accounts[BOB].phone.inbox) == 3)  # type: ignore[attr-defined]

    first, second, third = (await api("GET", f"/phones/{BOB}/messages"))["items"]
    assert first == {
        "seq": 1,
        "waId": asked,
        "from": ALICE,
        "to": BOB,
        "chat": None,
        "type": "text",
        "text": "hi",
        "caption": None,
        "quoted": None,
        "media": None,
        "at": "2026-01-01T00:00:00Z",
        "seen": 1,
    }
    assert (second["waId"], second["type"], second["caption"]) == (picture, "image", "look")
    assert second["media"] == {
        "mimetype": "image/png",
        "filename": "",
        "size": 1_000,
        "sha256": hashlib.sha256(content).hexdigest(),
        "error": None,
    }
    assert (third["waId"], third["quoted"]) == (answer, picture)

    page = await api("GET", f"/phones/{BOB}/messages", limit=2)
    rest = await api("GET", f"/phones/{BOB}/messages", after=page["next"])
    assert ([m["waId"] for m in page["items"]], [m["waId"] for m in rest["items"]]) == ([asked, picture], [answer])
    assert rest["next"] is None


async def test_an_offline_phone_neither_sends_nor_links(api: Api) -> None:
    await api.phones(ALICE, BOB)
    await api("POST", f"/phones/{ALICE}/settings", {"online": False})
    for path, body in (("send", {"to": BOB, "text": "x"}), ("scan", {"qr": "x"}), ("enter-code", {"code": "x"})):
        assert (await api("POST", f"/phones/{ALICE}/{path}", body, 409))["code"] == "phone_offline"
    assert (await api("POST", f"/phones/{ALICE}/settings", {"online": True}))["online"] is True
    await api("POST", f"/phones/{ALICE}/send", {"to": BOB, "text": "x"}, 201)


async def test_a_group_is_made_and_written_to(rig: Rig, api: Api) -> None:
    await api.phones(ALICE, BOB)
    made = await api("POST", "/groups", {"subject": "Team", "members": [ALICE, f"+{BOB}"]}, 201)
    assert (made["subject"], made["creator"], made["members"], made["admins"]) == ("Team", ALICE, [ALICE, BOB], [ALICE])
    assert (await api("GET", "/groups"))["items"] == [made]
    wa_id = (await api("POST", f"/phones/{BOB}/send", {"to": made["id"], "text": "hi"}))["waId"]
    await until(lambda: len(rig.world.accounts[ALICE].phone.inbox) == 1)  # type: ignore[attr-defined]
    shown = (await api("GET", f"/phones/{ALICE}/messages"))["items"][0]
    assert (shown["waId"], shown["chat"], shown["to"], shown["from"]) == (wa_id, made["id"], made["id"], BOB)


async def test_the_record_is_read_by_session_and_from_a_place_on(rig: Rig, api: Api) -> None:
    _, companion = await settled(rig, ALICE)
    await settled(rig, BOB, "Bob")
    for connection in list(rig.world.connections):
        connection.end(None)
    await until(lambda: not rig.world.connections)
    everything = (await api("GET", "/wire"))["items"]
    own = (await api("GET", "/wire", session=str(companion.jid)))["items"]
    assert own == [e for e in everything if e["session"] == str(companion.jid)]
    assert own == (await api("GET", "/wire", session=f"+{ALICE}"))["items"]
    peers = [e for e in own if e["stanza"] == "message"]
    assert [c["kind"] for e in peers for c in e["ciphers"]] == ["pkmsg", "pkmsg"]
    assert [c["counter"] for e in peers for c in e["ciphers"]] == [0, 1]
    page = await api("GET", "/wire", limit=3)
    rest = await api("GET", "/wire", after=page["next"])
    assert page["items"] + rest["items"] == everything


async def test_faults_are_switched_on_listed_and_cleared(rig: Rig, api: Api) -> None:
    fault = await api("POST", "/faults", {"kind": "drop", "stanza": "ack", "times": 2, "session": ALICE}, 201)
    assert (fault["kind"], fault["stanza"], fault["times"], fault["direction"]) == ("drop", "ack", 2, "out")
    assert (await api("GET", "/faults"))["items"] == [fault]
    await api("DELETE", "/faults", status=204)
    assert (await api("GET", "/faults"))["items"] == []
    _, companion = await settled(rig, BOB, "Bob")
    await api("POST", "/faults", {"kind": "close", "code": 503, "session": BOB}, 201)
    assert (await companion.client.expect("stream:error")).get("code") == "503"


async def test_alone_it_starts_and_stops_what_it_serves(rig: Rig) -> None:
    sandbox = Sandbox(rig.clock, rig.entropy)
    alone = app(sandbox)
    client = AsgiClient(alone)
    async with alone.router.lifespan_context(alone):
        assert (await client.get("/sandbox")).json()["webSocketUrl"] == sandbox.websocket_url
        refused = await client.get("/sandbox/nowhere")
        assert (refused.status, refused.json()["code"]) == (404, "unknown_route")
        async with connect(sandbox.websocket_url):
            pass
    with pytest.raises(OSError, match="Connect call failed"):
        await connect(sandbox.websocket_url)


async def test_the_routes_describe_themselves_under_names_of_their_own(rig: Rig) -> None:
    described = FastAPI()
    described.include_router(router(rig.sandbox))
    schemas = described.openapi()["components"]["schemas"]
    ours = {n for n in schemas if not n.startswith(("Page", "Problem", "Field", "HTTP", "Validation"))}
    enums = {"CloseAs", "Direction", "FaultKind", "ForgedChain", "StanzaKind"}
    assert [n for n in ours - enums if "Sandbox" not in n] == []
