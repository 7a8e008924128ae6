"""The contract, row by row, as a customer meets it: paths, names, codes, and what never happens.

Every answer here is also held to /openapi.json and to what all answers have in common (caller.py).
"""

import asyncio
import hashlib
import io
import json
import re
import stat
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.scenarios.caller import Caller
from tests.scenarios.rig import Json, Rig, media
from wagate.cli.demo import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARD = {
    *("id", "name", "phone", "purpose", "engine", "status", "statusReason", "workerId", "me", "metadata", "createdAt"),
    *("updatedAt", "lastConnectedAt", "lastDisconnectedAt", "createdBy"),
}
SENT = {"id", "waId", "sessionId", "to", "type", "status", "timestamp"}
EVENT = {"id", "type", "accountId", "sessionId", "timestamp", "data"}
NOBODY = "0" * 26


@pytest_asyncio.fixture(loop_scope="module")
async def ask(rig: Rig) -> AsyncIterator[Caller]:
    """Calls the gateway as its administrator."""
    assert rig.gateway is not None
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{rig.api.url}/openapi.json") as answer:
            document = await answer.json()
        yield Caller(http, rig.api.url, rig.gateway.admin_key, document)


def operations(document: Json) -> list[tuple[str, str, Json]]:
    return [(method.upper(), path, entry) for path, item in document["paths"].items() for method, entry in item.items()]


# -- keys


async def test_every_route_asks_for_a_key_and_knows_nothing_of_ids_that_are_none(ask: Caller) -> None:
    stranger, bodies = (
        ask.having(""),
        {"PATCH": {}, "PUT": {}, "POST": {"phone": "+491701234567", "after": "x", "to": "1"}},
    )
    asking = [
        (method, path, entry["security"]) for method, path, entry in operations(ask.document) if entry["security"]
    ]
    guarded = [(method, path) for method, path, accepted in asking if {"workerToken": []} not in accepted]
    assert len(guarded) > 30
    for method, path, accepted in asking:
        if {"workerToken": []} in accepted:
            await ask(method, re.sub(r"\{\w+\}", "x", path), 401, "fleet_only")
    for method, path in guarded:
        await stranger(method, re.sub(r"\{\w+\}", "x", path), 401, "credential_missing")
        await ask.having("wag_wrong")(method, re.sub(r"\{\w+\}", "x", path), 401, "unauthorized")
        if "{" in path:
            await ask(method, re.sub(r"\{\w+\}", "x", path), 404, json=bodies.get(method))


async def test_a_key_can_do_what_its_scopes_say_until_it_is_revoked(ask: Caller) -> None:
    session = (await ask.json("POST", "/api/sessions", 201, json={"name": "ours"}))["id"]
    other = (await ask.json("POST", "/api/sessions", 201, json={"name": "other"}))["id"]
    allowed = {"read": (200, 403, 403), "send": (403, 409, 403), "manage": (200, 403, 201)}
    for scope, (reads, sends, makes) in allowed.items():
        made = await ask.json("POST", "/api/keys", 201, json={"name": scope, "scopes": [scope]})
        assert made["key"].startswith("wag_")
        holder = ask.having(made["key"])
        await holder("GET", f"/api/sessions/{session}", reads)
        await holder("POST", f"/api/sessions/{session}/send", sends, json={"to": "+491701234567", "text": "x"})
        await holder("POST", "/api/webhooks/endpoints", makes, json={"url": "https://example.com/"})
        await holder("GET", "/api/keys", 403, "forbidden")
        await ask("DELETE", f"/api/keys/{made['id']}", 204)
        await holder("GET", "/api/me", 401, "unauthorized")
        assert made["key"] not in json.dumps(await ask.json("GET", "/api/keys"))

    bound = {"name": "bound", "scopes": ["manage", "send"], "sessions": [session]}
    holder = ask.having((await ask.json("POST", "/api/keys", 201, json=bound))["key"])
    assert [item["id"] for item in await holder.pages("/api/sessions")] == [session]
    await holder("POST", "/api/sessions", 403, json={"name": "more"})
    for path in ("", "/status", "/messages", "/events", "/qr"):
        await holder("GET", f"/api/sessions/{other}{path}", 404, "session_not_found")


# -- people


