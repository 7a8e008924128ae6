"""A key proves its form without anybody being asked."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from wagate.accounts.keys import RANDOM_BYTES, fingerprint, hint, is_well_formed, new_key

SEEDS = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_of(seed: bytes) -> str:
    return new_key(lambda length: seed[:length])


@given(seed=SEEDS)
def test_every_key_has_one_form(seed: bytes) -> None:
    key = key_of(seed)
    assert re.fullmatch(r"wag_[0-9A-Za-z]{33}", key)
    assert is_well_formed(key)


@given(first=SEEDS, second=SEEDS)
def test_no_randomness_is_lost(first: bytes, second: bytes) -> None:
    assert (key_of(first) == key_of(second)) == (first == second)
    assert 8 * RANDOM_BYTES >= 160
    assert 27 * math.log2(62) >= 8 * RANDOM_BYTES


@given(seed=SEEDS, at=st.integers(0, 36), letter=st.sampled_from(ALPHABET + "_-+ \n\0é"))
def test_a_key_with_one_wrong_letter_is_none(seed: bytes, at: int, letter: str) -> None:
    key = key_of(seed)
    changed = key[:at] + letter + key[at + 1 :]
    assert is_well_formed(changed) == (changed == key)


@given(seed=SEEDS, at=st.integers(0, 35))
def test_a_key_with_two_letters_swapped_is_none(seed: bytes, at: int) -> None:
    key = key_of(seed)
    changed = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    assert is_well_formed(changed) == (changed == key)


@given(text=st.text())
def test_no_text_is_a_key_by_chance(text: str) -> None:
    assert not is_well_formed(text)
    assert len(fingerprint(text)) == 32


@given(seed=SEEDS)
def test_line_ends_and_spaces_are_not_part_of_a_key(seed: bytes) -> None:
    key = key_of(seed)
    assert not any(map(is_well_formed, (f"{key}\n", f" {key}", f"{key} ", key.upper(), key[:-1], key + "0")))


@given(seed=SEEDS)
def test_the_hint_leaves_most_of_the_key_unsaid(seed: bytes) -> None:
    key = key_of(seed)
    shown = hint(key)
    assert key[12:33] not in shown
    # 4 random characters are shown; more than 128 bits are not.
    assert len(shown) == 13
    assert hint("an operator's own choice") == "chosen by the operator"


def test_the_checksum_is_the_one_that_is_documented() -> None:
    import zlib

    key = key_of(bytes(RANDOM_BYTES))
    assert key[:31] == "wag_" + "0" * 27
    number = zlib.crc32(b"wag_" + b"0" * 27)
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    assert key[31:] == digits.rjust(6, "0")
