"""The app state that a phone shares with its linked devices, and the notice of the chats it had before.

The phone makes the one key, sets the push name in ``critical_block``, and keeps the patches that devices add.
"""

import zlib
from datetime import datetime

from google.protobuf.message import DecodeError

from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.wire.appstate import COLLECTIONS, AppStateBroken, Collection, Keys, Mutation, read_patch, write_patch
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

_log = get_logger("sandbox")

_PROTOCOL = wa.Message.ProtocolMessage


class PhoneState:
    """The five collections of one account."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        #: Two bytes of device (0), four of epoch.
        self._key_id = b"\x00\x00" + entropy(4)
        self._key_data = entropy(32)
        self._keys = Keys.expand(self._key_data)
        self._collections = {name: Collection(name=name) for name in COLLECTIONS}
        self._patches: dict[str, list[bytes]] = {name: [] for name in COLLECTIONS}

    def version(self, name: str) -> int:
        collection = self._collections.get(name)
        return 0 if collection is None else collection.version

    def set_push_name(self, name: str, now: datetime) -> None:
        """The name that others see, which devices take from here."""
        value = wa.SyncActionValue(timestamp=_milliseconds(now))
        value.pushNameSetting.name = name
        self._write("critical_block", Mutation(index=("setting_pushName",), value=value))

    def _write(self, name: str, mutation: Mutation) -> None:
        patch, after = write_patch(
            self._collections[name], [mutation], key_id=self._key_id, keys=self._keys, entropy=self._entropy
        )
        self._keep(name, patch, after)

    def _keep(self, name: str, patch: wa.SyncdPatch, after: Collection) -> None:
        self._collections[name] = after
        self._patches[name].append(patch.SerializeToString())

    def collection(self, name: str, version: int) -> Node:
        """The ``<collection>`` with every patch after ``version``."""
        attrs = {"name": name, "version": str(self.version(name)), "type": "result"}
        newer = self._patches.get(name, [])[version:]
        if not newer:
            return Node("collection", attrs)
        return Node("collection", attrs, [Node("patches", {}, [Node("patch", {}, patch) for patch in newer])])

    def apply(self, name: str, version: int, patch: bytes) -> Node:
        """A device's patch on top of ``version``: kept if it holds, else refused with 409 (outdated) or 400."""
        before = self._collections.get(name)
        if before is None:
            return _refused(name, 0, 404)
        if version != before.version:
            return _refused(name, before.version, 409)
        try:
            parsed = wa.SyncdPatch.FromString(patch)
            # Devices leave the version to the server, which knows whose patch came first.
            parsed.version.version = version + 1
            _, after = read_patch(before, parsed, lambda key_id: self._keys if key_id == self._key_id else None)
        except (DecodeError, AppStateBroken) as error:
            _log.warning("app state patch refused", collection=name, reason=str(error))
            return _refused(name, before.version, 400)
        self._keep(name, parsed, after)
        return Node("collection", {"name": name, "version": str(after.version), "type": "result"})

    def key_share(self, now: datetime) -> wa.Message:
        """The peer message that gives a device the key."""
        message = wa.Message()
        message.protocolMessage.type = _PROTOCOL.APP_STATE_SYNC_KEY_SHARE
        key = message.protocolMessage.appStateSyncKeyShare.keys.add()
        key.keyId.keyId = self._key_id
        key.keyData.keyData = self._key_data
        key.keyData.timestamp = _milliseconds(now)
        key.keyData.fingerprint.rawId = 1
        key.keyData.fingerprint.currentIndex = 1
        key.keyData.fingerprint.deviceIndexes.extend([0])
        return message


def history_notice(own: Jid, name: str, mappings: list[tuple[Jid, Jid]]) -> wa.Message:
    """The peer message that ends a new device's wait for chats: a history without any, inline.

    ``mappings`` are phone numbers and LIDs that belong together.
    """
    history = wa.HistorySync(syncType=wa.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP, chunkOrder=0, progress=100)
    history.pushnames.add(id=str(own.bare), pushname=name)
    for number, lid in mappings:
        history.phoneNumberToLidMappings.add(pnJid=str(number.bare), lidJid=str(lid.bare))
    message = wa.Message()
    message.protocolMessage.type = _PROTOCOL.HISTORY_SYNC_NOTIFICATION
    notice = message.protocolMessage.historySyncNotification
    notice.syncType = wa.Message.HistorySyncType.INITIAL_BOOTSTRAP
    notice.chunkOrder = 0
    notice.progress = 100
    notice.initialHistBootstrapInlinePayload = zlib.compress(history.SerializeToString())
    return message


def _refused(name: str, version: int, code: int) -> Node:
    text = {400: "bad-request", 404: "item-not-found", 409: "conflict"}[code]
    attrs = {"name": name, "version": str(version), "type": "error"}
    return Node("collection", attrs, [Node("error", {"code": str(code), "text": text})])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
