"""What is true of a link of the native engine alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, open_lab, until
from wagate.engine.native import link
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

SHOP = "491700000001"
ADA = "491700000002"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A native engine, a database and a sandbox; nobody is linked."""
    async with open_lab(tmp_path, ENGINES["native"]) as lab:
        yield lab


async def test_a_question_is_answered_though_too_much_waits_to_be_stored(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is stored next might wait for an answer that nobody reads."""
    monkeypatch.setattr(link, "TOO_MUCH", 20)
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    held: list[bool] = []
    gate = _Gate(held)
    lab.at_point["before_commit"] = gate.wait
    wanted = [f"message {n}" for n in range(200)]
    for text in wanted:
        ada.outbox.send_text(Jid(SHOP), text)
    await until(lambda: held)

    await shop.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}), timeout=10)

    gate.open()
    assert await shop.has_texts(200) == wanted


class _Gate:
    """Holds commits back until it is opened."""

    def __init__(self, held: list[bool]) -> None:
        self._held = held
        self._opened = asyncio.Event()

    async def wait(self) -> None:
        self._held.append(True)
        await self._opened.wait()

    def open(self) -> None:
        self._opened.set()
