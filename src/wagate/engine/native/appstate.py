"""The account's settings as the phone shares them ("app state"): fetched, verified, and never written on doubt.

The engine itself needs one of them: our own push name, without which WhatsApp shows nobody that we are there.
"""

import asyncio
from collections.abc import Callable, Sequence

from google.protobuf.message import DecodeError

from wagate.core.logging import get_logger
from wagate.engine.native.line import Line
from wagate.engine.native.records import APP_STATE_KEYS, COLLECTION, AppStateKeys, StoredCollection
from wagate.engine.port import QueryFailed
from wagate.wire.appstate import (
    COLLECTIONS,
    AppStateBroken,
    Collection,
    Fault,
    Keys,
    Mutation,
    read_patch,
    read_snapshot,
    write_patch,
)
from wagate.wire.jid import SERVER
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa

#: The collection that holds our own name.
NAME_COLLECTION = "critical_block"

#: Keys that are kept; phones make a new one about monthly.
_KEYS_KEPT = 64
#: Answers to one fetch; a server that always has more would otherwise never let go.
_ROUNDS = 100
#: A change of ours that others' changes overtook is tried again so often (WhatsApp Web).
_WRITE_ATTEMPTS = 5
_OUTDATED = 409

_log = get_logger("engine.native")


class CollectionStopped(Exception):
    """A collection does not hold what it should, so nothing of it is believed or written until it is fetched whole."""

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(f"{name}: {fault.value}")
        self.name = name
        self.fault = fault


