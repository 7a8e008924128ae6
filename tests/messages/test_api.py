"""The routes, as a customer's program meets them."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.messages.test_outbox import PNG
from tests.messages.world import ADA, BOB, MAX_FILE, World, quiet
from wagate.core.ids import MessageId
from wagate.engine.port import RecipientUnknown, RelayImpossible, RelayRefused
from wagate.messages.api import router
from wagate.messages.bodies import SEND_BODY, MessageBody, SentBody
from wagate.messages.kinds import SENDABLE
from wagate.messages.service.outbox import PAUSES
from wagate.sessions.links import Stage
from wagate.sessions.model import SessionStatus
from wagate.web.principal import Principal, Scope
from wagate.web.testing import Answer, AsgiClient, app_of
from wagate.wire.proto import wa_pb2 as wa

FORM = "multipart/form-data; boundary=XX"


@pytest.fixture
def client(world: World) -> AsgiClient:
    return client_of(world, world.principal)


def client_of(world: World, principal: Principal) -> AsgiClient:
    app = app_of(router(world.messages, world.history, world.library), keys={"wag_key": principal})
    return AsgiClient(app, "wag_key")


async def send(client: AsgiClient, world: World, body: Any = None, wait: float = 0, **options: Any) -> Answer:
    return await client.post(
        f"/api/sessions/{world.session.id}/send",
        json={"to": "+49 170 0000002", "text": "hi"} if body is None else body,
        params={"wait": str(wait)},
        **options,
    )


def form(*parts: tuple[str, str, bytes]) -> bytes:
    """Each part: its Content-Disposition's parameters, its type, its content."""
    body = b""
    for disposition, kind, content in parts:
        body += f"--XX\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()
        body += content + b"\r\n"
    return body + b"--XX--\r\n"


# -- sending


async def test_an_acknowledged_message_answers_201_with_its_ids(client: AsgiClient, world: World) -> None:
    async with world.sending():
        answer = await send(client, world, wait=10)
    assert answer.status == 201
    body = answer.json()
    assert set(body) == {"id", "waId", "sessionId", "to", "type", "status", "timestamp"}
    assert (body["status"], body["to"], body["type"]) == ("sent", str(ADA), "text")
    assert body["sessionId"] == world.session.id
    assert answer.headers["location"] == f"/api/messages/{body['id']}"
    SentBody.model_validate(body)


async def test_without_waiting_it_answers_202_and_will_be_sent(client: AsgiClient, world: World) -> None:
    answer = await send(client, world)
    assert (answer.status, answer.json()["status"]) == (202, "queued")
    async with world.sending():
        while (await client.get(f"/api/messages/{answer.json()['id']}")).json()["status"] != "sent":
            pass
    assert len(world.link.relayed) == 1


async def test_the_session_may_stand_in_the_body_instead(client: AsgiClient, world: World) -> None:
    body = {"sessionId": world.session.id, "to": "+491700000002", "text": "hi"}
    assert (await client.post("/api/send", json=body, params={"wait": "0"})).status == 202
    assert (await send(client, world, body)).status == 202
    del body["sessionId"]
    missing = await client.post("/api/send", json=body)
    assert (missing.status, missing.json()["errors"][0]["field"]) == (400, "sessionId")


async def test_the_body_cannot_name_another_session_than_the_path(client: AsgiClient, world: World) -> None:
    other = await world.new_session()
    answer = await send(client, world, {"sessionId": other.id, "to": "+491700000002", "text": "hi"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, "sessionId")
    assert await world.told() == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(RecipientUnknown(), 422, "not_on_whatsapp"), (RelayRefused(463), 422, "account_restricted")],
)
async def test_a_failure_while_waiting_is_the_answer_with_the_messages_id(
    client: AsgiClient, world: World, error: Exception, status: int, code: str
) -> None:
    async def refuse(relayed: object) -> Any:
        raise error

    world.link.answer = refuse
    async with world.sending():
        answer = await send(client, world, wait=10, headers={"Idempotency-Key": "k"})
        again = await send(client, world, wait=10, headers={"Idempotency-Key": "k"})
    problem = answer.json()
    assert (answer.status, problem["code"], problem["certain"]) == (status, code, True)
    assert answer.headers["content-type"] == "application/problem+json"
    MessageId.parse(problem["messageId"])
    assert (again.status, again.json()["messageId"]) == (status, problem["messageId"])
    stored = (await client.get(f"/api/messages/{problem['messageId']}")).json()
    assert (stored["status"], stored["error"]) == ("failed", {"code": code, "certain": True})


