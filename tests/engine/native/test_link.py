"""What is true of a link of the native engine alone."""

import asyncio

import pytest

from tests.contracts.engine.lab import Lab
from wagate.engine.native import link
from wagate.engine.native.directory import Directory
from wagate.engine.native.journal import Journal
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

SHOP = "491700000001"
ADA = "491700000002"


async def test_what_has_to_ask_before_it_can_be_taken_in_gets_its_answer_in_a_flood(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link stops reading when too much waits; the answer comes behind that."""
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.link.close()
    wanted = [f"flood {n}" for n in range(200)]
    for text in wanted:
        ada.outbox.send_text(Jid(SHOP), text)
    canonical = Directory.canonical

    async def asking(self: Directory, jid: Jid, told: Jid | None = None) -> Jid:
        await self._line.ask("w:p", "get")
        return await canonical(self, jid, told)

    monkeypatch.setattr(Directory, "canonical", asking)
    monkeypatch.setattr(link, "TOO_MUCH", 20)

    await shop.online()

    assert await shop.has_texts(200) == wanted


async def test_a_link_that_has_stopped_reading_for_what_it_stores_reads_on_when_that_is_stored(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of settings may be on their way to the store while nothing of the server's waits to be taken in."""
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    room = shop.link._room  # type: ignore[attr-defined]
    much = [True]

    def backlog(journal: Journal) -> int:
        """Too much, until reading has stopped for it."""
        if not room.is_set():
            much.clear()
        return link.TOO_MUCH + 1 if much else 0

    monkeypatch.setattr(Journal, "backlog", property(backlog))
    async with asyncio.timeout(20):
        # It stops only where no answer is waited for, and after a login it may still ask for something.
        while much:
            # Its answer is not waited for, and nothing that waits in line.
            await shop.link.send(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p", "id": "1-1"}))
            await asyncio.sleep(0.01)

    ada.outbox.send_text(Jid(SHOP), "still there?")

    assert await shop.has_texts(1) == ["still there?"]