class AppState:
    """The five collections of one link. ``on_name`` hears of our push name."""

    def __init__(
        self, line: Line, on_name: Callable[[str], None], ask_phone: Callable[[Sequence[bytes]], None]
    ) -> None:
        self._line = line
        self._on_name = on_name
        self._ask_phone = ask_phone
        self._one_at_a_time = asyncio.Lock()
        self._asked: set[bytes] = set()

    async def learn_keys(self, share: wa.Message.AppStateSyncKeyShare) -> None:
        """The phone gives us keys."""
        known = await self._line.vault.load_one(APP_STATE_KEYS, "") or AppStateKeys({})
        fresh = {key.keyId.keyId: key.keyData.keyData for key in share.keys if key.keyData.keyData}
        kept = {**known.keys, **fresh}
        for key_id in list(kept)[:-_KEYS_KEPT]:
            del kept[key_id]
        self._line.vault.put(APP_STATE_KEYS, "", AppStateKeys(kept))
        self._asked -= set(fresh)

    async def sync(self, name: str) -> list[Mutation]:
        """Fetch what is new in a collection; the settings that changed, oldest first.

        :raises CollectionStopped: if it does not hold; it is fetched whole the next time.
        :raises QueryFailed: if the server does not answer.
        """
        async with self._one_at_a_time:
            return await self._sync(name)

    async def write(self, name: str, mutations: Sequence[Mutation]) -> None:
        """Change settings for all devices of the account.

        :raises CollectionStopped: if the collection is not known to be right: nothing was written then.
        :raises QueryFailed: if the server refused it.
        """
        async with self._one_at_a_time:
            for attempt in range(_WRITE_ATTEMPTS):
                await self._sync(name)
                try:
                    await self._write(name, mutations)
                    return
                except QueryFailed as error:
                    if error.server_code != _OUTDATED or attempt == _WRITE_ATTEMPTS - 1:
                        raise

    # -- reading

    async def _sync(self, name: str) -> list[Mutation]:
        assert name in COLLECTIONS
        found: list[Mutation] = []
        for _ in range(_ROUNDS):
            stored = await self._line.vault.load_one(COLLECTION, name)
            collection = stored.collection if stored is not None else Collection(name=name)
            answer = await self._fetch(collection)
            keys = await self._line.vault.load_one(APP_STATE_KEYS, "") or AppStateKeys({})
            try:
                changes, collection = _read(collection, answer, keys.keys)
            except AppStateBroken as error:
                await self._stopped(name, error)
                raise CollectionStopped(name, error.fault) from error
            self._line.vault.put(COLLECTION, name, StoredCollection(collection))
            self._take(changes)
            found += changes
            if answer.get("has_more_patches") != "true":
                break
        return found

    async def _fetch(self, collection: Collection) -> Node:
        attrs: dict[str, Attr] = {"name": collection.name, "return_snapshot": "false"}
        if collection.version:
            attrs["version"] = str(collection.version)
        else:
            attrs["return_snapshot"] = "true"
        body = Node("sync", {}, [Node("collection", attrs)])
        answer = await self._line.query(Node("iq", {"to": SERVER, "type": "set", "xmlns": "w:sync:app:state"}, [body]))
        found = answer.child("sync", "collection")
        if found is None or found.get("type") == "error":
            raise _refusal(found)
        return found

    async def _stopped(self, name: str, error: AppStateBroken) -> None:
        if error.fault is Fault.MISSING_KEY:
            # Not wrong, only unreadable for now: the phone has the key, and its answer makes us go on from here.
            if error.key_id not in self._asked:
                self._asked.add(error.key_id)
                self._ask_phone([error.key_id])
            return
        _log.error("app state does not hold", collection=name, fault=error.fault.value)
        self._line.vault.delete(COLLECTION, name)

    def _take(self, changes: Sequence[Mutation]) -> None:
        for change in changes:
            if change.index[:1] == ("setting_pushName",) and not change.remove:
                self._on_name(change.value.pushNameSetting.name)

    # -- writing

    async def _write(self, name: str, mutations: Sequence[Mutation]) -> None:
        stored = await self._line.vault.load_one(COLLECTION, name)
        keys = await self._line.vault.load_one(APP_STATE_KEYS, "")
        if stored is None or keys is None or not keys.keys:
            raise CollectionStopped(name, Fault.MISSING_KEY)
        key_id, key_data = list(keys.keys.items())[-1]
        try:
            patch, after = write_patch(
                stored.collection, mutations, key_id=key_id, keys=Keys.expand(key_data), entropy=self._line.entropy
            )
        except AppStateBroken as error:
            raise CollectionStopped(name, error.fault) from error
        # The server numbers patches; what ours says would only be one more thing that can differ.
        patch.ClearField("version")
        attrs: dict[str, Attr] = {"name": name, "return_snapshot": "false"}
        if stored.collection.version:
            attrs["version"] = str(stored.collection.version)
        body = Node("collection", attrs, [Node("patch", {}, patch.SerializeToString())])
        answer = await self._line.query(
            Node("iq", {"to": SERVER, "type": "set", "xmlns": "w:sync:app:state"}, [Node("sync", {}, [body])])
        )
        found = answer.child("sync", "collection")
        if found is None or found.get("type") == "error":
            raise _refusal(found)
        self._line.vault.put(COLLECTION, name, StoredCollection(after))


def _read(collection: Collection, answer: Node, known: dict[bytes, bytes]) -> tuple[list[Mutation], Collection]:
    def keys_of(key_id: bytes) -> Keys | None:
        data = known.get(key_id)
        return None if data is None else Keys.expand(data)

    changes: list[Mutation] = []
    snapshot = answer.child("snapshot")
    try:
        if snapshot is not None:
            changes, collection = read_snapshot(collection.name, wa.SyncdSnapshot.FromString(snapshot.data), keys_of)
        patches = answer.child("patches")
        for patch in patches.all("patch") if patches is not None else ():
            parsed = wa.SyncdPatch.FromString(patch.data)
            # The server's attribute rules; a patch itself may leave its number out.
            if not parsed.version.version:
                parsed.version.version = collection.version + 1
            if parsed.version.version <= collection.version:
                continue
            more, collection = read_patch(collection, parsed, keys_of)
            changes += more
    except DecodeError as error:
        raise AppStateBroken(Fault.MALFORMED) from error
    return changes, collection


def _refusal(collection: Node | None) -> QueryFailed:
    error = collection.child("error") if collection is not None else None
    if error is None:
        return QueryFailed(0)
    return QueryFailed(error.number("code") or 0, error.get("text"))
