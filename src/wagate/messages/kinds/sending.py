"""A file on its way into a message."""

from dataclasses import dataclass

from wagate.media.model import Media, Picture, RemoteFile
from wagate.wire.media import MediaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingFile:
    """One of our files, and what can be seen of it if it is a picture. ``filename`` overrides the stored name."""

    media: Media
    picture: Picture | None = None
    filename: str | None = None

    def announced(self, kind: MediaKind) -> RemoteFile:
        """The file as a message describes it before it is uploaded: no place, no key."""
        return RemoteFile(
            kind=kind,
            direct_path="",
            media_key=b"",
            sha256=bytes.fromhex(self.media.sha256),
            enc_sha256=b"",
            size=self.media.size,
            mimetype=self.media.mimetype,
            filename=self.filename or self.media.filename,
        )
