"""Texts, pictures and documents, both ways, as the people at the other end see them."""

import hashlib

import pytest

from tests.scenarios.rig import Json, Rig, media
from wagate.cli.demo import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVOICE = b"%PDF-1.4 an invoice"


async def delivered_and_read_in_order(rig: Rig, sent: Json) -> None:
    read = await rig.message_reaches(sent["id"], "read")
    moments = [read["statusAt"][state] for state in ("sent", "delivered", "read")]
    assert None not in moments
    assert moments == sorted(moments)


async def receipted(rig: Rig, shop: str, wa_id: str) -> None:
    """Wait until WhatsApp has the session's receipt for that message."""

    async def look() -> bool | None:
        receipts = [e for e in await rig.wire(shop) if e["stanza"] == "receipt" and e["direction"] == "in"]
        return True if any(wa_id in e["receiptIds"] and e["type"] in ("", "inactive") for e in receipts) else None

    await rig.until(look, f"{wa_id} is receipted")


async def file_of(rig: Rig, session: str, wa_id: str) -> bytes:
    """What the API serves as the file of an inbound message, once it is there."""

    async def ready() -> str | None:
        message = await rig.received(session, wa_id)
        assert message["media"]["state"] != "failed"
        return str(message["media"]["id"]) if message["media"]["state"] == "ready" else None

    identifier = await rig.until(ready, "the file is ready")
    async with rig.api.http.get(f"{rig.api.url}/api/media/{identifier}") as response:
        assert response.status == 200
        return await response.read()


async def test_a_text_is_sent_delivered_and_read_and_every_state_is_told(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, "Ada")
    await rig.subscribe()

    sent = await rig.send(session, ada, text="Your order is ready.")

    assert sent["status"] == "sent"
    shown = await rig.shown(ada, sent["waId"])
    assert (shown["text"], shown["from"], shown["seen"]) == ("Your order is ready.", shop, 1)
    await delivered_and_read_in_order(rig, sent)
    for kind in ("message.sent", "message.delivered", "message.read"):
        assert (await rig.told(kind, sent["waId"]))["data"]["id"] == sent["id"]
    assert rig.sink.refused == 0


async def test_a_text_from_a_phone_arrives_once_and_is_told_by_webhook(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, "Ada")
    await rig.subscribe()

    wa_id = await rig.phone_sends(ada, to=shop, text="Are you open?")

    told = await rig.told("message.received", wa_id)
    assert told["data"]["text"] == "Are you open?"
    assert told["data"]["from"].startswith(ada)
    message = await rig.received(session, wa_id)
    assert (message["direction"], message["fromMe"], message["type"]) == ("in", False, "text")
    await receipted(rig, shop, wa_id)


async def test_what_the_owner_writes_on_the_phone_is_in_the_history_as_sent_by_them(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)

    wa_id = await rig.phone_sends(shop, to=ada, text="typed by hand")

    async def look() -> Json | None:
        page = await rig.api.call("GET", f"/api/sessions/{session}/messages")
        return next((m for m in page["items"] if m["waId"] == wa_id), None)

    message = await rig.until(look, "the copy of the owner's message")
    assert (message["text"], message["direction"], message["fromMe"]) == ("typed by hand", "out", True)
    assert message["chat"].startswith(ada)


