"""Linking a device: the QR text, and the signed identity by which an account vouches for a device and back (ADV).

The phone signs ``06 00 | details | device identity`` with the account's identity key and proves with an HMAC, keyed
by the secret from the QR text, that it read that text. The device checks both and signs ``06 01 | details | device
identity | account key``. Every ``pkmsg`` of the device carries the pair of signatures. Devices of the "hosted" kind
use 06 05 and 06 06 instead.
"""

import base64
import binascii
import hmac
import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from google.protobuf.message import DecodeError

from wagate.wire.keys import KEY_BYTES, Entropy, KeyPair, sign, verify
from wagate.wire.proto import wa_pb2 as wa

#: What stands before the comma-separated fields since WhatsApp opens QR texts as links.
LINK = "https://wa.me/settings/linked_devices#"

_ACCOUNT = b"\x06\x00"
_DEVICE = b"\x06\x01"
_HOSTED_ACCOUNT = b"\x06\x05"
_HOSTED_DEVICE = b"\x06\x06"


class Refusal(StrEnum):
    """Why; the first two are what whatsmeow answers to a server that tries."""

    HMAC = "hmac-mismatch"
    SIGNATURE = "signature-mismatch"
    MALFORMED = "malformed"


class IdentityRefused(ValueError):
    """A device identity does not hold; the link must not be made, the message not be believed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class QrText:
    """What a device shows as a QR code to be linked."""

    ref: str
    noise: bytes
    identity: bytes
    adv_secret: bytes = field(repr=False)
    #: The kind of client, a digit ("1" is Chrome); empty with clients that leave it out.
    platform: str = "1"

    def build(self) -> str:
        keys = (base64.b64encode(key).decode() for key in (self.noise, self.identity, self.adv_secret))
        return LINK + ",".join((self.ref, *keys, self.platform))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text, with or without the link before it.

        :raises ValueError: if it is no such text.
        """
        fields = (text.partition("#")[2] if text.startswith("http") else text).strip().split(",")
        if len(fields) not in (4, 5):
            raise ValueError("not the text of a linking QR code")
        try:
            noise, identity, secret = (base64.b64decode(part, validate=True) for part in fields[1:4])
        except binascii.Error as error:
            raise ValueError("not the text of a linking QR code") from error
        if not fields[0] or {len(noise), len(identity), len(secret)} != {KEY_BYTES}:
            raise ValueError("not the text of a linking QR code")
        return cls(
            ref=fields[0],
            noise=noise,
            identity=identity,
            adv_secret=secret,
            platform=fields[4] if len(fields) == 5 else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The account's half. ``blob`` goes to the device, ``details`` is what its answer must be about."""

    blob: bytes = field(repr=False)
    details: bytes


def issue(
    account: KeyPair,
    device_identity: bytes,
    *,
    key_index: int,
    timestamp: int,
    adv_secret: bytes,
    raw_id: int = 1,
    entropy: Entropy = os.urandom,
) -> Issued:
    """The phone accepts a device. ``timestamp`` in seconds; ``key_index`` is unique among the account's devices."""
    details = wa.ADVDeviceIdentity(
        rawId=raw_id,
        timestamp=timestamp,
        keyIndex=key_index,
        accountType=wa.ADVEncryptionType.E2EE,
        deviceType=wa.ADVEncryptionType.E2EE,
    ).SerializeToString()
    signed = wa.ADVSignedDeviceIdentity(
        details=details,
        accountSignatureKey=account.public,
        accountSignature=sign(account.private, _ACCOUNT + details + device_identity, entropy),
    ).SerializeToString()
    proof = hmac.digest(adv_secret, signed, "sha256")
    blob = wa.ADVSignedDeviceIdentityHMAC(
        details=signed, hmac=proof, accountType=wa.ADVEncryptionType.E2EE
    ).SerializeToString()
    return Issued(blob=blob, details=details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The device's half. ``identity`` is kept and put beside every ``pkmsg``; ``reply`` goes to the server, without
    the account's key."""

    identity: bytes
    reply: bytes
    key_index: int
    account_key: bytes


def accept(blob: bytes, adv_secret: bytes, device: KeyPair, entropy: Entropy = os.urandom) -> Accepted:
    """The device checks what came with ``pair-success``.

    :raises IdentityRefused: if the HMAC or the account's signature is false, or the blob can't be read.
    """
    try:
        outer = wa.ADVSignedDeviceIdentityHMAC.FromString(blob)
        signed = wa.ADVSignedDeviceIdentity.FromString(outer.details)
        details = wa.ADVDeviceIdentity.FromString(signed.details)
    except DecodeError as error:
        raise IdentityRefused(Refusal.MALFORMED) from error
    prefix = _HOSTED_ACCOUNT if outer.accountType == wa.ADVEncryptionType.HOSTED else b""
    if not hmac.compare_digest(hmac.digest(adv_secret, prefix + outer.details, "sha256"), outer.hmac):
        raise IdentityRefused(Refusal.HMAC)
    account_key = signed.accountSignatureKey
    _check_account(signed, details, account_key, device.public)
    message = _DEVICE + signed.details + device.public + account_key
    signed.deviceSignature = sign(device.private, message, entropy)
    identity = signed.SerializeToString()
    signed.ClearField("accountSignatureKey")
    return Accepted(
        identity=identity,
        reply=signed.SerializeToString(),
        key_index=details.keyIndex,
        account_key=account_key,
    )


def check_reply(reply: bytes, details: bytes, account_key: bytes, device_identity: bytes) -> None:
    """The server (for the phone) checks the device's answer.

    :raises IdentityRefused: if it is about other details, carries the account key, or its signature is false.
    """
    try:
        signed = wa.ADVSignedDeviceIdentity.FromString(reply)
    except DecodeError as error:
        raise IdentityRefused(Refusal.MALFORMED) from error
    if signed.details != details or signed.HasField("accountSignatureKey"):
        raise IdentityRefused(Refusal.MALFORMED)
    signed.accountSignatureKey = account_key
    check_device(signed.SerializeToString(), device_identity, account_key)


def check_device(identity: bytes, device_identity: bytes, account_key: bytes | None = None) -> int:
    """Whether an account vouches for the device that wrote a ``pkmsg``; its key index.

    ``device_identity`` is the identity key in the ``pkmsg``. ``account_key`` is the account's, if it is known: then
    it must be that one.

    :raises IdentityRefused: if either signature is false.
    """
    try:
        signed = wa.ADVSignedDeviceIdentity.FromString(identity)
        details = wa.ADVDeviceIdentity.FromString(signed.details)
    except DecodeError as error:
        raise IdentityRefused(Refusal.MALFORMED) from error
    stated = signed.accountSignatureKey
    if account_key is None:
        account_key = stated
    elif stated and stated != account_key:
        raise IdentityRefused(Refusal.SIGNATURE)
    _check_account(signed, details, account_key, device_identity)
    prefix = _HOSTED_DEVICE if details.deviceType == wa.ADVEncryptionType.HOSTED else _DEVICE
    message = prefix + signed.details + device_identity + account_key
    if not verify(device_identity, message, signed.deviceSignature):
        raise IdentityRefused(Refusal.SIGNATURE)
    return details.keyIndex


def _check_account(
    signed: wa.ADVSignedDeviceIdentity, details: wa.ADVDeviceIdentity, account_key: bytes, device: bytes
) -> None:
    prefix = _HOSTED_ACCOUNT if details.deviceType == wa.ADVEncryptionType.HOSTED else _ACCOUNT
    if not verify(account_key, prefix + signed.details + device, signed.accountSignature):
        raise IdentityRefused(Refusal.SIGNATURE)
