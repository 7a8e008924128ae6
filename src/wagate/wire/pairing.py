"""Linking by a code of eight characters that a person types into the phone.

The code only hides the two ephemeral keys from the server: each travels as salt | iv | AES-256-CTR(PBKDF2(code,
salt), key). Device and phone then agree on an ADV secret as if the phone had read it from a QR code, and linking
goes on as in :mod:`wagate.wire.adv`. A wrong code shows when the key bundle does not open.
"""

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from wagate.wire.keys import KEY_BYTES, BadKey, Entropy, KeyPair, agree, hkdf

#: Crockford's base 32 as WhatsApp spells it: no 0, I, O, U.
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
CODE_LENGTH = 8

_ITERATIONS = 2 << 16
_SALT = 32
_WRAP_IV = 16
_BUNDLE_IV = 12
_BUNDLE_INFO = b"link_code_pairing_key_bundle_encryption_key"


class PairingRefused(ValueError):
    """The other side does not know the code, or the keys do not fit together."""


def make_code(entropy: Entropy = os.urandom) -> str:
    """A new code, without the dash that is shown in its middle."""
    number = int.from_bytes(entropy(5), "big")
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5))


def normal_code(typed: str) -> str:
    """The code as typed by a person: any case, with or without the dash.

    :raises ValueError: if it can't be one.
    """
    code = typed.replace("-", "").replace(" ", "").upper()
    if len(code) != CODE_LENGTH or any(c not in ALPHABET for c in code):
        raise ValueError("a pairing code has eight characters")
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSide:
    """The device that shows the code, between its hello and its finish."""

    code: str = field(repr=False)
    ephemeral: KeyPair
    #: Goes out in ``companion_hello``.
    wrapped: bytes = field(repr=False)

    @classmethod
    def begin(cls, code: str, entropy: Entropy = os.urandom) -> "DeviceSide":
        ephemeral = KeyPair.generate(entropy)
        return cls(code=code, ephemeral=ephemeral, wrapped=_wrap(code, ephemeral.public, entropy))

    def finish(
        self, wrapped_phone: bytes, phone_identity: bytes, identity: KeyPair, entropy: Entropy = os.urandom
    ) -> tuple[bytes, bytes]:
        """Answer ``primary_hello``: the bundle for ``companion_finish``, and the ADV secret to expect.

        :raises PairingRefused: if the phone's keys are unusable.
        """
        random = entropy(32)
        try:
            shared = agree(self.ephemeral.private, _unwrap(self.code, wrapped_phone))
            identities = agree(identity.private, phone_identity)
        except BadKey as error:
            raise PairingRefused(str(error)) from error
        salt, iv = entropy(_SALT), entropy(_BUNDLE_IV)
        sealed = AESGCM(hkdf(shared, 32, salt, _BUNDLE_INFO)).encrypt(
            iv, identity.public + phone_identity + random, None
        )
        return salt + iv + sealed, hkdf(shared + identities + random, 32, b"", b"adv_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSide:
    """The phone that the code is typed into, between its hello and the device's finish."""

    ephemeral: KeyPair
    device_ephemeral: bytes
    #: Goes out in ``primary_hello``.
    wrapped: bytes = field(repr=False)

    @classmethod
    def answer(cls, code: str, wrapped_device: bytes, entropy: Entropy = os.urandom) -> "PhoneSide":
        """Answer ``companion_hello``. A wrong code is not noticed yet.

        :raises PairingRefused: if the device's message is malformed.
        """
        ephemeral = KeyPair.generate(entropy)
        return cls(
            ephemeral=ephemeral,
            device_ephemeral=_unwrap(code, wrapped_device),
            wrapped=_wrap(code, ephemeral.public, entropy),
        )

    def open(self, bundle: bytes, device_identity: bytes, identity: KeyPair) -> bytes:
        """Read ``companion_finish``; the ADV secret.

        :raises PairingRefused: if the code was wrong, or the bundle is about other identities.
        """
        start = _SALT + _BUNDLE_IV
        try:
            shared = agree(self.ephemeral.private, self.device_ephemeral)
            key = hkdf(shared, 32, bundle[:_SALT], _BUNDLE_INFO)
            opened = AESGCM(key).decrypt(bundle[_SALT:start], bundle[start:], None)
            identities = agree(identity.private, device_identity)
        except (BadKey, InvalidTag, ValueError) as error:
            raise PairingRefused("the code was wrong") from error
        if opened[:64] != device_identity + identity.public or len(opened) != 3 * KEY_BYTES:
            raise PairingRefused("the bundle names other identities")
        return hkdf(shared + identities + opened[64:], 32, b"", b"adv_secret")


def _stream(code: str, salt: bytes, iv: bytes, data: bytes) -> bytes:
    key = hashlib.pbkdf2_hmac("sha256", code.encode(), salt, _ITERATIONS, 32)
    encryptor = Cipher(AES(key), CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _wrap(code: str, public: bytes, entropy: Entropy) -> bytes:
    salt, iv = entropy(_SALT), entropy(_WRAP_IV)
    return salt + iv + _stream(code, salt, iv, public)


def _unwrap(code: str, wrapped: bytes) -> bytes:
    if len(wrapped) != _SALT + _WRAP_IV + KEY_BYTES:
        raise PairingRefused("not a wrapped key")
    return _stream(code, wrapped[:_SALT], wrapped[_SALT : _SALT + _WRAP_IV], wrapped[_SALT + _WRAP_IV :])
