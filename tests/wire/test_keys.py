"""Curve25519 agreement, XEdDSA and HKDF, against published vectors and against tampering."""

import pytest
import xeddsa
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.keys import BadKey, KeyPair, agree, hkdf, sign, typed, untyped, verify


def test_agreement_matches_rfc_7748_section_6_1() -> None:
    alice = KeyPair.from_private(
        bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f92ebc0992ac177fba51db92c2a")
    )
    bob = KeyPair.from_private(
        bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    )
    assert alice.public.hex() == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    assert agree(alice.private, bob.public).hex() == agree(bob.private, alice.public).hex() == shared


def test_hkdf_matches_rfc_5869_test_cases_1_and_3() -> None:
    ikm = b"\x0b" * 22
    one = hkdf(ikm, 42, bytes(range(13)), bytes(range(0xF0, 0xFA)))
    assert one.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    three = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert hkdf(ikm, 42).hex() == three
    with pytest.raises(ValueError, match="8160"):
        hkdf(ikm, 8161)


def test_keys_of_small_order_and_wrong_length_are_refused() -> None:
    pair = KeyPair.generate()
    for public in (bytes(32), b"\x01" + bytes(31), b"short"):
        with pytest.raises(BadKey):
            agree(pair.private, public)
    with pytest.raises(BadKey):
        KeyPair.from_private(b"short")
    for serialised in (pair.public, b"\x06" + pair.public, b""):
        with pytest.raises(BadKey):
            untyped(serialised)
    assert untyped(typed(pair.public)) == pair.public


@given(private=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), nonce=st.integers(0, 255))
def test_a_signature_holds_for_its_message_and_key_alone(private: bytes, message: bytes, nonce: int) -> None:
    pair = KeyPair.from_private(private)
    signature = sign(pair.private, message, lambda n: bytes([nonce]) * n)
    assert verify(pair.public, message, signature)
    assert not verify(pair.public, message + b"x", signature)
    assert not verify(KeyPair.from_private(bytes(31) + b"\x07").public, message, signature)
    for place in (0, 33, 63):
        broken = bytearray(signature)
        broken[place] ^= 1
        assert not verify(pair.public, message, bytes(broken))


@given(private=st.binary(min_size=32, max_size=32))
def test_signatures_of_signals_own_libraries_carry_the_sign_bit(private: bytes) -> None:
    """They sign with the unforced key and put the point's sign into the top bit of the last byte."""
    pair = KeyPair.from_private(private)
    point = xeddsa.priv_to_ed25519_pub(private)
    signature = bytearray(xeddsa.ed25519_priv_sign(private, b"message"))
    signature[63] |= point[31] & 0x80
    assert verify(pair.public, b"message", bytes(signature))


@given(public=st.binary(max_size=40), signature=st.binary(max_size=70))
def test_verify_never_raises(public: bytes, signature: bytes) -> None:
    assert verify(public, b"message", signature) is False


def test_a_private_key_is_not_shown() -> None:
    pair = KeyPair.from_private(b"\x40" * 32)
    assert repr(pair.private) not in repr(pair)
