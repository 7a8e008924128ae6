"""What an engine keeps: keys, and the inbox of what arrived. All of it sealed under a data key per session.

A session's data key is random, kept only as wrapped by the key ring, and bound to the session; each sealed value is
bound to its place, so a row that was moved or swapped does not open. To the store, values are opaque bytes.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Column, Index, LargeBinary, String, Table, and_, bindparam, delete, select, update

from wagate.core.clock import Clock, SystemClock
from wagate.core.ids import SessionId
from wagate.core.seal import DataKey, KeyRing, wrap_aad
from wagate.engine.lease import check_epoch
from wagate.engine.port import InboxItem, InboxKind, Records, WrongEngine
from wagate.engine.protocol import Stanza
from wagate.engine.stanza import to_node
from wagate.storage.database import Database, Tx, metadata
from wagate.storage.dialect import insert_or_ignore, upsert
from wagate.storage.sealed import SealedBy, sealed
from wagate.storage.types import RowNumber, UtcDateTime

signal_keys = Table(
    "signal_keys",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

session_secrets = Table(
    "session_secrets",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("session_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("wa_id", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("consumed_at", UtcDateTime),
    # Why a row was set aside for a person to look at; such a row is never handed out and never pruned.
    Column("quarantined", String),
    sqlite_autoincrement=True,
)
_waiting = and_(inbox.c.consumed_at.is_(None), inbox.c.quarantined.is_(None))
Index("uq_inbox_session_id_digest", inbox.c.session_id, inbox.c.digest, unique=True)
Index(
    "ix_inbox_pending",
    inbox.c.session_id,
    inbox.c.seq,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
Index("ix_inbox_consumed_at", inbox.c.consumed_at)

sealed(session_secrets.c.wrapped_key, of=("session_id",), place=lambda row: wrap_aad(row["session_id"].encode()))
sealed(
    signal_keys.c.value,
    of=("session_id", "kind", "key"),
    place=lambda row: _key_aad(row["session_id"], row["kind"], row["key"]),
    by=SealedBy.DATA_KEY,
)
sealed(
    inbox.c.content,
    of=("session_id", "digest"),
    place=lambda row: _inbox_aad(row["session_id"], row["digest"]),
    by=SealedBy.DATA_KEY,
)

#: The kind of the record without which there is no link, by the engine that keeps it.
DEVICES: Final = {"baileys": "creds", "native": "native/device"}

#: How long the plaintext of a message that was taken is kept to answer a redelivery of its ciphertext.
KEPT_FOR_REDELIVERY = timedelta(hours=48)

#: Data keys held in memory at a time.
_DATA_KEYS = 4096

_put_key = upsert(signal_keys, ["session_id", "kind", "key"], ["value"])
_delete_key = delete(signal_keys).where(
    signal_keys.c.session_id == bindparam("s"),
    signal_keys.c.kind == bindparam("k"),
    signal_keys.c.key == bindparam("i"),
)
_put_arrival = insert_or_ignore(inbox, ["session_id", "digest"]).inline()
_load_keys = select(signal_keys.c.key, signal_keys.c.value).where(
    signal_keys.c.session_id == bindparam("s"),
    signal_keys.c.kind == bindparam("k"),
    signal_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_all_keys = select(signal_keys.c.kind, signal_keys.c.key, signal_keys.c.value).where(
    signal_keys.c.session_id == bindparam("s")
)
_is_device = signal_keys.c.kind.in_(sorted(DEVICES.values()))
_wipe_keys = delete(signal_keys).where(signal_keys.c.session_id == bindparam("s"))
_read_pending = (
    select(inbox.c.seq, inbox.c.kind, inbox.c.digest, inbox.c.content, inbox.c.received_at)
    .where(inbox.c.session_id == bindparam("s"), _waiting)
    .order_by(inbox.c.seq)
    .limit(bindparam("count"))
)
_take = (
    update(inbox)
    .where(inbox.c.seq == bindparam("n"), inbox.c.session_id == bindparam("s"))
    .values(consumed_at=bindparam("at", type_=UtcDateTime))
)

_encoder = msgspec.msgpack.Encoder()


#: Makes all values of a session out of those that there are.
Rewrite = Callable[[Records], Records]


class _Content(msgspec.Struct, array_like=True, frozen=True):
    """What is sealed of an inbox row."""

    stanza: Stanza
    plaintext: bytes


_content_decoder = msgspec.msgpack.Decoder(_Content)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One stored value set, or deleted if ``value`` is ``None``."""

    kind: str
    key: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArrival:
    """One row for the inbox.

    ``digest`` tells a redelivery: a row with the same one is not added again. A ``hidden`` row only answers
    redeliveries and is never handed on.
    """

    kind: InboxKind
    wa_id: str
    digest: bytes
    stanza: Stanza
    plaintext: bytes
    hidden: bool = False


