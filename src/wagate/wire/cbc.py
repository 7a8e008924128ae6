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
