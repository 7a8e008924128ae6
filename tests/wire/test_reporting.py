"""Reporting tokens, against Baileys' own and by what must and must not change them."""

import base64
import contextlib
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.engine.baileys.process import node_executable
from wagate.wire.jid import LID, Jid
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.reporting import is_reportable, reported_fields, reporting_token

SCRIPT = Path(__file__).with_name("reporting.mjs")
BRIDGE = Path(__file__).parents[2] / "bridge"
SECRET = bytes(range(32))
ADA, SHOP = Jid("77", LID), Jid("99", LID)


def messages() -> list[wa.Message]:
    text = wa.Message(conversation="Are you open? " * 20)
    quoting = wa.Message()
    quoting.extendedTextMessage.text = "yes"
    quoting.extendedTextMessage.contextInfo.isForwarded = True
    quoting.extendedTextMessage.contextInfo.forwardingScore = 300
    quoting.extendedTextMessage.contextInfo.stanzaId = "3EB0"
    image = wa.Message()
    image.imageMessage.url = "https://example.org"
    image.imageMessage.caption = "a cat"
    image.imageMessage.fileSha256 = bytes(32)
    image.imageMessage.mediaKey = bytes(32)
    image.imageMessage.mimetype = "image/jpeg"
    place = wa.Message()
    place.locationMessage.degreesLatitude = 52.5
    place.locationMessage.degreesLongitude = 13.4
    place.locationMessage.name = "Berlin"
    poll = wa.Message()
    poll.pollCreationMessageV3.name = "When?"
    poll.pollCreationMessageV3.options.add(optionName="now")
    poll.pollCreationMessageV3.options.add(optionName="later")
    revoke = wa.Message()
    revoke.protocolMessage.type = wa.Message.ProtocolMessage.REVOKE
    revoke.protocolMessage.key.id = "3EB0AA"
    once = wa.Message()
    once.viewOnceMessage.message.imageMessage.caption = "only once"
    unknown = wa.Message.FromString(b"\xf8\xff\x01\x05" + text.SerializeToString())
    return [text, quoting, image, place, poll, revoke, once, unknown]


@pytest.mark.bridge
def test_every_kind_of_message_has_the_token_that_baileys_gives_it() -> None:
    serialised = [m.SerializeToString() for m in messages()]
    asked = [
        {"message": _text(m), "secret": _text(SECRET), "id": f"3EB0{n}", "chat": str(ADA)}
        for n, m in enumerate(serialised)
    ]
    command = [node_executable(), str(SCRIPT), str(BRIDGE)]
    ran = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)

    # Baileys makes the key of the chat twice where whatsmeow names sender and chat.
    ours = [reporting_token(m, SECRET, f"3EB0{n}", ADA, ADA) for n, m in enumerate(serialised)]
    assert [_text(token) or None for token in ours] == json.loads(ran.stdout)
    assert sum(1 for token in ours if token) == 7


def test_only_what_counts_changes_a_token() -> None:
    image = wa.Message()
    image.imageMessage.caption = "a cat"
    image.imageMessage.jpegThumbnail = b"one"
    before = reported_fields(image.SerializeToString())

    image.imageMessage.jpegThumbnail = b"another"
    assert reported_fields(image.SerializeToString()) == before
    image.imageMessage.caption = "a dog"
    assert reported_fields(image.SerializeToString()) != before


def test_a_token_is_of_one_message_between_two_people() -> None:
    text = wa.Message(conversation="hello").SerializeToString()
    tokens = {
        reporting_token(text, SECRET, "3EB0", SHOP, ADA),
        reporting_token(text, SECRET, "3EB1", SHOP, ADA),
        reporting_token(text, SECRET, "3EB0", ADA, SHOP),
        reporting_token(text, bytes(32), "3EB0", SHOP, ADA),
    }
    assert len(tokens) == 4
    assert {len(token) for token in tokens} == {16}
    assert reporting_token(text, SECRET, "3EB0", SHOP.with_device(3), ADA.with_device(1)) in tokens


def test_what_concerns_another_message_has_none() -> None:
    reaction = wa.Message()
    reaction.reactionMessage.text = "👍"
    assert not is_reportable(reaction)
    assert is_reportable(wa.Message(conversation="hello"))


@given(st.binary(max_size=40))
def test_bytes_that_are_no_message_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(reported_fields(data), bytes)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
