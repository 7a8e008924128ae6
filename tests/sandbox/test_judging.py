"""What the phone holds against a stanza that does not go with the message in it."""

import pytest

from wagate.sandbox.judging import misfits
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.reporting import reporting_token

SHOP, ADA = Jid("491700000001"), Jid("491700000002")
SECRET = bytes(32)


def text(words: str = "hello") -> wa.Message:
    message = wa.Message(conversation=words)
    message.messageContextInfo.messageSecret = SECRET
    return message


def stanza(edit: str = "", polltype: str = "", token: bytes = b"") -> Node:
    content = [Node("meta", {"polltype": polltype})] if polltype else []
    if token:
        content.append(Node("reporting", {}, [Node("reporting_token", {"v": "2"}, token)]))
    return Node("message", {"id": "3EB0", **({"edit": edit} if edit else {})}, content)


def test_what_fits_is_not_complained_of() -> None:
    token = reporting_token(text().SerializeToString(), SECRET, "3EB0", SHOP, ADA)
    assert list(misfits(stanza(token=token), text(), SHOP, ADA)) == []


@pytest.mark.parametrize(
    "wrong",
    [stanza(edit="7"), stanza(polltype="creation"), stanza(token=bytes(16)), stanza(token=b"short")],
    ids=["edit", "polltype", "token", "length"],
)
def test_what_does_not_fit_is(wrong: Node) -> None:
    assert len(list(misfits(wrong, text(), SHOP, ADA))) == 1


def test_a_token_of_another_text_or_between_others_does_not_fit() -> None:
    for token in (
        reporting_token(text("bye").SerializeToString(), SECRET, "3EB0", SHOP, ADA),
        reporting_token(text().SerializeToString(), SECRET, "3EB1", SHOP, ADA),
        reporting_token(text().SerializeToString(), SECRET, "3EB0", ADA, SHOP),
    ):
        assert len(list(misfits(stanza(token=token), text(), SHOP, ADA))) == 1


def test_the_token_that_baileys_makes_of_a_padded_message_is_forgiven() -> None:
    padded = text().SerializeToString() + bytes((9,)) * 9
    token = reporting_token(padded, SECRET, "3EB0", ADA, ADA)
    assert list(misfits(stanza(token=token), text(), SHOP, ADA)) == []
