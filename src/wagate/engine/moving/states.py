"""The small records: trust tokens, and the app state with its keys.

Facts (Baileys 7.0.0-rc14): ``tctoken`` has ``token`` with its ``timestamp`` (a text), and ``senderTimestamp``, when we
gave ours; an index of all of them is kept under ``__index``. ``app-state-sync-version`` has the LT-hash and, by the
base64 of an index MAC, the value MAC. ``app-state-sync-key`` is an ``AppStateSyncKeyData`` under the base64 of its id.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from google.protobuf.message import DecodeError

from wagate.engine.moving.records import seconds
from wagate.engine.native.records import AppStateKeys, Contact, StoredCollection
from wagate.wire.appstate import Collection
from wagate.wire.proto import wa_pb2 as wa

#: The key of Baileys' index of tokens.
TOKEN_INDEX = "__index"  # noqa: S105 - a name, no secret

_KeyData = wa.Message.AppStateSyncKeyData


class _Token(msgspec.Struct, rename="camel", omit_defaults=True):
    token: bytes
    timestamp: str | float | None = None
    sender_timestamp: float | None = None


class _ValueMac(msgspec.Struct, rename="camel"):
    value_mac: bytes


class _Version(msgspec.Struct, rename="camel"):
    version: int
    hash: bytes
    index_value_map: dict[str, _ValueMac]


_token = msgspec.msgpack.Decoder(_Token)
_version = msgspec.msgpack.Decoder(_Version)


def read_token(record: bytes) -> Contact:
    """:raises ValueError: if it is not what Baileys keeps of a contact's trust."""
    found = _token.decode(record)
    at = seconds(found.timestamp)
    return Contact(seconds(found.sender_timestamp), found.token, at if found.token else 0)


def write_token(contact: Contact) -> bytes:
    return msgspec.msgpack.encode(
        _Token(contact.token, str(contact.token_at) if contact.token else None, contact.given_at or None)
    )


def write_token_index(names: Iterable[str]) -> bytes:
    return msgspec.msgpack.encode(_Token(msgspec.json.encode(list(names))))


def read_collection(name: str, record: bytes) -> StoredCollection:
    """:raises ValueError: if it is not a version of a collection."""
    found = _version.decode(record)
    macs = {_decode(index): mac.value_mac for index, mac in found.index_value_map.items()}
    return StoredCollection(Collection(name=name, version=found.version, hash=found.hash, value_macs=macs))


def write_collection(stored: StoredCollection) -> bytes:
    c = stored.collection
    macs = {base64.b64encode(index).decode(): _ValueMac(mac) for index, mac in c.value_macs.items()}
    return msgspec.msgpack.encode(_Version(c.version, c.hash, macs))


class AppStateKey(NamedTuple):
    """One key of the app state; sorted, the newest is the last."""

    #: Whether it is the one that Baileys writes with.
    current: bool
    timestamp: int
    id: bytes
    data: bytes


def read_app_state_key(key_id: str, record: bytes, current: str | None) -> AppStateKey:
    """``current`` is the id of the one that Baileys writes with.

    :raises ValueError: if it can't be read.
    """
    try:
        data = _KeyData.FromString(record)
    except DecodeError as error:
        raise ValueError("not an app-state key") from error
    return AppStateKey(key_id == current, data.timestamp, _decode(key_id), data.keyData)


def write_app_state_key(data: object, timestamp: object) -> bytes:
    """The record of a key as JSON has it: bytes or base64, and a number or the text of one.

    :raises ValueError: if it is neither.
    """
    if isinstance(data, str):
        data = _decode(data)
    if not isinstance(data, bytes):
        raise ValueError("neither bytes nor base64")
    # A number of 64 bits may have become an object of two halves; it only says which key is older.
    at = int(timestamp) if isinstance(timestamp, int | str) else 0
    return _KeyData(keyData=data, timestamp=at).SerializeToString()


def write_app_state_keys(keys: AppStateKeys) -> dict[str, bytes]:
    return {
        base64.b64encode(key_id).decode(): _KeyData(keyData=data).SerializeToString()
        for key_id, data in keys.keys.items()
    }


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
