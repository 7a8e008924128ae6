"""Linking, logging in and leaving, as the sandbox's server sees it."""

import asyncio

import pytest
from sqlalchemy import func, select

from tests.contracts.engine.lab import Lab, until
from wagate.engine.port import Closed, EngineUnavailable, Linked, Online, QrIssued
from wagate.engine.store import signal_keys
from wagate.sandbox.errors import LinkFailed
from wagate.sandbox.faults import CloseAs, Fault, FaultKind
from wagate.wire.certs import ForgedChain
from wagate.wire.jid import LID, PN, Jid

SHOP = "491700000001"


async def test_a_scanned_code_links_the_device_and_the_restart_logs_it_in(lab: Lab) -> None:
    phone = lab.phone(SHOP, "The shop")
    member = await lab.member(SHOP)
    await member.open()

    shown = await member.next(QrIssued)
    await phone.linking.scan(shown.code)
    linked = await member.next(Linked)
    closed = await member.next(Closed)

    assert linked.identity.jid.user == SHOP and linked.identity.jid.device > 0
    assert closed == Closed(code=515, reason=closed.reason)
    online = await member.online()
    assert online.identity.jid == linked.identity.jid
    assert online.identity.lid is not None and online.identity.lid.server == LID
    assert member.events.count(closed) == 1


async def test_the_link_is_stored_before_the_phone_is_told_so(lab: Lab) -> None:
    phone = lab.phone(SHOP)
    member = await lab.member(SHOP)
    gate = asyncio.Event()
    lab.at_point["before_commit"] = gate.wait
    await member.open()
    code = (await member.next(QrIssued)).code

    scanning = asyncio.create_task(phone.linking.scan(code))
    await asyncio.sleep(0.3)
    assert not scanning.done(), "the phone was answered while the keys were not stored"
    assert not [e for e in member.events if isinstance(e, Linked)]

    gate.set()
    await scanning
    await member.next(Linked)


async def test_a_code_that_nobody_scans_leaves_nothing_behind(lab: Lab) -> None:
    lab.phone(SHOP)
    member = await lab.member(SHOP)
    await member.open()
    await member.next(QrIssued)

    await member.link.close()

    assert await member.next(Closed) == Closed(code=0, reason="closed")
    count = select(func.count()).select_from(signal_keys)
    assert await lab.db.read(lambda tx: tx.execute(count).scalar_one()) == 0


async def test_a_pairing_code_links_too(lab: Lab) -> None:
    phone = lab.phone(SHOP)
    member = await lab.member(SHOP)
    await member.open()

    code = await member.link.request_pairing_code(SHOP)
    await phone.linking.enter_code(code)

    linked = await member.next(Linked)
    assert (linked.identity.jid.user, linked.identity.jid.server) == (SHOP, PN)
    assert (await member.next(Closed)).code == 515
    await member.online()


async def test_a_pairing_code_that_was_never_typed_does_not_spoil_the_next_attempt(lab: Lab) -> None:
    phone = lab.phone(SHOP)
    member = await lab.member(SHOP)
    await member.open()
    await member.link.request_pairing_code(SHOP)
    await member.link.close()

    await member.open()
    await phone.linking.scan((await member.next(QrIssued)).code)
    await member.next(Linked)


async def test_a_device_whose_link_its_phone_did_not_sign_refuses_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = lab.phone(SHOP)
    member = await lab.member(SHOP)
    await member.open()
    code = (await member.next(QrIssued)).code
    monkeypatch.setattr("wagate.wire.adv.sign", lambda *_: bytes(64))

    with pytest.raises(LinkFailed):
        await phone.linking.scan(code)

    assert not [e for e in member.events if isinstance(e, Linked)]


@pytest.mark.parametrize("lie", list(ForgedChain))
async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(lab: Lab, lie: ForgedChain) -> None:
    member = await lab.member(SHOP)
    lab.sandbox.world.inject(Fault(kind=FaultKind.FORGE_CHAIN, chain=lie, times=1))

    await member.open()

    closed = await member.next(Closed)
    assert closed.code == 400
    assert not [e for e in member.events if isinstance(e, QrIssued)]
    # The same member meets an honest server next and trusts that.
    await member.open()
    await member.next(QrIssued)


async def test_the_name_of_the_account_is_learned_and_kept(lab: Lab) -> None:
    phone = lab.phone(SHOP, "The shop")
    member = await lab.member(SHOP)
    await member.open()
    await phone.linking.scan((await member.next(QrIssued)).code)
    await member.next(Closed)
    await member.online()
    await until(lambda: [e for e in member.wire("presence") if e.type == "available"])

    await member.link.close()

    assert (await member.online()).identity.push_name == "The shop"


