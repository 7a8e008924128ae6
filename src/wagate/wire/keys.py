"""Curve25519 keys as WhatsApp uses them: agreement (X25519), signatures by the same key (XEdDSA), and HKDF.

A key pair is two plain byte strings of 32. Key objects of a library are not kept: a device holds some 800
pre-keys, and as objects they cost six times the memory.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import xeddsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

Entropy = Callable[[int], bytes]

KEY_BYTES = 32
SIGNATURE_BYTES = 64

#: The byte before a public key wherever Signal serialises one ("DJB", Curve25519).
KEY_TYPE = b"\x05"

_ZERO_SALT = bytes(32)


class BadKey(ValueError):
    """Not a usable Curve25519 key."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A Curve25519 pair; both halves are 32 bytes, without the type byte."""

    private: bytes = field(repr=False)
    public: bytes

    @classmethod
    def generate(cls, entropy: Entropy = os.urandom) -> Self:
        """Make a new pair."""
        return cls.from_private(entropy(KEY_BYTES))

    @classmethod
    def from_private(cls, private: bytes) -> Self:
        """Compute the public half.

        :raises BadKey: if ``private`` is not 32 bytes.
        """
        if len(private) != KEY_BYTES:
            raise BadKey("a private key has 32 bytes")
        key = X25519PrivateKey.from_private_bytes(private)
        return cls(bytes(private), key.public_key().public_bytes_raw())


def agree(private: bytes, public: bytes) -> bytes:
    """The 32 bytes that both ends of an X25519 agreement share.

    :raises BadKey: if a key has the wrong length, or ``public`` is one of the points of small order.
    """
    if len(private) != KEY_BYTES or len(public) != KEY_BYTES:
        raise BadKey("a key has 32 bytes")
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise BadKey("not a usable public key") from error


def sign(private: bytes, message: bytes, entropy: Entropy = os.urandom) -> bytes:
    """Sign with a Curve25519 private key (XEdDSA, https://signal.org/docs/specifications/xeddsa/), sign bit 0."""
    key = xeddsa.priv_force_sign(private, False)
    return bytes(xeddsa.ed25519_priv_sign(key, message, entropy(xeddsa.NONCE_SIZE)))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of ``public`` signed ``message``; never raises.

    Signal's own libraries do not force the sign of the key: they put the bit of the Ed25519 point into the top bit
    of the signature's last byte, where a valid scalar has none.
    """
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    last = signature[63]
    try:
        point = xeddsa.curve25519_pub_to_ed25519_pub(public, last > 0x7F)
        return bool(xeddsa.ed25519_verify(signature[:63] + bytes((last & 0x7F,)), point, message))
    except xeddsa.XEdDSAException:
        return False


def typed(public: bytes) -> bytes:
    """The serialised form of a public key: 33 bytes, the type first."""
    return KEY_TYPE + public


def untyped(serialised: bytes) -> bytes:
    """The 32 bytes of a serialised public key.

    :raises BadKey: for any other form.
    """
    if len(serialised) != KEY_BYTES + 1 or serialised[:1] != KEY_TYPE:
        raise BadKey("not a serialised Curve25519 key")
    return serialised[1:]


def hkdf(ikm: bytes, length: int, salt: bytes = b"", info: bytes = b"") -> bytes:
    """HKDF with SHA-256 (RFC 5869); an empty salt means 32 zero bytes.

    :raises ValueError: for more than 8160 bytes.
    """
    if length > 255 * 32:
        raise ValueError("HKDF-SHA256 gives at most 8160 bytes")
    key = hmac.digest(salt or _ZERO_SALT, ikm, "sha256")
    block = out = b""
    index = 1
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes((index,)), "sha256")
        out += block
        index += 1
    return out[:length]
