"""Texts, pictures and documents, both ways, as the people at the other end see them."""

import hashlib

import pytest

from tests.scenarios.rig import Rig, media
from wagate.cli.demo import picture

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"


async def test_a_text_is_sent_delivered_and_read_and_every_state_is_told(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA, "Ada")
    await rig.subscribe()

    sent = await rig.send(session, ADA, text="Your order is ready.")

    assert sent["status"] == "sent"
    shown = await rig.shown(ADA, sent["waId"])
    assert (shown["text"], shown["seen"]) == ("Your order is ready.", 1)
    read = await rig.message_reaches(sent["id"], "read")
    moments = [read["statusAt"][state] for state in ("sent", "delivered", "read")]
    assert moments == sorted(moments)
    for kind in ("message.sent", "message.delivered", "message.read"):
        assert (await rig.told(kind, sent["waId"]))["data"]["id"] == sent["id"]
    assert rig.sink.refused == 0


async def test_a_text_from_a_phone_arrives_once_and_is_told_by_webhook(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA, "Ada")
    await rig.subscribe()

    wa_id = await rig.phone_sends(ADA, to=SHOP, text="Are you open?")

    told = await rig.told("message.received", wa_id)
    assert told["data"]["text"] == "Are you open?"
    assert told["data"]["from"].startswith(ADA)
    message = await rig.received(session, wa_id)
    assert (message["direction"], message["fromMe"], message["type"]) == ("in", False, "text")
    receipts = [e for e in await rig.wire() if e["stanza"] == "receipt" and e["id"] == wa_id]
    assert receipts, "the gateway sent no receipt"


async def test_a_picture_is_sent_and_the_phone_decrypts_the_same_bytes(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    content = picture()

    sent = await rig.send(session, ADA, type="image", media=media(content, "image/png", "a.png"), caption="Look")

    shown = await rig.shown(ADA, sent["waId"])
    assert (shown["type"], shown["caption"]) == ("image", "Look")
    assert shown["media"]["sha256"] == hashlib.sha256(content).hexdigest()


async def test_a_document_keeps_its_name(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    content = b"%PDF-1.4 an invoice"

    sent = await rig.send(session, ADA, type="document", media=media(content, "application/pdf", "invoice.pdf"))

    shown = await rig.shown(ADA, sent["waId"])
    assert (shown["type"], shown["media"]["filename"]) == ("document", "invoice.pdf")
    assert shown["media"]["sha256"] == hashlib.sha256(content).hexdigest()


async def test_a_picture_from_a_phone_is_fetched_checked_and_served(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    content = picture()

    wa_id = await rig.phone_sends(
        ADA, to=SHOP, type="image", media=media(content, "image/png", "photo.png"), caption="Here"
    )

    await rig.received(session, wa_id)

    async def ready() -> str | None:
        message = await rig.received(session, wa_id)
        return str(message["media"]["id"]) if message["media"]["state"] == "ready" else None

    identifier = await rig.until(ready, "the picture is ready")
    async with rig.api.http.get(f"{rig.api.url}/api/media/{identifier}") as response:
        assert response.status == 200
        assert await response.read() == content


async def test_replies_quote_both_ways(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    asked = await rig.phone_sends(ADA, to=SHOP, text="When do you close?")
    question = await rig.received(session, asked)

    answer = await rig.send(session, ADA, text="At six.", replyTo=question["id"])

    shown = await rig.shown(ADA, answer["waId"])
    assert shown["quoted"] == asked
    thanks = await rig.phone_sends(ADA, to=SHOP, text="Thanks!", quote=answer["waId"])
    assert (await rig.received(session, thanks))["replyTo"] == answer["id"]


async def test_texts_of_one_chat_arrive_in_the_order_they_were_accepted(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    for number in range(20):
        await rig.api.call(
            "POST",
            f"/api/sessions/{session}/send",
            {"to": f"+{ADA}", "text": f"line {number}"},
            query={"wait": "0"},
        )

    async def all_shown() -> list[str] | None:
        texts = [m["text"] for m in await rig.inbox(ADA)]
        return texts if len(texts) == 20 else None

    assert await rig.until(all_shown, "all texts are shown") == [f"line {n}" for n in range(20)]


async def test_two_sessions_talk_to_each_other(rig: Rig) -> None:
    shop = await rig.linked(SHOP, "shop")
    ada = await rig.linked(ADA, "ada")

    there = await rig.send(shop, ADA, text="ping")
    assert (await rig.received(ada, there["waId"]))["text"] == "ping"
    back = await rig.send(ada, SHOP, text="pong")
    assert (await rig.received(shop, back["waId"]))["text"] == "pong"
