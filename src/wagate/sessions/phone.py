"""Phone numbers in any common spelling."""

from wagate.sessions.errors import InvalidPhone

#: No number has more digits (E.164); spaces and brackets may double it.
_MAX_LENGTH = 40


def international(text: str) -> str:
    """``+491701234567`` from ``+49 170 1234567``, ``0049…`` or ``49 (170) 123-4567``.

    :raises InvalidPhone: if it is not a possible number with its country.
    """
    # The tables of all countries take 40 ms to load; a process that never links by code need not pay that.
    import phonenumbers

    digits = text.strip()
    if digits.startswith("00"):
        digits = digits[2:]
    if not digits.startswith("+"):
        digits = f"+{digits}"
    try:
        number = phonenumbers.parse(digits[:_MAX_LENGTH])
    except phonenumbers.NumberParseException:
        raise InvalidPhone from None
    # Possible, not valid: the tables of number ranges are older than some numbers.
    if len(text) > _MAX_LENGTH or not phonenumbers.is_possible_number(number):
        raise InvalidPhone
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