class DataKeys:
    """The data key of each session, made when first needed; one for all that a process keeps of sessions."""

    def __init__(self, db: Database, ring: KeyRing) -> None:
        self._db = db
        self._ring = ring
        self._cache: OrderedDict[SessionId, DataKey] = OrderedDict()

    async def of(self, session: SessionId) -> DataKey:
        """The session's data key.

        :raises SealBroken: if the ring cannot unwrap it.
        """
        cached = self._cache.get(session)
        if cached is None:
            select_wrapped = select(session_secrets.c.wrapped_key).where(session_secrets.c.session_id == session)
            wrapped = await self._db.read(lambda tx: tx.execute(select_wrapped).scalar())
            if wrapped is None:
                wrapped = await self._make(session)
            cached = DataKey(self._ring.unwrap(wrapped, session.encode()))
            self._cache[session] = cached
            if len(self._cache) > _DATA_KEYS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(session)
        return cached

    def forget(self, session: SessionId) -> None:
        self._cache.pop(session, None)

    async def _make(self, session: SessionId) -> bytes:
        fresh = self._ring.wrap(DataKey.generate().raw, session.encode())

        def work(tx: Tx) -> bytes:
            # Whoever comes second takes what the first one stored.
            tx.execute(insert_or_ignore(session_secrets), {"session_id": session, "wrapped_key": fresh})
            stored = select(session_secrets.c.wrapped_key).where(session_secrets.c.session_id == session)
            return bytes(tx.execute(stored).scalar_one())

        return await self._db.write(work)