async def test_a_message_given_up_says_when_to_try_again(client: AsgiClient, world: World) -> None:
    async def never(relayed: object) -> Any:
        raise RelayImpossible

    world.link.answer = never
    waiting = asyncio.create_task(send(client, world, wait=60))
    async with world.sending():
        for pause in PAUSES:
            await quiet(world)
            await world.clock.advance(pause)
        answer = await waiting
    assert (answer.status, answer.json()["code"]) == (503, "not_sent")
    assert "retry-after" in answer.headers


async def test_a_repeated_request_gets_the_same_answer_even_after_it_was_read(client: AsgiClient, world: World) -> None:
    headers = {"Idempotency-Key": "order-1"}
    async with world.sending():
        first = await send(client, world, wait=10, headers=headers)
    await world.take_in(world.receipt(first.json()["waId"], type="read"))
    again = await send(client, world, wait=10, headers=headers)
    assert (again.status, again.json()) == (first.status, first.json())
    other = await send(client, world, {"to": "+491700000002", "text": "other"}, headers=headers)
    assert (other.status, other.json()["code"]) == (422, "idempotency_mismatch")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"to": "nobody", "text": "x"}, 422, "invalid_recipient"),
        ({"to": "+491700000002"}, 400, "validation_failed"),
        ({"text": "x"}, 400, "validation_failed"),
        ({"to": "+491700000002", "text": "x", "priority": 3}, 400, "validation_failed"),
        ({"to": 491700000002, "text": "x"}, 400, "validation_failed"),
        ({"to": "+491700000002", "type": "telegram"}, 400, "validation_failed"),
        ({"to": "+491700000002", "type": 7}, 400, "validation_failed"),
        ({"to": "+491700000002", "type": "image"}, 400, "validation_failed"),
        ({"to": "+491700000002", "type": "video", "media": {"id": "x"}}, 422, "unsupported_type"),
        ({"to": "+491700000002", "text": "x" * 65_537}, 422, "text_too_long"),
        ({"to": "+491700000002", "text": "x", "replyTo": "msg_1"}, 422, "reply_not_found"),
        ({"to": "+491700000002", "type": "image", "media": {"base64": "%%%"}}, 400, "bad_base64"),
        ({"to": "+491700000002", "type": "image", "media": {"base64": "aGk="}}, 415, "not_a_picture"),
        ({"to": "+491700000002", "type": "document", "media": {"base64": ""}}, 422, "empty_file"),
        ({"to": "+491700000002", "type": "document", "media": {"id": "med_1"}}, 404, "media_not_found"),
        (
            {"to": "+491700000002", "type": "document", "media": {"url": "http://127.0.0.1/x"}},
            422,
            "address_not_allowed",
        ),
        (
            {
                "to": "+491700000002",
                "type": "document",
                "media": {"base64": base64.b64encode(bytes(MAX_FILE + 1)).decode()},
            },
            413,
            "file_too_large",
        ),
        ([1], 400, "malformed_body"),
        ("text", 400, "malformed_body"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_kept(
    client: AsgiClient, world: World, body: Any, status: int, code: str
) -> None:
    answer = await send(client, world, body)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert await world.told() == []
    assert await stored_files(world) == 0


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"to":"1","text":"\\u0000"}', b"[" * 100_000])
async def test_what_is_no_json_is_refused(client: AsgiClient, world: World, raw: bytes) -> None:
    answer = await client.post(
        f"/api/sessions/{world.session.id}/send", body=raw, headers={"content-type": "application/json"}
    )
    assert (answer.status, answer.json()["code"]) == (400, "malformed_body")


async def test_another_content_type_is_refused(client: AsgiClient, world: World) -> None:
    answer = await client.post(
        f"/api/sessions/{world.session.id}/send", body=b"to=1", headers={"content-type": "application/x-www-form"}
    )
    assert answer.status == 415


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan"])
async def test_the_wait_has_limits(client: AsgiClient, world: World, wait: str) -> None:
    answer = await client.post(
        f"/api/sessions/{world.session.id}/send",
        json={"to": "+491700000002", "text": "hi"},
        params={"wait": wait},
    )
    assert answer.status == 400
    assert await world.told() == []


