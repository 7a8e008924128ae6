"""What simulated phones show, answer and send, seen from a linked device and from other phones."""

import hashlib
from dataclasses import replace

import pytest

from tests.sandbox.client import Rig
from tests.sandbox.companion import Companion, settled, until
from wagate.sandbox.content import File, Kind, media_message
from wagate.sandbox.errors import NotAMember, QuoteUnknown, RecipientUnknown
from wagate.sandbox.inbox import Shown
from wagate.sandbox.phone import Phone
from wagate.wire.jid import LID, Jid
from wagate.wire.media import MediaKind, encrypt
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

ALICE, BOB, CAROL = "15550001", "15550002", "15550003"


def shown(phone: Phone, wa_id: str) -> Shown | None:
    return next((m for m in phone.inbox.since() if m.wa_id == wa_id), None)


async def receipt(companion: Companion, wa_id: str, kind: str = "") -> Node:
    return await companion.client.expect(
        lambda n: n.tag == "receipt" and n.get("id") == wa_id and n.get("type") == kind
    )


@pytest.mark.parametrize("server", ["s.whatsapp.net", LID])
async def test_a_text_is_shown_delivered_and_read_however_it_was_addressed(rig: Rig, server: str) -> None:
    phone, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    await companion.send(bob.account.jid(server), "hello")
    ack = await companion.client.expect("ack")
    delivered, read = await receipt(companion, "M1"), await receipt(companion, "M1", "read")
    assert "error" not in ack.attrs
    assert delivered.jid("from") == read.jid("from") == bob.account.jid(server)
    at_bob, at_own = shown(bob, "M1"), await until(lambda: shown(phone, "M1"))
    assert at_bob is not None
    assert (at_bob.text, at_bob.sender, at_bob.to, at_bob.seen) == ("hello", ALICE, BOB, 1)
    assert (at_own.text, at_own.sender, at_own.to) == ("hello", ALICE, BOB)
    assert not rig.world.complaints


