"""Encrypted files. A random media key is expanded by HKDF("WhatsApp … Keys", 112) to iv | cipher key | MAC key | …;
the file on the server is AES-256-CBC | HMAC-SHA256(MAC key, iv | ciphertext)[:10]. The message names the key, the
SHA-256 of the plain file, and that of the encrypted one (MAC included).
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from wagate.wire import cbc
from wagate.wire.keys import Entropy, hkdf

MEDIA_KEY_BYTES = 32
_MAC_BYTES = 10


class MediaKind(StrEnum):
    """What the key is expanded for; the value is the path at the media host (``/mms/<value>/…``).

    Stickers travel as images, voice notes as audio.
    """

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    HISTORY = "md-msg-hist"
    APP_STATE = "md-app-state"

    @property
    def info(self) -> bytes:
        return _INFO[self]


_INFO = {
    MediaKind.IMAGE: b"WhatsApp Image Keys",
    MediaKind.VIDEO: b"WhatsApp Video Keys",
    MediaKind.AUDIO: b"WhatsApp Audio Keys",
    MediaKind.DOCUMENT: b"WhatsApp Document Keys",
    MediaKind.HISTORY: b"WhatsApp History Keys",
    MediaKind.APP_STATE: b"WhatsApp App State Keys",
}


class MediaBroken(ValueError):
    """The file is not the one that the message names: it was changed, cut, or exchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedMedia:
    """A file ready for the media host, and what the message must say about it."""

    body: bytes = field(repr=False)
    media_key: bytes = field(repr=False)
    file_sha256: bytes
    file_enc_sha256: bytes
    #: Of the plain file, in bytes.
    file_length: int


def encrypt(
    plaintext: bytes, kind: MediaKind, media_key: bytes | None = None, entropy: Entropy = os.urandom
) -> EncryptedMedia:
    """Encrypt a file, with a new media key unless one is given."""
    key = entropy(MEDIA_KEY_BYTES) if media_key is None else media_key
    iv, cipher_key, mac_key = _expand(key, kind)
    ciphertext = cbc.encrypt(cipher_key, iv, plaintext)
    body = ciphertext + hmac.digest(mac_key, iv + ciphertext, "sha256")[:_MAC_BYTES]
    return EncryptedMedia(
        body=body,
        media_key=key,
        file_sha256=hashlib.sha256(plaintext).digest(),
        file_enc_sha256=hashlib.sha256(body).digest(),
        file_length=len(plaintext),
    )


def decrypt(body: bytes, kind: MediaKind, media_key: bytes, *, file_sha256: bytes, file_enc_sha256: bytes) -> bytes:
    """The plain file. Clients differ in which hashes they send; an empty one is not compared, the MAC always is.

    :raises MediaBroken: if the MAC or a hash is wrong.
    """
    if len(media_key) != MEDIA_KEY_BYTES or len(body) <= _MAC_BYTES:
        raise MediaBroken("not an encrypted file")
    if file_enc_sha256 and not hmac.compare_digest(hashlib.sha256(body).digest(), file_enc_sha256):
        raise MediaBroken("the hash of the encrypted file is wrong")
    iv, cipher_key, mac_key = _expand(media_key, kind)
    ciphertext, mac = body[:-_MAC_BYTES], body[-_MAC_BYTES:]
    if not hmac.compare_digest(hmac.digest(mac_key, iv + ciphertext, "sha256")[:_MAC_BYTES], mac):
        raise MediaBroken("the MAC is wrong")
    try:
        plaintext = cbc.decrypt(cipher_key, iv, ciphertext)
    except cbc.BadPadding as error:
        raise MediaBroken(str(error)) from error
    if file_sha256 and not hmac.compare_digest(hashlib.sha256(plaintext).digest(), file_sha256):
        raise MediaBroken("the hash of the file is wrong")
    return plaintext


class StreamCheck:
    """Checks an encrypted file as it comes, in pieces of any size: its MAC, and its hash unless that is empty."""

    def __init__(self, kind: MediaKind, media_key: bytes, file_enc_sha256: bytes) -> None:
        """:raises MediaBroken: if the key can't be one."""
        if len(media_key) != MEDIA_KEY_BYTES:
            raise MediaBroken("not an encrypted file")
        iv, _, mac_key = _expand(media_key, kind)
        self._mac = hmac.new(mac_key, iv, "sha256")
        self._hash = hashlib.sha256()
        self._wanted = file_enc_sha256
        self._tail = b""

    def update(self, piece: bytes) -> None:
        self._hash.update(piece)
        held = self._tail + piece
        self._mac.update(held[:-_MAC_BYTES])
        self._tail = held[-_MAC_BYTES:]

    def finish(self) -> None:
        """The file has ended.

        :raises MediaBroken: if it is not the one that was meant.
        """
        if self._wanted and not hmac.compare_digest(self._hash.digest(), self._wanted):
            raise MediaBroken("the hash of the encrypted file is wrong")
        if not hmac.compare_digest(self._mac.digest()[:_MAC_BYTES], self._tail):
            raise MediaBroken("the MAC is wrong")


def decrypted(pieces: Iterable[bytes], kind: MediaKind, media_key: bytes, file_sha256: bytes) -> Iterator[bytes]:
    """The plain file in pieces, of an encrypted one that :class:`StreamCheck` has found good.

    :raises MediaBroken: at its end, if it is not what ``file_sha256`` says (unless that is empty), or is cut.
    """
    iv, cipher_key, _ = _expand(media_key, kind)
    opener = cbc.Decryption(cipher_key, iv)
    digest = hashlib.sha256()
    tail = b""
    for piece in pieces:
        held = tail + piece
        tail = held[-_MAC_BYTES:]
        plain = opener.update(held[:-_MAC_BYTES])
        digest.update(plain)
        if plain:
            yield plain
    try:
        plain = opener.finish()
    except cbc.BadPadding as error:
        raise MediaBroken(str(error)) from error
    digest.update(plain)
    if plain:
        yield plain
    if file_sha256 and not hmac.compare_digest(digest.digest(), file_sha256):
        raise MediaBroken("the hash of the file is wrong")


def _expand(media_key: bytes, kind: MediaKind) -> tuple[bytes, bytes, bytes]:
    out = hkdf(media_key, 112, b"", kind.info)
    return out[:16], out[16:48], out[48:80]
