"""Answers of the server that get lost on a connection that lives on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, open_lab, until
from wagate.engine.native import redelivery
from wagate.engine.port import RelayUnknown
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind

SHOP = "491700000001"
ADA = "491700000002"


@pytest.fixture
async def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    """A native engine that waits half a second for an answer."""
    monkeypatch.setattr(redelivery, "ACK_SECONDS", 0.5)
    async with open_lab(tmp_path, ENGINES["native"]) as lab:
        yield lab


async def test_a_lost_answer_leaves_it_open_and_the_same_id_is_seen_once(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    lab.sandbox.world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.MESSAGE_ACK, session=SHOP, times=1))

    with pytest.raises(RelayUnknown):
        await shop.relay(ADA, "hello", "3EB0AAAA")
    await shop.relay(ADA, "hello", "3EB0AAAA")

    await until(lambda: [(m.text, m.seen) for m in ada.inbox.since()] == [("hello", 2)])
    assert lab.counters_used_twice() == []


async def test_the_answer_to_a_first_attempt_that_comes_during_the_second_settles_it(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    world.inject(Fault(kind=FaultKind.HOLD, stanza=StanzaKind.MESSAGE_ACK, session=SHOP))
    with pytest.raises(RelayUnknown):
        await shop.relay(ADA, "hello", "3EB0AAAA")
    again = asyncio.create_task(shop.relay(ADA, "hello", "3EB0AAAA"))
    await until(lambda: len(shop.wire("message")) == 2)

    # Both answers at once: the second one is for nobody any more.
    world.faults.clear()
    await again

    await shop.relay(ADA, "next")
    await until(lambda: [m.text for m in ada.inbox.since()] == ["hello", "next"])
