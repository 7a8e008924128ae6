"""What a message stanza says about its message; callers of ``relay`` give the message alone."""

import os
from typing import Any

from tests.contracts.engine.lab import Lab, Member, until
from wagate.sandbox.phone import Phone
from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa

SHOP = "491700000001"
ADA = "491700000002"
PROTOCOL = wa.Message.ProtocolMessage


def edit() -> wa.Message:
    message = wa.Message()
    message.protocolMessage.type = PROTOCOL.MESSAGE_EDIT
    message.protocolMessage.key.id = "3EB0FIRST"
    message.protocolMessage.key.fromMe = True
    message.protocolMessage.editedMessage.conversation = "better"
    return message


def revoke(*, ours: bool) -> wa.Message:
    message = wa.Message()
    message.protocolMessage.type = PROTOCOL.REVOKE
    message.protocolMessage.key.id = "3EB0FIRST"
    message.protocolMessage.key.fromMe = ours
    return message


def reaction(text: str) -> wa.Message:
    message = wa.Message()
    message.reactionMessage.key.id = "3EB0FIRST"
    message.reactionMessage.text = text
    return message


def pin() -> wa.Message:
    message = wa.Message()
    message.pinInChatMessage.key.id = "3EB0FIRST"
    message.pinInChatMessage.type = wa.Message.PinInChatMessage.PIN_FOR_ALL
    return message


def keep(kind: "wa.KeepType.ValueType") -> wa.Message:
    message = wa.Message()
    message.keepInChatMessage.key.id = "3EB0FIRST"
    message.keepInChatMessage.key.fromMe = True
    message.keepInChatMessage.keepType = kind
    return message


def poll() -> wa.Message:
    message = wa.Message()
    message.pollCreationMessageV3.name = "When?"
    message.messageContextInfo.messageSecret = bytes(range(32))
    return message


def vote() -> wa.Message:
    message = wa.Message()
    message.pollUpdateMessage.pollCreationMessageKey.id = "3EB0FIRST"
    return message


def event() -> wa.Message:
    message = wa.Message()
    message.eventMessage.name = "Breakfast"
    return message


KINDS = {
    "text": (wa.Message(conversation="hello"), "text", "", {}),
    "edit": (edit(), "text", "1", {}),
    "revoke of ours": (revoke(ours=True), "text", "7", {}),
    "revoke by an admin": (revoke(ours=False), "text", "8", {}),
    "reaction": (reaction("👍"), "reaction", "", {}),
    "reaction taken back": (reaction(""), "reaction", "7", {}),
    "pin": (pin(), "text", "2", {}),
    "keep": (keep(wa.KEEP_FOR_ALL), "text", "", {}),
    "keep undone": (keep(wa.UNDO_KEEP_FOR_ALL), "text", "7", {}),
    "poll": (poll(), "poll", "", {"polltype": "creation"}),
    "vote": (vote(), "poll", "", {"polltype": "vote"}),
    "event": (event(), "event", "", {"event_type": "creation"}),
}


async def test_a_stanza_says_what_its_message_does(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    ada.outbox.send_text(Jid(SHOP), "hello")
    await shop.has_texts(1)
    sent = lab.stanzas()

    for message, *_ in KINDS.values():
        await relay(shop, message)

    for stanza, (name, (_, type_, edited, meta)) in zip(sent, KINDS.items(), strict=True):
        described = stanza.child("meta")
        assert (stanza.get("type"), stanza.get("edit")) == (type_, edited), name
        assert (dict(described.attrs) if described is not None else {}) == meta, name
    # The phone judges each stanza by the message in it, and complains to the sandbox.
    await until(lambda: len(seen(ada)) == len(KINDS))


async def test_a_message_with_a_secret_carries_its_reporting_token(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    world = lab.sandbox.world
    group = world.groups.create("Orders", ada.account, [world.accounts[SHOP]])
    sent = lab.stanzas()
    message = wa.Message(conversation="hello")
    message.messageContextInfo.messageSecret = bytes(range(32))

    await relay(shop, message)
    await relay(shop, message, group.jid)
    await relay(shop, reaction("👍"))

    tokens = [stanza.child("reporting", "reporting_token") for stanza in sent]
    assert [(token.get("v"), len(token.data)) if token is not None else None for token in tokens] == [
        ("2", 16),
        ("2", 16),
        None,
    ]
    await until(lambda: len(seen(ada)) == 3)


async def test_a_message_is_given_a_secret_which_is_the_same_when_it_is_sent_again(lab: Lab) -> None:
    shop, ada = await lab.linked(SHOP), lab.phone(ADA)
    secrets: list[bytes] = []
    remember = ada.outbox.remember

    def note(wa_id: str, chat: Jid, author: Jid, message: wa.Message, **more: Any) -> None:
        secrets.append(message.messageContextInfo.messageSecret)
        remember(wa_id, chat, author, message, **more)

    ada.outbox.remember = note  # type: ignore[method-assign]  # what the phone has read
    sent = lab.stanzas()

    await shop.relay(ADA, "hello", "3EB0AA")
    await shop.relay(ADA, "hello", "3EB0AA")
    await shop.relay(ADA, "hello", "3EB0BB")

    assert all(stanza.child("reporting") for stanza in sent)
    await until(lambda: len(secrets) == 3)
    assert len(secrets[0]) == 32
    assert secrets[0] == secrets[1] != secrets[2]


async def relay(member: Member, message: wa.Message, to: Jid | None = None) -> None:
    await member.link.relay(to or Jid(ADA), message.SerializeToString(), "3EB0" + os.urandom(9).hex().upper())


def seen(phone: Phone) -> list[str]:
    return [message.wa_id for message in phone.inbox.since() if message.sender != phone.account.number]
