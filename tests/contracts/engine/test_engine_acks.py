"""The server's answer to a message: late, out of order, doubled, with an error, or saying that devices were missed."""

import asyncio

import pytest

from tests.contracts.engine.lab import Lab, Member, until
from wagate.engine.port import RelayRefused
from wagate.sandbox.faults import Fault, FaultKind, StanzaKind
from wagate.sandbox.phone import Phone

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"


def shown(phone: Phone) -> list[str]:
    return [message.text for message in phone.inbox.since() if message.sender != phone.account.number]


def on_acks(kind: FaultKind, times: int | None = None) -> Fault:
    return Fault(kind=kind, stanza=StanzaKind.MESSAGE_ACK, session=SHOP, times=times)


@pytest.mark.parametrize("code", [400, 403, 421, 463, 475, 479, 500])
async def test_an_error_in_the_answer_is_told_by_its_code_and_the_next_message_goes(lab: Lab, code: int) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    lab.sandbox.world.inject(Fault(kind=FaultKind.REFUSE_MESSAGE, code=code, times=1))

    with pytest.raises(RelayRefused) as refused:
        await shop.relay(ADA, "refused")
    assert refused.value.server_code == code
    assert len(shop.wire("message")) == 1

    await shop.relay(ADA, "accepted")
    await until(lambda: shown(ada) == ["accepted"])


async def test_a_held_answer_holds_up_nobody_else(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    lab.sandbox.world.inject(on_acks(FaultKind.HOLD, times=1))

    held = asyncio.create_task(shop.relay(ADA, "held"))
    await until(lambda: len(shop.wire("message")) == 2)
    await asyncio.gather(*(shop.relay(ADA, f"message {n}") for n in range(5)))
    assert not held.done()

    lab.sandbox.world.faults.clear()
    await held
    await until(lambda: len(shown(ada)) == 7)


async def test_answers_in_another_order_and_twice_are_each_message_s_own(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    world = lab.sandbox.world
    world.inject(on_acks(FaultKind.REORDER, times=5))
    world.inject(on_acks(FaultKind.DUPLICATE, times=5))
    wanted = [f"message {n}" for n in range(20)]

    await asyncio.gather(*(shop.relay(ADA, text) for text in wanted))

    await until(lambda: len(shown(ada)) == 21)
    assert shown(ada) == ["first", *wanted]


async def test_one_refused_among_many_fails_alone(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    lab.sandbox.world.inject(Fault(kind=FaultKind.REFUSE_MESSAGE, code=479, times=1))

    outcomes = await asyncio.gather(*(shop.relay(ADA, f"message {n}") for n in range(6)), return_exceptions=True)

    assert [type(o) for o in outcomes] == [RelayRefused, str, str, str, str, str]
    await until(lambda: len(shown(ada)) == 6)


async def test_a_group_that_is_addressed_otherwise_is_looked_up_anew(lab: Lab) -> None:
    if lab.engine.name == "baileys":
        pytest.skip("Baileys goes on with what it knows of the group for five minutes")
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP]])
    await shop.relay(group.jid, "first")
    world.inject(Fault(kind=FaultKind.REFUSE_MESSAGE, code=421, times=1))

    with pytest.raises(RelayRefused):
        await shop.relay(group.jid, "refused")
    asked = [e for e in shop.wire("iq") if e.detail.startswith("w:g2")]
    await shop.relay(group.jid, "second")

    assert len([e for e in shop.wire("iq") if e.detail.startswith("w:g2")]) == len(asked) + 1
    await until(lambda: shown(ada) == ["first", "second"])


# -- tokens of trust


async def test_who_wants_a_token_of_theirs_gets_it_once_we_have_it(lab: Lab) -> None:
    """The native engine sends the message again by itself; Baileys leaves that to the next attempt."""
    lab.phone(SHOP)
    ada = lab.phone(ADA)
    ada.account.strangers_need_token = True
    world = lab.sandbox.world
    world.tokens.give(ada.account, world.accounts[SHOP], world.seconds())
    shop = await lab.another(phone_of(lab, SHOP))

    if lab.engine.name == "baileys":
        with pytest.raises(RelayRefused):
            await shop.relay(ADA, "hello", "3EB0AAAA")
        while "tctoken" not in await lab.kinds(shop):
            await asyncio.sleep(0.02)
    await shop.relay(ADA, "hello", "3EB0AAAA")

    await until(lambda: shown(ada) == ["hello"])
    assert [e.id for e in shop.wire("message")] == ["3EB0AAAA", "3EB0AAAA"]
    await shop.relay(ADA, "and again")
    assert len(shop.wire("message")) == 3


