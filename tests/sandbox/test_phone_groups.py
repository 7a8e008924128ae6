"""Groups at the phone: sender keys are told to whom they concern, and kept from who left."""

from functools import partial

from tests.sandbox.client import Rig
from tests.sandbox.companion import settled, until
from tests.sandbox.test_phone_messages import ALICE, BOB, CAROL, receipt, shown
from wagate.sandbox.groups import Group
from wagate.sandbox.phone import Phone
from wagate.wire.jid import Jid
from wagate.wire.node import Node


def _read_by(phone: Phone, wa_id: str, people: int) -> bool:
    return [kind for _, kind in phone.outbox.receipts.get(wa_id, [])].count("read") == people


def group_of(rig: Rig, *numbers: str) -> Group:
    accounts = [rig.world.accounts[number] for number in numbers]
    return rig.world.groups.create("Team", accounts[0], accounts)


async def test_phones_talk_in_a_group_and_tell_their_chain_once(rig: Rig) -> None:
    phones = {number: Phone.add(rig.world, number, number) for number in (ALICE, BOB, CAROL)}
    group = group_of(rig, *phones)
    for number, phone in phones.items():
        for line in range(2):
            sent = phone.outbox.send_text(group.jid, f"{number} {line}")
            await until(partial(_read_by, phone, sent, 2))
            assert shown(phone, sent) is None
            for other in phones.keys() - {number}:
                found = shown(phones[other], sent)
                assert found is not None
                assert (found.text, found.sender, found.group) == (f"{number} {line}", number, str(group.jid))
    assert not rig.world.complaints


async def test_a_device_reads_a_group_and_writes_to_it(rig: Rig) -> None:
    alice, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    group = group_of(rig, ALICE, BOB)
    first, second = (bob.outbox.send_text(group.jid, text) for text in ("one", "two"))
    told, plain = await companion.read(first), await companion.read(second)
    assert (told.text, plain.text) == ("one", "two")
    assert [enc.get("type") for enc in told.stanza.all("enc")] == ["pkmsg", "skmsg"]
    assert [enc.get("type") for enc in plain.stanza.all("enc")] == ["skmsg"]
    assert told.stanza.jid("participant") == bob.account.lid_jid

    members = [alice.account.lid_jid, bob.account.lid_jid]
    await companion.send_group(group.jid, "hello all", "G1", members)
    read = await receipt(companion, "G1", "read")
    assert (read.jid("from"), read.jid("participant")) == (group.jid, bob.account.lid_jid)
    for phone in (alice, bob):
        assert (await until(partial(shown, phone, "G1"))).text == "hello all"


async def test_a_new_device_is_told_the_chain_and_a_member_who_left_is_not(rig: Rig) -> None:
    Phone.add(rig.world, ALICE, "Alice")
    bob, carol = Phone.add(rig.world, BOB, "Bob"), Phone.add(rig.world, CAROL, "Carol")
    group = group_of(rig, ALICE, BOB, CAROL)
    first = bob.outbox.send_text(group.jid, "one")
    await until(lambda: shown(carol, first))
    _, companion = await settled(rig, "15550004", "Dora")
    rig.world.groups.change_members(group, bob.account, "add", [rig.world.accounts["15550004"]])
    assert (await companion.read(bob.outbox.send_text(group.jid, "two"))).text == "two"

    chains: list[str] = []
    for text in ("three", "four"):
        wa_id = bob.outbox.send_text(group.jid, text)
        stanza = (await companion.read(wa_id)).stanza
        entry = next(e for e in rig.world.record.since() if e.id == wa_id and e.stanza == "message")
        chains.append(entry.ciphers[-1].chain)
        assert len(list(stanza.all("enc"))) == (1 if text == "three" else 2)
        if text == "three":
            rig.world.groups.change_members(group, bob.account, "remove", [carol.account])
    assert chains[0] != chains[1]
    assert [m.text for m in carol.inbox.since()] == ["one", "two", "three"]


async def test_a_phone_that_missed_a_chain_asks_and_is_helped(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    group = group_of(rig, ALICE, BOB)
    await companion.send_group(group.jid, "hello", "G1", [])
    # The own phone asks too, from the same group.
    await companion.client.expect(
        lambda n: (
            n.get("type") == "retry" and n.jid("participant") == bob.account.lid_jid and n.jid("from") == group.jid
        )
    )
    await companion.send_group(group.jid, "hello", "G1", [bob.account.lid_jid])
    assert (await until(lambda: shown(bob, "G1"))).seen == 1


async def test_a_phone_tells_a_device_that_asks_again_its_chain_anew(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    group = group_of(rig, ALICE, BOB)
    sent = bob.outbox.send_text(group.jid, "one")
    stanza = await companion.client.expect(lambda n: n.tag == "message" and n.get("id") == sent)
    await companion.ask_again(stanza)
    again = await companion.read(sent)
    assert again.text == "one"
    assert [enc.get("type") for enc in again.stanza.all("enc")] == ["pkmsg"]
    assert (await companion.read(bob.outbox.send_text(group.jid, "two"))).text == "two"


async def test_typing_is_shown_in_a_group(rig: Rig) -> None:
    _, companion = await settled(rig, ALICE)
    bob = Phone.add(rig.world, BOB, "Bob")
    bob.settings.typing = True
    bob.outbox.send_text(group_of(rig, ALICE, BOB).jid, "one")
    state = await companion.client.expect("chatstate")
    assert state.jid("participant") == bob.account.lid_jid


async def test_stanzas_about_nothing_known_are_ignored(rig: Rig) -> None:
    to = Jid("120363999999999999", "g.us")
    bob = Phone.add(rig.world, BOB, "Bob")
    Phone.add(rig.world, ALICE, "Alice")
    bob.receive_receipt(Node("receipt", {"id": "?", "from": Jid(ALICE), "type": "retry"}, [Node("retry")]))
    bob.receive(Node("message", {"id": "?", "from": to, "participant": Jid("19990000")}))
    sent = rig.world.accounts[ALICE].phone
    assert isinstance(sent, Phone)
    wa_id = sent.outbox.send_text(Jid(BOB), "still alive")
    assert (await until(lambda: shown(bob, wa_id))).text == "still alive"