class KeyStore:
    """The keys and credentials of every session."""

    def __init__(self, db: Database, data_keys: DataKeys, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._data_keys = data_keys

    async def commit(
        self, session: SessionId, epoch: int, changes: Sequence[KeyChange], arrivals: Sequence[NewArrival] = ()
    ) -> None:
        """Store all of it in one transaction, or none; returns once it is durable.

        :raises StaleEpoch: if ``epoch`` no longer rules the session.
        :raises StorageUnavailable: if the database is away.
        """
        seal = (await self._data_keys.of(session)).seal
        puts = [
            {
                "session_id": session,
                "kind": c.kind,
                "key": c.key,
                "value": seal(c.value, _key_aad(session, c.kind, c.key)),
            }
            for c in changes
            if c.value is not None
        ]
        deletes = [{"s": session, "k": c.kind, "i": c.key} for c in changes if c.value is None]
        now = self._clock.now()
        rows = [
            {
                "session_id": session,
                "kind": a.kind,
                "wa_id": a.wa_id,
                "digest": a.digest,
                "content": seal(_encoder.encode(_Content(a.stanza, a.plaintext)), _inbox_aad(session, a.digest)),
                "received_at": now,
                "consumed_at": now if a.hidden else None,
            }
            for a in arrivals
        ]

        def work(tx: Tx) -> None:
            check_epoch(tx, session, epoch)
            if puts:
                tx.execute(_put_key, puts)
            if deletes:
                tx.execute(_delete_key, deletes)
            if rows:
                tx.execute(_put_arrival, rows)

        await self._db.write(work)

    async def load(self, session: SessionId, kind: str, keys: Sequence[str]) -> list[bytes | None]:
        """The values of these keys, ``None`` where there is none.

        :raises SealBroken: if a value was changed or moved.
        """
        wanted = {"s": session, "k": kind, "keys": keys}
        rows = await self._db.read(lambda tx: tx.execute(_load_keys, wanted).all())
        data_key = await self._data_keys.of(session)
        found = {key: data_key.open(value, _key_aad(session, kind, key)) for key, value in rows}
        return [found.get(key) for key in keys]

    async def device(self, session: SessionId, kind: str) -> bytes | None:
        """The device's own record, with which an engine begins; ``None`` if the session is not linked.

        The data key is read anew before: a session that lost its keys may have got others from a backup by another
        process, and what was sealed by a key that is stored nowhere any more would be lost.

        :raises SealBroken: if it was changed or moved.
        """
        self.forget_data_key(session)
        (record,) = await self.load(session, kind, [""])
        return record

    async def plaintext_of(self, session: SessionId, digest: bytes) -> bytes | None:
        """The plaintext that the ciphertext with this SHA-256 had when it first came."""
        statement = select(inbox.c.content).where(
            inbox.c.session_id == session, inbox.c.digest == digest, inbox.c.kind == InboxKind.MESSAGE
        )
        content = await self._db.read(lambda tx: tx.execute(statement).scalar())
        if content is None:
            return None
        data_key = await self._data_keys.of(session)
        return _content_decoder.decode(data_key.open(content, _inbox_aad(session, digest))).plaintext

    async def check_not_linked(self, session: SessionId) -> None:
        """An engine that found no device of its own must not link anew over the keys of another one.

        :raises WrongEngine: if there are such keys.
        """
        held = select(signal_keys.c.kind).where(signal_keys.c.session_id == session, _is_device)
        kind = await self._db.read(lambda tx: tx.execute(held).scalar())
        if kind is not None:
            engine = next(name for name, device in DEVICES.items() if device == kind)
            raise WrongEngine(
                f"the keys of this session are those of the {engine} engine; move them with"
                f" `wagate sessions engine {session} <engine>`"
            )

    async def records(self, session: SessionId, leaving_out: Collection[str] = ()) -> Records:
        """All values of a session but those of the kinds left out, as they were at one moment.

        :raises SealBroken: if a value was changed or moved.
        """
        query = _all_keys.where(signal_keys.c.kind.not_in(sorted(leaving_out)))
        rows = await self._db.read(lambda tx: tx.execute(query, {"s": session}).all())
        if not rows:
            return {}
        data_key = await self._data_keys.of(session)
        return {(kind, key): data_key.open(value, _key_aad(session, kind, key)) for kind, key, value in rows}

    async def rewriting(self, session: SessionId, rewrite: Rewrite) -> Callable[[Tx], None]:
        """What replaces all values of a session by what ``rewrite`` makes of them, within the transaction that it is
        called with. That transaction has to raise the session's epoch too: whoever wrote until then may not any more.

        What is given raises :class:`SealBroken` if a value was changed or moved, and whatever ``rewrite`` raises.
        """
        data_key = await self._data_keys.of(session)

        def work(tx: Tx) -> None:
            rows = tx.execute(_all_keys, {"s": session}).all()
            before = {(kind, key): data_key.open(value, _key_aad(session, kind, key)) for kind, key, value in rows}
            after = [
                {"session_id": session, "kind": kind, "key": key, "value": sealed}
                for (kind, key), value in rewrite(before).items()
                for sealed in (data_key.seal(value, _key_aad(session, kind, key)),)
            ]
            tx.execute(_wipe_keys, {"s": session})
            if after:
                tx.execute(_put_key, after)

        return work

    def forget_data_key(self, session: SessionId) -> None:
        """Read the session's data key anew when it is needed next."""
        self._data_keys.forget(session)

    def wipe(self, tx: Tx, session: SessionId) -> None:
        """Delete the session's keys and credentials: it can only be linked anew. What arrived stays readable."""
        tx.execute(_wipe_keys, {"s": session})

    def erase(self, tx: Tx, session: SessionId) -> None:
        """Delete everything kept for a session that is deleted."""
        self.wipe(tx, session)
        tx.execute(delete(inbox).where(inbox.c.session_id == session))
        tx.execute(delete(session_secrets).where(session_secrets.c.session_id == session))
        tx.after_commit(lambda: self._data_keys.forget(session))


class Inbox:
    """What arrived and was not taken yet, in order."""

    def __init__(self, db: Database, data_keys: DataKeys, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock or SystemClock()
        self._data_keys = data_keys

    async def pending(self, session: SessionId, limit: int) -> list[InboxItem]:
        """The oldest ``limit`` rows that were neither taken nor set aside."""
        read = await self.reader(session)
        return await self._db.read(lambda tx: read(tx, limit))

    async def reader(self, session: SessionId) -> Callable[[Tx, int], list[InboxItem]]:
        """What reads as :meth:`pending` does, within the caller's transaction."""
        data_key = await self._data_keys.of(session)

        def read(tx: Tx, limit: int) -> list[InboxItem]:
            rows = tx.execute(_read_pending, {"s": session, "count": limit}).all()
            return [self._item(data_key, session, *row) for row in rows]

        return read

    def take(self, tx: Tx, session: SessionId, seqs: Sequence[int]) -> None:
        """Mark rows as handled, inside the transaction that stores what came of them."""
        now = self._clock.now()
        tx.execute(_take, [{"n": seq, "s": session, "at": now} for seq in seqs])

    def quarantine(self, tx: Tx, session: SessionId, seq: int, reason: str) -> None:
        """Set a row aside that could not be handled: it is kept, and handed out no more."""
        row = update(inbox).where(inbox.c.seq == seq, inbox.c.session_id == session)
        tx.execute(row.values(quarantined=reason))

    async def prune(self, limit: int = 1000) -> int:
        """Delete rows that were taken more than 48 hours ago; how many it were, at most ``limit``."""
        oldest = self._clock.now() - KEPT_FOR_REDELIVERY
        old = select(inbox.c.seq).where(inbox.c.consumed_at < oldest).limit(limit).scalar_subquery()
        return await self._db.write(lambda tx: tx.execute(delete(inbox).where(inbox.c.seq.in_(old))).rowcount)

    @staticmethod
    def _item(
        data_key: DataKey, session: SessionId, seq: int, kind: str, digest: bytes, sealed: bytes, received_at: datetime
    ) -> InboxItem:
        content = _content_decoder.decode(data_key.open(sealed, _inbox_aad(session, digest)))
        return InboxItem(
            seq=seq,
            kind=InboxKind(kind),
            stanza=to_node(content.stanza),
            plaintext=content.plaintext,
            received_at=received_at,
        )


def _key_aad(session: SessionId, kind: str, key: str) -> bytes:
    return f"signal-key\0{session}\0{kind}\0{key}".encode()


def _inbox_aad(session: SessionId, digest: bytes) -> bytes:
    return b"inbox\0" + session.encode() + b"\0" + digest