async def test_who_trusts_us_with_no_token_is_asked_once_and_not_bothered_again(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.account.strangers_need_token = True

    with pytest.raises(RelayRefused) as refused:
        await shop.relay(ADA, "hello")

    assert refused.value.server_code == 463
    assert len(shop.wire("message")) == 1
    assert shown(ada) == []


async def test_a_token_that_comes_by_notification_goes_along(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    ada.account.strangers_need_token = True
    before = len(shop.wire("ack"))
    world.tokens.give(ada.account, world.accounts[SHOP], world.seconds())
    await until(lambda: len(shop.wire("ack")) > before)

    await shop.relay(ADA, "hello")

    assert len(shop.wire("message")) == 1
    await until(lambda: shown(ada) == ["hello"])


# -- devices that we do not know of


async def newcomer(lab: Lab, ada: Phone) -> Member:
    """A second device of Ada's that the shop is not told of."""
    world = lab.sandbox.world
    world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.NOTIFICATION, session=SHOP))
    member = await lab.another(ada)
    world.faults.clear()
    return member


async def test_a_device_that_the_server_counts_and_we_did_not_gets_what_follows(lab: Lab) -> None:
    """The native engine gives it the message itself too; Baileys only what comes after."""
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    second = await newcomer(lab, ada)

    await shop.relay(ADA, "second")
    wanted = ["third"]
    if lab.engine.name == "native":
        wanted = ["second", "third"]
        assert await second.has_texts(1) == ["second"]
    await shop.relay(ADA, "third")

    assert await second.has_texts(len(wanted)) == wanted
    await until(lambda: shown(ada) == ["first", "second", "third"])


async def test_a_device_of_our_own_too(lab: Lab) -> None:
    if lab.engine.name == "baileys":
        pytest.skip("Baileys gives it only what comes after")
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    world = lab.sandbox.world
    (device,) = world.accounts[SHOP].devices.values()
    world.inject(Fault(kind=FaultKind.DROP, stanza=StanzaKind.NOTIFICATION, session=str(device.jid)))
    second = await lab.another(phone_of(lab, SHOP))
    world.faults.clear()

    await shop.relay(ADA, "second")

    async with asyncio.timeout(20):
        while not (copies := [m for _, m in await second.messages() if m.HasField("deviceSentMessage")]):
            await asyncio.sleep(0.02)
    assert [c.deviceSentMessage.message.conversation for c in copies] == ["second"]
    assert copies[0].deviceSentMessage.destinationJid == f"{ADA}@s.whatsapp.net"
    await until(lambda: shown(ada) == ["first", "second"])


async def test_a_count_that_can_t_be_settled_is_looked_into_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    if lab.engine.name == "baileys":
        pytest.skip("Baileys asks for the devices of the chat with every message then")
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    await shop.relay(ADA, "first")
    monkeypatch.setattr(lab.sandbox.world.router, "_missed", lambda *_: "2:AAAAAAAA")
    asked = len(shop.wire("iq"))

    for n in range(5):
        await shop.relay(ADA, f"message {n}")

    await until(lambda: len(shown(ada)) == 6)
    # By whoever looks into it, and by the message that is sent meanwhile.
    assert len([e for e in shop.wire("iq")[asked:] if e.detail == "usync usync"]) <= 2


async def test_in_a_group_too(lab: Lab) -> None:
    shop, ada, bob = await lab.linked(SHOP), lab.phone(ADA), lab.phone(BOB)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP], bob.account])
    await shop.relay(group.jid, "first")
    second = await newcomer(lab, ada)

    await shop.relay(group.jid, "second")
    if lab.engine.name == "baileys":
        pytest.skip("Baileys sends a group no hash of its devices, and is not told")
    assert (await second.has_texts(1))[0] == "second"
    await shop.relay(group.jid, "third")

    # It may have asked for it meanwhile: then it comes twice under its id, which readers of the inbox tell by.
    async with asyncio.timeout(20):
        while {m.conversation for _, m in await second.messages() if m.conversation} != {"second", "third"}:
            await asyncio.sleep(0.02)
    assert len({wa_id for wa_id, m in await second.messages() if m.conversation}) == 2
    await until(lambda: shown(bob) == shown(ada) == ["first", "second", "third"])


def phone_of(lab: Lab, number: str) -> Phone:
    phone = lab.sandbox.world.accounts[number].phone
    assert isinstance(phone, Phone)
    return phone
