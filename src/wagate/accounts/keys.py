"""The form of an API key: ``wag_``, 27 random characters (160 bits in base 62), 6 characters of checksum.

As with GitHub's tokens (github.blog, 5 April 2021) the prefix lets secret scanners find leaked keys, and the checksum
lets anybody, without asking the database, tell a key from something that looks like one.
"""

import hashlib
import re
import zlib

from wagate.core.ids import Entropy

PREFIX = "wag_"
RANDOM_BYTES = 20
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: The least that hold 160 and 32 bits.
_RANDOM_LENGTH = 27
_CHECKSUM_LENGTH = 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")


def new_key(entropy: Entropy) -> str:
    """Make a key that nobody can guess."""
    body = PREFIX + _base62(int.from_bytes(entropy(RANDOM_BYTES), "big"), _RANDOM_LENGTH)
    return body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Whether this can be a key at all. It says nothing about whether it is one."""
    return _FORM.fullmatch(key) is not None and key[-_CHECKSUM_LENGTH:] == _checksum(key[:-_CHECKSUM_LENGTH])


def fingerprint(key: str) -> bytes:
    """What is stored of a key. A plain hash is enough for 160 random bits: there is no dictionary to try."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def hint(key: str) -> str:
    """As much of a key as people need to tell theirs apart."""
    return f"{key[:8]}…{key[-4:]}" if is_well_formed(key) else "chosen by the operator"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
