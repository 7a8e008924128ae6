"""The account's settings as its devices share them ("app state"): fetched, verified, told, and never written on doubt.

A collection's new version and the settings that changed with it are one commit, so a crash neither loses a change nor
tells it twice. What is to be fetched is written down before WhatsApp hears that we know of it, and fetched after the
next login if this one ends before. The engine itself needs one setting: our own push name, without which WhatsApp
shows nobody that we are there.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence

from wagate.core.logging import get_logger
from wagate.engine.native.line import Line
from wagate.engine.native.records import (
    APP_STATE_KEYS,
    COLLECTION,
    COLLECTION_DUE,
    AppStateKeys,
    StoredCollection,
    Text,
)
from wagate.engine.native.steps import Fetch, KeyBook, steps_of
from wagate.engine.port import BlobBroken, BlobUnavailable, InboxKind, QueryFailed
from wagate.engine.protocol import Stanza
from wagate.engine.store import NewArrival
from wagate.wire.appstate import COLLECTIONS, AppStateBroken, Collection, Fault, Keys, Mutation, write_patch
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa

#: Keys that are kept; phones make a new one about monthly.
_KEYS_KEPT = 64
#: Answers to one fetch; a server that always has more would otherwise never let go.
_ROUNDS = 100
#: A change of ours that others' changes overtook is tried again so often (WhatsApp Web).
_WRITE_ATTEMPTS = 5
_OUTDATED = 409
#: Seconds between attempts to fetch what could not be had; after the last it waits for a change or the next login.
_PAUSES = (5.0, 30.0, 120.0, 600.0)
#: An id that tells no other arrival apart: what is told here comes once by its commit.
_DIGEST_BYTES = 32

_DUE = Text("due")

_log = get_logger("engine.native")


class CollectionStopped(Exception):
    """A collection does not hold what it should, so nothing of it is believed or written until it is fetched whole."""

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(f"{name}: {fault.value}")
        self.name = name
        self.fault = fault


class AppState:
    """The five collections of one link. ``on_name`` hears of our push name; ``fetch`` gets what is on the media hosts,
    and without it such a collection waits.
    """

    def __init__(
        self,
        line: Line,
        *,
        on_name: Callable[[str], None],
        ask_phone: Callable[[Sequence[bytes]], None],
        fetch: Fetch | None = None,
    ) -> None:
        self._line = line
        self._on_name = on_name
        self._ask_phone = ask_phone
        self._fetch = fetch
        self._one_at_a_time = asyncio.Lock()
        self._asked: set[bytes] = set()
        self._wanted: set[str] = set()
        self._stopped: dict[str, Fault] = {}
        self._begun = False
        self._running = False

    @property
    def stopped(self) -> tuple[str, ...]:
        """The collections that do not hold."""
        return tuple(sorted(self._stopped))

    # -- what sets it going

    async def begin(self) -> None:
        """After the login: fetch what was never fetched, and what changed and was not fetched since."""
        self._begun = True
        if await self._line.vault.load_one(APP_STATE_KEYS, "") is None:
            # The phone gives them unasked to a new device; without them there is nothing to read.
            return
        await self._want_due()

    def changed(self, names: Iterable[str]) -> None:
        """The server has news of these collections. Written down at once, so that it may be acknowledged."""
        for name in names:
            if name in COLLECTIONS:
                self._line.vault.put(COLLECTION_DUE, name, _DUE)
                self._wanted.add(name)
        self._go()

    async def learn_keys(self, share: wa.Message.AppStateSyncKeyShare) -> None:
        """The phone gives us keys: what waited for them goes on."""
        known = await self._line.vault.load_one(APP_STATE_KEYS, "") or AppStateKeys({})
        fresh = {key.keyId.keyId: key.keyData.keyData for key in share.keys if key.keyData.keyData}
        if not fresh:
            return
        kept = dict(sorted({**known.keys, **fresh}.items(), key=lambda item: _epoch(item[0]))[-_KEYS_KEPT:])
        self._line.vault.put(APP_STATE_KEYS, "", AppStateKeys(kept))
        self._asked -= set(fresh)
        await self._want_due()

    async def _want_due(self) -> None:
        due = await self._line.vault.load(COLLECTION_DUE, COLLECTIONS)
        there = await self._line.vault.load(COLLECTION, COLLECTIONS)
        self._wanted |= {name for name in COLLECTIONS if name in due or name not in there}
        self._go()

    def _go(self) -> None:
        if self._begun and self._wanted and not self._running:
            self._running = True
            self._line.spawn(self._run, "fetching app state")

    async def _run(self) -> None:
        pauses = iter(_PAUSES)
        try:
            while self._wanted:
                names = [name for name in COLLECTIONS if name in self._wanted]
                self._wanted.clear()
                if await self._line.vault.load_one(APP_STATE_KEYS, "") is None:
                    return
                async with self._one_at_a_time:
                    again = await self._sync(names)
                if again:
                    pause = next(pauses, None)
                    if pause is None:
                        return
                    await self._line.clock.sleep(pause)
                    self._wanted |= again
        finally:
            self._running = False

    # -- reading

    async def _sync(self, names: Sequence[str]) -> set[str]:
        """Fetch what is new in these collections; those that are worth another try."""
        again: set[str] = set()
        left = list(names)
        for _ in range(_ROUNDS):
            if not left:
                return again
            try:
                answers = await self._ask(left)
            except QueryFailed as error:
                _log.info("app state could not be fetched", code=error.server_code)
                return again | set(left)
            more = []
            for name in left:
                answer = answers.get(name)
                if answer is None or answer.get("type") == "error":
                    _log.warning("app state was not given", collection=name, code=_refusal(answer).server_code)
                    again.add(name)
                    continue
                try:
                    await self._take(name, answer)
                except BlobUnavailable:
                    again.add(name)
                    continue
                except CollectionStopped:
                    continue
                if answer.get("has_more_patches") == "true":
                    more.append(name)
                else:
                    self._is_current(name)
            left = more
        return again | set(left)

    async def _ask(self, names: Sequence[str]) -> dict[str, Node]:
        there = await self._line.vault.load(COLLECTION, names)
        asked = []
        for name in names:
            attrs: dict[str, Attr] = {"name": name, "return_snapshot": "true"}
            if name in there and there[name].collection.version:
                attrs |= {"return_snapshot": "false", "version": str(there[name].collection.version)}
            asked.append(Node("collection", attrs))
        answer = await self._line.ask("w:sync:app:state", "set", Node("sync", {}, asked))
        sync = answer.child("sync")
        return {} if sync is None else {given.get("name"): given for given in sync.all("collection")}

    async def _take(self, name: str, answer: Node) -> None:
        """Believe what an answer proves, one step after the other.

        :raises CollectionStopped: at the first step that does not hold; what came before it stays.
        :raises BlobUnavailable: if a step can't be had now.
        """
        keys = await self._line.vault.load_one(APP_STATE_KEYS, "") or AppStateKeys({})
        book = KeyBook(keys.keys)
        stored = await self._line.vault.load_one(COLLECTION, name)
        try:
            async for step in steps_of(answer, self._fetch):
                missing = book.missing(step)
                if missing:
                    self._ask_for(missing)
                    raise CollectionStopped(name, Fault.MISSING_KEY)
                collection = stored.collection if stored is not None else Collection(name=name)
                read = await step.read(collection, book)
                if read is None:
                    continue
                changes, collection = read
                stored = self._record(collection, changes, begins=step.begins)
        except AppStateBroken as error:
            self._stop(name, error.fault)
            raise CollectionStopped(name, error.fault) from error
        except BlobBroken as error:
            self._stop(name, Fault.BLOB)
            raise CollectionStopped(name, Fault.BLOB) from error

    def _record(self, collection: Collection, changes: Sequence[Mutation], *, begins: bool = False) -> StoredCollection:
        """Write a new version down with what changed by it: one stretch, so one commit."""
        stored = StoredCollection(collection)
        self._line.vault.put(COLLECTION, collection.name, stored)
        if begins:
            self._tell(collection, "begin")
        for change in changes:
            self._tell(collection, "remove" if change.remove else "set", change)
            if change.index[:1] == ("setting_pushName",) and not change.remove:
                self._on_name(change.value.pushNameSetting.name)
        return stored

    def _tell(self, collection: Collection, operation: str, change: Mutation | None = None) -> None:
        attrs = {"collection": collection.name, "version": str(collection.version), "operation": operation}
        value = b""
        if change is not None:
            index = json.dumps(change.index, separators=(",", ":"), ensure_ascii=False)
            attrs |= {"index": index, "action": str(change.version)}
            value = b"" if change.remove else change.value.SerializeToString()
        self._line.journal.arrive(
            NewArrival(
                kind=InboxKind.SETTING,
                wa_id="",
                digest=self._line.entropy(_DIGEST_BYTES),
                stanza=Stanza("setting", attrs),
                plaintext=value,
            )
        )

    def _is_current(self, name: str) -> None:
        self._stopped.pop(name, None)
        if name not in self._wanted:
            self._line.vault.delete(COLLECTION_DUE, name)

    def _ask_for(self, missing: set[bytes]) -> None:
        # Not wrong, only unreadable for now: the phone has the keys, and its answer makes us go on from here.
        unasked = sorted(missing - self._asked)
        if unasked:
            self._asked.update(unasked)
            self._ask_phone(unasked)

    def _stop(self, name: str, fault: Fault) -> None:
        _log.error("app state does not hold; it is fetched whole next time", collection=name, fault=fault.value)
        self._stopped[name] = fault
        self._line.vault.delete(COLLECTION, name)
        self._line.vault.put(COLLECTION_DUE, name, _DUE)

    # -- writing

    async def write(self, name: str, mutations: Sequence[Mutation]) -> None:
        """Change settings for all devices of the account, on top of what others changed.

        :raises CollectionStopped: if the collection is not known to be right: nothing was written then.
        :raises QueryFailed: if the server refused it, or does not answer.
        """
        async with self._one_at_a_time:
            for attempt in range(_WRITE_ATTEMPTS):
                await self._bring_up_to_date(name)
                try:
                    await self._write(name, mutations)
                    return
                except QueryFailed as error:
                    if error.server_code != _OUTDATED or attempt == _WRITE_ATTEMPTS - 1:
                        raise

    async def _bring_up_to_date(self, name: str) -> None:
        for _ in range(_ROUNDS):
            answer = (await self._ask([name])).get(name)
            if answer is None or answer.get("type") == "error":
                raise _refusal(answer)
            try:
                await self._take(name, answer)
            except BlobUnavailable as error:
                raise QueryFailed(0, error.detail) from error
            if answer.get("has_more_patches") != "true":
                self._is_current(name)
                return

    async def _write(self, name: str, mutations: Sequence[Mutation]) -> None:
        stored = await self._line.vault.load_one(COLLECTION, name)
        keys = await self._line.vault.load_one(APP_STATE_KEYS, "")
        if keys is None or not keys.keys:
            raise CollectionStopped(name, Fault.MISSING_KEY)
        before = stored.collection if stored is not None else Collection(name=name)
        former = {key_id: Keys.expand(data) for key_id, data in keys.keys.items()}
        key_id, newest = former.popitem()
        try:
            patch, after = write_patch(
                before, mutations, key_id=key_id, keys=newest, former=former, entropy=self._line.entropy
            )
        except AppStateBroken as error:
            raise CollectionStopped(name, error.fault) from error
        # The server numbers patches; what ours says would only be one more thing that can differ.
        patch.ClearField("version")
        attrs: dict[str, Attr] = {"name": name, "return_snapshot": "false"}
        if before.version:
            attrs["version"] = str(before.version)
        body = Node("collection", attrs, [Node("patch", {}, patch.SerializeToString())])
        found = (await self._line.ask("w:sync:app:state", "set", Node("sync", {}, [body]))).child("sync", "collection")
        if found is None or found.get("type") == "error":
            raise _refusal(found)
        self._record(after, mutations)


def _epoch(key_id: bytes) -> tuple[int, bytes]:
    """What sorts keys by age: two bytes name the device that made it, four count up (WhatsApp Web)."""
    return int.from_bytes(key_id[2:6], "big"), key_id


def _refusal(collection: Node | None) -> QueryFailed:
    error = collection.child("error") if collection is not None else None
    if error is None:
        return QueryFailed(0)
    return QueryFailed(error.number("code") or 0, error.get("text"))
