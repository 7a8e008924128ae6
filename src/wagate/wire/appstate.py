"""App state ("syncd"): settings that the devices of an account share as collections of signed, encrypted mutations.

Each key expands by HKDF("WhatsApp Mutation Keys", 160) to five keys. A mutation's index and value are MACed and the
value encrypted; a collection's state is its version and an LT-hash, the sum (64 words of 16 bits, little-endian) of
the expanded value MACs of everything that is set. Patches and snapshots carry MACs over that hash, so two devices
that differ notice. Everything is verified here before it is believed; nothing is fetched (what is on the media hosts
is the caller's to fetch).
"""

import hmac
import json
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from google.protobuf.message import DecodeError

from wagate.wire import cbc
from wagate.wire.keys import Entropy, hkdf
from wagate.wire.proto import wa_pb2 as wa

#: The five collections, in the order in which clients fetch them.
COLLECTIONS = ("critical_block", "critical_unblock_low", "regular_high", "regular", "regular_low")

_HASH_BYTES = 128
_WORDS = struct.Struct("<64H")
_IV = 16
_MAC = 32

Operation = wa.SyncdMutation.SyncdOperation
SET = Operation.SET
REMOVE = Operation.REMOVE


class Fault(StrEnum):
    MISSING_KEY = "missing-key"
    MALFORMED = "malformed"
    VALUE_MAC = "value-mac"
    INDEX_MAC = "index-mac"
    PATCH_MAC = "patch-mac"
    SNAPSHOT_MAC = "snapshot-mac"
    VERSION = "version"
    UNKNOWN_INDEX = "unknown-index"
    #: What it refers to on the media hosts is not what was announced.
    BLOB = "blob"


