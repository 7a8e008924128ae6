"""Whom `to` means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.messages.errors import InvalidRecipient
from wagate.messages.recipient import resolve
from wagate.wire.jid import Jid

GERMAN, AMERICAN = Jid("491700000001"), Jid("14155550100")


@pytest.mark.parametrize(
    "spelling",
    [
        "+49 170 1234567",
        "+491701234567",
        "491701234567",
        "0049 170 1234567",
        "+49 (0)170 1234567",
        "+4901701234567",
        "+49-170-1234567",
        "49 170/1234567",
        "  +49.170.1234567 ",
        "+49\u00a0170\u00a01234567",
        "\u202a+49 170 1234567\u202c",
        "+49\u2011170\u22121234567\u200b",
        "\ufeff491701234567@c.us",
        "491701234567@s.whatsapp.net",
        "491701234567@c.us",
        "491701234567:12@s.whatsapp.net",
    ],
)
def test_common_spellings_of_a_number_mean_the_same(spelling: str) -> None:
    assert resolve(spelling, None) == Jid("491701234567")


def test_a_number_as_dialled_at_home_takes_the_sessions_country() -> None:
    assert resolve("0170 1234567", GERMAN) == Jid("491701234567")
    assert resolve("(415) 555-2671", AMERICAN) == Jid("14155552671")
    with pytest.raises(InvalidRecipient):
        resolve("0170 1234567", None)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("900000000000002@lid", Jid("900000000000002", "lid")),
        ("900000000000002:4@lid", Jid("900000000000002", "lid")),
        ("120363025246125486@g.us", Jid("120363025246125486", "g.us")),
        ("120363025246125486", Jid("120363025246125486", "g.us")),
        ("491701234567-1600000000@g.us", Jid("491701234567-1600000000", "g.us")),
    ],
)
def test_addresses_are_taken_as_they_are(text: str, address: Jid) -> None:
    assert resolve(text, GERMAN) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nobody",
        "12345",
        "+49",
        "+49170",
        "+999 123 456 789",
        "+4917012345678901234",
        "1-800-FLOWERS",
        "+49 170 1234567 ext. 5",
        "tel:+491701234567",
        "status@broadcast",
        "123456@newsletter",
        "４９１７０１２３４５６７@s.whatsapp.net",
        "@s.whatsapp.net",
        "ada@s.whatsapp.net",
        "491701234567@s.whatsapp.net@lid",
        "491701234567@example.com",
        "x@g.us",
        "+49 170 1234567\n+49 170 7654321",
    ],
)
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecipient):
        resolve(text, GERMAN)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        jid = resolve(text, GERMAN)
    except InvalidRecipient:
        return
    assert jid.device == 0
    assert Jid.parse(str(jid)) == jid
