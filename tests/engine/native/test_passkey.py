"""Linking to an account with a passkey, as far as public clients let one know it; the sandbox plays the other side."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contracts.engine.lab import ENGINES, Lab, Member, open_lab, until
from wagate.engine.native import linking
from wagate.engine.native.passkey import HANDOFF_SECONDS
from wagate.engine.port import (
    Closed,
    Linked,
    PasskeyAnswered,
    PasskeyAssertion,
    PasskeyExpired,
    PasskeyNotWanted,
    PasskeyUnsupported,
    PasskeyWanted,
    QrIssued,
    QueryFailed,
)
from wagate.sandbox import passkeylink
from wagate.sandbox.authenticator import Passkey
from wagate.sandbox.errors import LinkFailed
from wagate.sandbox.model import Device
from wagate.sandbox.phone import Phone
from wagate.wire import passkey as wire
from wagate.wire.adv import QrText
from wagate.wire.jid import Jid
from wagate.wire.node import Node

SHOP = "491700000001"


def assertion(answer: dict[str, Any]) -> PasskeyAssertion:
    response = answer["response"]
    return PasskeyAssertion(
        id=answer["id"],
        raw_id=answer["rawId"],
        client_data=response["clientDataJSON"],
        authenticator_data=response["authenticatorData"],
        signature=response["signature"],
        user_handle=response["userHandle"],
    )


async def asked(lab: Lab) -> tuple[Phone, Member, PasskeyWanted, "asyncio.Task[Device]"]:
    """A phone whose account has a passkey has scanned; the device was asked for it."""
    phone = lab.phone(SHOP)
    phone.protect(True)
    member = await lab.member(SHOP)
    await member.open()
    code = (await member.next(QrIssued)).code
    scanning = asyncio.create_task(phone.linking.scan(code))
    scanning.add_done_callback(lambda done: done.cancelled() or done.exception())
    return phone, member, await member.next(PasskeyWanted), scanning


async def test_an_account_with_a_passkey_is_linked_once_it_was_shown_and_works(lab: Lab) -> None:
    phone, member, wanted, scanning = await asked(lab)
    assert wanted.options["rpId"] == "web.whatsapp.com"
    assert not scanning.done()

    await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))

    linked = await member.next(Linked)
    assert linked.identity.jid.user == SHOP
    await scanning
    assert (await member.next(Closed)).code == 515
    await member.online()
    ada = lab.phone("491700000002")
    await member.relay(ada.account.number, "hello")
    await until(lambda: [m.text for m in ada.inbox.since()] == ["hello"])


async def test_the_pairing_secret_of_the_qr_code_is_not_used_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever saw the code, and not the passkey, knows nothing of the link."""
    told: list[wire.Wanted] = []
    open_request = wire.PhoneSide.open

    def opening(self: wire.PhoneSide, request: bytes) -> wire.Wanted:
        told.append(open_request(self, request))
        return told[-1]

    monkeypatch.setattr(wire.PhoneSide, "open", opening)
    phone, member, wanted, scanning = await asked(lab)
    (shown,) = [e.code for e in member.events if isinstance(e, QrIssued)]
    await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))
    await scanning
    assert told[0].adv_secret != QrText.parse(shown).adv_secret


async def test_no_more_codes_are_shown_once_a_passkey_is_wanted(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "FIRST_QR_SECONDS", 0.2)
    monkeypatch.setattr(linking, "LATER_QR_SECONDS", 0.2)
    over, show = asyncio.Event(), linking.Linking._show

    async def shown(self: linking.Linking, refs: list[str]) -> None:
        await show(self, refs)
        over.set()

    monkeypatch.setattr(linking.Linking, "_show", shown)
    phone, member, wanted, scanning = await asked(lab)
    async with asyncio.timeout(20):
        await over.wait()
    assert [type(event) for event in member.events].count(QrIssued) == 1
    await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))
    await scanning


async def test_without_a_question_there_is_no_answer(lab: Lab) -> None:
    passkey = Passkey(lab.sandbox.world.entropy)
    answer = assertion(passkey.answer(passkey.options(bytes(32))))
    member = await lab.member(SHOP)
    await member.open()
    await member.next(QrIssued)
    with pytest.raises(PasskeyNotWanted):
        await member.link.answer_passkey(answer)
    await member.link.close()
    with pytest.raises(PasskeyNotWanted):
        await member.link.answer_passkey(answer)


async def test_of_two_answers_the_second_is_refused(lab: Lab) -> None:
    phone, member, wanted, scanning = await asked(lab)
    answer = assertion(phone.show_passkey(dict(wanted.options)))
    first, second = await asyncio.gather(
        member.link.answer_passkey(answer), member.link.answer_passkey(answer), return_exceptions=True
    )
    assert (first, type(second)) == (None, PasskeyAnswered)
    await scanning


