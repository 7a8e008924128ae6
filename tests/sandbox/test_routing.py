"""Who gets which stanza, what waits for whom, and what the record says about it."""

from tests.sandbox.client import Client, KeepingPhone, Rig, enc, login, message, whisper
from wagate.sandbox.model import lid_of
from wagate.wire.jid import LID, PN, Jid
from wagate.wire.node import Node

ALICE, BOB, CAROL = "15550001", "15550002", "15550003"
BOB_1 = Jid(BOB, device=1)
BOB_LID_1 = Jid(lid_of(BOB), LID, 1)


async def pair(rig: Rig) -> tuple[KeepingPhone, Client, KeepingPhone, Client]:
    alice_phone, alice = await rig.linked(ALICE, "Alice")
    bob_phone, bob = await rig.linked(BOB, "Bob")
    return alice_phone, alice, bob_phone, bob


async def test_each_device_gets_its_own_ciphertext_and_the_sender_an_ack(rig: Rig) -> None:
    _, alice, bob_phone, bob = await pair(rig)
    to = Jid(BOB)
    await alice.send(message(to, "M1", {to: enc(b"for the phone"), BOB_1: enc(b"for the device")}))
    ack = await alice.expect("ack")
    assert (ack.get("class"), ack.get("id"), ack.jid("from"), ack.get("error")) == ("message", "M1", to, "")
    got = await bob.expect("message")
    assert got.child("enc") == enc(b"for the device")
    assert [m.child("enc") for m in bob_phone.messages] == [enc(b"for the phone")]
    assert got.attrs == {
        "from": Jid(ALICE, device=1),
        "id": "M1",
        "t": str(int(rig.clock.now().timestamp())),
        "notify": "Alice",
        "type": "text",
        "sender_lid": Jid(lid_of(ALICE), LID),
    }


async def test_in_a_lid_chat_the_sender_is_named_by_its_lid(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    await alice.send(message(BOB_LID_1.bare, "M1", {BOB_LID_1: enc(b"x")}))
    got = await bob.expect("message")
    assert got.attrs["from"] == Jid(lid_of(ALICE), LID, 1)
    assert got.attrs["sender_pn"] == Jid(ALICE)


async def test_the_copy_for_an_own_device_names_the_chat(rig: Rig) -> None:
    alice_phone, alice, _, _ = await pair(rig)
    await alice.send(message(Jid(BOB), "M1", {Jid(ALICE): enc(b"copy")}))
    await alice.settled()
    (copy,) = alice_phone.messages
    assert copy.attrs["recipient"] == Jid(BOB)
    assert copy.attrs["from"] == Jid(ALICE, device=1)


async def test_a_push_name_that_looks_like_an_address_stays_text(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "me@home.example")
    _, bob = await rig.linked(BOB, "Bob")
    await alice.send(message(Jid(BOB), "M1", {BOB_1: enc(b"x")}))
    assert type((await bob.expect("message")).attrs["notify"]) is str


async def test_a_first_message_carries_the_device_identity_and_a_false_one_is_refused(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    node = message(Jid(BOB), "M1", {BOB_1: enc(b"x", "pkmsg")})
    good = Node("device-identity", {}, alice.keys.device_identity)
    await alice.send(Node("message", node.attrs, [*node.children, good]))
    assert (await bob.expect("message")).child("device-identity") == good
    await alice.expect("ack")
    false = Node("device-identity", {}, bob.keys.device_identity)
    await alice.send(Node("message", {**node.attrs, "id": "M2"}, [*node.children, false]))
    assert (await alice.expect("ack")).get("error") == "400"
    await bob.settled()
    assert bob.take("message") == []
    assert rig.world.complaints.total() == 1


async def test_what_comes_while_a_device_is_away_waits_in_order_and_is_counted(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    await bob.socket.close()
    for number in range(3):
        await alice.send(message(Jid(BOB), f"M{number}", {BOB_1: enc(b"x")}))
    await alice.settled()
    again = await rig.log_in(bob.keys)
    count = await again.expect(lambda n: n.tag == "ib" and n.child("offline") is not None)
    late = again.take("message")
    assert [(m.get("id"), "offline" in m.attrs) for m in late] == [("M0", True), ("M1", True), ("M2", True)]
    assert count.children[0].get("count") == "3"


async def test_a_message_comes_again_until_it_is_receipted(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    for message_id in ("M1", "M2", "M3"):
        await alice.send(message(Jid(BOB), message_id, {BOB_1: enc(b"x")}))
    await alice.settled()
    await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1), "type": "inactive"}))
    await bob.send(Node("ack", {"class": "message", "id": "M2", "to": Jid(ALICE, device=1), "error": "487"}))
    await bob.settled()
    again = await rig.log_in(bob.keys)
    await again.settled()
    assert [m.get("id") for m in again.take("message")] == ["M3"]


