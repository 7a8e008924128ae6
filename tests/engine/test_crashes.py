"""The bridge dies: at any point, nothing is lost, doubled or reused, and the sessions hear of it once."""

import asyncio
import os
import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.contracts.engine.lab import Lab, Member, until
from wagate.engine.baileys import BaileysEngine
from wagate.engine.points import CrashPoint
from wagate.engine.port import Closed, RelayImpossible, RelayUnknown
from wagate.sandbox.phone import Phone
from wagate.sandbox.record import Direction
from wagate.wire.codec import encode
from wagate.wire.jid import Jid
from wagate.wire.node import Node

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"
CAFE = "491700000003"

MESSAGES = 12


def bridge_of(lab: Lab) -> int | None:
    assert isinstance(lab.engine, BaileysEngine)
    return lab.engine.bridge_pid


def shown(phone: Phone) -> list[str]:
    return [message.text for message in phone.inbox.since() if message.sender != phone.account.number]


async def keep_open(member: Member) -> None:
    """Reopen whenever the connection ends, as a worker does."""
    while True:
        await member.next(Closed)
        await member.open()


async def send_for_sure(member: Member, to: str, text: str) -> None:
    """Relay under one id until it is acknowledged, as the outbox does."""
    message_id = "3EB0" + os.urandom(9).hex().upper()
    while True:
        try:
            await member.relay(to, text, message_id)
            return
        except (RelayUnknown, RelayImpossible):
            await asyncio.sleep(0.05)


def where_it_crashed(member: Member) -> set[CrashPoint]:
    """The points at which a crash leaves such a wire."""
    sent_again = max(Counter(e.id for e in member.wire("message")).values()) > 1
    came_again = max(Counter(e.id for e in member.wire("message", Direction.OUT)).values()) > 1
    points = {CrashPoint.WRITTEN} if sent_again else {CrashPoint.ENCRYPTED, CrashPoint.COMMITTED}
    return points | {CrashPoint.RECEIPTED} | ({CrashPoint.DECRYPTED, CrashPoint.STORED} if came_again else set())


@pytest.mark.parametrize("occurrence", [1, 5])
@pytest.mark.parametrize("point", list(CrashPoint))
async def test_a_crash_at_a_named_point_loses_doubles_and_reuses_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, point: CrashPoint, occurrence: int
) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "we know each other")
    await lab.engine.stop()
    monkeypatch.setenv("WAGATE_TEST_FAULTS", "1")
    monkeypatch.setenv("WAGATE_CRASH_AT", f"{point}:{occurrence}")
    lab.engine = lab.new_engine()
    await shop.online()
    monkeypatch.delenv("WAGATE_CRASH_AT")
    out = [f"out {n}" for n in range(MESSAGES)]
    into = [f"in {n}" for n in range(MESSAGES)]

    async def write() -> None:
        for text in out:
            await send_for_sure(shop, ADA, text)

    async def answer() -> None:
        for number, text in enumerate(into, start=1):
            ada.outbox.send_text(Jid(SHOP), text)
            # One at a time: several that come at once share a commit, and so reach the point once.
            await shop.has_texts(number)

    async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep_open(shop))
        await asyncio.gather(write(), answer())
        await until(lambda: len(shown(ada)) > MESSAGES)
        received = await shop.has_texts(MESSAGES)
        keeping.cancel()

    assert Closed(code=428, reason="bridge_crashed") in shop.events, "the bridge did not crash"
    assert point in where_it_crashed(shop), "it crashed elsewhere"
    assert shown(ada)[1:] == out
    assert received == into
    assert lab.counters_used_twice() == []


async def test_every_session_hears_of_a_crash_once_and_can_be_opened_again(lab: Lab) -> None:
    members = [await lab.linked(SHOP), await lab.linked(CAFE)]
    pid = bridge_of(lab)
    assert pid is not None

    os.kill(pid, signal.SIGKILL)

    for member in members:
        assert await member.next(Closed) == Closed(code=428, reason="bridge_crashed")
    await asyncio.gather(*(member.online() for member in members))
    assert bridge_of(lab) not in (None, pid)
    for member in members:
        assert member.events.count(Closed(code=428, reason="bridge_crashed")) == 1


async def test_calls_under_way_when_the_bridge_dies_come_back(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    lab.phone(ADA)
    held = asyncio.Event()
    lab.at_point["before_commit"] = held.wait
    relaying = asyncio.create_task(shop.relay(ADA, "hello"))
    await asyncio.sleep(0.3)
    pid = bridge_of(lab)
    assert pid is not None

    os.kill(pid, signal.SIGKILL)

    with pytest.raises(RelayUnknown):
        await relaying
    held.set()


async def test_the_bridge_ends_with_its_host(lab: Lab) -> None:
    await lab.linked(SHOP)
    pid = bridge_of(lab)

    await lab.engine.stop()

    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
    assert bridge_of(lab) is None


#: What no honest server says: pieces missing, of the wrong kind, or out of place.
NONSENSE = [
    Node("message", {}),
    Node("message", {"id": "x"}, [Node("enc", {"v": "2", "type": "msg"}, b"\x33")]),
    Node("message", {"id": "x", "from": Jid(ADA), "t": "1"}, [Node("enc", {"v": "2", "type": "pkmsg"}, bytes(40))]),
    Node("message", {"id": "x", "from": Jid(ADA), "t": "1"}, [Node("enc", {"type": "no such thing"}, b"")]),
    Node("receipt", {}),
    Node("receipt", {"id": "x", "from": Jid(ADA), "type": "retry"}),
    Node("notification", {}),
    Node("notification", {"id": "x", "from": Jid(ADA), "type": "encrypt"}),
    Node("notification", {"id": "x", "from": Jid(ADA), "type": "w:gp2"}, [Node("create", {})]),
    Node("call", {}),
    Node("ack", {"class": "message"}),
    Node("ib", {}, [Node("dirty", {})]),
    Node("iq", {"type": "set"}, [Node("pair-success", {})]),
    Node("success", {}),
    Node("no-such-stanza", {"": ""}, b"\x00"),
]


async def test_nonsense_for_one_session_does_not_disturb_its_neighbour(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, cafe, ada = await lab.linked(SHOP), await lab.linked(CAFE), lab.phone(ADA)
    await cafe.relay(ADA, "before")
    pid = bridge_of(lab)
    monkeypatch.setattr("wagate.sandbox.connection.encode", lambda node: poison(node) or encode(node))
    (device,) = lab.sandbox.world.accounts[shop.number].devices.values()
    assert device.line is not None

    for node in [*NONSENSE, Node("poison")]:
        device.line.post(node)
    await asyncio.sleep(0.5)
    await cafe.relay(ADA, "after")

    await until(lambda: shown(ada) == ["before", "after"])
    assert [e.code for e in cafe.events if isinstance(e, Closed)] == [515]
    assert bridge_of(lab) == pid


def poison(node: Node) -> bytes:
    """Bytes that are no node at all."""
    return b"\x00\xf8" if node.tag == "poison" else b""


async def test_nothing_secret_comes_out_of_the_bridge(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """libsignal prints sessions with their private keys when it closes or repairs one."""
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "one")
    ada.settings.fail_next = 2
    await shop.relay(ADA, "two")
    await until(lambda: "two" in shown(ada))

    await lab.engine.stop()

    printed = "".join(capfd.readouterr())
    assert not re.search(r"privKey|rootKey|SessionEntry|chainKey|bridge complained", printed)
