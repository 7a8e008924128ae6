"""Linking by code: the right code gives both sides the same secret, the wrong one gives none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.keys import KeyPair
from wagate.wire.pairing import ALPHABET, DeviceSide, PairingRefused, PhoneSide, make_code, normal_code

DEVICE, PHONE = KeyPair.generate(), KeyPair.generate()


def exchange(shown: str, typed: str) -> tuple[bytes, bytes]:
    device = DeviceSide.begin(shown)
    phone = PhoneSide.answer(typed, device.wrapped)
    bundle, secret = device.finish(phone.wrapped, PHONE.public, DEVICE)
    return secret, phone.open(bundle, DEVICE.public, PHONE)


def test_the_same_code_gives_the_same_secret() -> None:
    ours, theirs = exchange("ABCD1234", "ABCD1234")
    assert ours == theirs
    assert len(ours) == 32
    assert exchange("ABCD1234", "ABCD1234")[0] != ours


def test_a_wrong_code_is_refused_when_the_bundle_comes() -> None:
    with pytest.raises(PairingRefused, match="code was wrong"):
        exchange("ABCD1234", "ABCD1235")


def test_a_bundle_for_other_identities_is_refused() -> None:
    device = DeviceSide.begin("ABCD1234")
    phone = PhoneSide.answer("ABCD1234", device.wrapped)
    bundle, _ = device.finish(phone.wrapped, KeyPair.generate().public, DEVICE)
    with pytest.raises(PairingRefused, match="other identities"):
        phone.open(bundle, DEVICE.public, PHONE)


@pytest.mark.parametrize("wrapped", [b"", bytes(79), bytes(81)])
def test_malformed_keys_are_refused(wrapped: bytes) -> None:
    with pytest.raises(PairingRefused):
        PhoneSide.answer("ABCD1234", wrapped)
    with pytest.raises(PairingRefused):
        DeviceSide.begin("ABCD1234").finish(wrapped, PHONE.public, DEVICE)


@given(st.binary(min_size=5, max_size=5))
def test_codes_are_made_of_what_can_be_typed(noise: bytes) -> None:
    code = make_code(lambda n: noise[:n])
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert normal_code(f"{code[:4].lower()}-{code[4:]} ") == code


@pytest.mark.parametrize("typed", ["", "ABCD-123", "ABCD-12345", "ABCD-123O"])
def test_other_texts_are_no_codes(typed: str) -> None:
    with pytest.raises(ValueError, match="eight characters"):
        normal_code(typed)