@pytest.mark.parametrize("wrong", ["another passkey", "another origin", "another challenge", "a false signature"])
async def test_a_wrong_answer_is_refused_by_the_server_and_a_right_one_may_follow(lab: Lab, wrong: str) -> None:
    phone, member, wanted, scanning = await asked(lab)
    options, passkey = dict(wanted.options), phone.linking.passkey
    assert passkey is not None
    right = passkey.answer(options)
    bad = {
        "another passkey": lambda: Passkey(lab.sandbox.world.entropy).answer(options),
        "another origin": lambda: passkey.answer(options, "https://evil.example"),
        "another challenge": lambda: passkey.answer({**options, "challenge": "AAAA"}),
        "a false signature": lambda: {**right, "response": {**right["response"], "signature": "AAAA"}},
    }[wrong]()

    with pytest.raises(QueryFailed) as refused:
        await member.link.answer_passkey(assertion(bad))
    assert refused.value.server_code == 401
    assert not scanning.done()

    await member.link.answer_passkey(assertion(right))
    await scanning


async def test_a_question_that_nobody_answers_in_its_time_ends_the_attempt(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wagate.sandbox.authenticator.TIMEOUT_MS", 1)
    _, member, _, _ = await asked(lab)
    assert (await member.next(Closed)).code == 408


async def test_a_question_that_is_too_old_is_not_answered(lab: Lab) -> None:
    phone, member, wanted, _ = await asked(lab)
    member.link._linking.passkey._challenge.expires_at = wanted.expires_at - timedelta(hours=1)
    with pytest.raises(PasskeyExpired):
        await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))
    await member.link.close()


async def test_a_device_without_the_proof_of_the_scanned_code_is_not_linked(lab: Lab) -> None:
    phone, member, wanted, _ = await asked(lab)
    member.link._linking.passkey._handoff_key = bytes(32)
    with pytest.raises(QueryFailed, match="no proof"):
        await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))


async def test_a_question_that_cant_be_read_is_asked_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def garbled(self: passkeylink.PasskeyAttempt) -> None:
        self._notify("passkey_prologue_request", Node("passkey_request_options", {}, b"{"))

    monkeypatch.setattr(passkeylink.PasskeyAttempt, "ask", garbled)
    phone, member, wanted, scanning = await asked(lab)
    await member.link.answer_passkey(assertion(phone.show_passkey(dict(wanted.options))))
    await scanning


async def test_a_question_from_anybody_but_the_server_is_ignored(lab: Lab) -> None:
    member = await lab.member(SHOP)
    await member.open()
    await member.next(QrIssued)
    (connection,) = lab.sandbox.world.connections
    options = Passkey(lab.sandbox.world.entropy).options(bytes(32))
    part = Node("passkey_request_options", {}, msgspec.json.encode(options))
    attrs = {"from": Jid("491700000009"), "type": "passkey_prologue_request", "id": "x", "t": "1"}
    connection.post(Node("notification", attrs, [part]))
    await until(lambda: [e for e in lab.sandbox.world.record.since(0, "", 100) if e.stanza == "ack"])
    assert not [e for e in member.events if isinstance(e, PasskeyWanted)]
    await member.link.close()


async def test_a_device_that_goes_away_is_not_linked(lab: Lab) -> None:
    _, member, _, scanning = await asked(lab)
    await member.link.close()
    with pytest.raises(LinkFailed, match="went away"):
        await scanning


async def test_no_answer_is_taken_when_people_would_have_to_compare_codes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the server would wait: the proof that spares them that holds for five minutes."""
    monkeypatch.setattr("wagate.sandbox.authenticator.TIMEOUT_MS", 3_600_000)
    before = datetime.now(UTC)
    _, member, wanted, _ = await asked(lab)
    assert wanted.expires_at - before < timedelta(seconds=HANDOFF_SECONDS + 30)
    await member.link.close()


@pytest.mark.bridge
async def test_baileys_says_that_it_cant(tmp_path: Path) -> None:
    async with open_lab(tmp_path, ENGINES["baileys"]) as lab:
        member = await lab.member(SHOP)
        await member.open()
        await member.next(QrIssued)
        passkey = Passkey(lab.sandbox.world.entropy)
        assert not member.link.links_by_passkey
        with pytest.raises(PasskeyUnsupported):
            await member.link.answer_passkey(assertion(passkey.answer(passkey.options(bytes(32)))))
        await member.link.close()
