"""What a linked device is: its keys and names, kept as one record and replaced as a whole."""

import os
from typing import Literal

import msgspec

from wagate.engine.port import Identity
from wagate.wire.jid import Jid
from wagate.wire.keys import Entropy, KeyPair, sign, typed
from wagate.wire.signal import SignedPreKey

#: WhatsApp's own clients take 14 bits, whatsmeow 32; phones accept both.
_REGISTRATION_BITS = 0x3FFF
_VERSION = 1


class Device(msgspec.Struct, frozen=True, array_like=True):
    """A device; ``jid`` is empty until a phone has accepted it. Keys are 32 bytes, private halves unless named."""

    noise: bytes
    identity: bytes
    registration_id: int
    signed_id: int
    signed: bytes
    #: Of ``signed``'s typed public key, by ``identity``.
    signature: bytes
    #: Proves in the QR text and the link's blob that phone and device mean each other.
    adv_secret: bytes
    jid: str = ""
    lid: str = ""
    push_name: str = ""
    #: ``ADVSignedDeviceIdentity`` with both signatures; goes beside every ``pkmsg``.
    device_identity: bytes = b""
    account_key: bytes = b""
    next_prekey: int = 1
    #: What the server wants to hear when we connect the next time.
    routing: bytes = b""
    #: Seconds since 1970 at which the signed pre-key was made.
    signed_at: int = 0
    #: Whether one-time pre-keys have to be uploaded whatever the server says that it has: those are not ours any more.
    upload_due: bool = False

    @classmethod
    def generate(cls, now: int, entropy: Entropy = os.urandom) -> "Device":
        """A device that nobody has accepted yet. ``now`` is in seconds since 1970."""
        identity, signed = KeyPair.generate(entropy), KeyPair.generate(entropy)
        return cls(
            noise=KeyPair.generate(entropy).private,
            identity=identity.private,
            registration_id=int.from_bytes(entropy(2), "big") & _REGISTRATION_BITS or 1,
            signed_id=1,
            signed=signed.private,
            signature=sign(identity.private, typed(signed.public), entropy),
            adv_secret=entropy(32),
            signed_at=now,
        )

    @property
    def linked(self) -> bool:
        return bool(self.jid)

    @property
    def pn(self) -> Jid:
        """This device by its phone number."""
        return Jid.parse(self.jid)

    @property
    def own_lid(self) -> Jid:
        """This device by its LID; by its number if WhatsApp has told none."""
        return Jid.parse(self.lid) if self.lid else self.pn

    @property
    def port_identity(self) -> Identity:
        return Identity(jid=self.pn, lid=Jid.parse(self.lid) if self.lid else None, push_name=self.push_name)

    def is_own(self, jid: Jid) -> bool:
        """Whether ``jid`` names this account, whichever device of it."""
        return jid.user == (self.own_lid.user if jid.is_lid else self.pn.user)

    def signed_prekey(self) -> SignedPreKey:
        public = KeyPair.from_private(self.signed).public
        return SignedPreKey(id=self.signed_id, public=public, signature=self.signature)

    def to_record(self) -> bytes:
        """The whole device, secrets included."""
        return msgspec.msgpack.encode((_VERSION, self))

    @classmethod
    def from_record(cls, record: bytes) -> "Device":
        """Read what :meth:`to_record` wrote.

        :raises msgspec.MsgspecError: if it is not that.
        """
        return _decoder.decode(record)[1]


_decoder = msgspec.msgpack.Decoder(tuple[Literal[1], Device])
