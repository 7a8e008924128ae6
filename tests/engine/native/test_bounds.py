"""What a link keeps has a bound, and is let go of when the link is over."""

import pytest
from sqlalchemy import select

from tests.contracts.engine.lab import Lab, Member, until
from wagate.engine.native import NativeEngine, placeholders, prekeys
from wagate.engine.native.link import NativeSession
from wagate.engine.native.lru import Lru
from wagate.engine.port import QueryFailed
from wagate.engine.store import signal_keys
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

SHOP = "491700000001"
ADA = "491700000002"


def link_of(member: Member) -> NativeSession:
    assert isinstance(member.link, NativeSession)
    return member.link


async def keys_of(lab: Lab, member: Member, kind: str) -> set[str]:
    where = (signal_keys.c.session_id == member.id, signal_keys.c.kind == kind)
    return set(await lab.db.read(lambda tx: tx.execute(select(signal_keys.c.key).where(*where)).scalars().all()))


def test_a_cache_keeps_as_many_as_it_may_and_the_ones_used_last() -> None:
    now = 0.0
    cache: Lru[int, str] = Lru(3, max_age=10.0, monotonic=lambda: now)
    for key in range(3):
        cache.put(key, str(key))
    assert cache.get(0) == "0"

    cache.put(3, "3")

    assert (len(cache), cache.get(1), cache.get(0)) == (3, None, "0")
    now = 11.0
    assert cache.get(0) is None


async def test_one_time_keys_that_nobody_used_are_kept_up_to_a_number(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prekeys, "KEPT", 900)
    shop = await lab.linked(SHOP)
    line = link_of(shop)._line

    for _ in range(4):
        await prekeys.keep_up(line, 0)

    kept = await keys_of(lab, shop, "native/one-time")
    newest = line.device.next_prekey - 1
    assert newest == prekeys.FIRST_UPLOAD + 4 * prekeys.REFILL
    assert kept == {str(key_id) for key_id in range(newest - 899, newest + 1)}


async def test_however_often_the_server_says_that_keys_are_few_they_are_uploaded_one_time_at_a_time(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    line, receiver = link_of(shop)._line, link_of(shop)._receiver
    few = [Node("count", {"value": "0"})]

    for number in range(20):
        await receiver.take(Node("notification", {"from": SERVER, "id": f"n{number}", "type": "encrypt"}, few))

    await until(lambda: line.device.next_prekey > prekeys.FIRST_UPLOAD + 1 and not receiver._uploading)
    assert line.device.next_prekey == prekeys.FIRST_UPLOAD + prekeys.REFILL + 1


async def test_a_request_that_can_not_be_met_is_left_to_the_next_login_and_not_remembered(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await lab.linked(SHOP)
    receiver = link_of(shop)._receiver
    acknowledged: list[Node] = []
    monkeypatch.setattr(receiver._line, "acknowledge", acknowledged.append)

    async def fail(request: Node) -> None:
        raise QueryFailed(500)

    monkeypatch.setattr(receiver._retries, "send_again", fail)
    with pytest.raises(QueryFailed):
        await receiver._again(Node("receipt", {"from": Jid(ADA), "id": "A", "type": "retry"}))
    assert (receiver._asked_again, receiver._unsettled, acknowledged) == ({}, set(), [])


async def test_signed_keys_that_were_replaced_are_kept_up_to_a_number(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await lab.linked(SHOP)
    monkeypatch.setattr(prekeys, "SIGNED_SECONDS", -1)
    line = link_of(shop)._line
    await until(lambda: line.device.signed_id >= 1)

    for _ in range(6):
        await prekeys.rotate_signed(line)

    newest = line.device.signed_id
    former = {str(newest - n) for n in range(1, prekeys.FORMER_KEPT + 1)}
    assert await keys_of(lab, shop, "native/former-signed") == former


async def test_a_flood_of_what_we_lack_is_asked_for_up_to_a_number(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placeholders, "MAX_LACKING", 5)
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    own = lab.sandbox.world.accounts[SHOP].phone
    own.set_online(False)  # type: ignore[attr-defined]  # the only kind of phone there is
    ada.settings.withhold = ""

    for n in range(20):
        ada.outbox.send_text(Jid(SHOP), f"message {n}")

    (device,) = lab.sandbox.world.accounts[SHOP].devices.values()
    await until(lambda: not [stanza for stanza in device.backlog if stanza.tag == "message"])
    # Leaves behind whatever is asked.
    await shop.relay(ADA, "goodbye")
    asked = [entry for entry in shop.wire("message") if entry.to.startswith(SHOP)]
    assert len(asked) == 5


async def test_a_link_that_is_over_leaves_no_keys_in_memory(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "hello")
    ada.outbox.send_text(Jid(SHOP), "hello")
    await shop.has_texts(1)
    assert isinstance(lab.engine, NativeEngine)
    memory = lab.engine._shared.memory
    assert len(memory) > 0

    await shop.link.close()

    assert len(memory) == 0
