"""Whom a message goes to: a phone number in any common spelling, a JID, a LID, or a group's id."""

import re
from functools import lru_cache
from typing import Final

from wagate.messages.errors import InvalidRecipient
from wagate.sessions.phone import SPELLING, seen
from wagate.wire.jid import GROUP, LID, PN, Jid

_ACCOUNT: Final = re.compile(r"[0-9]{5,20}")
_GROUP: Final = re.compile(r"[0-9]{5,25}(-[0-9]{5,15})?")
#: Groups made since 2021 have ids of 18 digits with this beginning; no phone number has more than 15.
_GROUP_ID: Final = re.compile(r"120363[0-9]{12,14}")

#: The shortest numbers with their country, those of small islands; what is shorter is a service's number.
_SHORTEST: Final = 7

#: Servers in addresses -> the one we send to. Other clients write phone numbers with c.us.
_SERVERS: Final = {PN: PN, "c.us": PN, LID: LID, GROUP: GROUP}


def resolve(text: str, own: Jid | None) -> Jid:
    """The address to send to, without device number. ``own`` lends its country to numbers without one.

    :raises InvalidRecipient: if it can't be understood or is nothing that messages are sent to.
    """
    text = seen(text)
    if "@" in text:
        return _address(text)
    if _GROUP_ID.fullmatch(text):
        return Jid(text, GROUP)
    return Jid(_phone(text, own.user if own is not None and own.is_pn else ""), PN)


def _address(text: str) -> Jid:
    try:
        jid = Jid.parse(text)
    except ValueError:
        raise InvalidRecipient(f"not a WhatsApp address: {text[:60]}") from None
    server = _SERVERS.get(jid.server)
    if server is None:
        raise InvalidRecipient(f"messages can't be sent to @{jid.server[:30]}")
    if not (_GROUP if server == GROUP else _ACCOUNT).fullmatch(jid.user):
        raise InvalidRecipient(f"not a WhatsApp address: {text[:60]}")
    return Jid(jid.user, server)


@lru_cache(maxsize=2048)
def _phone(text: str, own: str) -> str:
    """The digits of a phone number in international form."""
    if not SPELLING.fullmatch(text):
        raise InvalidRecipient("not a phone number, a WhatsApp address or a group's id")
    # Its tables take 40 ms to load, which a start need not wait for.
    import phonenumbers

    def parsed(spelling: str, region: str | None = None) -> phonenumbers.PhoneNumber | None:
        try:
            return phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            return None

    if text.startswith("00"):
        text = f"+{text[2:]}"
    international = parsed(text if text.startswith("+") else f"+{text}")
    chosen = international
    if not text.startswith("+") and not (international and phonenumbers.is_valid_number(international)):
        # Without a country it may be one as dialled at home.
        home = parsed(f"+{own}") if own else None
        region = phonenumbers.region_code_for_number(home) if home else None
        national = parsed(text, region) if region else None
        if national is not None and phonenumbers.is_valid_number(national):
            chosen = national
    # Possible is enough: number ranges are opened faster than the tables follow.
    if chosen is not None and phonenumbers.is_possible_number(chosen):
        digits = str(phonenumbers.format_number(chosen, phonenumbers.PhoneNumberFormat.E164)).removeprefix("+")
        if len(digits) >= _SHORTEST:
            return digits
    raise InvalidRecipient("not a phone number; write it with its country, such as +49 170 1234567")