async def test_logging_out_unlinks_the_device_at_the_server(lab: Lab) -> None:
    member = await lab.linked(SHOP)
    assert lab.sandbox.world.accounts[SHOP].devices

    await member.link.logout()

    assert (await member.next(Closed)).code == 401
    await until(lambda: not lab.sandbox.world.accounts[SHOP].devices)


async def test_logging_out_waits_for_a_slow_store_and_still_unlinks_the_device(lab: Lab) -> None:
    member = await lab.linked(SHOP)
    lab.at_point["before_commit"] = lambda: asyncio.sleep(0.3)
    lab.phone("491700000002").outbox.send_text(Jid(SHOP), "a commit is under way")
    await asyncio.sleep(0.1)

    await member.link.logout()

    await until(lambda: not lab.sandbox.world.accounts[SHOP].devices)
    assert (await member.next(Closed)).code == 401


async def test_an_unlinked_device_is_told_so(lab: Lab) -> None:
    member = await lab.linked(SHOP)
    account = lab.sandbox.world.accounts[SHOP]
    (number,) = account.devices

    lab.sandbox.world.unlink(account, number)

    closed = await member.next(Closed)
    assert (closed.code, closed.reason) == (401, "device_removed")


@pytest.mark.parametrize("code", [401, 402, 403, 405, 406, 409, 411, 500, 503])
async def test_a_refused_login_is_told_with_its_code(lab: Lab, code: int) -> None:
    member = await lab.linked(SHOP)
    await member.link.close()
    lab.sandbox.world.inject(Fault(kind=FaultKind.REFUSE_LOGIN, code=code, times=1))

    await member.open()

    closed = await member.next(Closed)
    assert closed.code == code
    assert (closed.retry_at is not None) == (code == 402)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(kind=FaultKind.CLOSE, code=503, times=1), 503),
        (Fault(kind=FaultKind.CLOSE, code=515, times=1), 515),
        (Fault(kind=FaultKind.CLOSE, close_as=CloseAs.REPLACED, times=1), 440),
        (Fault(kind=FaultKind.CLOSE, code=0, times=1), 428),
    ],
    ids=["503", "515", "replaced", "cut"],
)
async def test_the_end_of_a_stream_is_told_once_with_its_code(lab: Lab, fault: Fault, code: int) -> None:
    member = await lab.linked(SHOP)

    lab.sandbox.world.inject(fault)

    assert (await member.next(Closed)).code == code
    await member.link.close()
    closes = [e for e in member.events if isinstance(e, Closed)]
    assert [c.code for c in closes] == [515, code]


async def test_a_session_that_comes_back_needs_no_phone(lab: Lab) -> None:
    member = await lab.linked(SHOP)
    await member.link.close()
    await lab.engine.stop()
    lab.engine = lab.new_engine()

    assert (await member.online()).identity.jid.user == SHOP
    assert not [e for e in member.events[-2:] if isinstance(e, QrIssued)]
    assert isinstance(member.events[-1], Online)


async def test_a_new_name_of_the_account_is_learned(lab: Lab) -> None:
    member = await lab.linked(SHOP)

    lab.sandbox.world.accounts[SHOP].phone.rename("The new shop")  # type: ignore[attr-defined]
    await until(lambda: [e for e in member.wire("iq") if e.detail.startswith("w:sync:app:state")])
    await asyncio.sleep(0.3)
    await member.link.close()

    assert (await member.online()).identity.push_name == "The new shop"


async def test_a_notice_of_history_is_receipted_as_read_besides(lab: Lab) -> None:
    """The phone takes the first for the stanza's arrival and the second for the history's."""
    shop = await lab.linked(SHOP)

    def receipted() -> bool:
        notices = [i for i, m in seen if m.protocolMessage.HasField("historySyncNotification")]
        return bool(notices) and {("hist_sync", notices[0])} <= {(e.type, e.id) for e in shop.wire("receipt")}

    async with asyncio.timeout(20):
        while not (seen := await shop.messages()) or not receipted():
            await asyncio.sleep(0.02)


async def test_lids_that_are_taught_are_stored(lab: Lab) -> None:
    shop = await lab.linked(SHOP)
    pairs = [(Jid(f"4917100{n:05}"), Jid(f"8880000000{n:05}", LID)) for n in range(1200)]
    await shop.link.learn_lids(pairs)
    kind = "native/lid" if "native/lid" in await lab.kinds(shop) else "lid-mapping"
    found = await lab.keys.load(shop.id, kind, [pn.user for pn, _ in pairs])
    assert all(value is not None and lid.user.encode() in value for value, (_, lid) in zip(found, pairs, strict=True))
    await shop.link.close()
    with pytest.raises(EngineUnavailable):
        await shop.link.learn_lids(pairs[:1])
