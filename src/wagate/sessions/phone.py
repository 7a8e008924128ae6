"""Phone numbers in any common spelling."""

import re
from typing import Final

from wagate.sessions.errors import InvalidPhone

#: What may stand in a spelled number; anything else is not a spelling but a mistake. No number has more than 15 digits
#: (E.164); spaces and brackets may double it.
SPELLING: Final = re.compile(r"\+?[\d\s().\-\u2010-\u2015\u2212/]{4,40}")
#: Marks of writing direction and of zero width: address books copy them along with a number.
_UNSEEN: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def seen(text: str) -> str:
    """``text`` as it looks: without marks that nobody sees, and spaces around it."""
    return _UNSEEN.sub("", text).strip()


def international(text: str) -> str:
    """``+491701234567`` from ``+49 170 1234567``, ``0049…`` or ``49 (170) 123-4567``.

    :raises InvalidPhone: if it is not a possible number with its country.
    """
    # The tables of all countries take 40 ms to load; a process that never links by code need not pay that.
    import phonenumbers

    digits = seen(text)
    if not SPELLING.fullmatch(digits):
        raise InvalidPhone
    if digits.startswith("00"):
        digits = digits[2:]
    if not digits.startswith("+"):
        digits = f"+{digits}"
    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        raise InvalidPhone from None
    # Possible, not valid: the tables of number ranges are older than some numbers.
    if not phonenumbers.is_possible_number(number):
        raise InvalidPhone
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
