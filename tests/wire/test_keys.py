"""Curve25519 agreement, XEdDSA and HKDF, against published vectors and against tampering."""

import pytest
import xeddsa
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.keys import BadKey, KeyPair, agree, hkdf, sign, typed, untyped, verify


def test_agreement_matches_rfc_7748_section_5_2() -> None:
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    shared = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    assert agree(scalar, point).hex() == shared


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_both_ends_agree(one: bytes, other: bytes) -> None:
    a, b = KeyPair.from_private(one), KeyPair.from_private(other)
    assert agree(a.private, b.public) == agree(b.private, a.public)


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
    private = bytes([private[0] & 248, *private[1:31], private[31] & 127 | 64])
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