async def test_an_account_is_made_used_and_disabled(ask: Caller) -> None:
    stranger, password = ask.having(""), "correct horse battery"
    owner = {"email": "ada@example.org", "password": password}
    await stranger("POST", "/api/register", 403, "registration_closed", json=owner)
    await ask("PATCH", "/api/admin/settings", 200, json={"registration": "open"})
    made = await stranger.json("POST", "/api/register", 201, json=owner)
    assert set(made) == {"user", "account", "token"}
    await stranger("POST", "/api/register", 409, "email_taken", json=owner)
    await stranger("POST", "/api/login", 401, "login_failed", json={**owner, "password": "another one"})
    ada = ask.having((await stranger.json("POST", "/api/login", json=owner))["token"])
    bob_is = {"email": "bob@example.org", "password": password}
    await ada("POST", "/api/users", 201, json={**bob_is, "role": "viewer"})
    bob = ask.having((await stranger.json("POST", "/api/login", json=bob_is))["token"])

    session = (await ada.json("POST", "/api/sessions", 201, json={"name": "ada's"}))["id"]
    await bob("GET", f"/api/sessions/{session}", 200)
    await bob("POST", f"/api/sessions/{session}/connect", 403, "forbidden")
    await ada("POST", f"/api/sessions/{session}/connect", 202)
    await ada("GET", f"/api/sessions/{session}/qr", 200, query={"wait": 20})
    await ask("GET", f"/api/sessions/{session}", 404, "session_not_found")

    account = f"/api/admin/accounts/{made['account']['id']}"
    await ask("PATCH", account, 200, json={"disabled": True})
    await ada("GET", "/api/me", 401, "unauthorized")
    await stranger("POST", "/api/login", 401, "login_failed", json=owner)
    await ask("PATCH", account, 200, json={"disabled": False})
    for _ in range(100):
        card = await ada.json("GET", f"/api/sessions/{session}")
        if card["status"] == "disconnected":
            break
        await asyncio.sleep(0.1)
    assert card["status"] == "disconnected"
    await ada("DELETE", f"/api/sessions/{session}", 204)
    await ada("POST", "/api/logout", 204)
    await ada("GET", "/api/me", 401, "unauthorized")
    logged = await ask.json("GET", "/api/admin/audit", query={"account": made["account"]["id"]})
    assert {"user.login_failed", "session.connected", "account.disabled"} <= {e["action"] for e in logged["items"]}
    await ask("PATCH", "/api/admin/settings", 200, json={"registration": None})


# -- sessions


async def test_a_session_from_its_card_to_its_end(rig: Rig, ask: Caller, shop: str) -> None:
    await rig.phone(shop, "Shop")
    card = await ask.json("POST", "/api/sessions", 201, json={"name": "Büro 🏪", "metadata": {"a_b": [1]}})
    assert set(card) == CARD
    assert (card["status"], card["me"], card["workerId"]) == ("disconnected", None, None)
    path = f"/api/sessions/{card['id']}"
    assert await ask.json("GET", path) == card
    await ask("GET", f"{path}/qr", 404, "qr_not_available")
    await ask("GET", f"{path}/qr", 400, "validation_failed", query={"wait": 31})

    async with ask.stream(f"{path}/events") as frames:
        assert set(await ask.json("POST", f"{path}/connect", 202)) == CARD
        code = await ask.json("GET", f"{path}/qr", query={"wait": 30})
        assert set(code) == {"status", "qrString", "qrCode", "expiresAt"}
        assert code["qrCode"].startswith("data:image/png;base64,")
        shown = [await anext(frames) for _ in range(3)]
    assert [frame["event"] for frame in shown] == ["session.status", "session.status", "session.qr"]
    assert all(set(frame["data"]) == EVENT and frame["data"]["id"] == frame["id"] for frame in shown)
    assert shown[2]["data"]["data"]["qrString"] == code["qrString"]
    async with ask.stream(f"{path}/events", shown[0]["id"]) as frames:
        assert [(await anext(frames))["id"] for _ in range(2)] == [frame["id"] for frame in shown[1:]]

    for shape, kind in (("png", "image/png"), ("svg", "image/svg+xml"), ("text", "text/plain; charset=utf-8")):
        assert (await ask("GET", f"{path}/qr", 200, query={"format": shape})).headers["Content-Type"] == kind
    assert (await ask.json("POST", f"{path}/connect", 202))["status"] == "qr_required"

    by_code = await ask.json("POST", f"{path}/pairing-code", json={"phone": f"+{shop}"})
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", by_code["code"])
    await rig.phones.call("POST", f"/sandbox/phones/{shop}/enter-code", {"code": by_code["code"]})
    linked = await rig.reaches(card["id"], "connected")
    assert set(linked["me"]) == {"jid", "lid", "pushName"}
    await ask("GET", f"{path}/qr", 409, "already_connected")
    await ask("POST", f"{path}/pairing-code", 409, "already_connected", json={"phone": f"+{shop}"})
    status = await ask.json("GET", f"{path}/status")
    assert set(status) == {"id", "status", "statusReason", "since", "health"}
    assert set(status["health"]) == {
        *("lastFrameAt", "pingMs", "sendStalled", "sendingPausedUntil", "unreadableSettings")
    }

    for _ in range(2):
        await ask("POST", f"{path}/logout", 202)
    await ask("POST", f"{path}/send", 409, "session_logged_out", json={"to": "+491701234567", "text": "x"})
    assert await rig.devices(shop) == []
    await ask("DELETE", path, 204)
    await ask("GET", path, 404, "session_not_found")


