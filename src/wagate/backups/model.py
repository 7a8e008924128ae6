"""A backup of a session: its name, what is in it, and where it is kept."""

import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from wagate.core.ids import AccountId, SessionId
from wagate.core.settings import EngineName
from wagate.engine.port import Records

#: Versions of a session that are kept.
KEPT: Final = 5
_FORM: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One stored backup. ``digest`` is that of the lasting records in it, ``key_id`` names the key that sealed it."""

    session: SessionId
    version: str
    epoch: int
    jid: str
    digest: bytes
    key_id: str
    size: int
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a session is when a backup of it is taken."""

    account: AccountId
    session: SessionId
    engine: EngineName
    epoch: int
    jid: str
    lid: str
    push_name: str


class Contents(msgspec.Struct, frozen=True):
    """What is sealed of a backup."""

    engine: EngineName
    jid: str
    lid: str
    push_name: str
    records: dict[str, dict[str, bytes]]
    form: int = _FORM

    @classmethod
    def of(cls, device: Device, records: Records) -> "Contents":
        by_kind: dict[str, dict[str, bytes]] = {}
        for (kind, key), value in records.items():
            by_kind.setdefault(kind, {})[key] = value
        return cls(engine=device.engine, jid=device.jid, lid=device.lid, push_name=device.push_name, records=by_kind)

    @property
    def all_records(self) -> Records:
        return {(kind, key): value for kind, values in self.records.items() for key, value in values.items()}

    def pack(self) -> bytes:
        return zlib.compress(msgspec.msgpack.encode(self))

    @classmethod
    def unpack(cls, packed: bytes) -> "Contents":
        """:raises ValueError: if it is not what :meth:`pack` made."""
        try:
            found = _contents.decode(zlib.decompress(packed))
        except zlib.error as error:
            raise ValueError("not a backup") from error
        if found.form != _FORM:
            raise ValueError("a backup of a newer form")
        return found


_contents = msgspec.msgpack.Decoder(Contents)


def version_name(epoch: int, now: datetime) -> str:
    """The name of a version; later ones sort behind."""
    return f"{epoch:08d}-{now.astimezone(UTC):%Y%m%dT%H%M%S}"


def blob_key(session: SessionId, version: str) -> str:
    """Where a backup is kept."""
    return f"{session}/{version}"


def place_of(account: AccountId, session: SessionId, version: str) -> bytes:
    """What a backup is bound to: under another name, or as another session's, it does not open."""
    return f"session-backup\0{account}\0{session}\0{version}".encode()


def digest_of(records: Records) -> bytes:
    """The same for the same records."""
    digest = hashlib.sha256()
    for (kind, key), value in sorted(records.items()):
        digest.update(msgspec.msgpack.encode((kind, key, value)))
    return digest.digest()
