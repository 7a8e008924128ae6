"""The app state that a phone shares with its linked devices: it makes the keys, sets its name in ``critical_block``,
and keeps what devices and its owner change.
"""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import DecodeError

from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.sandbox.media import MediaShelf
from wagate.sandbox.statedelivery import Delivery
from wagate.wire.appstate import (
    COLLECTIONS,
    REMOVE,
    AppStateBroken,
    Collection,
    Keys,
    Mutation,
    read_patch,
    snapshot_of,
    write_patch,
)
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

_log = get_logger("sandbox")

_PROTOCOL = wa.Message.ProtocolMessage


class PhoneState:
    """The five collections of one account."""

    def __init__(self, entropy: Entropy, shelf: MediaShelf) -> None:
        self._entropy = entropy
        #: Data by id, the newest last. Ids are two bytes of device (0) and four of epoch.
        self._key_data: dict[bytes, bytes] = {}
        self._keys: dict[bytes, Keys] = {}
        self._epoch = int.from_bytes(entropy(3), "big")
        self.rotate_key()
        self._collections = {name: Collection(name=name) for name in COLLECTIONS}
        self._patches: dict[str, list[bytes]] = {name: [] for name in COLLECTIONS}
        #: What is set, as it was written, by its index MAC.
        self._records: dict[str, dict[bytes, wa.SyncdRecord]] = {name: {} for name in COLLECTIONS}
        self._settings: dict[str, dict[tuple[str, ...], Mutation]] = {name: {} for name in COLLECTIONS}
        self.delivery = Delivery(entropy, shelf, self._keys.get)
        #: Keep these keys back, whoever asks.
        self.held_back: set[bytes] = set()
        #: Before so many of the devices' changes come in, somebody else changes the same collection.
        self.overtake_next = 0

    # -- what there is

    @property
    def key_ids(self) -> list[bytes]:
        """The ids of all keys, oldest first."""
        return list(self._keys)

    def version(self, name: str) -> int:
        collection = self._collections.get(name)
        return 0 if collection is None else collection.version

    def settings(self, name: str) -> dict[tuple[str, ...], Mutation]:
        """What is set in a collection, by its index."""
        return dict(self._settings[name])

    # -- what the owner does

    def rotate_key(self) -> bytes:
        """A new key, for all changes from now on; its id. Devices are told it as they are the first one."""
        self._epoch += 1
        key_id = b"\x00\x00" + self._epoch.to_bytes(4, "big")
        self._key_data[key_id] = self._entropy(32)
        self._keys[key_id] = Keys.expand(self._key_data[key_id])
        return key_id

    def set_push_name(self, name: str, now: datetime) -> None:
        """The name that others see, which devices take from here."""
        value = wa.SyncActionValue(timestamp=_milliseconds(now))
        value.pushNameSetting.name = name
        self.change("critical_block", [Mutation(index=("setting_pushName",), value=value)])

    def change(self, name: str, mutations: Sequence[Mutation]) -> None:
        """Change settings, as one patch."""
        former = dict(self._keys)
        key_id, keys = former.popitem()
        patch, after = write_patch(
            self._collections[name], mutations, key_id=key_id, keys=keys, former=former, entropy=self._entropy
        )
        self._keep(name, patch, after, mutations)

    def _keep(self, name: str, patch: wa.SyncdPatch, after: Collection, mutations: Sequence[Mutation]) -> None:
        self._collections[name] = after
        self._patches[name].append(patch.SerializeToString())
        for change in patch.mutations:
            if change.operation == REMOVE:
                self._records[name].pop(change.record.index.blob, None)
            else:
                self._records[name][change.record.index.blob] = change.record
        for mutation in mutations:
            if mutation.remove:
                self._settings[name].pop(mutation.index, None)
            else:
                self._settings[name][mutation.index] = mutation

    # -- what devices ask

    def collection(self, name: str, version: int, snapshot: bool) -> Node:
        """The ``<collection>`` with every patch after ``version``, or all that is set if a snapshot is wanted."""
        if snapshot and version == 0 and self._patches.get(name) and self.delivery.gives_snapshots:
            key_id, keys = list(self._keys.items())[-1]
            records = list(self._records[name].values())
            whole = snapshot_of(self._collections[name], records, key_id=key_id, keys=keys)
            return self.delivery.snapshot(name, whole)
        newer = self._patches.get(name, [])[version:]
        return self.delivery.patches(name, version, self.version(name), newer)

    def apply(self, name: str, version: int, patch: bytes, now: datetime) -> Node:
        """A device's patch on top of ``version``: kept if it holds, else refused with 409 (outdated) or 400."""
        if name not in self._collections:
            return _refused(name, 0, 404)
        if self.overtake_next > 0:
            self.overtake_next -= 1
            value = wa.SyncActionValue(timestamp=_milliseconds(now))
            value.pinAction.pinned = True
            self.change(name, [Mutation(index=("pin_v1", f"{self.version(name)}@s.whatsapp.net"), value=value)])
        before = self._collections[name]
        if version != before.version:
            return _refused(name, before.version, 409)
        try:
            parsed = wa.SyncdPatch.FromString(patch)
            # Devices leave the version to the server, which knows whose patch came first.
            parsed.version.version = version + 1
            mutations, after = read_patch(before, parsed, self._keys.get)
        except (DecodeError, AppStateBroken) as error:
            _log.warning("app state patch refused", collection=name, reason=str(error))
            return _refused(name, before.version, 400)
        self._keep(name, parsed, after, mutations)
        return Node("collection", {"name": name, "version": str(after.version), "type": "result"})

    def key_share(self, now: datetime, wanted: Sequence[bytes] = ()) -> wa.Message | None:
        """The peer message that gives a device these keys, or all; ``None`` if all of them are held back."""
        message = wa.Message()
        message.protocolMessage.type = _PROTOCOL.APP_STATE_SYNC_KEY_SHARE
        for number, (key_id, data) in enumerate(self._key_data.items(), start=1):
            if key_id in self.held_back or (wanted and key_id not in wanted):
                continue
            key = message.protocolMessage.appStateSyncKeyShare.keys.add()
            key.keyId.keyId = key_id
            key.keyData.keyData = data
            key.keyData.timestamp = _milliseconds(now)
            key.keyData.fingerprint.rawId = 1
            key.keyData.fingerprint.currentIndex = number
            key.keyData.fingerprint.deviceIndexes.extend([0])
        return message if message.protocolMessage.appStateSyncKeyShare.keys else None


def _refused(name: str, version: int, code: int) -> Node:
    text = {400: "bad-request", 404: "item-not-found", 409: "conflict"}[code]
    attrs = {"name": name, "version": str(version), "type": "error"}
    return Node("collection", attrs, [Node("error", {"code": str(code), "text": text})])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
