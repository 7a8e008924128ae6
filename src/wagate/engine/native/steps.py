"""The steps by which a collection of the app state gets from one version to the next, as the server gives them.

An answer has a snapshot, patches, or both. Either may stand in the stanza or, if it is large, on the media hosts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from wagate.engine.port import AppStateBlob, BlobBroken, BlobUnavailable
from wagate.wire.appstate import (
    AppStateBroken,
    Collection,
    Fault,
    Keys,
    Mutation,
    keys_named,
    read_patch,
    read_snapshot,
)
from wagate.wire.media import MEDIA_KEY_BYTES
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

Fetch = Callable[[AppStateBlob], Awaitable[bytes]]

#: The app state of an account with 50,000 settings; who sends more wants to fill the memory.
MAX_BLOB_BYTES = 16 * 1024 * 1024
#: A setting takes some 0.1 ms to check; from so many on it is done beside the loop.
_FEW = 50


class KeyBook:
    """The keys that are known, each expanded once."""

    def __init__(self, known: Mapping[bytes, bytes]) -> None:
        self._known = known
        self._expanded: dict[bytes, Keys] = {}

    def __call__(self, key_id: bytes) -> Keys | None:
        keys = self._expanded.get(key_id)
        if keys is None and key_id in self._known:
            keys = self._expanded[key_id] = Keys.expand(self._known[key_id])
        return keys

    def missing(self, step: "Step") -> set[bytes]:
        """The keys without which a step can't be read."""
        return {key_id for key_id in keys_named(step.change) if key_id not in self._known}


@dataclass(frozen=True, slots=True)
class Step:
    """One snapshot or patch, with all that belongs to it."""

    change: wa.SyncdSnapshot | wa.SyncdPatch

    @property
    def begins(self) -> bool:
        """Whether it stands for everything before it."""
        return isinstance(self.change, wa.SyncdSnapshot)

    async def read(self, collection: Collection, keys: KeyBook) -> tuple[list[Mutation], Collection] | None:
        """What changes, and the collection after it; ``None`` if that is behind us.

        :raises AppStateBroken: if it does not hold.
        """
        change = self.change
        if isinstance(change, wa.SyncdSnapshot):
            if len(change.records) <= _FEW:
                return read_snapshot(collection.name, change, keys)
            return await asyncio.to_thread(read_snapshot, collection.name, change, keys)
        # The server's attribute rules; a patch itself may leave its number out.
        if not change.version.version:
            change.version.version = collection.version + 1
        if change.version.version <= collection.version:
            return None
        if len(change.mutations) <= _FEW:
            return read_patch(collection, change, keys)
        return await asyncio.to_thread(read_patch, collection, change, keys)


async def steps_of(answer: Node, fetch: Fetch | None) -> AsyncIterator[Step]:
    """The steps in a ``<collection>``, in order.

    :raises AppStateBroken: if one can't be parsed.
    :raises BlobUnavailable: or :class:`BlobBroken`, if one is on the media hosts and can't be had.
    """
    try:
        snapshot = answer.child("snapshot")
        if snapshot is not None:
            place = _reference(snapshot.data)
            body = snapshot.data if place is None else await _fetched(place, fetch)
            yield Step(wa.SyncdSnapshot.FromString(body))
        patches = answer.child("patches")
        for node in patches.all("patch") if patches is not None else ():
            patch = wa.SyncdPatch.FromString(node.data)
            if patch.HasField("externalMutations"):
                body = await _fetched(patch.externalMutations, fetch)
                patch.mutations.extend(wa.SyncdMutations.FromString(body).mutations)
            yield Step(patch)
    except DecodeError as error:
        raise AppStateBroken(Fault.MALFORMED) from error


def _reference(body: bytes) -> wa.ExternalBlobReference | None:
    """WhatsApp refers to snapshots; one in the stanza itself has a version where a reference has its key."""
    try:
        place = wa.ExternalBlobReference.FromString(body)
    except DecodeError:
        return None
    return place if len(place.mediaKey) == MEDIA_KEY_BYTES and _is_path(place) else None


def _is_path(place: wa.ExternalBlobReference) -> bool:
    # Compared and not asked: protobuf gives bytes for a text that is none.
    return place.directPath[:1] == "/"


async def _fetched(place: wa.ExternalBlobReference, fetch: Fetch | None) -> bytes:
    if place.fileSizeBytes > MAX_BLOB_BYTES:
        raise BlobBroken(f"app state of more than {MAX_BLOB_BYTES} bytes")
    if not _is_path(place):
        raise BlobBroken("app state without a place")
    if fetch is None:
        raise BlobUnavailable("nobody fetches files for this engine")
    blob = AppStateBlob(
        direct_path=place.directPath,
        media_key=place.mediaKey,
        sha256=place.fileSha256,
        enc_sha256=place.fileEncSha256,
        size=place.fileSizeBytes,
    )
    return await fetch(blob)
