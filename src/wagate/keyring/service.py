"""Rotating the key ring and retiring keys.

Where the ring is a file of the data folder, a rotation makes the new key: the file has it first, durably; then the
database notes it; only then does it seal anything. Where the ring comes by the settings, its first key is the new one
already. Either way :mod:`wagate.keyring.jobs` re-wraps what older keys sealed, in small batches beside the traffic,
and goes on after any restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from wagate.audit import service as audit
from wagate.audit.model import Action, Actor
from wagate.core.clock import Clock
from wagate.core.seal import KeyRing
from wagate.keyring import store
from wagate.keyring.errors import SecretKeyNeeded, SecretKeyNotFound
from wagate.keyring.model import Rotation, SecretKey
from wagate.storage.bus import Bus
from wagate.storage.canary import add_key, noted_keys, proof_of, remove_key
from wagate.storage.database import Database, Tx
from wagate.storage.datadir import DataDir
from wagate.web.principal import Principal

#: Published when there is something to re-wrap.
ROTATION = "keyring.rotation"


class SealedFiles(Protocol):
    """Sealed values outside the database."""

    @property
    def name(self) -> str:
        """What people call them."""
        ...

    async def count_under(self, key_id: str) -> int:
        """How many of them that key sealed."""
        ...

    async def count_not_under(self, key_id: str) -> int:
        """How many of them another key sealed."""
        ...

    async def rewrap(self, advanced: Callable[[int], Awaitable[None]]) -> int:
        """Seal each by the newest key, telling how many are done; how many could not be opened."""
        ...


class SecretKeys:
    """The key ring of this process, as those who run the gateway handle it.

    ``folder`` is the data folder whose key file the ring came from; ``None`` if it came by the settings, where only
    the operator can change it.
    """

    def __init__(
        self,
        *,
        db: Database,
        bus: Bus,
        ring: KeyRing,
        clock: Clock,
        folder: DataDir | None,
        files: Sequence[SealedFiles] = (),
    ) -> None:
        self._db = db
        self._bus = bus
        self._ring = ring
        self._clock = clock
        self._folder = folder
        self._files = files
        self._changing = asyncio.Lock()

    async def rotate(self, principal: Principal) -> Rotation:
        """Have everything sealed by a new key; if that is under way, go on with it.

        :raises StorageUnavailable: if the key file or the database can't be written; asking again is safe.
        """
        async with self._changing:
            before = await self.rotation()
            if before is not None and before.finished_at is None and before.key_id == self._ring.newest:
                return before
            return await self._begin(await self._next_ring(), Actor.of(principal))

    async def resume(self) -> None:
        """Begin what a crash kept from being noted: a key file has a new key, and nothing says that it is to be used
        for everything.
        """
        if self._folder is None or len(self._ring.ids) == 1:
            return
        async with self._changing:
            before = await self.rotation()
            if before is None or before.key_id != self._ring.newest:
                await self._begin(self._ring, Actor())

    async def rotation(self) -> Rotation | None:
        """The rotation under way, else the last one."""
        return await self._db.read(store.latest)

    async def keys(self) -> list[SecretKey]:
        """The keys of the ring with what needs them. Looks at every sealed value."""
        return [
            SecretKey(id=key_id, seals=key_id == self._ring.newest, needed=await self._needed(key_id))
            for key_id in self._ring.ids
        ]

    async def retire(self, principal: Principal, key_id: str) -> None:
        """Forget a key that nothing needs. A ring out of the settings is the operator's to change.

        :raises SecretKeyNotFound: if neither ring nor database know it.
        :raises SecretKeyNeeded: if it seals, or something is sealed by it.
        """
        async with self._changing:
            if key_id not in self._ring.ids and key_id not in await self._db.read(noted_keys):
                raise SecretKeyNotFound
            if key_id == self._ring.newest:
                raise SecretKeyNeeded("This key seals everything that is stored now; rotate first")
            under_way = await self.rotation()
            if under_way is not None and under_way.finished_at is None:
                raise SecretKeyNeeded("A rotation is under way; retire keys when it has ended")
            needed = await self._needed(key_id)
            if needed:
                told = ", ".join(f"{count} in {place}" for place, count in needed.items())
                raise SecretKeyNeeded(f"This key is still needed for {told}")
            now = self._clock.now()

            def work(tx: Tx) -> None:
                remove_key(tx, key_id)
                audit.append(tx, Actor.of(principal), Action.SECRET_KEY_RETIRED, key_id, now=now)

            await self._db.write(work)
            if key_id in self._ring.ids:
                ring = self._ring.without(key_id)
                if self._folder is not None:
                    await asyncio.to_thread(self._folder.replace_secret_keys, ring)
                self._ring.become(ring)

    async def _next_ring(self) -> KeyRing:
        if self._folder is None:
            return self._ring
        # If a former attempt got as far as the file, its key is the new one.
        stored = await asyncio.to_thread(self._folder.stored_keys)
        if stored is not None and stored.newest not in self._ring.ids:
            return stored
        ring = self._ring.with_new_key()
        await asyncio.to_thread(self._folder.replace_secret_keys, ring)
        return ring

    async def _begin(self, ring: KeyRing, by: Actor) -> Rotation:
        proof, key_id, now = proof_of(ring), ring.newest, self._clock.now()

        def work(tx: Tx) -> Rotation:
            add_key(tx, proof)
            audit.append(tx, by, Action.SECRET_KEYS_ROTATED, key_id, now=now)
            # Before whoever looks for work is woken, this process has to seal by the new key.
            tx.after_commit(lambda: self._ring.adopt(ring))
            tx.after_commit(lambda: self._bus.publish(ROTATION))
            return store.begin(tx, key_id, now)

        return await self._db.write(work)

    async def _needed(self, key_id: str) -> dict[str, int]:
        found = {
            str(column): await self._db.read(partial(store.count_under, column=column, key_id=key_id))
            for column in store.ring_columns()
        }
        found |= {files.name: await files.count_under(key_id) for files in self._files}
        return {place: count for place, count in found.items() if count}
