"""A linked session goes from one engine to the other and back, with its chats, and nobody at the other end notices.

Judged by the sandbox: what its phones show, what it saw asked for again, and that no message key was used twice.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, Member, open_lab, until
from wagate.engine.port import InboxKind
from wagate.sandbox.phone import Phone
from wagate.sandbox.record import Direction
from wagate.wire.jid import Jid

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"
CLEO = "491700000004"


def other(engine: str) -> str:
    return "native" if engine == "baileys" else "baileys"


@pytest.fixture(params=list(ENGINES))
def first(request: pytest.FixtureRequest) -> str:
    """The engine that links."""
    return str(request.param)


@pytest.fixture
async def lab(first: str, tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path, ENGINES[first]) as lab:
        yield lab


def shown(phone: Phone) -> list[str]:
    """The texts from others, by the order in which they came."""
    return [message.text for message in phone.inbox.since() if message.sender != phone.account.number]


async def well(lab: Lab, *members: Member) -> None:
    """Nothing was asked for again, nothing stayed unread, no message key was used twice."""
    for member in members:
        retries = [e for way in (Direction.IN, Direction.OUT) for e in member.wire("receipt", way) if e.type == "retry"]
        assert retries == []
        assert [i for i in await member.inbox() if i.kind is InboxKind.UNDECRYPTABLE] == []
        used: dict[tuple[str, str, int], str] = {}
        for entry in member.wire("message"):
            for cipher in entry.ciphers:
                # One skmsg goes to everybody; each other ciphertext is for one device.
                key = (cipher.to if cipher.kind != "skmsg" else "", cipher.chain, cipher.counter)
                assert used.setdefault(key, entry.id) == entry.id, "a message key was used twice"


async def test_a_chat_with_a_phone_goes_on(lab: Lab, first: str) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.outbox.send_text(Jid(SHOP), "1 from ada")
    await shop.has_texts(1)
    await shop.relay(ADA, "1 from shop")
    for round_, engine in enumerate((other(first), first, other(first), first), 2):
        await lab.move(shop, engine)
        kinds = await lab.kinds(shop)
        assert kinds and all(kind.startswith("native/") is (engine == "native") for kind in kinds)
        await shop.online()
        for n in ("a", "b"):
            await shop.relay(ADA, f"{round_}{n} from shop")
        ada.outbox.send_text(Jid(SHOP), f"{round_} from ada")
        await shop.has_texts(round_)
        await shop.relay(ADA, f"{round_}c from shop")

    await until(lambda: len(shown(ada)) == 13)
    assert shown(ada)[:4] == ["1 from shop", "2a from shop", "2b from shop", "2c from shop"]
    assert await shop.texts() == [f"{n} from ada" for n in range(1, 6)]
    await well(lab, shop)
