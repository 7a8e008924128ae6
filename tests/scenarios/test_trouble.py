"""What goes wrong between a gateway and WhatsApp, done on purpose by the sandbox."""

import asyncio
import os
import signal

import pytest

from tests.scenarios.rig import Json, Rig
from wagate.wire.certs import ForgedChain

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What each engine calls the record of who a device is.
CREDENTIALS = {"baileys": "creds", "native": "native/device"}


async def on_wire(rig: Rig, number: str, stanza: str, wa_id: str, direction: str = "in") -> list[Json]:
    """The entries of that session's record about that message."""
    entries = await rig.wire(number)
    return [e for e in entries if e["stanza"] == stanza and e["id"] == wa_id and e["direction"] == direction]


async def received_texts(rig: Rig, session: str) -> list[str]:
    return [m["text"] for m in reversed(await rig.history(session)) if m["direction"] == "in"]


# -- being away


async def test_a_backlog_sent_while_the_gateway_was_down_arrives_in_order_and_once(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    await rig.subscribe()
    await rig.stop_gateway()
    sent = [await rig.phone_sends(ada, to=shop, text=f"missed {n}") for n in range(30)]
    last = await rig.phone_sends(bob, to=shop, text="missed by bob")

    await rig.start_gateway()
    # Live ones come while the backlog is still being worked off.
    sent += [await rig.phone_sends(ada, to=shop, text=f"live {n}") for n in range(5)]

    for wa_id in [*sent, last]:
        await rig.told("message.received", wa_id)
    told = [e["data"]["waId"] for e in rig.sink.events if e["type"] == "message.received"]
    assert [wa_id for wa_id in told if wa_id in sent] == sent
    texts = [text for text in await received_texts(rig, session) if "bob" not in text]
    assert texts == [f"missed {n}" for n in range(30)] + [f"live {n}" for n in range(5)]


async def test_a_message_to_a_phone_that_is_off_is_sent_and_delivered_when_it_comes_back(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, online=False)

    sent = await rig.send(session, ada, text="for later")

    assert sent["status"] == "sent"
    assert (await rig.message(sent["id"]))["status"] == "sent"
    await rig.settings(ada, online=True)
    await rig.message_reaches(sent["id"], "read")


async def test_what_is_accepted_while_nothing_is_connected_is_sent_afterwards_in_order(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.api.call("POST", f"/api/sessions/{session}/disconnect")
    await rig.reaches(session, "disconnected")
    accepted = [await rig.submit(session, ada, text=f"waiting {n}") for n in range(10)]
    assert {a["status"] for a in accepted} == {"queued"}

    await rig.api.call("POST", f"/api/sessions/{session}/connect")

    await rig.message_reaches(accepted[-1]["id"], "read")
    assert [m["text"] for m in await rig.inbox(ada)] == [f"waiting {n}" for n in range(10)]


# -- who can't read what


@pytest.mark.parametrize("times", [1, 3])
async def test_a_phone_that_asks_for_retries_gets_the_same_message_readable(
    rig: Rig, shop: str, ada: str, times: int
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.send(session, ada, text="first")
    await rig.settings(ada, failNext=times)

    sent = await rig.send(session, ada, text="hard to read")

    shown = await rig.shown(ada, sent["waId"])
    assert (shown["text"], shown["seen"]) == ("hard to read", 1)
    asked = [e for e in await on_wire(rig, shop, "receipt", sent["waId"], "out") if e["type"] == "retry"]
    assert len(asked) == times
    after = await rig.send(session, ada, text="and on it goes")
    await rig.message_reaches(after["id"], "read")
    assert [m["text"] for m in await rig.inbox(ada)] == ["first", "hard to read", "and on it goes"]


async def test_a_phone_that_asks_again_after_a_restart_still_gets_its_message(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, online=False, failNext=1)
    sent = await rig.send(session, ada, text="kept for you")
    await rig.stop_gateway()
    await rig.settings(ada, online=True)

    await rig.start_gateway()

    assert (await rig.shown(ada, sent["waId"]))["text"] == "kept for you"


async def test_a_send_that_waits_is_told_what_is_known_when_the_gateway_ends(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.api.call("POST", f"/api/sessions/{session}/disconnect")
    await rig.reaches(session, "disconnected")
    waiting = asyncio.create_task(rig.send(session, ada, text="later"))

    async def stored() -> Json | None:
        return next(iter(await rig.history(session)), None)

    await rig.until(stored, "it is stored")
    assert rig.gateway is not None
    assert await rig.gateway.stop() == 0
    told = await waiting
    assert told["status"] == "queued"

    await rig.gateway_gone()
    await rig.start_gateway()
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    assert (await rig.shown(ada, told["waId"]))["text"] == "later"


# -- what the network does


async def test_a_lost_acknowledgement_leaves_sending_and_the_same_id_goes_again_after_reconnecting(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    # Off, so that no receipt settles what the acknowledgement left open.
    await rig.phone(ada, online=False)
    await rig.fault(kind="drop", stanza="ack", session=shop)
    sent = await rig.submit(session, ada, text="did you get this?")

    async def arrived() -> bool | None:
        return True if await on_wire(rig, shop, "message", sent["waId"]) else None

    await rig.until(arrived, "the message is at WhatsApp")
    assert (await rig.message(sent["id"]))["status"] == "sending"
    await rig.clear_faults()
    assert (await rig.message(sent["id"]))["status"] == "sending"

    await rig.fault(kind="close", code=0, session=shop)

    await rig.message_reaches(sent["id"], "sent")
    again = await on_wire(rig, shop, "message", sent["waId"])
    assert len(again) == 2
    assert again[0]["ciphers"] != again[1]["ciphers"], "the very same ciphertext went twice"
    await rig.settings(ada, online=True)
    await rig.message_reaches(sent["id"], "read")
    (shown,) = await rig.inbox(ada)
    assert (shown["text"], shown["waId"], shown["seen"]) == ("did you get this?", sent["waId"], 2)


async def test_a_receipt_that_overtakes_a_lost_acknowledgement_settles_the_message(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.fault(kind="drop", stanza="ack", session=shop)

    sent = await rig.submit(session, ada, text="read, hence sent")

    await rig.message_reaches(sent["id"], "read")
    told = [e["type"] for e in await rig.events(session=session) if e["data"].get("waId") == sent["waId"]]
    assert told == ["message.queued", "message.sent", "message.delivered", "message.read"]
    await rig.clear_faults()
    await rig.fault(kind="close", code=0, session=shop)
    after = await rig.send(session, ada, text="next")
    await rig.message_reaches(after["id"], "read")
    assert len(await on_wire(rig, shop, "message", sent["waId"])) == 1, "it was sent again for nothing"


async def test_a_line_that_breaks_under_a_burst_brings_all_of_it_once_and_in_order(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    accepted = [await rig.submit(session, ada, text=f"line {n}") for n in range(10)]
    await rig.fault(kind="close", stanza="ack", direction="out", code=0, session=shop, times=2)
    accepted += [await rig.submit(session, ada, text=f"line {n}") for n in range(10, 20)]

    await rig.message_reaches(accepted[-1]["id"], "read")

    assert [m["text"] for m in await rig.inbox(ada)] == [f"line {n}" for n in range(20)]


@pytest.mark.parametrize("stanza", ["message", "receipt", "ack"])
async def test_what_whatsapp_says_twice_counts_once(rig: Rig, shop: str, ada: str, stanza: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.subscribe()
    await rig.fault(kind="duplicate", stanza=stanza, session=shop)

    arrived = [await rig.phone_sends(ada, to=shop, text=f"in {n}") for n in range(3)]
    sent = [await rig.send(session, ada, text=f"out {n}") for n in range(3)]

    for message in sent:
        await rig.message_reaches(message["id"], "read")
    for wa_id in arrived:
        await rig.told("message.received", wa_id)
    assert await received_texts(rig, session) == [f"in {n}" for n in range(3)]
    assert [m["text"] for m in await rig.inbox(ada)] == [f"out {n}" for n in range(3)]
    told = [(e["type"], e["data"].get("waId")) for e in await rig.events(session=session) if "waId" in e["data"]]
    assert len(told) == len(set(told)), "something was told twice"


async def test_messages_that_change_places_or_come_late_are_all_read(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.received(session, await rig.phone_sends(ada, to=shop, text="known"))
    await rig.fault(kind="reorder", stanza="message", session=shop, times=1)
    await rig.fault(kind="delay", stanza="message", session=shop, seconds=0.5, times=2)

    sent = [await rig.phone_sends(ada, to=shop, text=f"mixed {n}") for n in range(6)]

    for wa_id in sent:
        await rig.received(session, wa_id)
    assert sorted(await received_texts(rig, session)) == ["known", *(f"mixed {n}" for n in range(6))]
    retries = [e for e in await rig.wire(shop) if e["stanza"] == "receipt" and e["type"] == "retry"]
    assert retries == [], "the gateway could not read something"


async def test_receipts_and_acknowledgements_that_change_places_leave_the_right_state(
    rig: Rig, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.send(session, ada, text="known")
    await rig.fault(kind="delay", stanza="ack", session=shop, seconds=0.5)
    await rig.fault(kind="reorder", stanza="receipt", session=shop)

    sent = [await rig.submit(session, ada, text=f"mixed {n}") for n in range(4)]

    for message in sent:
        read = await rig.message_reaches(message["id"], "read")
        assert None not in [read["statusAt"][state] for state in ("sent", "read")]


async def test_a_silent_line_is_found_dead_and_replaced(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.send(session, ada, text="known")
    before = await rig.logins(shop)
    await rig.fault(kind="silence", session=shop)
    sent = await rig.submit(session, ada, text="into silence")

    async def given_up() -> bool | None:
        return True if [e for e in await rig.wire(shop) if e["stanza"] == "disconnected"] else None

    await rig.until(given_up, "the gateway gives the silent line up", patience=45)
    await rig.clear_faults()

    await rig.logs_in_again(shop, before)
    await rig.message_reaches(sent["id"], "read")
    assert [m["text"] for m in await rig.inbox(ada)] == ["known", "into silence"]


async def test_a_storm_of_503_is_outlived_and_nothing_is_lost(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.fault(kind="refuseLogin", code=503, session=shop, times=3)
    await rig.fault(kind="close", code=503, session=shop)
    accepted = await rig.submit(session, ada, text="through the storm")
    assert accepted["status"] in ("queued", "sending")

    assert (await rig.shown(ada, accepted["waId"]))["text"] == "through the storm"
    refusals = [e for e in await rig.wire(shop) if e["stanza"] == "refused"]
    assert [e["detail"] for e in refusals] == ["503"] * 3
    states = {e["data"]["status"] for e in await rig.events("session.status", session=session)}
    assert not states & {"logged_out", "error", "banned"}


async def test_a_server_that_goes_away_is_come_back_to(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.fault(kind="goAway", seconds=3)
    accepted = await rig.submit(session, ada, text="when you are back")

    await rig.message_reaches(accepted["id"], "read")

    assert (await rig.session(session))["status"] == "connected"


# -- who is not whom they say


@pytest.mark.parametrize("chain", list(ForgedChain))
async def test_a_forged_certificate_chain_is_refused_before_anything_is_sent(
    rig: Rig, shop: str, chain: ForgedChain
) -> None:
    await rig.phone(shop)
    session = await rig.new_session()
    begun = await rig.now_on_wire()
    await rig.fault(kind="forgeChain", chain=chain.value)
    await rig.api.call("POST", f"/api/sessions/{session}/connect")

    async def tried() -> bool | None:
        return True if len([e for e in await rig.wire(after=begun) if e["stanza"] == "connected"]) >= 2 else None

    await rig.until(tried, "the gateway tried twice")
    entries = await rig.wire(after=begun)
    assert {e["stanza"] for e in entries} <= {"connected", "disconnected"}, "it went on talking to a forger"
    assert (await rig.session(session))["status"] in ("connecting", "error", "disconnected")

    await rig.clear_faults()
    await rig.link(session, shop)


async def test_a_linked_session_does_not_log_in_to_a_forger_and_keeps_its_link(rig: Rig, shop: str) -> None:
    session = await rig.linked(shop)
    device = (await rig.session(session))["me"]["jid"]
    before = await rig.logins(shop)
    begun = await rig.now_on_wire()
    await rig.fault(kind="forgeChain", chain=ForgedChain.OTHER_ROOT.value)
    await rig.fault(kind="close", code=503, session=shop)

    async def tried() -> bool | None:
        return True if [e for e in await rig.wire(after=begun) if e["stanza"] == "connected"] else None

    await rig.until(tried, "the gateway tried again")
    assert await rig.logins(shop) == before
    await rig.clear_faults()

    await rig.logs_in_again(shop, before)
    assert (await rig.reaches(session, "connected"))["me"]["jid"] == device


# -- neighbours


async def test_a_session_in_trouble_does_not_stop_its_neighbour(rig: Rig, shop: str, ada: str) -> None:
    one = await rig.linked(shop)
    other = await rig.linked(ada, "neighbour")
    await rig.fault(kind="silence", session=shop)
    stuck = await rig.submit(one, ada, text="into silence")

    answers = [await rig.send(other, shop, text=f"still here {n}") for n in range(5)]

    assert [a["status"] for a in answers] == ["sent"] * 5
    assert (await rig.message(stuck["id"]))["status"] == "sending"
    await rig.clear_faults()
    await rig.api.call("POST", f"/api/sessions/{one}/reconnect")
    await rig.message_reaches(stuck["id"], "read")


@pytest.mark.parametrize("damage", ["credentials", "keys", "inbox"])
async def test_a_session_whose_stored_state_is_broken_does_not_stop_its_neighbour(
    rig: Rig, shop: str, ada: str, damage: str
) -> None:
    broken = await rig.linked(shop)
    other = await rig.linked(ada, "neighbour")
    await rig.send(broken, ada, text="all is well")
    await rig.stop_gateway()
    kind = CREDENTIALS[rig.engine]
    statement, *parameters = {
        "credentials": ("UPDATE signal_keys SET value = x'00' WHERE session_id = ? AND kind = ?", broken, kind),
        "keys": ("UPDATE signal_keys SET value = x'00' WHERE session_id = ? AND kind <> ?", broken, kind),
        "inbox": ("UPDATE inbox SET content = x'00', consumed_at = NULL WHERE session_id = ?", broken),
    }[damage]
    assert rig.change_database(statement, *parameters) > 0

    await rig.start_gateway()

    await rig.reaches(other, "connected")
    sent = await rig.send(other, shop, text="I am fine")
    assert (await rig.shown(shop, sent["waId"]))["text"] == "I am fine"
    arrived = await rig.phone_sends(shop, to=ada, text="glad to hear")
    assert (await rig.received(other, arrived))["text"] == "glad to hear"


# -- processes


@pytest.mark.parametrize("engine", [pytest.param("baileys", marks=pytest.mark.bridge)], indirect=True)
async def test_a_killed_bridge_brings_every_session_back_and_loses_nothing(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    numbers = {await rig.linked(number): number for number in (shop, ada)}
    await rig.phone(bob)
    before = {session: await rig.logins(number) for session, number in numbers.items()}
    (pid,) = rig.bridges()
    accepted = {session: await rig.submit(session, bob, text="just before") for session in numbers}

    os.kill(pid, signal.SIGKILL)
    arriving = {session: await rig.phone_sends(bob, to=number, text="meanwhile") for session, number in numbers.items()}

    for session, number in numbers.items():
        await rig.logs_in_again(number, before[session])
        await rig.reaches(session, "connected")
        await rig.message_reaches(accepted[session]["id"], "read")
        assert (await rig.received(session, arriving[session]))["text"] == "meanwhile"
    assert pid not in rig.bridges()
    assert len(rig.bridges()) == 1
    assert len([m for m in await rig.inbox(bob) if m["text"] == "just before"]) == 2


async def test_a_killed_program_starts_again_and_goes_on_where_it_was(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    accepted = await asyncio.gather(*(rig.submit(session, ada, text=f"accepted {n}") for n in range(10)))

    await rig.kill_gateway()
    missed = await rig.phone_sends(ada, to=shop, text="meanwhile")
    await rig.start_gateway()

    for message in accepted:
        await rig.message_reaches(message["id"], "read")
    assert (await rig.received(session, missed))["text"] == "meanwhile"
    assert sorted(m["text"] for m in await rig.inbox(ada)) == sorted(f"accepted {n}" for n in range(10))