async def test_no_receipt_overtakes_the_servers_acknowledgement(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    Phone.add(rig.world, BOB, "Bob")
    await companion.send(Jid(BOB), "hello")
    await receipt(companion, "M1", "read")
    order = [e.stanza for e in rig.world.record.since() if e.id == "M1" and e.direction == "out"]
    assert order == ["ack", "receipt", "receipt"]


async def test_a_phone_without_read_receipts_says_delivered_only(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    bob.settings.read_receipts = False
    await companion.send(Jid(BOB), "one")
    await receipt(companion, "M1")
    bob.settings.read_receipts = True
    await companion.send(Jid(BOB), "two", "M2")
    await receipt(companion, "M2", "read")
    assert not [n for n in companion.client.take("receipt") if n.get("id") == "M1"]


async def test_texts_from_a_phone_reach_its_peer_and_the_copies_its_own_devices(rig: Rig) -> None:
    alice, companion = await settled(rig, ALICE)
    bob, other = await settled(rig, BOB, "Bob")
    first = bob.outbox.send_text(Jid(ALICE), "hi")
    came, copy = await companion.read(first), await other.read(first)
    assert came.text == "hi"
    assert came.stanza.jid("from") == Jid(BOB)
    assert came.stanza.get("notify") == "Bob"
    assert copy.message.deviceSentMessage.message.conversation == "hi"
    assert copy.message.deviceSentMessage.destinationJid == str(Jid(ALICE))
    assert copy.stanza.jid("recipient") == Jid(ALICE)
    assert (await until(lambda: shown(alice, first))).text == "hi"
    by_lid = bob.outbox.send_text(alice.account.lid_jid, "by lid")
    assert (await companion.read(by_lid)).stanza.jid("from") == bob.account.lid_jid
    await until(lambda: (ALICE, "") in bob.outbox.receipts.get(by_lid, []))


async def test_a_copy_is_counted_and_shown_once_and_a_redelivery_is_not_a_copy(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    await companion.send(Jid(BOB), "hello")
    await receipt(companion, "M1", "read")
    await companion.send(Jid(BOB), "hello")
    await receipt(companion, "M1", "read")
    assert [(m.wa_id, m.seen) for m in bob.inbox.since()] == [("M1", 2)]
    delivered: list[Node] = []
    taken = bob.receive
    monkeypatch.setattr(bob, "receive", delivered.append)
    await companion.send(Jid(BOB), "again", "M2")
    await companion.client.settled()
    for _ in range(2):
        taken(delivered[0])
        await receipt(companion, "M2", "read")
    found = shown(bob, "M2")
    assert found is not None
    assert found.seen == 1


async def test_a_device_whose_account_does_not_vouch_for_it_is_not_believed(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    await companion.send(Jid(BOB), "no proof", identity=b"")
    await companion.client.settled()
    await until(lambda: rig.world.complaints.total() or None)
    _, stranger = await settled(rig, CAROL, "Carol")
    await companion.send(Jid(BOB), "another's proof", "M2", identity=stranger.keys.device_identity)
    ack = await companion.client.expect(lambda n: n.tag == "ack" and n.get("id") == "M2")
    assert ack.get("error") == "400"
    assert bob.inbox.since() == []
    assert set(rig.world.complaints) == {
        "device identity at the phone: malformed",
        "device identity: signature-mismatch",
    }


@pytest.mark.parametrize(("setting", "answer"), [(True, "ping"), ("Back at nine.", "Back at nine.")])
async def test_an_echoing_phone_answers_devices(rig: Rig, setting: str | bool, answer: str) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    bob.settings.auto_reply = setting
    bob.settings.typing = True
    await companion.send(Jid(BOB), "ping")
    assert (await companion.read()).text == answer
    state = await companion.client.expect("chatstate")
    assert (state.jid("from"), state.children[0].tag) == (Jid(BOB), "composing")


async def test_two_echoing_phones_do_not_talk_for_ever(rig: Rig) -> None:
    alice, bob = Phone.add(rig.world, ALICE, "Alice"), Phone.add(rig.world, BOB, "Bob")
    alice.settings.auto_reply = bob.settings.auto_reply = True
    sent = alice.outbox.send_text(Jid(BOB), "hi")
    await until(lambda: (BOB, "read") in alice.outbox.receipts.get(sent, []))
    assert (len(alice.inbox), len(bob.inbox)) == (0, 1)


async def test_a_phone_that_is_away_works_off_in_order_what_came(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    bob.set_online(False)
    for number in range(3):
        await companion.send(Jid(BOB), f"line {number}", f"M{number}")
    await companion.client.settled()
    assert bob.inbox.since() == []
    bob.set_online(True)
    await receipt(companion, "M2", "read")
    assert [m.text for m in bob.inbox.since()] == ["line 0", "line 1", "line 2"]


async def test_a_phone_asks_again_and_gives_its_keys_the_second_time(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    bob.settings.fail_next = 2
    for count in (1, 2):
        await companion.send(Jid(BOB), "hello")
        asked = await receipt(companion, "M1", "retry")
        retry, keys = asked.child("retry"), asked.child("keys")
        assert retry is not None
        assert (retry.get("count"), retry.get("id")) == (str(count), "M1")
        assert (keys is not None) == (count == 2)
    companion.forget()
    await companion.send(Jid(BOB), "hello")
    await receipt(companion, "M1", "read")
    assert [(m.text, m.seen) for m in bob.inbox.since()] == [("hello", 1)]


async def test_what_can_not_be_decrypted_is_asked_for_at_most_five_times(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    enc = companion.seal(Jid(BOB), wa.Message(conversation="x"))
    spoiled = Node("enc", enc.attrs, enc.data[:-1] + bytes([enc.data[-1] ^ 1, 0]))
    stanza = Node(
        "message",
        {"to": Jid(BOB), "id": "M1", "type": "text"},
        [
            Node("participants", {}, [Node("to", {"jid": Jid(BOB)}, [spoiled])]),
            Node("device-identity", {}, companion.keys.device_identity),
        ],
    )
    for _ in range(7):
        await companion.client.send(stanza)
    await companion.send(Jid(BOB), "good", "M2")
    await receipt(companion, "M2", "read")
    assert len([n for n in companion.client.take("receipt") if n.get("type") == "retry"]) == 5
    assert [m.text for m in bob.inbox.since()] == ["good"]


async def test_a_phone_sends_again_with_a_new_session_to_a_device_that_lost_its_own(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    first = bob.outbox.send_text(Jid(ALICE), "one")
    await companion.read(first)
    await companion.send(Jid(BOB), "answered, so no pkmsg follows")
    await receipt(companion, "M1", "read")
    companion.forget()
    lost = bob.outbox.send_text(Jid(ALICE), "two")
    stanza = await companion.client.expect(lambda n: n.tag == "message" and n.get("id") == lost)
    assert stanza.children[0].get("type") == "msg"
    await companion.ask_again(stanza)
    again = await companion.read(lost)
    assert again.text == "two"
    assert (again.stanza.children[0].get("type"), again.stanza.children[0].get("count")) == ("pkmsg", "1")


async def test_a_copy_for_an_own_device_is_sent_again_as_a_copy(rig: Rig) -> None:
    alice, companion = await settled(rig, ALICE)
    Phone.add(rig.world, BOB, "Bob")
    sent = alice.outbox.send_text(Jid(BOB), "hi")
    stanza = await companion.client.expect(lambda n: n.tag == "message" and n.get("id") == sent)
    companion.forget()
    await companion.ask_again(stanza)
    again = await companion.read(sent)
    assert again.message.deviceSentMessage.message.conversation == "hi"
    assert again.stanza.jid("recipient") == Jid(BOB)


async def test_a_file_arrives_whole_and_a_spoiled_one_says_why(rig: Rig) -> None:
    alice, bob = Phone.add(rig.world, ALICE, "Alice"), Phone.add(rig.world, BOB, "Bob")
    file = File(content=rig.entropy(5_000), mimetype="application/pdf", filename="invoice.pdf")
    sent = alice.outbox.send_file(Jid(BOB), MediaKind.DOCUMENT, file, "please pay")
    at_bob = await until(lambda: shown(bob, sent))
    assert (at_bob.kind, at_bob.caption) == (Kind.DOCUMENT, "please pay")
    assert at_bob.media is not None
    assert at_bob.media.sha256 == hashlib.sha256(file.content).hexdigest()
    assert (at_bob.media.filename, at_bob.media.size, at_bob.media.error) == ("invoice.pdf", 5_000, "")

    _, companion = await settled(rig, CAROL, "Carol")
    stored = encrypt(b"a picture", MediaKind.IMAGE, entropy=rig.entropy)
    place = rig.world.media.put("image", stored.body)
    lying = replace(stored, file_sha256=bytes(32))
    picture = File(content=b"", mimetype="image/jpeg")
    for wa_id, path, what in (("M1", place.direct_path, lying), ("M2", "/nowhere?x=1", stored)):
        made = media_message(MediaKind.IMAGE, picture, what, url="", direct_path=path, seconds=1)
        await companion.send(Jid(BOB), message_id=wa_id, message=made)
        await receipt(companion, wa_id)
    errors = [m.media.error for m in bob.inbox.since() if m.media is not None]
    assert errors == ["", "the hash of the file is wrong", "not at the media host"]


async def test_an_answer_quotes_what_was_shown_or_sent(rig: Rig) -> None:
    alice, bob = Phone.add(rig.world, ALICE, "Alice"), Phone.add(rig.world, BOB, "Bob")
    asked = alice.outbox.send_text(Jid(BOB), "when?")
    await until(lambda: shown(bob, asked))
    answer = bob.outbox.send_text(Jid(ALICE), "at six", quote=asked)
    assert (await until(lambda: shown(alice, answer))).quoted == asked
    again = bob.outbox.send_text(Jid(ALICE), "sharp", quote=answer)
    assert (await until(lambda: shown(alice, again))).quoted == answer
    with pytest.raises(QuoteUnknown):
        bob.outbox.send_text(Jid(ALICE), "?", quote="nothing")


async def test_nobody_can_be_written_to_who_is_not_there(rig: Rig) -> None:
    alice = Phone.add(rig.world, ALICE, "Alice")
    Phone.add(rig.world, BOB, "Bob")
    with pytest.raises(RecipientUnknown):
        alice.outbox.send_text(Jid("19990000"), "hello?")
    group = rig.world.groups.create("others", rig.world.accounts[BOB], [])
    with pytest.raises(NotAMember):
        alice.outbox.send_text(group.jid, "hello?")
