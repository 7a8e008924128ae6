"""Files and the keys that WhatsApp's media hosts need."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wagate.core.ids import AccountId, MediaId, SessionId
from wagate.wire.media import MediaKind


class MediaState(StrEnum):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file on WhatsApp's hosts, as a message announces it.

    ``direct_path`` is relative to a host that *we* choose: the URL a sender wrote is never used. ``size`` and
    ``sha256`` are of the plain file, ``enc_sha256`` of the ciphertext with its MAC.
    """

    kind: MediaKind
    direct_path: str
    media_key: bytes
    sha256: bytes
    enc_sha256: bytes
    size: int
    mimetype: str
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where one of our files stands on WhatsApp's hosts, and the key to it."""

    url: str
    direct_path: str
    media_key: bytes
    enc_sha256: bytes
    uploaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture's header and pixels say."""

    width: int
    height: int
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One file of an account. ``session_id`` is set for those that came in through a session."""

    id: MediaId
    account_id: AccountId
    session_id: SessionId | None = None
    mimetype: str
    size: int
    sha256: str
    filename: str | None = None
    state: MediaState
    created_at: datetime

    @property
    def blob(self) -> str:
        """The key of the bytes in the blob store."""
        return f"media/{self.account_id}/{self.id}"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "mimetype": self.mimetype,
            "size": self.size,
            "sha256": self.sha256,
            "filename": self.filename,
            "state": self.state.value,
            "url": f"/api/media/{self.id}",
        }
