"""Taking in: a row and an event for every message, once; receipts that only move forward; keys that are no message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messages.world import ADA, ADA_LID, BOB, GROUP, SHOP, SHOP_LID, World
from wagate.engine.port import InboxKind
from wagate.media.model import MediaState
from wagate.messages.model import Direction, Message, MessageStatus
from wagate.messages.store import Filters
from wagate.wire.jid import Jid
from wagate.wire.node import Attr
from wagate.wire.proto import wa_pb2 as wa

HELLO = wa.Message(conversation="Are you open?")


async def only(world: World) -> Message:
    (message,) = await world.history.page(world.principal, world.session.id, Filters(), before_seq=None, limit=10)
    return message


async def test_a_text_becomes_a_row_and_an_event(both: World) -> None:
    await both.take_in(both.arrival(HELLO, notify="Ada"))

    message = await only(both)
    assert (message.direction, message.from_me, message.type) == (Direction.IN, False, "text")
    assert (message.text, message.push_name) == ("Are you open?", "Ada")
    assert (message.chat, message.sender, message.recipient) == (ADA, ADA, SHOP.bare)
    assert message.status is MessageStatus.DELIVERED
    (event,) = await both.told()
    assert event.type == "message.received"
    assert event.data == message.to_json()


async def test_a_redelivered_message_is_one_row_and_one_event(both: World) -> None:
    item = both.arrival(HELLO)
    await both.take_in(item, item)
    await both.take_in(item)
    await only(both)
    assert len(await both.told()) == 1


async def test_the_same_id_from_someone_else_is_another_message(both: World) -> None:
    await both.take_in(both.arrival(HELLO, sender=ADA), both.arrival(HELLO, sender=BOB))
    assert len(await both.told("message.received")) == 2


# -- addresses


@pytest.mark.parametrize(
    ("attrs", "chat", "lid"),
    [
        ({"from": ADA.with_device(5)}, ADA, None),
        ({"from": ADA.with_device(5), "sender_lid": ADA_LID}, ADA, ADA_LID),
        ({"from": ADA_LID.with_device(5), "sender_pn": ADA}, ADA, ADA_LID),
        ({"from": ADA_LID}, ADA_LID, ADA_LID),
        # Text where an address is meant, as Baileys passes it on.
        ({"from": str(ADA_LID), "sender_pn": str(ADA)}, ADA, ADA_LID),
    ],
)
async def test_the_chat_is_the_number_where_it_is_known(
    world: World, attrs: dict[str, Attr], chat: Jid, lid: Jid | None
) -> None:
    await world.take_in(world.arrival(HELLO, **attrs))
    message = await only(world)
    assert (message.chat, message.chat_lid) == (chat, lid)
    assert (message.sender, message.sender_lid) == (chat, lid)


async def test_a_group_message_knows_its_group_and_its_author(world: World) -> None:
    await world.take_in(world.arrival(HELLO, **{"from": GROUP}, participant=ADA_LID.with_device(2), participant_pn=ADA))
    message = await only(world)
    assert (message.chat, message.recipient) == (GROUP, GROUP)
    assert (message.sender, message.sender_lid) == (ADA, ADA_LID)


@pytest.mark.parametrize(
    "attrs",
    [
        {"from": SHOP.with_device(0), "recipient": ADA},
        {"from": SHOP_LID.with_device(0), "recipient": ADA_LID, "recipient_pn": ADA},
        {"from": SHOP_LID.with_device(0), "sender_pn": SHOP.bare, "recipient": ADA_LID, "peer_recipient_pn": ADA},
    ],
)
async def test_what_the_phone_sent_is_outgoing_and_in_the_chat_of_its_destination(
    world: World, attrs: dict[str, Attr]
) -> None:
    copy = wa.Message(deviceSentMessage=wa.Message.DeviceSentMessage(destinationJid=str(ADA), message=HELLO))
    await world.take_in(world.arrival(copy, **attrs))
    message = await only(world)
    assert (message.direction, message.from_me, message.status) == (Direction.OUT, True, MessageStatus.SENT)
    assert (message.chat, message.recipient, message.sender) == (ADA, ADA, SHOP.bare)
    assert message.text == "Are you open?"


async def test_the_destination_inside_counts_when_the_stanza_names_none(world: World) -> None:
    copy = wa.Message(deviceSentMessage=wa.Message.DeviceSentMessage(destinationJid=str(ADA), message=HELLO))
    await world.take_in(world.arrival(copy, **{"from": SHOP.bare}))
    assert (await only(world)).chat == ADA


async def test_a_message_without_sender_or_id_is_dropped_and_stops_nothing(world: World) -> None:
    from_nobody, nameless = world.arrival(HELLO, **{"from": "nobody"}), world.arrival(HELLO, wa_id="")
    await world.take_in(from_nobody, nameless, world.arrival(HELLO))
    assert (await only(world)).wa_id == "AB12"


async def test_the_time_is_whatsapps_and_ours_if_it_told_none(world: World) -> None:
    await world.take_in(world.arrival(HELLO, wa_id="A", t="1700000000"), world.arrival(HELLO, wa_id="B", t="never"))
    newer, older = await world.history.page(world.principal, world.session.id, Filters(), before_seq=None, limit=10)
    assert older.timestamp.timestamp() == 1_700_000_000
    assert newer.timestamp == world.clock.now()


# -- what is inside


async def test_a_reply_names_our_message_where_it_is_known(both: World) -> None:
    ours = await both.send("Yes, until six.")
    for wa_id, quoted in (("A", ours.wa_id), ("B", "UNKNOWN")):
        text = wa.Message.ExtendedTextMessage(text="Thanks!", contextInfo=wa.ContextInfo(stanzaId=quoted))
        await both.take_in(both.arrival(wa.Message(extendedTextMessage=text), wa_id=wa_id))
    told = await both.told("message.received")
    assert [event.data["replyTo"] for event in told] == [ours.id, "UNKNOWN"]


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            wa.Message(reactionMessage=wa.Message.ReactionMessage(key=wa.MessageKey(id="X"), text="👍")),
            "message.reaction",
        ),
        (
            wa.Message(
                protocolMessage=wa.Message.ProtocolMessage(
                    key=wa.MessageKey(id="X"), type=wa.Message.ProtocolMessage.REVOKE
                )
            ),
            "message.revoked",
        ),
        (
            wa.Message(
                protocolMessage=wa.Message.ProtocolMessage(
                    key=wa.MessageKey(id="X"),
                    type=wa.Message.ProtocolMessage.MESSAGE_EDIT,
                    editedMessage=wa.Message(conversation="better"),
                )
            ),
            "message.edited",
        ),
    ],
)
async def test_what_happens_to_a_message_is_told_under_its_own_name(
    world: World, message: wa.Message, event: str
) -> None:
    await world.take_in(world.arrival(message))
    (told,) = await world.told()
    assert told.type == event
    assert told.data["target"] == "X"


@pytest.mark.parametrize(
    "message",
    [
        wa.Message(senderKeyDistributionMessage=wa.Message.SenderKeyDistributionMessage(groupId="1@g.us")),
        wa.Message(
            protocolMessage=wa.Message.ProtocolMessage(type=wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE)
        ),
        wa.Message(
            protocolMessage=wa.Message.ProtocolMessage(type=wa.Message.ProtocolMessage.HISTORY_SYNC_NOTIFICATION)
        ),
    ],
)
async def test_keys_and_notices_are_no_messages(world: World, message: wa.Message) -> None:
    await world.take_in(world.arrival(message))
    assert await world.told() == []


async def test_what_cannot_be_parsed_is_stored_as_unsupported(world: World) -> None:
    await world.take_in(world.arrival(b"\xff\xff\xff"))
    assert (await only(world)).type == "unsupported"


async def test_a_nul_in_a_text_or_name_is_no_obstacle(both: World) -> None:
    await both.take_in(both.arrival(wa.Message(conversation="a\0b"), notify="A\0da"))
    message = await only(both)
    assert (message.text, message.push_name) == ("a\ufffdb", "A\ufffdda")


async def test_a_picture_is_announced_pending_and_told_again_when_it_is_here(both: World) -> None:
    image = wa.Message.ImageMessage(
        mimetype="image/png",
        directPath="/v/1",
        mediaKey=bytes(32),
        fileSha256=bytes(32),
        fileEncSha256=bytes(32),
        fileLength=1234,
        caption="Look",
    )
    await both.take_in(both.arrival(wa.Message(imageMessage=image)))

    message = await only(both)
    assert (message.text, message.fields["caption"]) == ("Look", "Look")
    assert message.attachment is not None
    assert (message.attachment.state, message.attachment.size) == (MediaState.PENDING, 1234)
    (received,) = await both.told("message.received")
    assert received.data["media"]["state"] == "pending"
    assert received.data["media"]["url"] == f"/api/media/{message.attachment.id}"


# -- receipts


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("", MessageStatus.DELIVERED),
        ("inactive", MessageStatus.DELIVERED),
        ("delivery", MessageStatus.DELIVERED),
        ("read", MessageStatus.READ),
        ("played", MessageStatus.PLAYED),
    ],
)
async def test_a_receipt_moves_the_message_and_is_told(both: World, type_: str, status: MessageStatus) -> None:
    message = await sent(both)
    attrs: dict[str, Attr] = {"type": type_} if type_ else {}
    await both.take_in(both.receipt(message.wa_id, **attrs))
    assert (await both.now(message)).status is status
    assert [event.type for event in await both.told()][-1] == f"message.{status}"


@pytest.mark.parametrize("type_", ["sender", "peer_msg", "hist_sync", "read-self", "retry", "server-error", "new"])
async def test_other_receipts_say_nothing_of_the_message(world: World, type_: str) -> None:
    message = await sent(world)
    await world.take_in(world.receipt(message.wa_id, type=type_))
    assert (await world.now(message)).status is MessageStatus.SENT


async def test_one_receipt_may_be_about_many_messages(both: World) -> None:
    messages = [await sent(both) for _ in range(3)]
    await both.take_in(both.receipt(*(m.wa_id for m in messages), type="read"))
    assert {(await both.now(m)).status for m in messages} == {MessageStatus.READ}
    assert len(await both.told("message.read")) == 3


@pytest.mark.parametrize("together", [False, True])
async def test_receipts_in_any_order_only_move_forward_and_each_is_told_once(both: World, together: bool) -> None:
    message = await both.send()
    receipts = []
    for type_ in ("read", "", "read", "played", ""):
        await both.clock.advance(1)
        attrs: dict[str, Attr] = {"type": type_} if type_ else {}
        receipts.append(both.receipt(message.wa_id, **attrs))
    for batch in [receipts] if together else [[receipt] for receipt in receipts]:
        await both.take_in(*batch)
    now = await both.now(message)
    assert now.status is MessageStatus.PLAYED
    at = now.status_at
    assert at.sent is not None
    assert at.delivered is not None
    assert at.read is not None
    assert at.played is not None
    assert at.sent <= at.delivered <= at.read <= at.played
    told = [event.type for event in await both.told()]
    assert told == ["message.queued", "message.sent", "message.read", "message.played"]


async def test_in_a_group_the_first_reader_counts(world: World) -> None:
    message = await sent(world, to=GROUP)
    await world.take_in(world.receipt(message.wa_id, sender=GROUP, participant=ADA_LID, type="read"))
    await world.take_in(world.receipt(message.wa_id, sender=GROUP, participant=BOB))
    assert (await world.now(message)).status is MessageStatus.READ
    assert len(await world.told("message.delivered")) == 0


async def test_nobody_can_mark_messages_of_another_chat(world: World) -> None:
    message, to_group = await sent(world), await sent(world, to=GROUP)
    other_group = Jid("120363000000000009", "g.us")
    await world.take_in(
        world.receipt(message.wa_id, sender=BOB, type="read"),
        world.receipt(message.wa_id, sender=GROUP, participant=ADA, type="read"),
        world.receipt(to_group.wa_id, sender=ADA, type="read"),
        world.receipt(to_group.wa_id, sender=other_group, participant=ADA, type="read"),
    )
    assert {(await world.now(m)).status for m in (message, to_group)} == {MessageStatus.SENT}


async def test_a_receipt_by_lid_counts_for_a_chat_by_number(world: World) -> None:
    message = await sent(world)
    await world.take_in(world.receipt(message.wa_id, sender=ADA_LID, type="read"))
    assert (await world.now(message)).status is MessageStatus.READ


async def test_ones_own_devices_do_not_deliver_to_others(world: World) -> None:
    message, to_self = await sent(world), await sent(world, to=SHOP.bare)
    for own in (SHOP.bare, SHOP_LID):
        await world.take_in(world.receipt(message.wa_id, to_self.wa_id, sender=own))
    assert (await world.now(message)).status is MessageStatus.SENT
    assert (await world.now(to_self)).status is MessageStatus.DELIVERED


async def test_receipts_about_received_or_unknown_messages_change_nothing(world: World) -> None:
    await world.take_in(world.arrival(HELLO, wa_id="IN1"))
    await world.take_in(world.receipt("IN1", "NOBODY", type="read"))
    assert (await only(world)).status is MessageStatus.DELIVERED
    assert len(await world.told()) == 1


# -- what could not be decrypted


async def test_what_could_not_be_decrypted_is_told_as_waiting_and_later_received(both: World) -> None:
    await both.take_in(both.arrival(b"", kind=InboxKind.UNDECRYPTABLE, sender_lid=ADA_LID))
    (waiting,) = await both.told()
    assert waiting.type == "message.waiting"
    assert (waiting.data["waId"], waiting.data["from"], waiting.data["chatLid"]) == ("AB12", str(ADA), str(ADA_LID))

    await both.take_in(both.arrival(HELLO))
    await both.take_in(both.arrival(b"", kind=InboxKind.UNDECRYPTABLE))

    assert [event.type for event in await both.told()] == ["message.waiting", "message.received"]


@pytest.mark.parametrize("kind", [InboxKind.NOTIFICATION, InboxKind.CALL])
async def test_notifications_and_calls_are_taken_without_effect(world: World, kind: InboxKind) -> None:
    await world.take_in(world.arrival(b"", kind=kind))
    assert await world.told() == []


@given(seconds=st.text(max_size=14))
def test_any_time_of_a_stanza_is_read_without_harm(seconds: str) -> None:
    from datetime import UTC, datetime

    from wagate.messages.service.receive import moment_of
    from wagate.wire.node import Node

    fallback = datetime(2026, 1, 1, tzinfo=UTC)
    assert moment_of(Node("message", {"t": seconds}), fallback).tzinfo is not None


async def sent(world: World, to: Jid = ADA) -> Message:
    message = await world.send(to=to)
    async with world.sending():
        return await world.reaches(message, "sent")
