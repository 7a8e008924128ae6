"""Proof that the key ring belongs to the database: a known value sealed by each key that stored values may need.

A gateway started with the wrong keys would otherwise come up, fail on every session, and seal new secrets under a key
that the operator does not know to keep. A key's row is stored before the key seals anything else, and goes when the
key is retired, so a ring that opens every row opens everything.
"""

import os

from sqlalchemy import Column, Integer, LargeBinary, Table, delete, func, select

from wagate.core.clock import Clock, SystemClock
from wagate.core.errors import StartupError
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing, SealBroken
from wagate.core.settings import Settings
from wagate.storage.database import Database, Tx, metadata
from wagate.storage.datadir import DataDir
from wagate.storage.dialect import insert_or_ignore
from wagate.storage.sealed import sealed

key_canary = Table(
    "key_canary",
    metadata,
    # Counts up; which key it is the sealed value says.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

_PLAINTEXT = b"wagate"
_AAD = b"key_canary"
_FIRST = 1
#: Processes that start together may add their keys at the same moment; each round one of them is done.
_ROUNDS = 8

# Nothing to tell rows apart by: each of them says the same, under another key.
sealed(key_canary.c.sealed, of=(), place=lambda _row: _AAD)


async def unlock(
    database: Database,
    data_dir: DataDir,
    settings: Settings,
    entropy: Entropy = os.urandom,
    clock: Clock | None = None,
) -> KeyRing:
    """The key ring that opens this database; for a new database one is made if none was given.

    Nothing is written to a database whose keys are missing or wrong. A ring out of the key file looks there again when
    it meets a key that it lacks.

    :raises StartupError: if the keys are missing, unreadable, or not those of this database.
    """
    stored = await database.read(_stored)
    ring = data_dir.secret_keys(settings)
    made_here = not stored and ring is None
    if not stored:
        if ring is None:
            ring = data_dir.make_secret_keys(entropy)
        first = ring.seal(_PLAINTEXT, _AAD)
        # Two gateways may start on one new database: the first row counts, and the second checks itself against it.
        stored = await database.write(lambda tx: _store_first(tx, first))
    if ring is None:
        raise StartupError(
            f"the database is encrypted, and its key file {data_dir.key_file} is missing",
            hint="put the key file back, or set WAGATE_SECRET_KEYS",
        )
    try:
        _check(ring, stored)
    except StartupError:
        if made_here:
            data_dir.key_file.unlink()
        raise
    proof = proof_of(ring)
    await database.write(lambda tx: add_key(tx, proof))
    if not settings.secret_keys.get_secret_value().strip():
        ring.look_up_with(data_dir.key_file_reader(clock or SystemClock()))
    return ring


def check_ring(tx: Tx, ring: KeyRing) -> None:
    """:raises StartupError: if the ring does not open what this database may hold."""
    _check(ring, _stored(tx))


def proof_of(ring: KeyRing) -> bytes:
    """What :func:`add_key` stores for the key that seals."""
    return ring.seal(_PLAINTEXT, _AAD)


def add_key(tx: Tx, proof: bytes) -> None:
    """Note that values may be sealed by the key of ``proof`` from now on. Its own transaction has to be durable before
    the first of them is.
    """
    key_id = KeyRing.key_id_of(proof)
    for _ in range(_ROUNDS):
        if key_id in noted_keys(tx):
            return
        number = (tx.execute(select(func.max(key_canary.c.id))).scalar() or 0) + 1
        tx.execute(insert_or_ignore(key_canary), {"id": number, "sealed": proof})
    raise StartupError("the database's list of keys changes all the time")


def noted_keys(tx: Tx) -> frozenset[str]:
    """The ids of the keys that values may be sealed by."""
    return frozenset(KeyRing.key_id_of(value) for value in _stored(tx).values())


def remove_key(tx: Tx, key_id: str) -> None:
    """Note that nothing is sealed by that key any more."""
    for number, value in _stored(tx).items():
        if KeyRing.key_id_of(value) == key_id:
            tx.execute(delete(key_canary).where(key_canary.c.id == number))


def _check(ring: KeyRing, stored: dict[int, bytes]) -> None:
    lacking: list[str] = []
    opened = 0
    for value in stored.values():
        try:
            ring.open(value, _AAD)
            opened += 1
        except SealBroken:
            key_id = _id_of(value)
            if key_id is not None and key_id not in ring.ids:
                lacking.append(key_id)
                continue
            raise _wrong_keys() from None
    if lacking and not opened:
        raise _wrong_keys()
    if lacking:
        raise StartupError(
            f"the secret keys lack {', '.join(lacking)}, which the database still needs; nothing was changed",
            hint="put it back behind the others; `wagate keys retire` says when it can go",
        )


def _wrong_keys() -> StartupError:
    return StartupError(
        "the secret keys are not the ones this database was encrypted with; nothing was changed",
        hint="use the key file or WAGATE_SECRET_KEYS that it was made with",
    )


def _id_of(value: bytes) -> str | None:
    try:
        return KeyRing.key_id_of(value)
    except SealBroken:
        return None


def _stored(tx: Tx) -> dict[int, bytes]:
    return {row.id: bytes(row.sealed) for row in tx.execute(select(key_canary).order_by(key_canary.c.id))}


def _store_first(tx: Tx, proof: bytes) -> dict[int, bytes]:
    tx.execute(insert_or_ignore(key_canary), {"id": _FIRST, "sealed": proof})
    return _stored(tx)
