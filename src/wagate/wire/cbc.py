"""AES-256-CBC with PKCS#7 padding; authentication is the caller's business, and comes first."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 16


class BadPadding(ValueError):
    """The decrypted text does not end in valid padding, or the ciphertext is not made of whole blocks."""


def encrypt(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """Encrypt; the result is 1 to 16 bytes longer."""
    count = BLOCK - len(plaintext) % BLOCK
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(plaintext + bytes((count,)) * count) + encryptor.finalize()


def decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """Decrypt.

    :raises BadPadding: which says nothing about who wrote the ciphertext; check a MAC before calling.
    """
    if not ciphertext or len(ciphertext) % BLOCK:
        raise BadPadding("not whole blocks")
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != padded[-1:] * count:
        raise BadPadding("wrong padding")
    return padded[:-count]


class Decryption:
    """Decrypts a stream; what it gives is late by one block, in which the padding may stand."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        self._held = b""

    def update(self, ciphertext: bytes) -> bytes:
        plain = self._held + self._decryptor.update(ciphertext)
        self._held = plain[-BLOCK:]
        return plain[:-BLOCK]

    def finish(self) -> bytes:
        """The rest, without its padding.

        :raises BadPadding: as :func:`decrypt`.
        """
        try:
            last = self._held + self._decryptor.finalize()
        except ValueError as error:
            raise BadPadding("not whole blocks") from error
        count = last[-1] if last else 0
        if not 1 <= count <= BLOCK or last[-count:] != last[-1:] * count:
            raise BadPadding("wrong padding")
        return last[:-count]