async def test_sessions_that_cannot_send_say_why(client: AsgiClient, world: World) -> None:
    cases = [
        (await world.new_session(status=SessionStatus.LOGGED_OUT, jid=None), 409, "session_logged_out"),
        (await world.new_session(jid=None), 409, "session_not_linked"),
    ]
    for session, status, code in cases:
        world.session = session
        for content_type, body in (("application/json", b'{"to":"+491700000002","text":"x"}'), (FORM, form())):
            answer = await client.post(
                f"/api/sessions/{session.id}/send", body=body, headers={"content-type": content_type}
            )
            assert (answer.status, answer.json()["code"]) == (status, code)


async def test_scopes_and_reach(client: AsgiClient, world: World) -> None:
    message = (await send(client, world)).json()["id"]
    reader = client_of(world, Principal(account_id=world.principal.account_id, scopes=frozenset({Scope.READ})))
    sender = client_of(world, Principal(account_id=world.principal.account_id, scopes=frozenset({Scope.SEND})))
    bound = client_of(
        world,
        Principal(account_id=world.principal.account_id, scopes=frozenset(Scope), sessions=frozenset()),
    )
    nobody = AsgiClient(app_of(router(world.messages, world.history, world.library)))
    listing = f"/api/sessions/{world.session.id}/messages"
    assert (await send(reader, world)).status == 403
    assert (await reader.get(f"/api/messages/{message}")).status == 200
    assert (await reader.post(f"/api/messages/{message}/read")).status == 403
    assert (await send(sender, world)).status == 202
    assert (await sender.get(listing)).status == 403
    for path in (f"/api/messages/{message}", listing):
        assert (await bound.get(path)).status == 404
        assert (await nobody.get(path)).status == 401
    assert (await send(bound, world)).status == 404
    assert (await send(nobody, world)).status == 401


# -- files


async def test_a_picture_from_base64_is_sent(client: AsgiClient, world: World) -> None:
    media = {"base64": base64.b64encode(PNG).decode(), "filename": "a.png"}
    async with world.sending():
        answer = await send(
            client, world, {"to": "+491700000002", "type": "image", "media": media, "caption": "Look"}, wait=10
        )
    assert (answer.status, answer.json()["type"]) == (201, "image")
    sent = world.link.relayed[0].message.imageMessage
    assert (sent.mimetype, sent.caption, sent.width, sent.height) == ("image/png", "Look", 1, 1)
    assert sent.jpegThumbnail.startswith(b"\xff\xd8")
    shown = (await client.get(f"/api/messages/{answer.json()['id']}")).json()
    assert (shown["text"], shown["caption"], shown["viewOnce"]) == ("Look", "Look", False)
    assert (shown["media"]["mimetype"], shown["media"]["state"]) == ("image/png", "ready")


async def test_a_file_may_come_with_a_form(client: AsgiClient, world: World) -> None:
    payload = json.dumps({"to": "+491700000002", "type": "document", "caption": "Invoice"}).encode()
    body = form(
        ('name="payload"', "application/json", payload),
        ('name="file"; filename="räch.pdf"', "application/pdf", b"%PDF-1.4 x"),
    )
    async with world.sending():
        answer = await client.post(
            f"/api/sessions/{world.session.id}/send",
            body=[body[:100], body[100:101], body[101:]],
            headers={"content-type": FORM},
        )
    assert answer.status == 201
    sent = world.link.relayed[0].message.documentWithCaptionMessage.message.documentMessage
    assert (sent.fileName, sent.mimetype, sent.caption) == ("räch.pdf", "application/pdf", "Invoice")