async def test_one_receipt_for_many_releases_them_all_and_goes_to_the_sender_whole(rig: Rig) -> None:
    alice_phone, alice, _, bob = await pair(rig)
    for message_id in ("M1", "M2"):
        await alice.send(message(Jid(BOB), message_id, {BOB_1: enc(b"x")}))
    await alice.settled()
    items = Node("list", {}, [Node("item", {"id": "M2"})])
    await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1), "type": "read"}, [items]))
    assert (await bob.expect("ack")).attrs == {
        "class": "receipt",
        "id": "M1",
        "type": "read",
        "from": Jid(ALICE, device=1),
    }
    got = await alice.expect("receipt")
    assert (got.get("type"), got.jid("from"), got.children) == ("read", BOB_1, [items])
    assert [r.get("type") for r in alice_phone.receipts] == ["read"]
    assert len(rig.world.accounts[BOB].devices[1].backlog) == 0


async def test_delivered_while_not_looking_is_just_delivered_to_the_sender(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1), "type": "inactive"}))
    assert "type" not in (await alice.expect("receipt")).attrs


async def test_a_receipt_waits_too_until_it_is_acknowledged(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    await alice.socket.close()
    for kind in ("", "read"):
        await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1), **({"type": kind} if kind else {})}))
    await bob.settled()
    again = await rig.log_in(alice.keys)
    assert [(await again.expect("receipt")).get("type") for _ in range(2)] == ["", "read"]
    await again.send(Node("ack", {"class": "receipt", "id": "M1", "to": BOB_1, "type": "read"}))
    await again.settled()
    third = await rig.log_in(alice.keys)
    await third.settled()
    assert [r.get("type") for r in third.take("receipt")] == [""]


async def test_a_retry_goes_to_exactly_the_device_that_sent(rig: Rig) -> None:
    alice_phone, alice, _, bob = await pair(rig)
    retry = Node("retry", {"id": "M1", "count": "1", "t": "1", "v": "1"})
    await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1), "type": "retry"}, [retry]))
    assert (await alice.expect("receipt")).children == [retry]
    assert alice_phone.receipts == []
    again = Node("message", {"to": BOB_1, "id": "M1", "type": "text", "device_fanout": "false"}, [enc(b"again")])
    await alice.send(again)
    assert (await bob.expect("message")).child("enc") == enc(b"again")


async def test_a_group_message_reaches_every_other_device_once(rig: Rig) -> None:
    alice_phone, alice, bob_phone, bob = await pair(rig)
    group = rig.world.groups.create("Friends", alice_phone.account, [bob_phone.account])
    shared, own = enc(b"group", "skmsg"), enc(b"key")
    targets = Node("participants", {}, [Node("to", {"jid": BOB_LID_1}, [own])])
    attrs = {"to": group.jid, "id": "M1", "type": "text", "addressing_mode": "lid", "phash": "2:old"}
    await alice.send(Node("message", attrs, [shared, targets]))
    ack = await alice.expect("ack")
    assert ack.get("phash").startswith("2:")
    got = await bob.expect("message")
    assert list(got.all("enc")) == [own, shared]
    assert (got.jid("from"), got.jid("participant")) == (group.jid, Jid(lid_of(ALICE), LID, 1))
    assert got.jid("participant_pn") == Jid(ALICE)
    assert [list(m.all("enc")) for m in bob_phone.messages] == [[shared]]
    assert len(alice_phone.messages) == 1
    assert alice.take("message") == []


