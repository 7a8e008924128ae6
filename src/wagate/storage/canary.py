"""Proof that the key ring belongs to the database: a known value, sealed and stored at first start.

A gateway started with the wrong keys would otherwise come up, fail on every session, and seal new secrets under a key
that the operator does not know to keep.
"""

import os

from sqlalchemy import Column, Integer, LargeBinary, Table, select

from wagate.core.errors import StartupError
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing, SealBroken
from wagate.core.settings import Settings
from wagate.storage.database import Database, Tx, metadata
from wagate.storage.datadir import DataDir
from wagate.storage.dialect import insert_or_ignore

key_canary = Table(
    "key_canary",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

_PLAINTEXT = b"wagate"
_AAD = b"key_canary"
_ROW = 1


async def unlock(database: Database, data_dir: DataDir, settings: Settings, entropy: Entropy = os.urandom) -> KeyRing:
    """The key ring that opens this database; for a new database one is made if none was given.

    Nothing is written to a database whose keys are missing or wrong. The canary is sealed again once the ring has a
    newer key, so that an old one can be retired.

    :raises StartupError: if the keys are missing, unreadable, or not those of this database.
    """
    sealed = await database.read(_stored)
    ring = data_dir.secret_keys(settings)
    made_here = sealed is None and ring is None
    if sealed is None:
        if ring is None:
            ring = data_dir.make_secret_keys(entropy)
        first = ring.seal(_PLAINTEXT, _AAD)
        # Two gateways may start on one new database: the first row counts, and the second checks itself against it.
        sealed = await database.write(lambda tx: _store_first(tx, first))
    if ring is None:
        raise StartupError(
            f"the database is encrypted, and its key file {data_dir.key_file} is missing",
            hint="put the key file back, or set WAGATE_SECRET_KEYS",
        )
    try:
        _check(ring, sealed)
    except StartupError:
        if made_here:
            data_dir.key_file.unlink()
        raise
    if KeyRing.key_id_of(sealed) != ring.newest:
        newer = ring.seal(_PLAINTEXT, _AAD)
        await database.write(
            lambda tx: tx.execute(key_canary.update().where(key_canary.c.id == _ROW).values(sealed=newer)).rowcount
        )
    return ring


def _check(ring: KeyRing, sealed: bytes) -> None:
    try:
        ring.open(sealed, _AAD)
    except SealBroken:
        raise StartupError(
            "the secret keys are not the ones this database was encrypted with; nothing was changed",
            hint="use the key file or WAGATE_SECRET_KEYS that it was made with",
        ) from None


def _stored(tx: Tx) -> bytes | None:
    row = tx.execute(select(key_canary.c.sealed).where(key_canary.c.id == _ROW)).one_or_none()
    return None if row is None else bytes(row.sealed)


def _store_first(tx: Tx, sealed: bytes) -> bytes:
    tx.execute(insert_or_ignore(key_canary), {"id": _ROW, "sealed": sealed})
    stored = _stored(tx)
    return sealed if stored is None else stored
