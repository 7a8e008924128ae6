"""Chats between a session of the native engine and one of Baileys stay readable, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contracts.engine.lab import ENGINES, Lab, Member, open_lab, until
from wagate.engine.port import Closed, InboxKind
from wagate.wire.jid import Jid

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
CAFE = "491700000002"
ADA = "491700000003"


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Lab, Member, Member]]:
    """A laboratory, a session of the native engine, and one of Baileys."""
    async with open_lab(tmp_path, ENGINES["native"]) as lab:
        baileys = lab.new_engine(ENGINES["baileys"])
        try:
            yield lab, await lab.linked(SHOP), await lab.linked(CAFE, baileys)
        finally:
            await baileys.stop()


async def write(member: Member, to: str | Jid, texts: list[str]) -> None:
    for text in texts:
        await member.relay(to, text)


async def unreadable(member: Member) -> list[str]:
    return [item.stanza.get("id") for item in await member.inbox() if item.kind is InboxKind.UNDECRYPTABLE]


async def all_is_readable(lab: Lab, *members: Member) -> None:
    for member in members:
        assert await unreadable(member) == []
        assert [e for e in member.wire("receipt") if e.type == "retry"] == []
    assert lab.counters_used_twice() == []


@pytest.mark.parametrize("by", ["number", "lid"])
async def test_both_write_at_once(pair: tuple[Lab, Member, Member], by: str) -> None:
    lab, shop, cafe = pair
    accounts = lab.sandbox.world.accounts
    names = {n: Jid(n) if by == "number" else accounts[n].lid_jid for n in (SHOP, CAFE)}
    wanted = [f"message {n}" for n in range(60)]

    await asyncio.gather(write(shop, names[CAFE], wanted), write(cafe, names[SHOP], wanted))

    assert await shop.has_texts(60) == wanted
    assert await cafe.has_texts(60) == wanted
    await all_is_readable(lab, shop, cafe)


async def test_a_group_of_both_and_a_phone(pair: tuple[Lab, Member, Member]) -> None:
    lab, shop, cafe = pair
    ada = lab.phone(ADA)
    accounts = lab.sandbox.world.accounts
    group = lab.sandbox.world.groups.create("All", ada.account, [accounts[SHOP], accounts[CAFE]])

    ada.outbox.send_text(group.jid, "ada 0")
    await asyncio.gather(
        write(shop, group.jid, [f"shop {n}" for n in range(20)]),
        write(cafe, group.jid, [f"cafe {n}" for n in range(20)]),
    )
    ada.outbox.send_text(group.jid, "ada 1")

    from_shop, from_cafe = [f"shop {n}" for n in range(20)], [f"cafe {n}" for n in range(20)]
    assert sorted(await shop.has_texts(22)) == sorted(["ada 0", "ada 1", *from_cafe])
    assert sorted(await cafe.has_texts(22)) == sorted(["ada 0", "ada 1", *from_shop])
    await until(lambda: len([m for m in ada.inbox.since() if m.sender != ADA]) == 40)
    await all_is_readable(lab, shop, cafe)


async def test_chats_go_on_after_both_came_back(pair: tuple[Lab, Member, Member]) -> None:
    lab, shop, cafe = pair
    for round_ in range(3):
        texts = [f"round {round_} message {n}" for n in range(5)]
        await asyncio.gather(write(shop, CAFE, texts), write(cafe, SHOP, texts))
        for member in (shop, cafe):
            await member.has_texts(5 * (round_ + 1))
            await member.link.close()
            await member.next(Closed)
        # Each finds what came while it was away.
        await shop.online()
        await shop.relay(CAFE, f"while you were away {round_}")
        await cafe.online()

    assert len([text for text in await cafe.has_texts(18) if "away" in text]) == 3
    assert await shop.has_texts(15)
    await all_is_readable(lab, shop, cafe)