async def test_the_file_may_come_first_and_the_session_in_the_payload(client: AsgiClient, world: World) -> None:
    payload = {"sessionId": world.session.id, "to": "+491700000002", "type": "document"}
    body = form(
        ('name="file"; filename="a.txt"', "text/plain", b"hello"),
        ('name="payload"', "application/json", json.dumps(payload).encode()),
    )
    answer = await client.post("/api/send", body=body, headers={"content-type": FORM}, params={"wait": "0"})
    assert answer.status == 202


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [('name="file"', "text/plain", b"x")],
        [('name="payload"', "application/json", b'{"to":"+491700000002","type":"document"}')],
        [
            ('name="payload"', "application/json", b'{"to":"+491700000002","text":"x"}'),
            ('name="file"', "text/plain", b"x"),
        ],
        [
            ('name="file"', "text/plain", b"x"),
            ('name="payload"', "application/json", b'{"to":"+491700000002","type":"document","media":{"id":"m"}}'),
        ],
        [('name="file"', "text/plain", b"x"), ('name="payload"', "application/json", b"{")],
        [('name="file"', "text/plain", b"x"), ('name="file"', "text/plain", b"y")],
        [('name="other"', "text/plain", b"x")],
    ],
)
async def test_a_form_that_does_not_fit_is_refused_and_nothing_is_kept(
    client: AsgiClient, world: World, parts: list[tuple[str, str, bytes]]
) -> None:
    answer = await client.post(
        f"/api/sessions/{world.session.id}/send", body=form(*parts), headers={"content-type": FORM}
    )
    assert answer.status == 400
    assert await world.told() == []
    assert await stored_files(world) == 0


async def test_a_repeated_request_with_a_file_keeps_one_copy(client: AsgiClient, world: World) -> None:
    payload = b'{"to":"+491700000002","type":"document"}'
    ids = set()
    for content in (b"hello", b"hello"):
        body = form(('name="payload"', "application/json", payload), ('name="file"', "text/plain", content))
        answer = await client.post(
            f"/api/sessions/{world.session.id}/send",
            body=body,
            headers={"content-type": FORM, "Idempotency-Key": "k"},
            params={"wait": "0"},
        )
        ids.add(answer.json()["id"])
    assert len(ids) == 1
    assert await stored_files(world) == 1
    body = form(('name="payload"', "application/json", payload), ('name="file"', "text/plain", b"other"))
    answer = await client.post(
        f"/api/sessions/{world.session.id}/send",
        body=body,
        headers={"content-type": FORM, "Idempotency-Key": "k"},
    )
    assert answer.json()["code"] == "idempotency_mismatch"
    assert await stored_files(world) == 1


async def test_a_file_uploaded_once_is_sent_many_times(client: AsgiClient, world: World) -> None:
    kept = await world.library.take_bytes(world.principal.account_id, PNG, filename="a.png")
    for kind in ("image", "document"):
        body = {"to": "+491700000002", "type": kind, "media": {"id": kept.id}}
        assert (await send(client, world, body)).status == 202
    assert await stored_files(world) == 1


# -- looking up


async def test_the_history_is_listed_newest_first_page_by_page(client: AsgiClient, world: World) -> None:
    for number in range(5):
        await world.send(f"line {number}")
        await world.clock.advance(1)
    path = f"/api/sessions/{world.session.id}/messages"
    texts: list[str] = []
    params: dict[str, str | int] = {"limit": 2}
    for _ in range(3):
        page = (await client.get(path, params=params)).json()
        texts += [item["text"] for item in page["items"]]
        for item in page["items"]:
            MessageBody.model_validate(item)
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert texts == [f"line {number}" for number in (4, 3, 2, 1, 0)]
    assert page["next"] is None


