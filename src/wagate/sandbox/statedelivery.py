"""How app state is handed out: as it is, by way of the media host, a part at a time, or with a lie in it."""

import hmac
import struct
from collections.abc import Callable, Sequence
from enum import StrEnum

from wagate.core.ids import Entropy
from wagate.sandbox.media import MediaShelf
from wagate.wire.appstate import Fault, Keys
from wagate.wire.media import MediaKind, encrypt
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

_MAC = 32
#: WhatsApp's server gives a limited number of patches in one answer and says that there are more.
_PATCHES_AT_ONCE = 100


class Snapshots(StrEnum):
    """What a device gets that asks for a whole collection."""

    #: All patches from the first one on.
    NEVER = "never"
    INLINE = "inline"
    #: As WhatsApp does: a reference to the media host.
    EXTERNAL = "external"


class Delivery:
    """The switches; a phone's owner may set them while everything runs."""

    def __init__(self, entropy: Entropy, shelf: MediaShelf, keys_of: Callable[[bytes], Keys | None]) -> None:
        self._entropy = entropy
        self._shelf = shelf
        self._keys_of = keys_of
        self.snapshots = Snapshots.NEVER
        #: Patches with more mutations than this have them on the media host.
        self.external_above: int | None = None
        self.patches_at_once = _PATCHES_AT_ONCE
        #: What is false in the answers, and in how many of them.
        self.lie: Fault | None = None
        self.lies_left = 0

    @property
    def gives_snapshots(self) -> bool:
        return self.snapshots is not Snapshots.NEVER

    def snapshot(self, name: str, snapshot: wa.SyncdSnapshot) -> Node:
        """A ``<collection>`` with all that is set."""
        if self._lies():
            self._falsify_snapshot(snapshot)
        body = snapshot.SerializeToString()
        if self.snapshots is Snapshots.EXTERNAL:
            body = self._on_host(body).SerializeToString()
        attrs = {"name": name, "version": str(snapshot.version.version), "type": "result"}
        return Node("collection", attrs, [Node("snapshot", {}, body)])

    def patches(self, name: str, since: int, version: int, newer: Sequence[bytes]) -> Node:
        """A ``<collection>`` with the patches after version ``since``, the first of them at least."""
        attrs = {"name": name, "version": str(version), "type": "result"}
        if not newer:
            return Node("collection", attrs)
        given = newer[: self.patches_at_once]
        if len(given) < len(newer):
            attrs |= {"version": str(since + len(given)), "has_more_patches": "true"}
        bodies = [self._patch(name, body, since + number) for number, body in enumerate(given, start=1)]
        return Node("collection", attrs, [Node("patches", {}, [Node("patch", {}, body) for body in bodies])])

    def _patch(self, name: str, body: bytes, version: int) -> bytes:
        patch = wa.SyncdPatch.FromString(body)
        if self._lies():
            self._falsify(name, patch, version)
        if self.external_above is not None and len(patch.mutations) > self.external_above:
            mutations = wa.SyncdMutations(mutations=patch.mutations)
            patch.ClearField("mutations")
            patch.externalMutations.CopyFrom(self._on_host(mutations.SerializeToString()))
        return patch.SerializeToString()

    def _on_host(self, body: bytes) -> wa.ExternalBlobReference:
        stored = encrypt(body, MediaKind.APP_STATE, entropy=self._entropy)
        encrypted = stored.body
        if self.lie is Fault.BLOB and self.lies_left > 0:
            self.lies_left -= 1
            encrypted = _flipped(encrypted)
        return wa.ExternalBlobReference(
            mediaKey=stored.media_key,
            directPath=self._shelf.put(MediaKind.APP_STATE.value, encrypted).direct_path,
            fileSizeBytes=stored.file_length,
            fileSha256=stored.file_sha256,
            fileEncSha256=stored.file_enc_sha256,
        )

    # -- lies

    def _lies(self) -> bool:
        if self.lie in (None, Fault.BLOB) or self.lies_left <= 0:
            return False
        self.lies_left -= 1
        return True

    def _falsify(self, name: str, patch: wa.SyncdPatch, version: int) -> None:
        record = patch.mutations[0].record
        match self.lie:
            case Fault.VALUE_MAC:
                record.value.blob = _flipped(record.value.blob)
            case Fault.INDEX_MAC:
                record.index.blob = _flipped(record.index.blob)
            case Fault.PATCH_MAC:
                patch.patchMac = _flipped(patch.patchMac)
            case Fault.SNAPSHOT_MAC:
                # A lie about the state by somebody who can sign: only the hash betrays it.
                patch.snapshotMac = _flipped(patch.snapshotMac)
                keys = self._keys_of(patch.keyId.id)
                macs = b"".join(m.record.value.blob[-_MAC:] for m in patch.mutations)
                covered = patch.snapshotMac + macs + struct.pack(">Q", version) + name.encode()
                patch.patchMac = b"" if keys is None else hmac.digest(keys.patch_mac, covered, "sha256")
            case _:
                pass

    def _falsify_snapshot(self, snapshot: wa.SyncdSnapshot) -> None:
        match self.lie:
            case Fault.VALUE_MAC:
                snapshot.records[0].value.blob = _flipped(snapshot.records[0].value.blob)
            case Fault.INDEX_MAC:
                snapshot.records[0].index.blob = _flipped(snapshot.records[0].index.blob)
            case Fault.SNAPSHOT_MAC | Fault.PATCH_MAC:
                snapshot.mac = _flipped(snapshot.mac)
            case _:
                pass


def _flipped(value: bytes) -> bytes:
    return bytes((value[0] ^ 1,)) + value[1:]
