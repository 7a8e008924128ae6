"""The device itself: Baileys' ``creds`` and our :class:`Device`.

Facts (Baileys 7.0.0-rc14, ``Types/Auth.d.ts`` and ``Utils/auth-utils.js``): ``account`` is the signed device identity
with both signatures, whose bytes are base64 where they passed through JSON; ``advSecretKey`` is base64 too.
``firstUnuploadedPreKeyId`` is the first one-time key that the server does not have. The counters and hashes of
synchronisation begin anew: they only save Baileys from asking.
"""

import base64
import binascii
import os

import msgspec
from google.protobuf.message import DecodeError

from wagate.engine.moving.records import Uint24, Uint32, seconds
from wagate.engine.native.device import Device
from wagate.wire.jid import Jid
from wagate.wire.keys import KEY_BYTES, KeyPair, typed
from wagate.wire.proto import wa_pb2 as wa


class Pair(msgspec.Struct):
    """A key pair as Baileys keeps it; the type byte of the public half is left out."""

    private: bytes
    public: bytes

    def checked(self) -> KeyPair:
        """:raises ValueError: if the halves do not belong together."""
        pair = KeyPair.from_private(self.private)
        if pair.public != self.public[-KEY_BYTES:]:
            raise ValueError("a public key does not belong to its private one")
        return pair

    @classmethod
    def of(cls, private: bytes) -> "Pair":
        pair = KeyPair.from_private(private)
        return cls(pair.private, pair.public)


class _SignedPair(msgspec.Struct, rename="camel"):
    key_pair: Pair
    signature: bytes
    key_id: Uint24
    timestamp_s: float | None = msgspec.field(name="timestampS", default=None)


class _Account(msgspec.Struct, rename="camel"):
    details: msgspec.Raw
    account_signature_key: msgspec.Raw
    account_signature: msgspec.Raw
    device_signature: msgspec.Raw


class _Me(msgspec.Struct):
    id: str
    lid: str | None = None
    name: str | None = None


class Creds(msgspec.Struct, rename="camel"):
    """What Baileys calls its credentials, as far as a linked device needs them."""

    noise_key: Pair
    signed_identity_key: Pair
    signed_pre_key: _SignedPair
    registration_id: Uint32
    adv_secret_key: str
    next_pre_key_id: Uint24
    account: _Account | None = None
    me: _Me | None = None
    my_app_state_key_id: str | None = None
    routing_info: bytes | None = None

    @property
    def linked(self) -> bool:
        """Whether a phone has accepted the device."""
        return self.account is not None and self.me is not None

    def device(self) -> Device:
        """The device, as we keep it.

        :raises ValueError: if something of it is not what it should be, or it is not linked.
        """
        if self.account is None or self.me is None:
            raise ValueError("no phone has accepted this device")
        signed, pn = self.signed_pre_key, Jid.parse(self.me.id)
        # Some versions leave the device out of the LID; it is the same device.
        lid = str(Jid.parse(self.me.lid).with_device(pn.device)) if self.me.lid else ""
        account_key = _bytes(self.account.account_signature_key)
        identity = wa.ADVSignedDeviceIdentity(
            details=_bytes(self.account.details),
            accountSignatureKey=account_key,
            accountSignature=_bytes(self.account.account_signature),
            deviceSignature=_bytes(self.account.device_signature),
        )
        return Device(
            noise=self.noise_key.checked().private,
            identity=self.signed_identity_key.checked().private,
            registration_id=self.registration_id,
            signed_id=signed.key_id,
            signed=signed.key_pair.checked().private,
            signature=signed.signature,
            adv_secret=_from_base64(self.adv_secret_key),
            jid=str(pn),
            lid=lid,
            push_name=self.me.name or "",
            device_identity=identity.SerializeToString(),
            account_key=account_key,
            next_prekey=self.next_pre_key_id,
            routing=self.routing_info or b"",
            # Most of Baileys' versions do not note it; then it is replaced at the next login.
            signed_at=seconds(signed.timestamp_s),
        )


_decoder = msgspec.msgpack.Decoder(Creds)


def read_creds(record: bytes) -> Creds:
    """:raises ValueError: if these are not credentials of Baileys'."""
    return _decoder.decode(record)


def write_creds(device: Device, app_state_key: bytes | None) -> bytes:
    """The device as Baileys keeps it. ``app_state_key`` is the id of the newest key of the app state.

    :raises ValueError: if the proof that the account vouches for the device can't be read.
    """
    try:
        identity = wa.ADVSignedDeviceIdentity.FromString(device.device_identity)
    except DecodeError as error:
        raise ValueError("the signed device identity can't be read") from error
    return msgspec.msgpack.encode(
        {
            "noiseKey": Pair.of(device.noise),
            # Only for linking by code, which begins with one of its own.
            "pairingEphemeralKeyPair": Pair.of(os.urandom(KEY_BYTES)),
            "signedIdentityKey": Pair.of(device.identity),
            "signedPreKey": _SignedPair(
                Pair.of(device.signed), device.signature, device.signed_id, device.signed_at or None
            ),
            "registrationId": device.registration_id,
            "advSecretKey": base64.b64encode(device.adv_secret).decode(),
            "processedHistoryMessages": [],
            "nextPreKeyId": device.next_prekey,
            "firstUnuploadedPreKeyId": device.next_prekey,
            "accountSyncCounter": 0,
            "accountSettings": {"unarchiveChats": False},
            "registered": False,
            "routingInfo": device.routing or None,
            "account": {
                "details": identity.details,
                "accountSignatureKey": device.account_key,
                "accountSignature": identity.accountSignature,
                "deviceSignature": identity.deviceSignature,
            },
            "me": _Me(device.jid, device.lid or None, device.push_name or None),
            "signalIdentities": [
                {"identifier": {"name": device.lid, "deviceId": 0}, "identifierKey": typed(device.account_key)}
            ],
            "myAppStateKeyId": base64.b64encode(app_state_key).decode() if app_state_key else None,
        }
    )


def _bytes(value: msgspec.Raw) -> bytes:
    """Bytes, as such or as base64."""
    found: object = msgspec.msgpack.decode(value)
    if isinstance(found, bytes):
        return found
    if isinstance(found, str):
        return _from_base64(found)
    raise ValueError("neither bytes nor base64")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