async def test_the_history_can_be_filtered(client: AsgiClient, world: World) -> None:
    start = world.clock.now()
    await world.send("to Ada", to=ADA)
    await world.clock.advance(10)
    await world.send("to Bob", to=BOB)
    await world.take_in(world.arrival(wa.Message(conversation="from Ada"), sender_lid="900000000000002@lid"))
    reaction = wa.Message.ReactionMessage(key=wa.MessageKey(id="x"), text="👍")
    await world.take_in(world.arrival(wa.Message(reactionMessage=reaction), wa_id="R"))
    later = (start + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
    cases: list[tuple[dict[str, str], set[str]]] = [
        ({"chat": "+49 170 0000002"}, {"to Ada", "from Ada", "👍"}),
        ({"chat": "491700000003@s.whatsapp.net"}, {"to Bob"}),
        ({"chat": "900000000000002@lid"}, {"from Ada"}),
        ({"direction": "in"}, {"from Ada", "👍"}),
        ({"status": "queued"}, {"to Ada", "to Bob"}),
        ({"type": "reaction"}, {"👍"}),
        ({"after": later}, {"to Bob", "from Ada", "👍"}),
        ({"before": later}, {"to Ada"}),
        ({"direction": "out", "after": later}, {"to Bob"}),
    ]
    for query, expected in cases:
        page = (await client.get(f"/api/sessions/{world.session.id}/messages", params=query)).json()
        assert {item["text"] for item in page["items"]} == expected, query


async def test_what_a_message_shows_as_its_time_is_neither_before_nor_after_it(
    client: AsgiClient, world: World
) -> None:
    await world.clock.advance(0.123_456)
    shown = (await client.get(f"/api/messages/{(await world.send()).id}")).json()["timestamp"]
    assert shown.endswith(".123Z")
    for bound in ("after", "before"):
        page = await client.get(f"/api/sessions/{world.session.id}/messages", params={bound: shown})
        assert page.json()["items"] == [], bound


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"direction": "sideways"}, 400),
        ({"status": "lost"}, 400),
        ({"after": "yesterday"}, 400),
        ({"after": "0001-01-01T00:00:00+10:00"}, 400),
        ({"before": "9999-12-31T23:59:59-10:00"}, 400),
        ({"limit": "0"}, 400),
        ({"cursor": "x"}, 400),
        ({"chat": "nobody"}, 422),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(
    client: AsgiClient, world: World, query: dict[str, str], status: int
) -> None:
    answer = await client.get(f"/api/sessions/{world.session.id}/messages", params=query)
    assert answer.status == status


@pytest.mark.parametrize("identifier", ["msg_" + "0" * 26, "x", "ses_" + "0" * 26])
async def test_an_unknown_message_is_not_found(client: AsgiClient, identifier: str) -> None:
    answer = await client.get(f"/api/messages/{identifier}")
    assert (answer.status, answer.json()["code"]) == (404, "message_not_found")


# -- reading


async def test_marking_as_read_tells_the_sender_once(client: AsgiClient, world: World) -> None:
    await world.take_in(world.arrival(wa.Message(conversation="hi"), wa_id="IN1"))
    page = (await client.get(f"/api/sessions/{world.session.id}/messages")).json()
    path = f"/api/messages/{page['items'][0]['id']}/read"
    offline = await client.post(path)
    assert (offline.status, offline.json()["code"]) == (409, "session_not_connected")

    world.links.put(world.session.id, world.link, Stage.ONLINE, world.clock.now())
    assert (await client.post(path)).json()["status"] == "read"
    assert (await client.post(path)).json()["status"] == "read"

    (receipt,) = world.link.sent
    assert (receipt.tag, receipt.get("type"), receipt.get("id"), receipt.jid("to")) == ("receipt", "read", "IN1", ADA)


async def test_a_receipt_goes_to_the_address_that_the_message_came_by(client: AsgiClient, world: World) -> None:
    world.links.put(world.session.id, world.link, Stage.ONLINE, world.clock.now())
    by_lid = {"from": "900000000000002@lid", "sender_pn": ADA}
    group = {"from": "1234567@g.us", "participant": "900000000000002:3@lid", "participant_pn": ADA}
    for number, attrs in enumerate((by_lid, group)):
        await world.take_in(world.arrival(wa.Message(conversation="hi"), wa_id=f"IN{number}", **attrs))
    for item in (await client.get(f"/api/sessions/{world.session.id}/messages")).json()["items"]:
        await client.post(f"/api/messages/{item['id']}/read")
    in_group, private = world.link.sent
    assert private.get("to") == "900000000000002@lid"
    assert (in_group.get("to"), in_group.get("participant")) == ("1234567@g.us", "900000000000002@lid")


async def test_ones_own_messages_are_not_marked(client: AsgiClient, world: World) -> None:
    message = await world.send()
    assert (await client.post(f"/api/messages/{message.id}/read")).json()["status"] == "queued"


# -- the description


def test_the_described_body_names_every_kind_and_needs_no_definition_elsewhere() -> None:
    text = json.dumps(SEND_BODY)
    assert "$ref" not in text
    described = SEND_BODY["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert all("sessionId" in kind["required"] for kind in described)
    assert {variant["properties"]["type"].get("const") for variant in described} == set(SENDABLE)
    assert all(variant["additionalProperties"] is False for variant in described)


async def stored_files(world: World) -> int:
    from wagate.media.store import media

    return await world.db.read(lambda tx: len(tx.execute(media.select()).all()))