async def test_bodies_are_read_strictly(ask: Caller) -> None:
    as_json = {"Content-Type": "application/json"}
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x", "colour": "red"}, [], "x", {"name": "a\0b"}):
        await ask("POST", "/api/sessions", 400, json=body)
    for raw in (b"{", b'{"name":"\xff"}', b'{"name":NaN}', b"[" * 100_000):
        await ask("POST", "/api/sessions", 400, "malformed_body", data=raw, headers=as_json)
    await ask("POST", "/api/sessions", 415, data=b'{"name":"x"}', headers={"Content-Type": "text/plain"})
    await ask("POST", "/api/sessions", 413, data=io.BytesIO(b"x" * 2_000_000), headers=as_json)
    assert (await ask("PUT", "/api/sessions", 405)).headers["Allow"] == "GET, POST"
    given = await ask("GET", "/api/me", 200, headers={"X-Request-Id": "mine-1"})
    assert given.headers["X-Request-Id"] == "mine-1"


# -- messages


async def test_sending_is_answered_as_the_contract_says(rig: Rig, ask: Caller, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    path = f"/api/sessions/{session}/send"
    sent = await ask.json("POST", path, 201, json={"to": f"+{ada}", "type": "text", "text": "hi"})
    assert set(sent) == SENT
    assert (sent["status"], sent["to"]) == ("sent", f"{ada}@s.whatsapp.net")
    queued = await ask.json("POST", path, 202, json={"to": f"+{ada}", "text": "later"}, query={"wait": 0})
    assert set(queued) == SENT
    assert queued["status"] in ("queued", "sending")
    for to in (f"00{ada}", f"+{ada[:2]} {ada[2:5]}-{ada[5:]}", f"{ada}@c.us", f"\u202a+{ada}\u202c"):
        body = {"sessionId": session, "to": to, "text": "n"}
        assert (await ask.json("POST", "/api/send", 202, json=body, query={"wait": 0}))["to"] == f"{ada}@s.whatsapp.net"
    message = await ask.json("GET", f"/api/messages/{sent['id']}")
    assert {"chat", "from", "fromMe", "direction", "replyTo", "createdAt", "statusAt"} <= set(message)

    failed = (await ask("POST", path, 422, "not_on_whatsapp", json={"to": "+491719999999", "text": "x"})).json()
    assert failed["certain"] is True
    stored = await ask.json("GET", f"/api/messages/{failed['messageId']}")
    assert (stored["status"], stored["error"]) == ("failed", {"code": "not_on_whatsapp", "certain": True})
    for to in ("nonsense", "12", "status@broadcast"):
        await ask("POST", path, 422, "invalid_recipient", json={"to": to, "text": "x"})
    await ask("POST", path, 422, "unsupported_type", json={"to": f"+{ada}", "type": "poll"})
    await ask("POST", path, 422, "reply_not_found", json={"to": f"+{ada}", "text": "x", "replyTo": f"msg_{NOBODY}"})
    for body in ({"to": f"+{ada}"}, {"to": f"+{ada}", "text": ""}, {"to": f"+{ada}", "text": "x", "extra": 1}):
        await ask("POST", path, 400, "validation_failed", json=body)
    await ask("POST", path, 415, "unsupported_media_type", data=b"x", headers={"Content-Type": "text/plain"})
    await ask("POST", "/api/send", 400, "validation_failed", json={"to": f"+{ada}", "text": "x"})

    history = await ask.pages(f"/api/sessions/{session}/messages", limit=3)
    assert [item["id"] for item in history][-2:] == [queued["id"], sent["id"]]
    assert len({item["id"] for item in history}) == len(history) == 7


async def test_a_hundred_racing_requests_with_one_key_are_one_message(
    rig: Rig, ask: Caller, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    path, body, key = f"/api/sessions/{session}/send", {"to": f"+{ada}", "text": "once"}, {"Idempotency-Key": "race"}

    async def attempt() -> str | None:
        try:
            return str((await ask.json("POST", path, 201, json=body, headers=key))["id"])
        except aiohttp.ClientError:
            return None  # the gateway was killed

    answered = [asyncio.create_task(attempt()) for _ in range(100)]
    await asyncio.wait(answered, return_when=asyncio.FIRST_COMPLETED)
    await rig.kill_gateway()
    before = {await task for task in answered} - {None}
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    ask.url = rig.api.url
    after = {await attempt() for _ in range(10)}
    assert before <= after
    (identifier,) = after
    await ask("POST", path, 422, "idempotency_mismatch", json={**body, "text": "twice"}, headers=key)
    message = await ask.json("GET", f"/api/messages/{identifier}")
    await rig.shown(ada, message["waId"])
    assert [shown["seen"] for shown in await rig.inbox(ada)] == [1]


# -- media


async def test_files_are_kept_served_and_sent_from_every_source(rig: Rig, ask: Caller, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    content = picture()

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type="image/png")

    site = web.Application()
    site.router.add_get("/a.png", serve)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    form = aiohttp.FormData()
    form.add_field("file", content, filename="a.png", content_type="image/png")
    stored = await ask.json("POST", "/api/media", 201, data=form)
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    address, size = f"/api/media/{stored['id']}", len(content)
    assert (await ask("GET", address, 200)).body == content
    for wanted, part in (("bytes=0-9", content[:10]), ("bytes=-5", content[-5:]), ("bytes=10-", content[10:])):
        assert (await ask("GET", address, 206, headers={"Range": wanted})).body == part
    beyond = await ask("GET", address, 416, "range_not_satisfiable", headers={"Range": f"bytes={size}-"})
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    await ask("POST", "/api/media", 415, json={})

    path = f"/api/sessions/{session}/send"
    multipart = aiohttp.FormData()
    multipart.add_field("payload", json.dumps({"to": f"+{ada}", "type": "image"}), content_type="application/json")
    multipart.add_field("file", content, filename="a.png", content_type="image/png")
    sent = [await ask.json("POST", path, 201, data=multipart)]
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/a.png"
    for source in ({"id": stored["id"]}, {"url": url}, media(content, "image/png", "a.png")):
        sent.append(await ask.json("POST", path, 201, json={"to": f"+{ada}", "type": "image", "media": source}))
    for message in sent:
        assert (await rig.shown(ada, message["waId"]))["media"]["sha256"] == stored["sha256"]
    for refused in ("http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://2852039166/"):
        body: Json = {"to": f"+{ada}", "type": "image", "media": {"url": refused}}
        await ask("POST", path, 422, "address_not_allowed", json=body)
    await runner.cleanup()


# -- events and webhooks


async def test_events_are_the_same_pulled_streamed_and_delivered(rig: Rig, ask: Caller, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.subscribe()
    async with ask.stream("/api/events/stream", types="message.*") as frames:
        sent = await ask.json("POST", f"/api/sessions/{session}/send", 201, json={"to": f"+{ada}", "text": "told"})
        streamed = [(await anext(frames))["data"] for _ in range(4)]
    kinds = ["message.queued", "message.sent", "message.delivered", "message.read"]
    assert [event["type"] for event in streamed] == kinds
    assert all(set(event) == EVENT for event in streamed)
    pulled = await ask.pages("/api/events", limit=2, session=session, types="message.*")
    assert pulled == streamed
    assert streamed[-1]["data"] == await ask.json("GET", f"/api/messages/{sent['id']}")
    for event in streamed:
        told = await rig.told(event["type"], sent["waId"])
        assert told == {"type": event["type"], "timestamp": event["timestamp"], "data": event["data"]}
        assert event["id"] in rig.sink.ids
    assert rig.sink.refused == 0
    await ask("GET", "/api/events", 400, "unknown_event_type", query={"types": "nope"})


async def test_an_endpoint_is_tested_rotated_replayed_and_deleted(ask: Caller) -> None:
    arrived: list[tuple[dict[str, str], str]] = []
    status = 204

    async def receive(request: web.Request) -> web.Response:
        arrived.append(({k.lower(): v for k, v in request.headers.items()}, await request.text()))
        return web.Response(status=status)

    site = web.Application()
    site.router.add_post("/", receive)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = await ask.json(
        "POST",
        "/api/webhooks/endpoints",
        201,
        json={"url": f"http://127.0.0.1:{runner.addresses[0][1]}/", "headers": {"X-Mine": "1"}},
    )
    path, first = f"/api/webhooks/endpoints/{made['id']}", made["secret"]
    assert "secret" not in await ask.json("GET", path)
    assert (await ask.json("POST", f"{path}/test"))["delivered"] is True
    second = (await ask.json("POST", f"{path}/rotate-secret"))["secret"]
    assert (await ask.json("POST", f"{path}/test"))["delivered"] is True
    headers, body = arrived[-1]
    assert headers["x-mine"] == "1"
    for secret in (first, second):
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(body + " ", headers)
    status = 302
    assert (await ask.json("POST", f"{path}/test"))["delivered"] is False
    status = 204
    oldest = (await ask.json("GET", "/api/events", query={"limit": 1}))["items"][0]["id"]
    await ask("POST", f"{path}/replay", 202, json={"after": oldest})
    async with asyncio.timeout(20):
        while not (done := await ask.pages(f"{path}/deliveries", status="delivered")):
            await asyncio.sleep(0.05)
    for replay in (f"/api/webhooks/deliveries/{done[0]['id']}/replay", f"{path}/deliveries/whd_{NOBODY}/replay"):
        await ask("POST", replay, 404 if NOBODY in replay else 202)
    for refused in ("http://10.0.0.1/", "http://[::1]/"):
        await ask("POST", "/api/webhooks/endpoints", 422, "address_not_allowed", json={"url": refused})
    await ask("POST", "/api/webhooks/endpoints", 400, json={"url": made["url"], "events": ["nope"]})
    await ask("DELETE", path, 204)
    await ask("GET", path, 404, "endpoint_not_found")
    await runner.cleanup()


# -- the program


async def test_the_program_says_one_line_keeps_its_secrets_and_ends_with_0(rig: Rig, shop: str, ada: str) -> None:
    assert rig.gateway is not None
    kept = rig.gateway.data_dir / "admin.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    admin: dict[str, str] = json.loads(kept.read_text())
    assert set(admin) == {"email", "password", "key"}
    session = await rig.linked(shop, "Shop CANARYNAME")
    await rig.phone(ada)
    await rig.send(session, ada, text="CANARYTEXT")
    await rig.received(session, await rig.phone_sends(ada, to=shop, text="CANARYANSWER"))

    gateway, log = rig.gateway, rig.log
    reader = aiohttp.ClientSession(headers={"X-API-Key": admin["key"]})
    async with reader, reader.get(f"{rig.api.url}/api/events/stream") as stream:
        assert (await stream.content.readline()).startswith(b"retry:")
        assert await rig.stop_gateway() == 0
        await stream.content.read()  # the stream was ended, not broken off
    assert gateway.process.stdout is not None
    assert await gateway.process.stdout.read() == b""  # after the line `ready …`
    announced, _, rest = log.partition(admin["key"])
    assert admin["password"] in announced
    secrets: list[Any] = ["CANARY", shop, ada, admin["key"], admin["password"], rig.sink.secret or admin["key"]]
    assert [secret for secret in secrets if secret in rest] == []
    for file in (path for path in kept.parent.rglob("*") if path.is_file() and path != kept):
        assert admin["key"].encode() not in file.read_bytes(), file.name
