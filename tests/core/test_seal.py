"""A sealed value opens with its own key at its own place, unchanged, and in no other way."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.ids import Entropy
from wagate.core.seal import BadKeyRing, DataKey, KeyRing, SealBroken


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_is_sealed_opens_again(plaintext: bytes, aad: bytes) -> None:
    ring, key = KeyRing.generate(), DataKey.generate()
    assert ring.open(ring.seal(plaintext, aad), aad) == plaintext
    assert key.open(key.seal(plaintext, aad), aad) == plaintext


def test_any_changed_or_missing_byte_is_noticed(entropy: Entropy) -> None:
    for sealer in (KeyRing({"key-1": entropy(32), "key-2": entropy(32)}, entropy), DataKey.generate(entropy)):
        sealed = sealer.seal(b"secret", b"row 1")
        for position in range(len(sealed)):
            for flip in (1, 0x80):
                changed = bytearray(sealed)
                changed[position] ^= flip
                with pytest.raises(SealBroken):
                    sealer.open(bytes(changed), b"row 1")
        for length in range(len(sealed)):
            with pytest.raises(SealBroken):
                sealer.open(sealed[:length], b"row 1")
        with pytest.raises(SealBroken):
            sealer.open(sealed + b"\0", b"row 1")


def test_a_value_moved_to_another_row_does_not_open(ring: KeyRing) -> None:
    with pytest.raises(SealBroken):
        ring.open(ring.seal(b"secret", b"row 1"), b"row 2")


def test_another_key_of_the_same_name_does_not_open(entropy: Entropy) -> None:
    one, other = KeyRing({"1": entropy(32)}), KeyRing({"1": entropy(32)})
    with pytest.raises(SealBroken):
        other.open(one.seal(b"secret", b""), b"")


def test_sealing_twice_gives_two_different_values(ring: KeyRing) -> None:
    assert ring.seal(b"secret", b"") != ring.seal(b"secret", b"")


def test_the_newest_key_seals_and_the_old_ones_open(entropy: Entropy) -> None:
    old, new = entropy(32), entropy(32)
    before = KeyRing({"2025": old}).seal(b"secret", b"")
    rotated = KeyRing({"2026": new, "2025": old})
    assert rotated.newest == "2026"
    assert rotated.open(before, b"") == b"secret"
    assert (KeyRing.key_id_of(before), KeyRing.key_id_of(rotated.seal(b"secret", b""))) == ("2025", "2026")
    with pytest.raises(SealBroken, match="lacks the key"):
        KeyRing({"2026": new}).open(before, b"")


def test_a_wrapped_data_key_comes_back_and_is_no_ordinary_value(ring: KeyRing) -> None:
    key = DataKey.generate()
    wrapped = ring.wrap(key.raw, b"ses_1")
    assert DataKey(ring.unwrap(wrapped, b"ses_1")).open(key.seal(b"x", b"y"), b"y") == b"x"
    with pytest.raises(SealBroken):
        ring.open(wrapped, b"ses_1")
    with pytest.raises(SealBroken):
        ring.unwrap(wrapped, b"ses_2")


def test_a_ring_survives_its_text_form(entropy: Entropy) -> None:
    ring = KeyRing({"b": entropy(32), "a": entropy(32)}, entropy)
    again = KeyRing.parse(" " + ring.to_text().replace(",", " ,\n ") + "\n")
    assert again.newest == "b"
    assert again.to_text() == ring.to_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a",
        "a:",
        ":AAAA",
        "a:AAAA",
        "a b:" + "A" * 43 + "=",
        "a:" + "A" * 44 + "=",
        "a:***",
        "ä:" + "A" * 43 + "=",
    ],
)
def test_anything_but_a_ring_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadKeyRing) as refused:
        KeyRing.parse(text)
    assert "AAAA" not in str(refused.value)


def test_a_repeated_key_id_is_refused(entropy: Entropy) -> None:
    text = KeyRing({"a": entropy(32)}).to_text()
    with pytest.raises(BadKeyRing, match="repeats"):
        KeyRing.parse(f"{text},{text}")


def test_keys_do_not_show_when_printed() -> None:
    raw = os.urandom(32)
    ring = KeyRing({"visible-id": raw})
    assert repr(ring) == "KeyRing(visible-id)"
    assert ring.to_text().partition(":")[2] not in repr(ring)
    assert raw.hex() not in repr(DataKey(raw)) and str(raw) not in repr(DataKey(raw))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int, ring: KeyRing) -> None:
    for attempt in (
        lambda: KeyRing({"a": bytes(length)}),
        lambda: DataKey(bytes(length)),
        lambda: ring.wrap(bytes(length), b""),
    ):
        with pytest.raises(ValueError, match="bytes"):
            attempt()
