"""Every fault strikes what it names, as often as it says, and nothing else."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.sandbox.client import Client, KeepingPhone, Rig, enc, login, message
from wagate.core.clock import ManualClock
from wagate.sandbox.faults import REORDER_SECONDS, Fault, FaultRefused
from wagate.wire.jid import Jid
from wagate.wire.node import Node

ALICE, BOB = "15550001", "15550002"
BOB_1 = Jid(BOB, device=1)


def switch(rig: Rig, **body: object) -> None:
    rig.world.inject(Fault.parse(body))


async def pair(rig: Rig) -> tuple[Client, KeepingPhone, Client]:
    _, alice = await rig.linked(ALICE, "Alice")
    phone, bob = await rig.linked(BOB, "Bob")
    return alice, phone, bob


async def send(client: Client, *ids: str) -> None:
    for message_id in ids:
        await client.send(message(Jid(BOB), message_id, {BOB_1: enc(b"x")}))
    await client.settled()


async def test_a_dropped_ack_is_missing_though_the_message_arrived(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="drop", stanza="ack", times=1)
    await send(alice, "M1", "M2")
    assert [a.get("id") for a in alice.take("ack")] == ["M2"]
    assert [(await bob.expect("message")).get("id") for _ in range(2)] == ["M1", "M2"]


async def test_a_dropped_delivery_comes_with_the_next_login(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="drop", stanza="message")
    await send(alice, "M1")
    await bob.settled()
    assert bob.take("message") == []
    rig.world.faults.clear()
    again = await rig.log_in(bob.keys)
    assert (await again.expect("message")).get("id") == "M1"


async def test_a_message_dropped_on_its_way_in_never_happened(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="drop", stanza="message", direction="in", times=1)
    await send(alice, "M1", "M2")
    assert [a.get("id") for a in alice.take("ack")] == ["M2"]
    assert (await bob.expect("message")).get("id") == "M2"


async def test_held_acks_come_when_the_faults_are_cleared_in_their_order(rig: Rig) -> None:
    alice, _, _ = await pair(rig)
    switch(rig, kind="hold", stanza="messageAck", times=2)
    await send(alice, "M1", "M2", "M3")
    assert [a.get("id") for a in alice.take("ack")] == ["M3"]

    rig.world.faults.clear()
    await alice.settled()

    assert [a.get("id") for a in alice.take("ack")] == ["M1", "M2"]


async def test_acks_of_receipts_are_none_of_a_message_s(rig: Rig) -> None:
    alice, _, _ = await pair(rig)
    switch(rig, kind="drop", stanza="messageAck")
    await alice.send(Node("receipt", {"to": Jid(BOB), "id": "R1"}))
    await send(alice, "M1")
    assert [(a.get("id"), a.get("class")) for a in alice.take("ack")] == [("R1", "receipt")]


async def test_a_duplicated_message_comes_twice(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="duplicate", stanza="message", times=1)
    await send(alice, "M1", "M2")
    assert [(await bob.expect("message")).get("id") for _ in range(3)] == ["M1", "M1", "M2"]


async def test_a_delayed_stanza_is_overtaken_and_comes_in_its_time(rig: Rig, clock: ManualClock) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="delay", stanza="message", seconds=5, times=1)
    await send(alice, "M1", "M2")
    await bob.settled()
    assert [m.get("id") for m in bob.take("message")] == ["M2"]
    await clock.advance(4.9)
    await bob.settled()
    assert bob.take("message") == []
    await clock.advance(0.2)
    assert (await bob.expect("message")).get("id") == "M1"


async def test_reordered_messages_change_places(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="reorder", stanza="message", times=1)
    await send(alice, "M1", "M2", "M3")
    assert [(await bob.expect("message")).get("id") for _ in range(3)] == ["M2", "M1", "M3"]


async def test_a_reordered_stanza_that_nothing_overtakes_still_comes(rig: Rig, clock: ManualClock) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="reorder", stanza="message", times=1)
    await send(alice, "M1")
    await clock.advance(REORDER_SECONDS + 0.1)
    assert (await bob.expect("message")).get("id") == "M1"


async def test_a_fault_for_one_session_spares_the_others(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="close", code=503, session=BOB)
    assert (await bob.expect("stream:error")).get("code") == "503"
    await alice.settled()


@pytest.mark.parametrize("code", [401, 403, 411, 428, 440, 500, 503, 515])
async def test_a_stream_ends_with_any_code(rig: Rig, code: int) -> None:
    _, client = await rig.linked()
    switch(rig, kind="close", code=code)
    assert (await client.expect("stream:error")).get("code") == str(code)


async def test_a_failure_for_a_ban_says_how_long(rig: Rig) -> None:
    _, client = await rig.linked()
    switch(rig, kind="close", code=402, closeAs="failure")
    last = await client.expect("failure")
    assert (last.get("reason"), last.get("expire")) == ("402", "3600")


async def test_a_line_is_cut_without_a_word(rig: Rig) -> None:
    _, client = await rig.linked()
    switch(rig, kind="close")
    await client.until_closed()
    assert client.take("stream:error") == []


async def test_a_close_in_place_of_an_ack_leaves_the_message_delivered(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="close", stanza="ack", code=503, times=1)
    await alice.send(message(Jid(BOB), "M1", {BOB_1: enc(b"x")}))
    assert (await alice.expect("stream:error")).get("code") == "503"
    assert (await bob.expect("message")).get("id") == "M1"
    assert alice.take("ack") == []


async def test_logins_are_refused_as_often_as_said(rig: Rig) -> None:
    phone = rig.phone()
    keys = await rig.link(phone)
    switch(rig, kind="refuseLogin", code=503, times=2)
    for _ in range(2):
        client = await rig.open(keys, login(keys))
        assert (await client.expect("failure")).get("reason") == "503"
    assert await rig.log_in(keys)


async def test_a_refused_message_is_nacked_with_the_code_and_goes_nowhere(rig: Rig) -> None:
    alice, phone, bob = await pair(rig)
    switch(rig, kind="refuseMessage", code=463, times=1, session=ALICE)
    await send(alice, "M1", "M2")
    assert [(a.get("id"), a.get("error")) for a in alice.take("ack")] == [("M1", "463"), ("M2", "")]
    assert (await bob.expect("message")).get("id") == "M2"
    assert phone.messages == []


async def test_while_it_is_away_nobody_gets_through_and_then_all_do(rig: Rig, clock: ManualClock) -> None:
    _, client = await rig.linked()
    switch(rig, kind="goAway", seconds=30)
    await client.until_closed()
    with pytest.raises((InvalidMessage, ConnectionClosed, OSError)):
        await rig.log_in(client.keys)
    await clock.advance(31)
    assert await rig.log_in(client.keys)


async def test_a_silent_server_answers_nothing_until_it_speaks_again(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="silence")
    await alice.send(message(Jid(BOB), "M1", {BOB_1: enc(b"x")}))
    await alice.send(Node("iq", {"id": "lost", "type": "get", "xmlns": "w:p"}))
    while rig.world.record.since()[-1].id != "lost":
        await rig.clock.sleep(0)
    rig.world.faults.clear()
    await alice.settled()
    await bob.settled()
    assert (alice.take("ack"), alice.take("iq"), bob.take("message")) == ([], [], [])


async def test_clearing_lets_go_what_was_held(rig: Rig) -> None:
    alice, _, bob = await pair(rig)
    switch(rig, kind="reorder", stanza="message")
    await send(alice, "M1")
    rig.world.faults.clear()
    assert (await bob.expect("message")).get("id") == "M1"
    assert rig.world.faults.none


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "explode"},
        {"kind": "drop"},
        {"kind": "drop", "stanza": "letter"},
        {"kind": "delay", "stanza": "ack"},
        {"kind": "delay", "stanza": "ack", "seconds": -1},
        {"kind": "refuseLogin"},
        {"kind": "refuseMessage"},
        {"kind": "goAway", "session": ALICE},
        {"kind": "forgeChain"},
        {"kind": "forgeChain", "chain": "none"},
        {"kind": "close", "code": "503"},
        {"kind": "close", "code": True},
        {"kind": "drop", "stanza": "ack", "times": 0},
        {"kind": "drop", "stanza": "ack", "session": 5},
        {"kind": "drop", "stanza": "ack", "typo": 1},
        {"kind": ["drop"], "stanza": "ack"},
    ],
)
def test_a_body_that_means_nothing_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(FaultRefused):
        Fault.parse(body)


def test_a_fault_shows_as_it_was_given() -> None:
    body = {"kind": "drop", "stanza": "ack", "direction": "in", "session": ALICE, "times": 3, "seconds": 1.5}
    shown = Fault.parse(body).as_dict()
    assert {name: shown[name] for name in body} == body
