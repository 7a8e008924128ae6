"""The dictionary of the binary form: strings that travel as one byte, and strings that travel as two.

tokens.json holds the tables of protocol dictionary 3, as every client of WhatsApp Web carries them
(lib/WABinary/constants.js of Baileys 7.0.0-rc14). Index 0 of the one-byte table stands for "nothing".
"""

from importlib import resources

import msgspec

#: First tag of the two-byte dictionaries; dictionary ``d`` has the tag ``FIRST_DICTIONARY + d``.
FIRST_DICTIONARY = 236


class _Tables(msgspec.Struct):
    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]


_tables = msgspec.json.decode((resources.files("wagate.wire") / "tokens.json").read_bytes(), type=_Tables)

SINGLE: tuple[str, ...] = _tables.single
DOUBLE: tuple[tuple[str, ...], ...] = _tables.double

#: The bytes that stand for a token.
ENCODED: dict[str, bytes] = {
    token: bytes((FIRST_DICTIONARY + number, index))
    for number, dictionary in enumerate(DOUBLE)
    for index, token in enumerate(dictionary)
} | {token: bytes((index,)) for index, token in enumerate(SINGLE) if token}
