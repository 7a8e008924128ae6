"""What device and phone compute where an account has a passkey."""

import hashlib
import hmac
import os

import pytest

from wagate.wire.keys import KeyPair, agree, hkdf
from wagate.wire.passkey import (
    DeviceSide,
    PasskeyLinkRefused,
    PhoneIdentity,
    PhoneSide,
    Wanted,
    handoff_key,
    handoff_proof,
)
from wagate.wire.proto import wa_pb2 as wa

CHROME = wa.DeviceProps.PlatformType.CHROME
WANTED = Wanted(noise=b"n" * 32, identity=b"i" * 32, adv_secret=b"s" * 32)


def both() -> tuple[DeviceSide, PhoneSide]:
    device = DeviceSide.begin("2@ref", CHROME)
    return device, PhoneSide.answer(device.prologue)


def test_the_phone_reads_what_the_device_wants() -> None:
    device, phone = both()
    phone.check_nonce(device.nonce)
    identity = PhoneIdentity.read(phone.identity.serialised())
    assert phone.open(device.request(identity, WANTED)) == WANTED
    assert (phone.ref, phone.device_type) == ("2@ref", 1)


def test_the_key_and_the_proof_are_made_as_public_clients_make_them() -> None:
    """The strings are facts of whatsmeow's pair-passkey.go."""
    device, phone = both()
    sealed = wa.EncryptedPairingRequest.FromString(device.request(phone.identity, WANTED))
    key = hkdf(
        agree(device.ephemeral.private, phone.identity.public),
        32,
        b"Companion Pairing 1 with ref 2@ref",
        b"Pairing Information Encryption Key",
    )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    opened = wa.PairingRequest.FromString(AESGCM(key).decrypt(sealed.iv, sealed.encryptedPayload, None))
    assert (opened.companionPublicKey, opened.companionIdentityKey, opened.advSecret) == (
        b"n" * 32,
        b"i" * 32,
        b"s" * 32,
    )
    secret = bytes(range(32))
    made = hmac.digest(hkdf(secret, 32, b"", b"shortcake-passkey-handoff-v1"), b"prologue", "sha256")
    assert handoff_proof(handoff_key(secret), b"prologue") == made
    payload = wa.ProloguePayload.FromString(device.prologue)
    assert payload.commitment.hash == hashlib.sha256(payload.companionEphemeralIdentity + device.nonce).digest()


def test_the_code_for_people_depends_on_both_nonces_and_the_phones_key() -> None:
    identity = PhoneIdentity(public=b"p" * 32, nonce=bytes(32))
    digest = int.from_bytes(hashlib.sha256(b"d" * 32 + b"p" * 32).digest()[:5], "big")
    alphabet = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
    assert identity.code(b"d" * 32) == "".join(alphabet[digest >> 5 * n & 31] for n in range(7, -1, -1))
    other = PhoneIdentity(public=b"p" * 32, nonce=b"\x01" + bytes(31))
    assert len({identity.code(b"d" * 32), identity.code(b"e" * 32), other.code(b"d" * 32)}) == 3


@pytest.mark.parametrize("nonce", [bytes(32), b"", b"x" * 33])
def test_another_nonce_than_the_one_committed_to_is_refused(nonce: bytes) -> None:
    _, phone = both()
    with pytest.raises(PasskeyLinkRefused):
        phone.check_nonce(nonce)


def test_a_request_for_another_attempt_does_not_open() -> None:
    device, phone = both()
    _, other = both()
    for request in (device.request(other.identity, WANTED), b"", os.urandom(50)):
        with pytest.raises(PasskeyLinkRefused):
            phone.open(request)


@pytest.mark.parametrize("key", [bytes(32), b"short"])
def test_a_useless_key_of_the_phone_is_refused(key: bytes) -> None:
    device, _ = both()
    data = wa.PrimaryEphemeralIdentity(publicKey=key, nonce=bytes(32)).SerializeToString()
    with pytest.raises(PasskeyLinkRefused):
        device.request(PhoneIdentity.read(data), WANTED)


@pytest.mark.parametrize(
    "prologue", [b"", b"\xff", wa.ProloguePayload(companionEphemeralIdentity=b"\x0a\x01x").SerializeToString()]
)
def test_a_malformed_prologue_is_refused(prologue: bytes) -> None:
    with pytest.raises(PasskeyLinkRefused):
        PhoneSide.answer(prologue)


def test_secrets_are_not_printed() -> None:
    device, phone = both()
    assert repr(device.nonce) not in repr(device)
    assert repr(WANTED.adv_secret) not in repr(WANTED)
    assert "_private" not in repr(phone)
    assert KeyPair.generate().public
