"""Encryption at rest: AES-256-GCM under a ring of keys.

A sealed value names the key that made it, so that a ring may carry old keys to read with while it writes with the
newest. A ring may change while it is in use: every change replaces all of it in one step, so a thread that seals or
opens meanwhile sees the one or the other. What a value belongs to (tenant, session, row) goes in as associated data: a
value copied to another row does not open there.

Sealed form: ``01 | length of key id | key id | nonce (12) | ciphertext and tag``; the part before the nonce is
authenticated as well. A value sealed under a :class:`DataKey` has no key id: ``02 | nonce (12) | ciphertext and tag``.

Nonces are random, so a key must be retired well before 2**32 values (NIST SP 800-38D, 8.3). Data keys keep the ring's
own keys far from that: the ring wraps one per session, and only the data key sees every ratchet step.
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
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


class _Keys:
    """What a ring holds at one moment."""

    __slots__ = ("aeads", "newest", "raw")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise BadKeyRing("a key ring has at least one key")
        for key_id, key in keys.items():
            if not _KEY_ID.match(key_id):
                raise BadKeyRing("a key id is 1 to 32 letters, digits, '-' or '_'")
            if len(key) != KEY_BYTES:
                raise BadKeyRing(f"key {key_id} has {len(key)} bytes instead of {KEY_BYTES}")
        self.raw = MappingProxyType(dict(keys))
        self.aeads = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.newest = next(iter(keys))


class KeyRing:
    """The keys an operator holds, newest first: the first one seals, all of them open."""

    __slots__ = ("_entropy", "_held", "_look_up")

    def __init__(self, keys: Mapping[str, bytes], entropy: Entropy = os.urandom) -> None:
        self._held = _Keys(keys)
        self._entropy = entropy
        self._look_up: Callable[[], KeyRing | None] | None = None

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
        return self._held.newest

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the one that seals first."""
        return tuple(self._held.raw)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._held.raw)})"

    def with_new_key(self) -> "KeyRing":
        """A ring of these keys and a new one that seals. Its id is a number that no key of this ring has passed, so
        that the id of a retired key is not given again.
        """
        number = 1 + max((int(key_id) for key_id in self._held.raw if key_id.isdecimal()), default=0)
        return KeyRing({str(number): self._entropy(KEY_BYTES), **self._held.raw}, self._entropy)

    def without(self, key_id: str) -> "KeyRing":
        """A ring that lacks this key.

        :raises BadKeyRing: if it would be empty.
        """
        return KeyRing({held: key for held, key in self._held.raw.items() if held != key_id}, self._entropy)

    def become(self, other: "KeyRing") -> None:
        """Hold what ``other`` holds from now on, for everybody who has this ring."""
        self._held = other._held

    def adopt(self, other: "KeyRing") -> None:
        """Hold the keys of ``other`` in its order, and behind them those that only this ring has."""
        self._held = _Keys({**other._held.raw, **{k: v for k, v in self._held.raw.items() if k not in other._held.raw}})

    def look_up_with(self, look_up: "Callable[[], KeyRing | None]") -> None:
        """Ask ``look_up`` when a value names a key that is not held: somebody else may have added it to where the ring
        came from. It is asked on whatever thread opens the value, and has to bound its own cost.
        """
        self._look_up = look_up

    def to_text(self) -> str:
        """The form that :meth:`parse` reads. It is the secret itself."""
        return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in self._held.raw.items())

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt ``plaintext`` under the newest key and bind it to ``aad``."""
        held = self._held
        head = ring_head(held.newest)
        nonce = self._entropy(_NONCE_BYTES)
        return head + nonce + held.aeads[held.newest].encrypt(nonce, plaintext, head + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what :meth:`seal` made, with whichever key of the ring it names.

        :raises SealBroken: if the ring lacks that key, ``aad`` differs, or the value was changed.
        """
        key_id = self.key_id_of(sealed)
        aead = self._held.aeads.get(key_id)
        if aead is None and self._look_up is not None and (found := self._look_up()) is not None:
            self.adopt(found)
            aead = self._held.aeads.get(key_id)
        if aead is None:
            raise SealBroken("the key ring lacks the key that sealed a stored secret")
        return _open(aead, sealed, 2 + sealed[1], aad)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """Seal the raw bytes of a data key. What the data key sealed need not be touched when this is re-wrapped."""
        if len(data_key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        return self.seal(data_key, wrap_aad(aad))

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The raw bytes of a data key.

        :raises SealBroken: as :meth:`open`.
        """
        return self.open(wrapped, wrap_aad(aad))

    def derive(self, purpose: bytes) -> dict[str, bytes]:
        """A key of 32 bytes from each key of the ring, newest first, for what is signed and not sealed (HKDF-SHA256).

        Keys of different purposes say nothing of each other, nor of the ring.
        """
        return {
            key_id: HKDF(SHA256(), KEY_BYTES, salt=None, info=b"wagate\0" + purpose).derive(key)
            for key_id, key in self._held.raw.items()
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


def ring_head(key_id: str) -> bytes:
    """What every value begins with that a ring sealed under this key, and none under another key."""
    return bytes((_RING_FORM, len(key_id))) + key_id.encode()


def wrap_aad(aad: bytes) -> bytes:
    """What :meth:`KeyRing.wrap` binds a data key to that was given ``aad``."""
    return b"data-key\0" + aad


def _open(aead: AESGCM, sealed: bytes, head: int, aad: bytes) -> bytes:
    body = head + _NONCE_BYTES
    try:
        return aead.decrypt(sealed[head:body], sealed[body:], sealed[:head] + aad)
    except InvalidTag:
        raise SealBroken from None
