"""A linked session goes from one engine to the other and back, with its chats, and nobody at the other end notices.

Judged by the sandbox: what its phones show, what it saw asked for again, and that no message key was used twice.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, Member, open_lab, until
from wagate.engine.port import Closed, InboxKind, Linked, QrIssued, RelayImpossible, RelayUnknown, WrongEngine
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
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
        used: set[tuple[str, str, int]] = set()
        for entry in member.wire("message"):
            for cipher in entry.ciphers:
                # One skmsg goes to everybody; each other ciphertext is for one device.
                key = (cipher.to if cipher.kind != "skmsg" else "", cipher.chain, cipher.counter)
                assert key not in used, "a message key was used twice"
                used.add(key)


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


async def test_a_chat_between_two_sessions_goes_on_whichever_of_them_moves(lab: Lab, first: str) -> None:
    shop, ada = await lab.linked(SHOP), await lab.linked(ADA)
    sent: dict[str, list[str]] = {SHOP: [], ADA: []}

    async def chat(round_: int) -> None:
        for n in ("a", "b"):
            for member, to in ((shop, ADA), (ada, SHOP)):
                await member.relay(to, f"{round_}{n} from {member.number}")
                sent[to].append(f"{round_}{n} from {member.number}")
        for member in (shop, ada):
            assert await member.has_texts(len(sent[member.number])) == sent[member.number]

    await chat(1)
    for round_, engine in enumerate((other(first), first), 2):
        # Both are opened by one engine here, so both move; the one after the other, with messages on the way.
        await ada.link.close()
        await shop.relay(ADA, f"{round_} on the way")
        sent[ADA].append(f"{round_} on the way")
        await lab.rewrite(ada, engine)
        await lab.move(shop, engine)
        await ada.online()
        await shop.online()
        await chat(round_)
    await well(lab, shop, ada)


async def test_a_group_goes_on_in_both_directions(lab: Lab, first: str) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), await lab.linked(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP], world.accounts[BOB]])
    expected: list[str] = []

    async def chat(round_: int) -> None:
        for n in ("a", "b"):
            await shop.relay(group.jid, f"{round_}{n} from shop")
        ada.outbox.send_text(group.jid, f"{round_} from ada")
        expected.append(f"{round_} from ada")
        await bob.relay(group.jid, f"{round_} from bob")
        expected.append(f"{round_} from bob")
        assert sorted(await shop.has_texts(len(expected))) == sorted(expected)
        await until(lambda: len(shown(ada)) == 3 * round_)

    await chat(1)
    for round_, engine in enumerate((other(first), first), 2):
        await bob.link.close()
        await lab.rewrite(bob, engine)
        await lab.move(shop, engine)
        await shop.online()
        await bob.online()
        await chat(round_)

    chains = {c.chain for e in shop.wire("message") for c in e.ciphers if c.kind == "skmsg"}
    assert len(chains) == 1, "a new sender key was made"
    told = [c for e in shop.wire("message") if e.to == str(group.jid) for c in e.ciphers if c.kind != "skmsg"]
    assert len(told) == len({c.to for c in told}), "somebody was told the sender key twice"
    await well(lab, shop, bob)


async def test_what_was_overtaken_is_read_by_the_other_engine(lab: Lab, first: str) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP], bob.account])
    ada.outbox.send_text(Jid(SHOP), "0")
    ada.outbox.send_text(group.jid, "g0")
    await shop.has_texts(2)
    for round_, engine in enumerate((other(first), first), 1):
        late: list[str] = []
        for to, name in ((Jid(SHOP), ""), (group.jid, "g")):
            # The first of three is held back until the session has moved, those behind it are read at once.
            before = len(await shop.texts())
            world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.MESSAGE, session=SHOP, times=1))
            late.append(f"{name}{round_} late")
            ada.outbox.send_text(to, late[-1])
            for n in ("a", "b"):
                ada.outbox.send_text(to, f"{name}{round_}{n}")
            await shop.has_texts(before + 2)
            await shop.relay(ADA, f"{name}{round_} between")
        count = len(await shop.texts())

        await lab.move(shop, engine)
        await shop.online()

        texts = await shop.has_texts(count + 2)
        assert set(late) <= set(texts)
        await shop.relay(ADA, f"{round_} after")
        ada.outbox.send_text(Jid(SHOP), f"{round_} after too")
        await shop.has_texts(count + 3)
    await until(lambda: len(shown(ada)) == 6)
    await well(lab, shop)


async def test_first_messages_that_nobody_answered_stay_first_messages(lab: Lab, first: str) -> None:
    """Ada is away: all that is written to her must carry what begins the session, on whatever engine."""
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    for phone in (ada, bob):
        phone.set_online(False)
    bob.outbox.send_text(Jid(SHOP), "bob's first")
    await shop.has_texts(1)
    for n, engine in enumerate((other(first), first, other(first))):
        await shop.relay(ADA, f"{n}")
        await lab.move(shop, engine)
        await shop.online()
        # Bob has heard nothing of us either, so his are first messages of one session, too.
        bob.outbox.send_text(Jid(SHOP), f"bob {n}")
        await shop.has_texts(n + 2)
    await shop.relay(ADA, "3")

    to_ada = [c for e in shop.wire("message") if e.to.startswith(ADA) for c in e.ciphers if c.to.startswith(ADA)]
    assert [c.kind for c in to_ada] == ["pkmsg"] * 4
    engines = (first, other(first), first, other(first))
    for before, now, engine in zip(to_ada, to_ada[1:], engines[1:], strict=False):
        # At its every start Baileys begins new sessions with those it writes to; the native engine goes on.
        if engine == "native":
            assert (now.chain, now.counter) == (before.chain, before.counter + 1)
    ada.set_online(True)
    await until(lambda: shown(ada) == ["0", "1", "2", "3"])
    ada.outbox.send_text(Jid(SHOP), "I am back")
    await shop.has_texts(5)
    await well(lab, shop)


async def test_an_engine_whose_session_was_moved_under_it_sends_and_stores_nothing_more(lab: Lab, first: str) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "before")
    await until(lambda: len(shown(ada)) == 1)
    await lab.rewrite(shop, other(first))
    records = await lab.records(shop)

    with pytest.raises((RelayImpossible, RelayUnknown)):
        await shop.relay(ADA, "by the wrong hand")
    ada.outbox.send_text(Jid(SHOP), "to whom it may concern")
    await shop.next(Closed)

    assert await lab.records(shop) == records
    assert [e.id for e in shop.wire("message")] == [m.wa_id for m in ada.inbox.since() if m.text == "before"]
    await lab.move(shop, other(first))
    await shop.online()
    assert await shop.has_texts(1) == ["to whom it may concern"]
    await shop.relay(ADA, "after")
    await until(lambda: shown(ada) == ["before", "after"])
    await well(lab, shop)


async def test_no_engine_links_anew_over_the_keys_of_the_other(lab: Lab, first: str) -> None:
    shop = await lab.linked(SHOP)
    await shop.link.close()
    await lab.rewrite(shop, other(first))
    records = await lab.records(shop)

    with pytest.raises(WrongEngine, match=f"wagate sessions engine {shop.id}"):
        await shop.open()

    assert await lab.records(shop) == records


async def test_a_session_that_was_unlinked_can_be_linked_by_the_other_engine(lab: Lab, first: str) -> None:
    shop = await lab.linked(SHOP)
    await shop.link.close()
    await lab.db.write(lambda tx: lab.keys.wipe(tx, shop.id))
    await lab.move(shop, other(first))
    await shop.open()
    code = (await shop.next(QrIssued)).code
    await lab.sandbox.world.accounts[SHOP].phone.linking.scan(code)  # type: ignore[attr-defined]
    await shop.next(Linked)
