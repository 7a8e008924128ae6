"""Messages through a real engine, judged by the sandbox's phones and its record of the wire."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.contracts.engine.lab import Lab, Member, until
from wagate.engine.port import (
    InboxKind,
    Online,
    QueryFailed,
    RecipientUnknown,
    RelayImpossible,
    RelayRefused,
    RelayUnknown,
)
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
from wagate.sandbox.phone import Phone
from wagate.sandbox.record import Direction
from wagate.wire.jid import GROUP, LID, SERVER, Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"


def shown(phone: Phone) -> list[str]:
    """The texts from others, by the order in which they came."""
    return [message.text for message in phone.inbox.since() if message.sender != phone.account.number]


async def test_a_relayed_message_is_read_by_the_phone_and_told_with_the_servers_time(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)

    content = wa.Message(conversation="Your order is ready.").SerializeToString()
    at = await shop.link.relay(Jid(ADA), content, "3EB0AAAA")

    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    await until(lambda: shown(ada) == ["Your order is ready."])
    assert ada.inbox.since()[0].wa_id == "3EB0AAAA"


async def test_messages_relayed_at_once_reach_the_wire_in_the_order_of_the_calls(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    wanted = [f"message {n}" for n in range(40)]

    await asyncio.gather(*(shop.relay(ADA, text) for text in wanted))

    await until(lambda: len(shown(ada)) == len(wanted))
    assert shown(ada) == wanted


async def test_a_message_from_a_phone_is_in_the_inbox_with_its_plaintext(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA, "Ada")

    wa_id = ada.outbox.send_text(Jid(SHOP), "Are you open?")

    await shop.has_texts(1)
    (item,) = [i for i in await shop.inbox() if i.stanza.get("id") == wa_id]
    assert item.kind is InboxKind.MESSAGE
    assert item.stanza.jid("from") == Jid(ADA)
    assert item.stanza.get("notify") == "Ada"
    assert wa.Message.FromString(item.plaintext).conversation == "Are you open?"
    await until(lambda: [e for e in shop.wire("receipt") if e.id == wa_id])


async def test_delivery_and_read_receipts_come_to_the_inbox(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)

    wa_id = await shop.relay(ADA, "hello")

    kinds: list[str] = []
    async with asyncio.timeout(10):
        while len(kinds) < 2:
            items = [i for i in await shop.inbox() if i.kind is InboxKind.RECEIPT and i.stanza.get("id") == wa_id]
            kinds = [i.stanza.get("type") for i in items]
            await asyncio.sleep(0.02)
    assert kinds == ["", "read"]


async def test_a_lid_is_an_address_like_a_number(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)

    await shop.relay(ada.account.lid_jid, "to your LID")

    await until(lambda: shown(ada) == ["to your LID"])
    assert ada.account.lid_jid.server == LID


async def test_someone_who_is_not_on_whatsapp_is_a_certain_failure_and_nothing_leaves(lab: Lab) -> None:
    shop = await lab.linked(SHOP)

    with pytest.raises(RecipientUnknown):
        await shop.relay("499999999999", "anybody?")

    assert shop.wire("message") == []


async def test_a_refusal_by_the_server_is_raised_with_its_code(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    lab.sandbox.world.inject(Fault(kind=FaultKind.REFUSE_MESSAGE, code=463, times=1))

    with pytest.raises(RelayRefused) as refused:
        await shop.relay(ADA, "hello")

    assert refused.value.server_code == 463
    await shop.relay(ADA, "hello again")


async def test_a_connection_that_ends_before_the_acknowledgement_leaves_the_outcome_unknown(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.ACK, session=SHOP))
    relaying = asyncio.create_task(shop.relay(ADA, "did it get there?", "3EB0BBBB"))
    await until(lambda: shop.wire("message"))

    world.inject(Fault(kind=FaultKind.CLOSE, session=SHOP, times=1, code=0))

    with pytest.raises(RelayUnknown):
        await relaying
    # It did; sent again under the same id, it is seen once.
    world.faults.clear()
    await shop.online()
    await shop.relay(ADA, "did it get there?", "3EB0BBBB")
    await until(lambda: len(shop.wire("message")) == 2)
    assert shown(ada) == ["did it get there?"]


async def test_what_waits_when_the_connection_ends_has_certainly_not_left(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    world = lab.sandbox.world
    world.inject(Fault(kind=FaultKind.SILENCE, session=SHOP))
    relaying = [asyncio.create_task(shop.relay(ADA, f"message {n}")) for n in range(3)]
    await asyncio.sleep(0.2)

    world.inject(Fault(kind=FaultKind.CLOSE, session=SHOP, times=1, code=0))

    outcomes = await asyncio.gather(*relaying, return_exceptions=True)
    assert [type(o) for o in outcomes] == [RelayImpossible] * 3
    assert shop.wire("message") == []


async def test_nothing_leaves_before_we_are_logged_in(lab: Lab) -> None:
    """Baileys writes what it is given in the clear while the handshake lasts."""
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    await shop.link.close()

    await shop.open()
    with pytest.raises(RelayImpossible):
        await shop.relay(ADA, "too early")
    with pytest.raises(QueryFailed):
        await shop.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}))

    await shop.next(Online)
    await shop.relay(ADA, "in time")
    assert len(shop.wire("message")) == 1


async def test_a_group_reads_what_we_send_and_we_read_what_it_sends(lab: Lab) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP], bob.account])

    for text in ("one", "two", "three"):
        await shop.relay(group.jid, text)
    await until(lambda: len(shown(ada)) == 3 and len(shown(bob)) == 3)
    assert shown(ada) == shown(bob) == ["one", "two", "three"]

    ada.outbox.send_text(group.jid, "four")
    bob.outbox.send_text(group.jid, "five")
    assert sorted(await shop.has_texts(2)) == ["five", "four"]
    items = [i for i in await shop.inbox() if i.kind is InboxKind.MESSAGE and i.stanza.jid("participant")]
    assert {i.stanza.jid("from") for i in items} == {group.jid}
    assert group.jid.server == GROUP


async def test_a_recipient_who_could_not_read_it_gets_it_again_from_the_host(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    ada.settings.fail_next = 1

    await shop.relay(ADA, "second")

    await until(lambda: shown(ada) == ["first", "second"])
    retries = [e for e in shop.wire("receipt", Direction.OUT) if e.type == "retry"]
    assert retries, "the phone did not ask"


async def two(lab: Lab) -> tuple[Member, Member]:
    return await lab.linked(SHOP), await lab.linked(ADA)


@pytest.mark.parametrize("latency", [0.0, 0.005])
async def test_two_devices_writing_to_each_other_lose_nothing_however_slow_the_store(lab: Lab, latency: float) -> None:
    shop, ada = await two(lab)
    lab.at_point["before_commit"] = lambda: asyncio.sleep(latency)
    wanted = [f"message {n}" for n in range(60)]

    async def write(member: Member, to: str) -> None:
        for text in wanted:
            await member.relay(to, text)

    await asyncio.gather(write(shop, ADA), write(ada, SHOP))

    for member in (shop, ada):
        assert await member.has_texts(60) == wanted
        assert [e for e in member.wire("receipt") if e.type == "retry"] == []


async def test_keys_that_their_owner_did_not_sign_are_not_written_to(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    signature, ada.keys._signature = ada.keys._signature, bytes(64)

    with pytest.raises(RelayImpossible):
        await shop.relay(ADA, "for your eyes only")
    assert shop.wire("message") == []

    ada.keys._signature = signature
    await shop.relay(ADA, "for your eyes only")
    await until(lambda: shown(ada) == ["for your eyes only"])


async def test_a_query_brings_the_answer_and_an_error_its_code(lab: Lab) -> None:
    shop = await lab.linked(SHOP)

    answer = await shop.link.query(Node("iq", {"to": SERVER, "type": "set", "xmlns": "w:m"}, [Node("media_conn")]))
    assert answer.child("media_conn", "host") is not None

    unknown = Node("iq", {"to": Jid("120363000000000000", GROUP), "type": "get", "xmlns": "w:g2"}, [Node("query")])
    with pytest.raises(QueryFailed) as failed:
        await shop.link.query(unknown)
    assert failed.value.server_code in (403, 404)


async def test_a_query_that_nobody_answers_fails_in_time(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.sandbox.world.inject(Fault(kind=FaultKind.SILENCE, session=SHOP))

    with pytest.raises(QueryFailed) as failed:
        await shop.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}), timeout=0.3)

    assert failed.value.server_code == 408


async def test_a_stanza_without_an_answer_is_sent(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)

    await shop.link.send(Node("chatstate", {"to": Jid(ADA)}, [Node("composing")]))

    await until(lambda: shop.wire("chatstate"))


async def test_a_contact_is_given_a_privacy_token_once_and_not_with_every_message(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)

    for n in range(5):
        await shop.relay(ADA, f"message {n}")

    issued = [e for e in shop.wire("iq") if e.detail.startswith("privacy") and e.type == "set"]
    assert len(issued) == 1


async def test_vitals_are_evidence_of_life(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    begun = datetime.now(UTC)
    await shop.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}))

    await until(lambda: shop.link.vitals().ping_ms is not None)

    vitals = shop.link.vitals()
    assert vitals.last_frame_at is not None and vitals.last_frame_at >= begun
    assert vitals.ping_ms is not None and 0 <= vitals.ping_ms < 5_000
