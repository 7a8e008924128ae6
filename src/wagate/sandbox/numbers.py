"""Phone numbers and chats as people write them."""

from wagate.sandbox.errors import NumberInvalid
from wagate.wire.jid import GROUP, LID, PN, Jid

#: What people put between digits.
_BETWEEN = str.maketrans("", "", " -./()\u00a0")
#: E.164 has at most 15 digits; shorter than 5 is nobody's.
_SHORTEST, _LONGEST = 5, 15


def read_number(text: str) -> str:
    """The digits of a number in international form.

    :raises NumberInvalid: if it is none.
    """
    digits = text.strip().translate(_BETWEEN).removeprefix("+").removeprefix("00")
    if not (digits.isascii() and digits.isdigit() and _SHORTEST <= len(digits) <= _LONGEST):
        raise NumberInvalid
    return digits


def read_recipient(text: str) -> Jid:
    """A chat: a number, or the JID of a person (by number or LID) or group.

    :raises NumberInvalid: if it is none of these.
    """
    if "@" not in text:
        return Jid(read_number(text))
    try:
        jid = Jid.parse(text.strip()).bare
    except ValueError:
        raise NumberInvalid from None
    if jid.server not in (PN, LID, GROUP) or not jid.user:
        raise NumberInvalid
    return jid