async def test_a_group_message_sent_again_reaches_only_the_device_it_names(rig: Rig) -> None:
    alice_phone, alice, bob_phone, bob = await pair(rig)
    group = rig.world.groups.create("Friends", alice_phone.account, [bob_phone.account])
    attrs = {"to": group.jid, "id": "M1", "type": "text", "participant": BOB_LID_1}
    await alice.send(Node("message", attrs, [enc(b"again", "pkmsg")]))
    assert (await bob.expect("message")).child("enc") == enc(b"again", "pkmsg")
    assert bob_phone.messages == []


async def test_a_stranger_cannot_write_to_a_group(rig: Rig) -> None:
    alice_phone, _, bob_phone, _ = await pair(rig)
    _, carol = await rig.linked(CAROL, "Carol")
    group = rig.world.groups.create("Friends", alice_phone.account, [bob_phone.account])
    await carol.send(Node("message", {"to": group.jid, "id": "M1"}, [enc(b"x", "skmsg")]))
    assert (await carol.expect("ack")).get("error") == "403"
    assert bob_phone.messages == []


async def test_a_phone_sends_like_any_device(rig: Rig) -> None:
    alice_phone, _, _, bob = await pair(rig)
    rig.world.submit(alice_phone.account, message(Jid(BOB), "P1", {BOB_1: enc(b"x")}))
    assert (await bob.expect("message")).attrs["from"] == Jid(ALICE)


async def test_presence_and_typing_reach_those_who_should_know(rig: Rig) -> None:
    _, alice, bob_phone, bob = await pair(rig)
    await bob.send(Node("presence", {"type": "subscribe", "to": Jid(ALICE)}))
    assert (await bob.expect("presence")).get("type") == "unavailable"
    await alice.send(Node("presence", {"type": "available", "name": "Alice"}))
    assert (await bob.expect("presence")).get("type") == "available"
    await alice.send(Node("chatstate", {"to": Jid(BOB)}, [Node("composing")]))
    typing = await bob.expect("chatstate")
    assert (typing.jid("from"), typing.children[0].tag) == (Jid(ALICE), "composing")
    assert [n.tag for n in bob_phone.others] == ["chatstate"]


async def test_the_record_shows_counters_and_ids_but_no_contents(rig: Rig) -> None:
    _, alice, _, bob = await pair(rig)
    before = rig.world.record.last_seq
    key = bytes(range(32))
    await alice.send(message(Jid(BOB), "M1", {BOB_1: enc(whisper(key, 7)), Jid(BOB): enc(b"garbage")}))
    await bob.expect("message")
    items = Node("list", {}, [Node("item", {"id": "M0"})])
    await bob.send(Node("receipt", {"id": "M1", "to": Jid(ALICE, device=1)}, [items]))
    await bob.settled()
    entries = [e for e in rig.world.record.since(before) if e.stanza in ("message", "receipt")]
    sent = next(e for e in entries if e.stanza == "message" and e.direction == "in")
    assert (sent.session, sent.id, sent.to) == (str(Jid(ALICE, device=1)), "M1", BOB + "@" + PN)
    assert [(c.to, c.kind, c.chain, c.counter) for c in sent.ciphers] == [
        (str(BOB_1), "msg", key.hex(), 7),
        (str(Jid(BOB)), "msg", "", -1),
    ]
    delivered = next(e for e in entries if e.stanza == "message" and e.direction == "out")
    assert (delivered.session, [c.counter for c in delivered.ciphers]) == (str(BOB_1), [7])
    receipt = next(e for e in entries if e.stanza == "receipt" and e.direction == "in")
    assert receipt.receipt_ids == ("M1", "M0")
    assert [e.seq for e in rig.world.record.since(before)] == list(range(before + 1, rig.world.record.last_seq + 1))
    only_bob = rig.world.record.since(before, BOB)
    assert only_bob
    assert all(e.session.startswith(BOB) for e in only_bob)


async def test_the_record_tells_each_login_and_each_end(rig: Rig) -> None:
    _, alice = await rig.linked()
    await alice.socket.close()
    while rig.world.connections:
        await rig.clock.sleep(0)
    wrong = await rig.open(alice.keys, login(alice.keys))
    await wrong.expect("success")
    events = [(e.stanza, e.session) for e in rig.world.record.since() if e.stanza in ("login", "disconnected")]
    name = str(Jid(ALICE, device=1))
    assert events == [("disconnected", ""), ("login", name), ("disconnected", name), ("login", name)]
