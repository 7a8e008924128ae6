"""Linking a device to an account that is protected by a passkey: what device and phone compute.

The phone's server wants an assertion of the account's passkey before it lets phone and device talk. Then the two agree
on a key: the device commits to a nonce before it knows the phone's, so that neither can choose the code that a person
could compare on both screens. With that key the device gives the phone what is otherwise in the QR code. A device
whose QR code the phone did scan proves that it knows the code's ADV secret, and nobody has to compare anything.

Source: whatsmeow at 33cfac5, pair-passkey.go. **Never met WhatsApp's servers**: whatsmeow shows only the device's half,
and the phone's half here is its mirror image.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from wagate.wire.keys import KEY_BYTES, BadKey, Entropy, KeyPair, agree, hkdf
from wagate.wire.pairing import ALPHABET
from wagate.wire.proto import wa_pb2 as wa

NONCE_BYTES = 32
_IV = 12
_CODE_BYTES = 5
_HANDOFF_INFO = b"shortcake-passkey-handoff-v1"
_KEY_INFO = b"Pairing Information Encryption Key"


class PasskeyLinkRefused(ValueError):
    """What the other side sent is malformed, or does not fit what it sent before."""


def handoff_key(adv_secret: bytes) -> bytes:
    """What proves that the device is the one whose QR code, with that ADV secret, was scanned."""
    return hkdf(adv_secret, KEY_BYTES, b"", _HANDOFF_INFO)


def handoff_proof(key: bytes, prologue: bytes) -> bytes:
    """The proof that goes with a ``prologue_payload``."""
    return hmac.digest(key, prologue, hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a device that is to be linked tells the phone in the end."""

    noise: bytes
    identity: bytes
    adv_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSide:
    """The device, from its prologue on. ``ref`` is the server's reference for this attempt."""

    ref: str
    device_type: wa.DeviceProps.PlatformType
    ephemeral: KeyPair
    nonce: bytes = field(repr=False)
    #: Goes out as ``prologue_payload``.
    prologue: bytes

    @classmethod
    def begin(cls, ref: str, device_type: wa.DeviceProps.PlatformType, entropy: Entropy = os.urandom) -> Self:
        """Commit to a nonce. ``device_type`` is the ``DeviceProps.PlatformType`` that the device registered with."""
        ephemeral, nonce = KeyPair.generate(entropy), entropy(NONCE_BYTES)
        identity = wa.CompanionEphemeralIdentity(
            publicKey=ephemeral.public, deviceType=device_type, ref=ref
        ).SerializeToString()
        payload = wa.ProloguePayload(companionEphemeralIdentity=identity)
        payload.commitment.hash = hashlib.sha256(identity + nonce).digest()
        return cls(
            ref=ref, device_type=device_type, ephemeral=ephemeral, nonce=nonce, prologue=payload.SerializeToString()
        )

    def request(self, phone: "PhoneIdentity", wanted: Wanted, entropy: Entropy = os.urandom) -> bytes:
        """What goes out as ``encrypted_pairing_request``, once the nonce was revealed.

        :raises PasskeyLinkRefused: if the phone's key is none.
        """
        key = _shared_key(self.ephemeral.private, phone.public, self.device_type, self.ref)
        request = wa.PairingRequest(
            companionPublicKey=wanted.noise, companionIdentityKey=wanted.identity, advSecret=wanted.adv_secret
        )
        iv = entropy(_IV)
        sealed = AESGCM(key).encrypt(iv, request.SerializeToString(), None)
        return wa.EncryptedPairingRequest(encryptedPayload=sealed, iv=iv).SerializeToString()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneIdentity:
    """The phone's ``primary_ephemeral_identity``."""

    public: bytes
    nonce: bytes

    @classmethod
    def read(cls, data: bytes) -> Self:
        """:raises PasskeyLinkRefused: if it is none."""
        try:
            read = wa.PrimaryEphemeralIdentity.FromString(data)
        except DecodeError as error:
            raise PasskeyLinkRefused("the phone's identity can't be read") from error
        if len(read.publicKey) != KEY_BYTES or len(read.nonce) != NONCE_BYTES:
            raise PasskeyLinkRefused("the phone's key or nonce has not 32 bytes")
        return cls(public=read.publicKey, nonce=read.nonce)

    def serialised(self) -> bytes:
        """What is sent."""
        return wa.PrimaryEphemeralIdentity(publicKey=self.public, nonce=self.nonce).SerializeToString()

    def code(self, device_nonce: bytes) -> str:
        """The eight characters that both sides could show for a person to compare."""
        digest = hashlib.sha256(device_nonce + self.public).digest()
        mixed = bytes(a ^ b for a, b in zip(self.nonce[:_CODE_BYTES], digest, strict=False))
        number = int.from_bytes(mixed, "big")
        return "".join(ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSide:
    """The phone, between the device's prologue and its request."""

    identity: PhoneIdentity
    device_public: bytes
    device_type: int
    ref: str
    _commitment: bytes
    _device_identity: bytes
    _private: bytes = field(repr=False)

    @classmethod
    def answer(cls, prologue: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read the device's prologue.

        :raises PasskeyLinkRefused: if it is malformed.
        """
        try:
            payload = wa.ProloguePayload.FromString(prologue)
            device = wa.CompanionEphemeralIdentity.FromString(payload.companionEphemeralIdentity)
        except DecodeError as error:
            raise PasskeyLinkRefused("the prologue can't be read") from error
        if len(device.publicKey) != KEY_BYTES or len(payload.commitment.hash) != hashlib.sha256().digest_size:
            raise PasskeyLinkRefused("the prologue has no key or no commitment")
        ephemeral = KeyPair.generate(entropy)
        return cls(
            identity=PhoneIdentity(public=ephemeral.public, nonce=entropy(NONCE_BYTES)),
            device_public=device.publicKey,
            device_type=device.deviceType,
            ref=device.ref,
            _commitment=payload.commitment.hash,
            _device_identity=payload.companionEphemeralIdentity,
            _private=ephemeral.private,
        )

    def check_nonce(self, nonce: bytes) -> None:
        """:raises PasskeyLinkRefused: if it is not the one that the device committed to."""
        if len(nonce) != NONCE_BYTES or hashlib.sha256(self._device_identity + nonce).digest() != self._commitment:
            raise PasskeyLinkRefused("the nonce is not the one committed to")

    def open(self, request: bytes) -> Wanted:
        """Read the device's ``encrypted_pairing_request``.

        :raises PasskeyLinkRefused: if it was not made for this attempt.
        """
        key = _shared_key(self._private, self.device_public, self.device_type, self.ref)
        try:
            sealed = wa.EncryptedPairingRequest.FromString(request)
            opened = AESGCM(key).decrypt(sealed.iv, sealed.encryptedPayload, None)
            read = wa.PairingRequest.FromString(opened)
        except (DecodeError, InvalidTag, ValueError) as error:
            raise PasskeyLinkRefused("the request does not open") from error
        if {len(read.companionPublicKey), len(read.companionIdentityKey), len(read.advSecret)} != {KEY_BYTES}:
            raise PasskeyLinkRefused("the request has no keys")
        return Wanted(noise=read.companionPublicKey, identity=read.companionIdentityKey, adv_secret=read.advSecret)


def _shared_key(private: bytes, public: bytes, device_type: int, ref: str) -> bytes:
    try:
        shared = agree(private, public)
    except BadKey as error:
        raise PasskeyLinkRefused(str(error)) from error
    salt = f"Companion Pairing {device_type} with ref {ref}".encode()
    return hkdf(shared, KEY_BYTES, salt, _KEY_INFO)
