"""The tables of files and of what was uploaded to WhatsApp's hosts, and every statement on them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Row, String, Table, select, text, update

from wagate.core.ids import AccountId, MediaId, SessionId
from wagate.media.model import Media, MediaState
from wagate.media.sealing import remote_aad, upload_aad
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import upsert
from wagate.storage.sealed import sealed
from wagate.storage.types import UtcDateTime
from wagate.wire.media import MediaKind

media = Table(
    "media",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("session_id", String),
    Column("mimetype", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("filename", String),
    Column("state", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Where WhatsApp has it and the key to it, sealed; emptied when the file is here.
    Column("remote", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Index(
        "ix_media_pending",
        "session_id",
        "next_attempt_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(None, "account_id", "id"),
)

media_uploads = Table(
    "media_uploads",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("upload", LargeBinary, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False, index=True),
)

sealed(media.c.remote, of=("id",), place=lambda row: remote_aad(row["id"]))
sealed(
    media_uploads.c.upload,
    of=("session_id", "sha256", "kind"),
    place=lambda row: upload_aad(row["session_id"], row["sha256"], row["kind"]),
)

_m = media.c
_u = media_uploads.c
#: Written out, because a database only sees that a partial index fits when the condition is the same text.
_PENDING = text("media.state = 'pending'")
_COLUMNS = [c for c in media.columns if c.name not in ("remote", "attempts", "next_attempt_at")]


def insert(tx: Tx, item: Media, *, remote: bytes | None = None, next_attempt_at: datetime | None = None) -> None:
    values = {
        "id": item.id,
        "account_id": item.account_id,
        "session_id": item.session_id,
        "mimetype": item.mimetype,
        "size": item.size,
        "sha256": item.sha256,
        "filename": item.filename,
        "state": item.state,
        "created_at": item.created_at,
        "remote": remote,
        "attempts": 0,
        "next_attempt_at": next_attempt_at,
    }
    tx.execute(media.insert(), values)


def find(tx: Tx, account: AccountId, identifier: MediaId) -> Media | None:
    query = select(*_COLUMNS).where(_m.id == identifier, _m.account_id == account)
    row = tx.execute(query).one_or_none()
    return None if row is None else _media(row)


def remove(tx: Tx, item: Media) -> None:
    tx.execute(media.delete().where(_m.id == item.id, _m.account_id == item.account_id))


# -- fetching what others sent ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A file to fetch: the row, the sealed place and key, and how often it was tried."""

    media: Media
    remote: bytes
    attempts: int


def sessions_with_due(tx: Tx, now: datetime) -> list[SessionId]:
    query = select(_m.session_id).where(_PENDING, _m.next_attempt_at <= now).distinct()
    return [SessionId(row.session_id) for row in tx.execute(query)]


def due(tx: Tx, session: SessionId, now: datetime, *, limit: int, without: Collection[MediaId]) -> list[Pending]:
    """The files of a session whose time has come, oldest first, except those being fetched already."""
    query = select(media).where(_PENDING, _m.session_id == session, _m.next_attempt_at <= now)
    if without:
        query = query.where(_m.id.not_in(sorted(without)))
    rows = tx.execute(query.order_by(_m.next_attempt_at, _m.id).limit(limit)).all()
    return [Pending(media=_media(row), remote=row.remote, attempts=row.attempts) for row in rows]


def next_due(tx: Tx) -> datetime | None:
    """When the next file's time comes."""
    query = select(_m.next_attempt_at).where(_PENDING).order_by(_m.next_attempt_at).limit(1)
    moment: datetime | None = tx.execute(query).scalar_one_or_none()
    return moment


def settle(tx: Tx, item: Media) -> bool:
    """Write how a fetch ended; ``False`` if it was settled meanwhile."""
    statement = (
        update(media)
        .where(_m.id == item.id, _m.state == MediaState.PENDING)
        .values(
            state=item.state,
            size=item.size,
            sha256=item.sha256,
            mimetype=item.mimetype,
            remote=None,
            next_attempt_at=None,
        )
    )
    return tx.execute(statement).rowcount == 1


def postpone(tx: Tx, identifier: MediaId, *, attempts: int, next_attempt_at: datetime) -> None:
    statement = update(media).where(_m.id == identifier, _m.state == MediaState.PENDING)
    tx.execute(statement.values(attempts=attempts, next_attempt_at=next_attempt_at))


# -- what stands on WhatsApp's hosts ------------------------------------------------------------------------------


def remember_upload(
    tx: Tx, session: SessionId, sha256: str, kind: MediaKind, upload: bytes, uploaded_at: datetime
) -> None:
    statement = upsert(media_uploads, ["session_id", "sha256", "kind"], ["upload", "uploaded_at"])
    values = {"session_id": session, "sha256": sha256, "kind": kind, "upload": upload, "uploaded_at": uploaded_at}
    tx.execute(statement, values)


def remembered_upload(tx: Tx, session: SessionId, sha256: str, kind: MediaKind, since: datetime) -> bytes | None:
    """What was uploaded after ``since``."""
    query = select(_u.upload).where(
        _u.session_id == session, _u.sha256 == sha256, _u.kind == kind, _u.uploaded_at > since
    )
    upload: bytes | None = tx.execute(query).scalar_one_or_none()
    return upload


def drop_uploads(tx: Tx, before: datetime) -> int:
    """Forget uploads too old to be used again."""
    return tx.execute(media_uploads.delete().where(_u.uploaded_at <= before)).rowcount


def _media(row: Row[Any]) -> Media:
    found: Any = row._mapping
    return Media(
        id=MediaId(found["id"]),
        account_id=AccountId(found["account_id"]),
        session_id=None if found["session_id"] is None else SessionId(found["session_id"]),
        mimetype=found["mimetype"],
        size=found["size"],
        sha256=found["sha256"],
        filename=found["filename"],
        state=MediaState(found["state"]),
        created_at=found["created_at"],
    )
