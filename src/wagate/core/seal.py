"""Encryption at rest: AES-256-GCM under a ring of keys.

A sealed value names the key that made it, so that a ring may carry old keys to read with while it writes with the
newest. What a value belongs to (tenant, session, row) goes in as associated data: a value copied to another row does
not open there.

Sealed form: ``01 | length of key id | key id | nonce (12) | ciphertext and tag``; the part before the nonce is
authenticated as well. A value sealed under a :class:`DataKey` has no key id: ``02 | nonce (12) | ciphertext and tag``.

Nonces are random, so a key must be retired well before 2**32 values (NIST SP 800-38D, 8.3). Data keys keep the ring's
own keys far from that: the ring wraps one per session, and only the data key sees every ratchet step.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wagate.core.errors import WagateError
from wagate.core.ids import Entropy

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_RING_FORM = 1
_DATA_KEY_FORM = 2
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


class SealBroken(WagateError):
    """A stored secret does not open: its key is missing, or it was changed or moved."""

    code = "seal_broken"


class BadKeyRing(ValueError):
    """The text is not a key ring; the message never contains any of it."""


class DataKey:
    """One AES-256-GCM key, kept in the database only as wrapped by a :class:`KeyRing`."""

    __slots__ = ("_aead", "_entropy", "raw")

    def __init__(self, raw: bytes, entropy: Entropy = os.urandom) -> None:
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self.raw = raw
        self._aead = AESGCM(raw)
        self._entropy = entropy

    @classmethod
    def generate(cls, entropy: Entropy = os.urandom) -> Self:
        return cls(entropy(KEY_BYTES), entropy)

    def __repr__(self) -> str:
        return "DataKey(…)"

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt ``plaintext`` and bind it to ``aad``."""
        head = bytes((_DATA_KEY_FORM,))
        nonce = self._entropy(_NONCE_BYTES)
        return head + nonce + self._aead.encrypt(nonce, plaintext, head + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what :meth:`seal` made with the same ``aad``.

        :raises SealBroken: if it was made with another key or other ``aad``, or was changed.
        """
        if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[0] != _DATA_KEY_FORM:
            raise SealBroken
        return _open(self._aead, sealed, 1, aad)


class KeyRing:
    """The keys an operator holds, newest first: the first one seals, all of them open."""

    __slots__ = ("_aeads", "_entropy", "_keys", "_newest")

    def __init__(self, keys: Mapping[str, bytes], entropy: Entropy = os.urandom) -> None:
        if not keys:
            raise BadKeyRing("a key ring has at least one key")
        for key_id, key in keys.items():
            if not _KEY_ID.match(key_id):
                raise BadKeyRing("a key id is 1 to 32 letters, digits, '-' or '_'")
            if len(key) != KEY_BYTES:
                raise BadKeyRing(f"key {key_id} has {len(key)} bytes instead of {KEY_BYTES}")
        self._keys = dict(keys)
        self._aeads = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = next(iter(keys))
        self._entropy = entropy

    @classmethod
    def parse(cls, text: str, entropy: Entropy = os.urandom) -> Self:
        """Read ``id:base64,id:base64,…``, newest first; white space around the parts is ignored.

        :raises BadKeyRing: if it is anything else.
        """
        keys: dict[str, bytes] = {}
        for number, part in enumerate(text.split(","), start=1):
            key_id, colon, encoded = part.strip().partition(":")
            if not colon:
                raise BadKeyRing(f"part {number} is not of the form id:base64")
            if key_id in keys:
                raise BadKeyRing(f"part {number} repeats a key id")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise BadKeyRing(f"the key of part {number} is not base64") from None
        return cls(keys, entropy)

    @classmethod
    def generate(cls, entropy: Entropy = os.urandom) -> Self:
        """A ring of one new key whose id is ``1``."""
        return cls({"1": entropy(KEY_BYTES)}, entropy)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return self._newest

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def to_text(self) -> str:
        """The form that :meth:`parse` reads. It is the secret itself."""
        return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in self._keys.items())

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt ``plaintext`` under the newest key and bind it to ``aad``."""
        key_id = self._newest.encode()
        head = bytes((_RING_FORM, len(key_id))) + key_id
        nonce = self._entropy(_NONCE_BYTES)
        return head + nonce + self._aeads[self._newest].encrypt(nonce, plaintext, head + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what :meth:`seal` made, with whichever key of the ring it names.

        :raises SealBroken: if the ring lacks that key, ``aad`` differs, or the value was changed.
        """
        aead = self._aeads.get(self.key_id_of(sealed))
        if aead is None:
            raise SealBroken("the key ring lacks the key that sealed a stored secret")
        return _open(aead, sealed, 2 + sealed[1], aad)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """Seal the raw bytes of a data key; rotation re-wraps these and nothing else."""
        if len(data_key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        return self.seal(data_key, b"data-key\0" + aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The raw bytes of a data key.

        :raises SealBroken: as :meth:`open`.
        """
        return self.open(wrapped, b"data-key\0" + aad)

    def derive(self, purpose: bytes) -> dict[str, bytes]:
        """A key of 32 bytes from each key of the ring, newest first, for what is signed and not sealed (HKDF-SHA256).

        Keys of different purposes say nothing of each other, nor of the ring.
        """
        return {
            key_id: HKDF(SHA256(), KEY_BYTES, salt=None, info=b"wagate\0" + purpose).derive(key)
            for key_id, key in self._keys.items()
        }

    @staticmethod
    def key_id_of(sealed: bytes) -> str:
        """The id of the key that sealed this, by which rotation finds what is left to re-wrap.

        :raises SealBroken: if it was not sealed by a ring.
        """
        if len(sealed) < 2 or sealed[0] != _RING_FORM:
            raise SealBroken
        start = 2 + sealed[1]
        if len(sealed) < start + _NONCE_BYTES + _TAG_BYTES:
            raise SealBroken
        return sealed[2:start].decode("ascii", errors="replace")


def _open(aead: AESGCM, sealed: bytes, head: int, aad: bytes) -> bytes:
    body = head + _NONCE_BYTES
    try:
        return aead.decrypt(sealed[head:body], sealed[body:], sealed[:head] + aad)
    except InvalidTag:
        raise SealBroken from None
