"""Messages that a linked device was not sent or can't read, and that its phone has."""

import asyncio

import pytest

from tests.contracts.engine.lab import PATIENCE, Lab, Member, spoil, until
from wagate.engine.port import InboxItem, InboxKind
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
from wagate.sandbox.phone import Phone
from wagate.sandbox.record import Entry
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"


async def rows(member: Member, wa_id: str) -> list[InboxItem]:
    return [item for item in await member.inbox() if item.stanza.get("id") == wa_id]


async def has_kinds(member: Member, wa_id: str, *kinds: InboxKind) -> list[InboxItem]:
    """The rows of a message once they are of these kinds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await rows(member, wa_id)
            if [item.kind for item in found] == list(kinds):
                return found
            await asyncio.sleep(0.05)


def requests(member: Member) -> list[Entry]:
    """What the session sent to its own phone."""
    return [entry for entry in member.wire("message") if entry.to.partition("@")[0] in (SHOP, lid_of(member))]


def lid_of(member: Member) -> str:
    return member.lab.sandbox.world.accounts[member.number].lid


async def test_what_only_our_phone_has_comes_in_its_own_place(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA, "Ada")
    ada.settings.withhold = ""

    wa_id = ada.outbox.send_text(Jid(SHOP), "for your phone only")

    missing, given = await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    assert wa.Message.FromString(given.plaintext).conversation == "for your phone only"
    assert (given.stanza.jid("from"), given.stanza.get("notify")) == (Jid(ADA), "Ada")
    assert given.stanza.get("t") == missing.stanza.get("t")
    assert len(requests(shop)) == 1
    # It has been acknowledged: nothing of it comes with the next login.
    (device,) = lab.sandbox.world.accounts[SHOP].devices.values()
    await until(lambda: not [stanza for stanza in device.backlog if stanza.tag == "message"])


async def test_many_are_each_asked_for_once(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.settings.withhold = ""
    wanted = {f"message {n}" for n in range(10)}

    for text in wanted:
        ada.outbox.send_text(Jid(SHOP), text)

    assert set(await shop.has_texts(10)) == wanted
    assert len(requests(shop)) == 10


async def test_one_that_comes_twice_is_asked_for_once(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.settings.withhold = ""
    lab.sandbox.world.inject(Fault(kind=FaultKind.DUPLICATE, stanza=StanzaKind.MESSAGE, session=SHOP))

    wa_id = ada.outbox.send_text(Jid(SHOP), "for your phone only")

    await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    # Leaves behind whatever is asked.
    await shop.relay(ADA, "goodbye")
    assert len(requests(shop)) == 1
    await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)


@pytest.mark.parametrize(
    "kind", ["view_once_unavailable_fanout", "bot_unavailable_fanout", "hosted_unavailable_fanout"]
)
async def test_what_the_phone_would_not_give_is_told_and_not_asked_for(lab: Lab, kind: str) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.settings.withhold = kind
    once = ada.outbox.send_text(Jid(SHOP), "look once")
    await has_kinds(shop, once, InboxKind.UNDECRYPTABLE)

    ada.settings.withhold = ""
    other = ada.outbox.send_text(Jid(SHOP), "another")

    await has_kinds(shop, other, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    assert len(requests(shop)) == 1
    assert [item.kind for item in await rows(shop, once)] == [InboxKind.UNDECRYPTABLE]


async def test_a_message_with_nothing_in_it_is_asked_for_too(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    wa_id = "3EB0EMPTY"
    own_phone = phone_of(lab, SHOP)
    own_phone.outbox.remember(wa_id, Jid(ADA), Jid(ADA), wa.Message(conversation="an advertisement"))
    attrs = {"from": Jid(ADA), "id": wa_id, "t": lab.sandbox.world.seconds(), "type": "text"}
    attrs["sender_lid"] = ada.account.lid_jid

    (device,) = lab.sandbox.world.accounts[SHOP].devices.values()
    lab.sandbox.world.deliver(device.account, device.number, Node("message", attrs))

    _, given = await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    assert wa.Message.FromString(given.plaintext).conversation == "an advertisement"


async def test_what_its_sender_does_not_send_again_comes_from_our_phone(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.outbox.send_text(Jid(SHOP), "readable")
    await shop.has_texts(1)
    spoil(ada)
    ada.settings.answer_retries = False

    wa_id = ada.outbox.send_text(Jid(SHOP), "spoiled on the way")

    _, given = await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    assert wa.Message.FromString(given.plaintext).conversation == "spoiled on the way"
    assert len(requests(shop)) == 1


async def test_in_a_group_too(lab: Lab) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP], bob.account])
    spoil(ada)
    ada.settings.answer_retries = False

    wa_id = ada.outbox.send_text(group.jid, "to all")

    async with asyncio.timeout(PATIENCE):
        while not (given := [i for i in await rows(shop, wa_id) if i.kind is InboxKind.MESSAGE]):
            await asyncio.sleep(0.05)
    assert [wa.Message.FromString(item.plaintext).conversation for item in given] == ["to all"]
    assert (given[0].stanza.jid("from"), given[0].stanza.jid("participant")) == (group.jid, ada.account.lid_jid)


async def test_what_comes_from_both_is_there_once(lab: Lab) -> None:
    """Our phone is faster than the sender, whose message is read and not handed on."""
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.outbox.send_text(Jid(SHOP), "readable")
    await shop.has_texts(1)
    ada.settings.withhold = ""
    wa_id = ada.outbox.send_text(Jid(SHOP), "twice")
    await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)

    (device,) = lab.sandbox.world.accounts[SHOP].devices.values()
    ada.outbox.send_again(wa_id, device.jid)
    receipts = len(shop.wire("receipt"))
    await until(lambda: len(shop.wire("receipt")) > receipts)
    ada.settings.withhold = None
    ada.outbox.send_text(Jid(SHOP), "next")

    assert await shop.has_texts(3) == ["readable", "twice", "next"]


async def test_an_answer_after_a_restart_still_finds_its_place(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    own_phone = phone_of(lab, SHOP)
    own_phone.set_online(False)
    ada.settings.withhold = ""
    wa_id = ada.outbox.send_text(Jid(SHOP), "for your phone only")
    await until(lambda: requests(shop))
    await shop.link.close()

    await shop.online()
    own_phone.set_online(True)

    _, given = await has_kinds(shop, wa_id, InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE)
    assert given.stanza.jid("from") == Jid(ADA)
    assert wa.Message.FromString(given.plaintext).conversation == "for your phone only"


def phone_of(lab: Lab, number: str) -> Phone:
    phone = lab.sandbox.world.accounts[number].phone
    assert isinstance(phone, Phone)
    return phone