async def test_a_picture_is_sent_read_and_the_phone_decrypts_the_same_bytes(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    content = picture()

    sent = await rig.send(session, ada, type="image", media=media(content, "image/png", "a.png"), caption="Look")

    shown = await rig.shown(ada, sent["waId"])
    assert (shown["type"], shown["caption"]) == ("image", "Look")
    assert shown["media"]["sha256"] == hashlib.sha256(content).hexdigest()
    await delivered_and_read_in_order(rig, sent)


async def test_a_document_is_sent_read_and_keeps_its_name(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)

    sent = await rig.send(session, ada, type="document", media=media(INVOICE, "application/pdf", "invoice.pdf"))

    shown = await rig.shown(ada, sent["waId"])
    assert (shown["type"], shown["media"]["filename"]) == ("document", "invoice.pdf")
    assert shown["media"]["sha256"] == hashlib.sha256(INVOICE).hexdigest()
    await delivered_and_read_in_order(rig, sent)


async def test_a_picture_from_a_phone_is_fetched_checked_and_served(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    content = picture()

    wa_id = await rig.phone_sends(
        ada, to=shop, type="image", media=media(content, "image/png", "photo.png"), caption="Here"
    )

    message = await rig.received(session, wa_id)
    assert (message["type"], message["caption"]) == ("image", "Here")
    assert await file_of(rig, session, wa_id) == content
    await receipted(rig, shop, wa_id)


async def test_a_document_from_a_phone_is_served_under_its_name(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)

    wa_id = await rig.phone_sends(ada, to=shop, type="document", media=media(INVOICE, "application/pdf", "invoice.pdf"))

    message = await rig.received(session, wa_id)
    assert (message["type"], message["media"]["filename"]) == ("document", "invoice.pdf")
    assert message["media"]["mimetype"] == "application/pdf"
    assert await file_of(rig, session, wa_id) == INVOICE
    await receipted(rig, shop, wa_id)


async def test_replies_quote_both_ways(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    asked = await rig.phone_sends(ada, to=shop, text="When do you close?")
    question = await rig.received(session, asked)

    answer = await rig.send(session, ada, text="At six.", replyTo=question["id"])

    shown = await rig.shown(ada, answer["waId"])
    assert shown["quoted"] == asked
    thanks = await rig.phone_sends(ada, to=shop, text="Thanks!", quote=answer["waId"])
    assert (await rig.received(session, thanks))["replyTo"] == answer["id"]


async def test_texts_of_one_chat_arrive_in_the_order_they_were_accepted(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    for number in range(20):
        await rig.submit(session, ada, text=f"line {number}")

    async def all_shown() -> list[str] | None:
        texts = [m["text"] for m in await rig.inbox(ada)]
        return texts if len(texts) == 20 else None

    assert await rig.until(all_shown, "all texts are shown") == [f"line {n}" for n in range(20)]


async def test_a_burst_from_a_phone_is_in_the_history_in_order(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)

    for number in range(20):
        last = await rig.phone_sends(ada, to=shop, text=f"line {number}")

    await rig.received(session, last)
    page = await rig.api.call("GET", f"/api/sessions/{session}/messages", query={"direction": "in"})
    assert [m["text"] for m in reversed(page["items"])] == [f"line {n}" for n in range(20)]


async def test_two_sessions_that_write_to_each_other_at_once_lose_nothing(rig: Rig, shop: str, ada: str) -> None:
    one = await rig.linked(shop, "shop")
    other = await rig.linked(ada, "ada")
    there = [await rig.submit(one, ada, text=f"ping {n}") for n in range(15)]
    back = [await rig.submit(other, shop, text=f"pong {n}") for n in range(15)]

    for ping, pong in zip(there, back, strict=True):
        assert (await rig.received(other, ping["waId"]))["text"].startswith("ping")
        assert (await rig.received(one, pong["waId"]))["text"].startswith("pong")

    retries = [e for n in (shop, ada) for e in await rig.wire(n) if e["stanza"] == "receipt" and e["type"] == "retry"]
    assert retries == [], "somebody could not decrypt"


async def test_a_number_that_is_not_on_whatsapp_fails_for_certain_and_holds_up_nobody(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)

    into_nothing = await rig.submit(session, bob, text="is anybody there?")
    sent = await rig.send(session, ada, text="you are")

    assert (await rig.shown(ada, sent["waId"]))["text"] == "you are"
    failed = await rig.message_reaches(into_nothing["id"], "failed")
    assert failed["error"] == {"code": "not_on_whatsapp", "certain": True}
