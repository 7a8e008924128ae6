"""The key records of one link: read when needed, held in a bounded memory, written through its journal.

An object that :meth:`Vault.load` gives is the one and only copy; whoever changes it puts it back in the same
synchronous stretch. So no lock is needed around an operation: what comes before an ``await`` and what comes after it
are different stretches, and the second loads again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from wagate.core.ids import SessionId
from wagate.engine.native.journal import Journal
from wagate.engine.native.lru import Lru
from wagate.engine.store import KeyStore


class Record(Protocol):
    """A value that can be stored."""

    def to_record(self) -> bytes: ...


R = TypeVar("R", bound=Record)

#: All records held in memory, by link, kind and key. Shared by the links of an engine, so that one bound serves all; a
#: link's number is never used again.
Memory = Lru[tuple[int, str, str], Record]

#: At about 1.5 kB a ratchet, 30 MB.
MEMORY_RECORDS = 20_000


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """What is kept under one name, and how it is read."""

    name: str
    read: Callable[[bytes], R]


class Vault:
    """The records of one link."""

    __slots__ = ("_journal", "_link", "_loading", "_memory", "_session", "_store")

    def __init__(self, link: int, session: SessionId, store: KeyStore, memory: Memory, journal: Journal) -> None:
        self._link = link
        self._session = session
        self._store = store
        self._memory = memory
        self._journal = journal
        self._loading: asyncio.Lock | None = None

    async def load(self, kind: Kind[R], keys: Sequence[str]) -> dict[str, R]:
        """The records of these keys that there are. Change them before the next ``await``, or load them again.

        :raises SealBroken: if one was changed or moved in the database.
        """
        found, missing = self._held(kind, keys)
        if not missing:
            return found
        # One at a time: two loads of one record would give two copies of it.
        self._loading = self._loading or asyncio.Lock()
        async with self._loading:
            _, missing = self._held(kind, keys)
            if missing:
                values = await self._store.load(self._session, kind.name, missing)
                for key, value in zip(missing, values, strict=True):
                    if value is not None:
                        self._memory.put((self._link, kind.name, key), kind.read(value))
            found, _ = self._held(kind, keys)
            return found

    async def load_one(self, kind: Kind[R], key: str) -> R | None:
        """As :meth:`load`, for one key."""
        return (await self.load(kind, [key])).get(key)

    def put(self, kind: Kind[R], key: str, record: R, origin: str = "") -> None:
        """Record a new or changed value; ``origin`` as in :meth:`Journal.put`."""
        self._memory.put((self._link, kind.name, key), record)
        self._journal.put(kind.name, key, record.to_record(), origin)

    def delete(self, kind: Kind[R], key: str) -> None:
        self._memory.pop((self._link, kind.name, key))
        self._journal.put(kind.name, key, None)

    def close(self) -> None:
        """The link is over: let go of its keys, which would otherwise stay until others push them out."""
        self._memory.pop_all(lambda place: place[0] == self._link)

    def _held(self, kind: Kind[R], keys: Sequence[str]) -> tuple[dict[str, R], list[str]]:
        found: dict[str, R] = {}
        missing = []
        for key in keys:
            record = self._memory.get((self._link, kind.name, key))
            if record is None:
                # Pushed out of memory before it was stored: the database still has the one before.
                pending = self._journal.pending(kind.name, key)
                if pending is None:
                    missing.append(key)
                    continue
                if pending[0] is None:
                    continue
                record = kind.read(pending[0])
                self._memory.put((self._link, kind.name, key), record)
            found[key] = record  # type: ignore[assignment]  # the kind's name stands for its type
        return found, missing
