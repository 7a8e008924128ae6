"""What the engine keeps for a session, by kind. The names say whose format it is: other engines have other ones."""

from typing import Literal, Self

import msgspec

from wagate.engine.native.device import Device
from wagate.engine.native.vault import Kind
from wagate.wire.appstate import Collection
from wagate.wire.keys import KeyPair
from wagate.wire.senderkeys import ReceivedKeys, SenderKey
from wagate.wire.signal import SessionSet

_VERSION = 1


class OneTime:
    """The private half of a one-time pre-key."""

    __slots__ = ("pair",)

    def __init__(self, pair: KeyPair) -> None:
        self.pair = pair

    def to_record(self) -> bytes:
        return self.pair.private

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        return cls(KeyPair.from_private(record))


class OwnChain:
    """Our chain in a group, and the devices (as JIDs) that have been told it."""

    __slots__ = ("key", "told")

    def __init__(self, key: SenderKey, told: set[str]) -> None:
        self.key = key
        self.told = told

    def to_record(self) -> bytes:
        return msgspec.msgpack.encode((_VERSION, self.key.to_record(), sorted(self.told)))

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        _, key, told = _own_chain.decode(record)
        return cls(SenderKey.from_record(key), set(told))


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """What concerns a contact's trust in us: when we gave our token, and the token they gave (seconds since 1970)."""

    given_at: int = 0
    token: bytes = b""
    token_at: int = 0

    def to_record(self) -> bytes:
        return msgspec.msgpack.encode((_VERSION, self))

    @classmethod
    def from_record(cls, record: bytes) -> "Contact":
        return _contact.decode(record)[1]


class Text(str):
    """A text as a record."""

    __slots__ = ()

    def to_record(self) -> bytes:
        return self.encode()

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        return cls(record.decode())


class AppStateKeys(msgspec.Struct, frozen=True, array_like=True):
    """The app-state keys that the phone shared, by their ids; the last one is the newest."""

    keys: dict[bytes, bytes]

    def to_record(self) -> bytes:
        return msgspec.msgpack.encode((_VERSION, self))

    @classmethod
    def from_record(cls, record: bytes) -> "AppStateKeys":
        return _app_state_keys.decode(record)[1]


class StoredCollection:
    """Where one collection of the app state stands."""

    __slots__ = ("collection",)

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def to_record(self) -> bytes:
        c = self.collection
        return msgspec.msgpack.encode((_VERSION, c.name, c.version, c.hash, dict(c.value_macs)))

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        _, name, version, total, macs = _collection.decode(record)
        return cls(Collection(name=name, version=version, hash=total, value_macs=macs))


class Lacked(msgspec.Struct, frozen=True, array_like=True):
    """A message that our phone was asked for: who wrote it, its stanza's attributes, when it was asked for (seconds
    since 1970), and whether the phone has given it.
    """

    sender: str
    attrs: dict[str, str]
    at: int
    answered: bool = False


class Lacking(msgspec.Struct, frozen=True, array_like=True):
    """Messages that our phone was asked for, by their ids."""

    messages: dict[str, Lacked]

    def to_record(self) -> bytes:
        return msgspec.msgpack.encode((_VERSION, self))

    @classmethod
    def from_record(cls, record: bytes) -> "Lacking":
        return _lacking.decode(record)[1]


_own_chain = msgspec.msgpack.Decoder(tuple[Literal[1], bytes, list[str]])
_contact = msgspec.msgpack.Decoder(tuple[Literal[1], Contact])
_app_state_keys = msgspec.msgpack.Decoder(tuple[Literal[1], AppStateKeys])
_lacking = msgspec.msgpack.Decoder(tuple[Literal[1], Lacking])
_collection = msgspec.msgpack.Decoder(tuple[Literal[1], str, int, bytes, dict[bytes, bytes]])

#: The device itself; its only key is empty.
DEVICE = Kind("native/device", Device.from_record)
#: Sessions with a device of a peer, by its JID: by LID wherever there is one.
RATCHETS = Kind("native/ratchets", SessionSet.from_record)
#: Own one-time pre-keys by their ids.
ONE_TIME = Kind("native/one-time", OneTime.from_record)
#: Own signed pre-keys that were replaced, by their ids: messages under way may still need them.
FORMER_SIGNED = Kind("native/former-signed", OneTime.from_record)
#: Own chains by group.
OWN_CHAIN = Kind("native/own-chain", OwnChain.from_record)
#: Chains of one device in one group, by :func:`chain_key`.
CHAINS = Kind("native/chains", ReceivedKeys.from_record)
#: The LID's user by the phone number.
LID_OF = Kind("native/lid", Text.from_record)
#: By LID (or number) without device.
CONTACT = Kind("native/contact", Contact.from_record)
#: All of them under the empty key.
APP_STATE_KEYS = Kind("native/app-state-keys", AppStateKeys.from_record)
#: By the collection's name.
COLLECTION = Kind("native/collection", StoredCollection.from_record)
#: What our phone was asked for; all of it under the empty key.
LACKING = Kind("native/lacking", Lacking.from_record)
#: Collections that changed and were not fetched since, by name; the text says nothing.
COLLECTION_DUE = Kind("native/collection-due", Text.from_record)


def chain_key(group: str, device: str) -> str:
    """The key of a device's chains in a group."""
    return f"{group} {device}"
