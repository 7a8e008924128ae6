"""Status posts, and what comes from a broadcast list."""

import pytest

from tests.contracts.engine.lab import Lab, Member, until
from wagate.engine.port import InboxKind, RecipientUnknown, RelayImpossible
from wagate.sandbox.phone import Phone
from wagate.wire.jid import BROADCAST, STATUS, Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"
CLEO = "491700000004"


def shown(phone: Phone) -> list[str]:
    return [message.text for message in phone.inbox.since()]


async def post(member: Member, text: str, *readers: str) -> str:
    wa_id = f"3EB0{text.upper()}"
    member.lab.sent[wa_id] = content = wa.Message(conversation=text).SerializeToString()
    await member.link.relay(STATUS, content, wa_id, {}, [Jid(number) for number in readers])
    return wa_id


async def test_a_status_is_seen_by_those_it_is_for_and_our_own_phone(lab: Lab) -> None:
    shop, ada, bob, cleo = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB), lab.phone(CLEO)
    own = lab.sandbox.world.accounts[SHOP].phone
    assert isinstance(own, Phone)

    for text in ("one", "two", "three"):
        await post(shop, text, ADA, BOB)

    for phone in (ada, bob, own):
        await until(lambda phone=phone: shown(phone) == ["one", "two", "three"])  # type: ignore[misc]
    assert shown(cleo) == []
    assert {message.group for message in ada.inbox.since()} == {str(STATUS)}


async def test_who_is_left_out_gets_nothing_more_and_can_t_follow_the_chain(lab: Lab) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    await post(shop, "one", ADA, BOB)
    await until(lambda: shown(bob) == ["one"])

    await post(shop, "two", ADA)

    await until(lambda: shown(ada) == ["one", "two"])
    assert shown(bob) == ["one"]
    if lab.engine.name == "native":
        chains = [c.chain for e in shop.wire("message") for c in e.ciphers if c.kind == "skmsg"]
        assert chains[0] != chains[1]


async def test_who_can_t_read_a_status_gets_it_again(lab: Lab) -> None:
    if lab.engine.name == "baileys":
        pytest.skip("asked again by a phone, Baileys sends a status to nobody")
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    await post(shop, "one", ADA, BOB)
    ada.settings.fail_next = 1

    await post(shop, "two", ADA, BOB)

    await until(lambda: shown(ada) == ["one", "two"])
    await until(lambda: shown(bob) == ["one", "two"])


async def test_a_status_for_nobody_does_not_leave(lab: Lab) -> None:
    shop = await lab.linked(SHOP)

    with pytest.raises(RelayImpossible):
        await post(shop, "one")
    if lab.engine.name == "native":
        with pytest.raises(RecipientUnknown):
            await post(shop, "two", "499999999999")
        assert shop.wire("message") == []


async def test_a_contact_s_status_is_in_the_inbox_and_receipted_to_its_author(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)

    ids = [ada.outbox.post_status(text, [lab.sandbox.world.accounts[SHOP]]) for text in ("one", "two")]

    assert await shop.has_texts(2) == ["one", "two"]
    items = [item for item in await shop.inbox() if item.kind is InboxKind.MESSAGE and item.stanza.get("id") in ids]
    assert {(i.stanza.jid("from"), i.stanza.jid("participant")) for i in items if i.plaintext} == {(STATUS, Jid(ADA))}
    await until(lambda: set(ids) <= {entry.id for entry in shop.wire("receipt")})
    for entry in shop.wire("receipt"):
        if entry.id in ids:
            assert (entry.to, entry.participant) == (str(STATUS), f"{ADA}@s.whatsapp.net")
    (device,) = lab.sandbox.world.accounts[SHOP].devices.values()
    assert not [stanza for stanza in device.backlog if stanza.tag == "message"]


async def test_a_status_that_is_over_is_not_asked_for(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    (device,) = world.accounts[SHOP].devices.values()

    def unreadable(wa_id: str, age: int) -> Node:
        attrs = {"from": STATUS, "participant": Jid(ADA), "participant_lid": ada.account.lid_jid, "id": wa_id}
        content = [Node("enc", {"v": "2", "type": "msg"}, b"3" + bytes(60))]
        return Node("message", {**attrs, "t": str(int(world.seconds()) - age), "type": "text"}, content)

    world.deliver(device.account, device.number, unreadable("OLD", 25 * 3600))
    world.deliver(device.account, device.number, unreadable("NEW", 23 * 3600))

    await until(lambda: [e.id for e in shop.wire("receipt") if e.type == "retry"])
    assert [e.id for e in shop.wire("receipt") if e.type == "retry"] == ["NEW"]


async def test_what_comes_from_a_broadcast_list_is_in_the_inbox(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    broadcast = Jid("1700000000", BROADCAST)

    ada.outbox.send_to_list(broadcast, "to many", [lab.sandbox.world.accounts[SHOP]])

    assert await shop.has_texts(1) == ["to many"]
    (item,) = [item for item in await shop.inbox() if item.kind is InboxKind.MESSAGE and b"to many" in item.plaintext]
    assert (item.stanza.jid("from"), item.stanza.jid("participant")) == (broadcast, Jid(ADA))
    await until(lambda: [e for e in shop.wire("receipt") if e.to == str(broadcast)])


async def test_we_can_t_write_to_a_broadcast_list(lab: Lab) -> None:
    if lab.engine.name == "baileys":
        pytest.skip("Baileys sends to nobody without a word")
    shop = await lab.linked(SHOP)
    content = wa.Message(conversation="to many").SerializeToString()

    with pytest.raises(RelayImpossible):
        await shop.link.relay(Jid("1700000000", BROADCAST), content, "3EB0")

    assert shop.wire("message") == []
