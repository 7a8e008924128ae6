"""Encrypted files come back whole or not at all."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.media import EncryptedMedia, MediaBroken, MediaKind, decrypt, encrypt


def open_again(media: EncryptedMedia, kind: MediaKind, body: bytes | None = None, **changed: bytes) -> bytes:
    hashes = {"file_sha256": media.file_sha256, "file_enc_sha256": media.file_enc_sha256} | changed
    return decrypt(media.body if body is None else body, kind, media.media_key, **hashes)


@given(plaintext=st.binary(max_size=200), kind=st.sampled_from(MediaKind))
def test_a_file_comes_back(plaintext: bytes, kind: MediaKind) -> None:
    media = encrypt(plaintext, kind)
    assert open_again(media, kind) == plaintext
    assert media.file_length == len(plaintext)
    assert media.file_sha256 == hashlib.sha256(plaintext).digest()
    assert media.file_enc_sha256 == hashlib.sha256(media.body).digest()
    assert len(media.body) == (len(plaintext) // 16 + 1) * 16 + 10


@given(plaintext=st.binary(max_size=60), place=st.integers(0, 10_000))
def test_one_flipped_bit_is_noticed_with_and_without_hashes(plaintext: bytes, place: int) -> None:
    media = encrypt(plaintext, MediaKind.IMAGE)
    spoiled = bytearray(media.body)
    spoiled[place % len(spoiled)] ^= 1
    with pytest.raises(MediaBroken, match="hash of the encrypted file"):
        open_again(media, MediaKind.IMAGE, bytes(spoiled))
    with pytest.raises(MediaBroken, match="MAC"):
        open_again(media, MediaKind.IMAGE, bytes(spoiled), file_enc_sha256=b"", file_sha256=b"")


def test_the_hash_of_another_file_is_noticed() -> None:
    media = encrypt(b"one", MediaKind.DOCUMENT)
    with pytest.raises(MediaBroken, match="hash of the file"):
        open_again(media, MediaKind.DOCUMENT, file_sha256=hashlib.sha256(b"other").digest())


def test_kinds_have_keys_of_their_own() -> None:
    media = encrypt(b"one", MediaKind.IMAGE, media_key=bytes(32))
    with pytest.raises(MediaBroken, match="MAC"):
        open_again(media, MediaKind.AUDIO)
    assert len({encrypt(b"one", kind, media_key=bytes(32)).body for kind in MediaKind}) == len(MediaKind)


@pytest.mark.parametrize(("body", "key"), [(b"", bytes(32)), (b"0123456789", bytes(32)), (bytes(26), b"short")])
def test_what_is_no_encrypted_file_is_refused(body: bytes, key: bytes) -> None:
    with pytest.raises(MediaBroken):
        decrypt(body, MediaKind.IMAGE, key, file_sha256=b"", file_enc_sha256=b"")