class AppStateBroken(ValueError):
    """A patch or snapshot does not hold, or does not fit on what we have; start again from a snapshot."""

    def __init__(self, fault: Fault, key_id: bytes = b"") -> None:
        super().__init__(fault.value)
        self.fault = fault
        #: The key to ask the phone for, if one is missing.
        self.key_id = key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What one app-state key expands to."""

    index: bytes = field(repr=False)
    value_encryption: bytes = field(repr=False)
    value_mac: bytes = field(repr=False)
    snapshot_mac: bytes = field(repr=False)
    patch_mac: bytes = field(repr=False)

    @classmethod
    def expand(cls, key_data: bytes) -> "Keys":
        out = hkdf(key_data, 160, b"", b"WhatsApp Mutation Keys")
        return cls(
            index=out[:32],
            value_encryption=out[32:64],
            value_mac=out[64:96],
            snapshot_mac=out[96:128],
            patch_mac=out[128:],
        )


KeyLookup = Callable[[bytes], Keys | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One setting. ``index`` names it, e.g. ``["setting_pushName"]`` or ``["mute", "1@s.whatsapp.net"]``."""

    index: tuple[str, ...]
    value: wa.SyncActionValue
    version: int = 1
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Where a collection stands. ``value_macs`` holds, by index MAC, what would be taken out again."""

    name: str
    version: int = 0
    hash: bytes = bytes(_HASH_BYTES)
    value_macs: Mapping[bytes, bytes] = field(default_factory=dict)


_NONE: Mapping[bytes, Keys] = MappingProxyType({})


def write_patch(
    collection: Collection,
    mutations: Sequence[Mutation],
    *,
    key_id: bytes,
    keys: Keys,
    former: Mapping[bytes, Keys] = _NONE,
    entropy: Entropy = os.urandom,
) -> tuple[wa.SyncdPatch, Collection]:
    """The patch that makes the next version, and the collection after it. ``former`` are older keys by their ids: what
    is set under one of them has another index MAC, so it is taken out under that key (WhatsApp Web).

    :raises AppStateBroken: UNKNOWN_INDEX if a setting is to be removed that is not set.
    """
    version = collection.version + 1
    patch = wa.SyncdPatch(keyId=wa.KeyId(id=key_id))
    records: list[tuple[bool, wa.SyncdRecord]] = []
    for mutation in mutations:
        index = _index_of(mutation)
        olds = [(i, k) for i, k in former.items() if i != key_id and _index_mac(index, k) in collection.value_macs]
        records += [(True, _seal(replace(mutation, remove=True), i, k, entropy)) for i, k in olds]
        if not (mutation.remove and olds):
            records.append((mutation.remove, _seal(mutation, key_id, keys, entropy)))
    for remove, record in records:
        patch.mutations.append(wa.SyncdMutation(operation=REMOVE if remove else SET, record=record))
    after = _advance(collection, version, records, strict=True)
    patch.version.version = version
    patch.snapshotMac = _snapshot_mac(after, keys)
    patch.patchMac = _patch_mac(patch, version, collection.name, keys)
    return patch, after


def read_patch(collection: Collection, patch: wa.SyncdPatch, keys_of: KeyLookup) -> tuple[list[Mutation], Collection]:
    """Check a patch and apply it. External mutations must have been put into ``patch.mutations`` before.

    :raises AppStateBroken: nothing of the patch may be believed then.
    """
    version = patch.version.version
    if version != collection.version + 1:
        raise AppStateBroken(Fault.VERSION)
    keys = _need(keys_of, patch.keyId.id)
    if not hmac.compare_digest(_patch_mac(patch, version, collection.name, keys), patch.patchMac):
        raise AppStateBroken(Fault.PATCH_MAC)
    mutations = [_open(m.record, m.operation == REMOVE, keys_of) for m in patch.mutations]
    records = [(m.operation == REMOVE, m.record) for m in patch.mutations]
    # A removal of what we never saw is not an error by itself: the hash decides.
    after = _advance(collection, version, records, strict=False)
    if not hmac.compare_digest(_snapshot_mac(after, keys), patch.snapshotMac):
        raise AppStateBroken(Fault.SNAPSHOT_MAC)
    return mutations, after


def write_snapshot(
    name: str,
    version: int,
    mutations: Sequence[Mutation],
    *,
    key_id: bytes,
    keys: Keys,
    entropy: Entropy = os.urandom,
) -> tuple[wa.SyncdSnapshot, Collection]:
    """A whole collection at ``version``."""
    records = [_seal(mutation, key_id, keys, entropy) for mutation in mutations]
    after = _advance(Collection(name=name), version, [(False, r) for r in records], strict=True)
    return snapshot_of(after, records, key_id=key_id, keys=keys), after


def snapshot_of(
    collection: Collection, records: Sequence[wa.SyncdRecord], *, key_id: bytes, keys: Keys
) -> wa.SyncdSnapshot:
    """The snapshot of a collection whose records are these, as patches brought them."""
    return wa.SyncdSnapshot(
        version=wa.SyncdVersion(version=collection.version),
        records=records,
        mac=_snapshot_mac(collection, keys),
        keyId=wa.KeyId(id=key_id),
    )


def read_snapshot(name: str, snapshot: wa.SyncdSnapshot, keys_of: KeyLookup) -> tuple[list[Mutation], Collection]:
    """Check a snapshot and begin from it.

    :raises AppStateBroken: nothing of it may be believed then.
    """
    keys = _need(keys_of, snapshot.keyId.id)
    after = _advance(
        Collection(name=name), snapshot.version.version, [(False, r) for r in snapshot.records], strict=False
    )
    if not hmac.compare_digest(_snapshot_mac(after, keys), snapshot.mac):
        raise AppStateBroken(Fault.SNAPSHOT_MAC)
    return [_open(record, False, keys_of) for record in snapshot.records], after


def keys_named(change: wa.SyncdPatch | wa.SyncdSnapshot) -> set[bytes]:
    """The ids of all keys that reading it takes."""
    if isinstance(change, wa.SyncdSnapshot):
        records = list(change.records)
    else:
        records = [mutation.record for mutation in change.mutations]
    return {change.keyId.id, *(record.keyId.id for record in records)}


def _need(keys_of: KeyLookup, key_id: bytes) -> Keys:
    keys = keys_of(key_id)
    if keys is None:
        raise AppStateBroken(Fault.MISSING_KEY, key_id)
    return keys


def _seal(mutation: Mutation, key_id: bytes, keys: Keys, entropy: Entropy) -> wa.SyncdRecord:
    index = _index_of(mutation)
    data = wa.SyncActionData(index=index, value=mutation.value, padding=b"", version=mutation.version)
    iv = entropy(_IV)
    sealed = iv + cbc.encrypt(keys.value_encryption, iv, data.SerializeToString())
    mac = _value_mac(mutation.remove, sealed, key_id, keys)
    return wa.SyncdRecord(
        index=wa.SyncdIndex(blob=_index_mac(index, keys)),
        value=wa.SyncdValue(blob=sealed + mac),
        keyId=wa.KeyId(id=key_id),
    )


def _open(record: wa.SyncdRecord, remove: bool, keys_of: KeyLookup) -> Mutation:
    key_id = record.keyId.id
    keys = _need(keys_of, key_id)
    blob = record.value.blob
    sealed, mac = blob[:-_MAC], blob[-_MAC:]
    if not hmac.compare_digest(_value_mac(remove, sealed, key_id, keys), mac):
        raise AppStateBroken(Fault.VALUE_MAC)
    try:
        plain = cbc.decrypt(keys.value_encryption, sealed[:_IV], sealed[_IV:])
        data = wa.SyncActionData.FromString(plain)
        index = json.loads(data.index)
    except (cbc.BadPadding, DecodeError, ValueError, RecursionError) as error:
        raise AppStateBroken(Fault.MALFORMED) from error
    if not hmac.compare_digest(_index_mac(data.index, keys), record.index.blob):
        raise AppStateBroken(Fault.INDEX_MAC)
    if not isinstance(index, list):
        raise AppStateBroken(Fault.MALFORMED)
    return Mutation(index=tuple(str(part) for part in index), value=data.value, version=data.version, remove=remove)


def _index_of(mutation: Mutation) -> bytes:
    return json.dumps(mutation.index, separators=(",", ":"), ensure_ascii=False).encode()


def _index_mac(index: bytes, keys: Keys) -> bytes:
    return hmac.digest(keys.index, index, "sha256")


def _value_mac(remove: bool, sealed: bytes, key_id: bytes, keys: Keys) -> bytes:
    covered = (b"\x02" if remove else b"\x01") + key_id
    length = struct.pack(">Q", len(covered))
    return hmac.digest(keys.value_mac, covered + sealed + length, "sha512")[:_MAC]


def _snapshot_mac(collection: Collection, keys: Keys) -> bytes:
    covered = collection.hash + struct.pack(">Q", collection.version) + collection.name.encode()
    return hmac.digest(keys.snapshot_mac, covered, "sha256")


def _patch_mac(patch: wa.SyncdPatch, version: int, name: str, keys: Keys) -> bytes:
    macs = b"".join(m.record.value.blob[-_MAC:] for m in patch.mutations)
    covered = patch.snapshotMac + macs + struct.pack(">Q", version) + name.encode()
    return hmac.digest(keys.patch_mac, covered, "sha256")


def _advance(
    collection: Collection, version: int, records: Sequence[tuple[bool, wa.SyncdRecord]], *, strict: bool
) -> Collection:
    macs = dict(collection.value_macs)
    total = list(_WORDS.unpack(collection.hash))
    for remove, record in records:
        index, value = record.index.blob, record.value.blob[-_MAC:]
        before = macs.pop(index, None)
        if before is not None:
            _add(total, before, -1)
        elif remove and strict:
            raise AppStateBroken(Fault.UNKNOWN_INDEX)
        if not remove:
            macs[index] = value
            _add(total, value, 1)
    return replace(collection, version=version, hash=_WORDS.pack(*total), value_macs=macs)


def _add(total: list[int], value_mac: bytes, sign: int) -> None:
    expanded = hkdf(value_mac, _HASH_BYTES, b"", b"WhatsApp Patch Integrity")
    for place, word in enumerate(_WORDS.unpack(expanded)):
        total[place] = (total[place] + sign * word) & 0xFFFF
