"""Nothing leaves before what it depends on is stored, and nothing at all once the lease is lost."""

import asyncio

import pytest

from tests.contracts.engine.lab import Lab, Member, spoil, until
from wagate.engine.port import Closed, InboxKind, RelayUnknown
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
from wagate.sandbox.record import Direction
from wagate.wire.jid import Jid

SHOP = "491700000001"
ADA = "491700000002"


class Gate:
    """Holds every commit back until opened, and counts them."""

    def __init__(self, lab: Lab) -> None:
        self.opened = asyncio.Event()
        self.held = 0
        lab.at_point["before_commit"] = self.hold

    async def hold(self) -> None:
        self.held += 1
        await self.opened.wait()


async def quiet(member: Member) -> None:
    """Wait until what follows a login is over."""
    seen = -1
    while (now := member.lab.sandbox.world.record.last_seq) != seen:
        seen = now
        await asyncio.sleep(0.3)


def receipts_of(member: Member, wa_id: str) -> int:
    return sum(1 for e in member.wire("receipt") if e.id == wa_id)


async def test_a_message_waits_for_its_ratchet_step(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    await shop.relay(ADA, "the first one")
    await quiet(shop)
    gate = Gate(lab)

    relaying = asyncio.create_task(shop.relay(ADA, "held"))
    await until(lambda: gate.held)
    await asyncio.sleep(0.3)
    assert len(shop.wire("message")) == 1

    gate.opened.set()
    await relaying
    assert len(shop.wire("message")) == 2


async def test_a_receipt_waits_for_the_inbox(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)
    gate = Gate(lab)

    wa_id = ada.outbox.send_text(Jid(SHOP), "hello")
    await until(lambda: gate.held)
    await asyncio.sleep(0.3)
    assert receipts_of(shop, wa_id) == 0
    assert await shop.texts() == []

    gate.opened.set()
    await until(lambda: receipts_of(shop, wa_id))
    assert await shop.texts() == ["hello"]


async def test_the_acknowledgement_of_a_notification_waits_for_the_inbox(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    await quiet(shop)
    acks = len(shop.wire("ack"))
    gate = Gate(lab)

    world = lab.sandbox.world
    (device,) = world.accounts[SHOP].devices.values()
    world.notify(device, Jid(ADA), "picture", [])
    await until(lambda: gate.held)
    await asyncio.sleep(0.3)
    assert len(shop.wire("ack")) == acks

    gate.opened.set()
    await until(lambda: len(shop.wire("ack")) == acks + 1)
    arrived = [i.stanza.get("type") for i in await shop.inbox() if i.kind is InboxKind.NOTIFICATION]
    assert arrived[-1] == "picture"


async def test_who_lost_the_lease_sends_nothing_more_and_is_told(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    await shop.relay(ADA, "mine")
    await quiet(shop)
    await lab.raise_epoch(shop)

    with pytest.raises(RelayUnknown):
        await shop.relay(ADA, "not mine any more")

    assert await shop.next(Closed) == Closed(code=440, reason="lease_lost")
    assert len(shop.wire("message")) == 1


async def test_who_lost_the_lease_receipts_nothing(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)
    await lab.raise_epoch(shop)

    wa_id = ada.outbox.send_text(Jid(SHOP), "for the next owner")

    assert (await shop.next(Closed)).code == 440
    assert receipts_of(shop, wa_id) == 0
    shop.epoch = 2
    await shop.online()
    assert await shop.has_texts(1) == ["for the next owner"]


async def test_a_store_that_fails_ends_the_connection_and_the_next_one_loses_nothing(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)

    def fail() -> None:
        raise OSError("the disk is full")

    lab.at_point["before_commit"] = fail
    wa_id = ada.outbox.send_text(Jid(SHOP), "hello")
    assert await shop.next(Closed) == Closed(code=428, reason="store_unavailable")
    assert receipts_of(shop, wa_id) == 0

    del lab.at_point["before_commit"]
    await shop.online()
    assert await shop.has_texts(1) == ["hello"]
    await until(lambda: receipts_of(shop, wa_id))


async def test_an_answer_lost_after_the_commit_costs_neither_the_message_nor_its_readability(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)

    ada.outbox.send_text(Jid(SHOP), "now we know each other")
    assert await shop.has_texts(1)
    await quiet(shop)

    def fail() -> None:
        raise OSError("the answer is lost")

    lab.at_point["after_commit_before_reply"] = fail
    wa_id = ada.outbox.send_text(Jid(SHOP), "hello")
    assert (await shop.next(Closed)).code == 428
    assert (await shop.texts())[1:] == ["hello"]
    assert receipts_of(shop, wa_id) == 0

    # The ratchet has moved on: only the stored plaintext can answer the redelivery.
    del lab.at_point["after_commit_before_reply"]
    await shop.online()
    await until(lambda: receipts_of(shop, wa_id))
    assert (await shop.texts())[1:] == ["hello"]
    assert [e for e in shop.wire("receipt") if e.type == "retry"] == []


async def test_a_message_whose_receipt_got_lost_is_in_the_inbox_once(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)
    world = lab.sandbox.world
    world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.RECEIPT, direction=Direction.IN, times=1))
    wa_id = ada.outbox.send_text(Jid(SHOP), "hello")
    assert await shop.has_texts(1) == ["hello"]
    await shop.link.close()
    world.faults.clear()

    await shop.online()

    await until(lambda: receipts_of(shop, wa_id) == 2)
    assert await shop.texts() == ["hello"]


async def test_a_message_that_comes_twice_is_in_the_inbox_once(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await quiet(shop)
    lab.sandbox.world.inject(Fault(kind=FaultKind.DUPLICATE, stanza=StanzaKind.MESSAGE, session=SHOP))

    first = ada.outbox.send_text(Jid(SHOP), "one")
    await until(lambda: receipts_of(shop, first) == 2)
    ada.outbox.send_text(Jid(SHOP), "two")

    assert await shop.has_texts(2) == ["one", "two"]
    assert [e for e in shop.wire("receipt") if e.type == "retry"] == []


async def test_what_came_while_we_were_away_comes_first_and_in_order(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.link.close()
    wanted = [f"while you were away {n}" for n in range(25)]
    for text in wanted:
        ada.outbox.send_text(Jid(SHOP), text)

    await shop.online()

    assert await shop.has_texts(25) == wanted


async def test_a_message_that_cannot_be_read_is_told_and_asked_for_again(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.outbox.send_text(Jid(SHOP), "readable")
    await shop.has_texts(1)
    spoil(ada)

    wa_id = ada.outbox.send_text(Jid(SHOP), "spoiled on the way")

    async with asyncio.timeout(20):
        while "spoiled on the way" not in await shop.texts():
            await asyncio.sleep(0.05)
    items = [i for i in await shop.inbox() if i.stanza.get("id") == wa_id]
    assert [i.kind for i in items] == [InboxKind.UNDECRYPTABLE, InboxKind.MESSAGE]
    assert items[0].plaintext == b""


async def test_a_flood_is_taken_in_as_fast_as_it_is_stored_and_all_of_it(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.link.close()
    wanted = [f"flood {n}" for n in range(1500)]
    for text in wanted:
        ada.outbox.send_text(Jid(SHOP), text)
    lab.at_point["before_commit"] = lambda: asyncio.sleep(0.05)

    await shop.online()

    assert await shop.has_texts(1500) == wanted
    assert [e for e in shop.wire("receipt") if e.type == "retry"] == []
