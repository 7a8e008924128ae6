"""The file of a message on its way out."""

from datetime import UTC, datetime
from typing import Protocol

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, MediaId, SessionId
from wagate.engine.port import EngineSession
from wagate.media.model import Media, Upload
from wagate.media.service.hosts import REUSE_FOR
from wagate.messages.errors import MediaUnavailable
from wagate.messages.kinds.attachment import FilePart, file_part, uploaded
from wagate.messages.kinds.envelope import unwrap
from wagate.messages.model import Message
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa


class Uploader(Protocol):
    """Brings files to WhatsApp (:class:`~wagate.media.service.hosts.MediaHosts`)."""

    async def upload(self, session: SessionId, link: EngineSession, item: Media, kind: MediaKind) -> Upload: ...


class Files(Protocol):
    """Knows files by id (:class:`~wagate.media.service.library.Library`)."""

    async def find_own(self, account: AccountId, identifier: MediaId) -> Media | None: ...


class OutgoingFiles:
    """Uploads what a message needs, and puts the place and key into its protobuf."""

    def __init__(self, *, library: Files, hosts: Uploader, clock: Clock) -> None:
        self._library = library
        self._hosts = hosts
        self._clock = clock

    def must_upload(self, payload: bytes) -> bool:
        """Whether the file of this message is not on WhatsApp's hosts, or has been there for long."""
        _, part = _part(payload)
        if not part.directPath:
            return True
        since = datetime.fromtimestamp(part.mediaKeyTimestamp, UTC)
        return self._clock.now() - since > REUSE_FOR

    async def upload(self, message: Message, payload: bytes, link: EngineSession) -> bytes:
        """The message's protobuf with its file uploaded.

        :raises MediaUnavailable: if there is no such file any more. :raises BlobMissing: if its bytes are gone.
        :raises HostsUnavailable: if no host took it.
        """
        if message.attachment is None:
            raise MediaUnavailable
        item = await self._library.find_own(message.account_id, MediaId(message.attachment.id))
        if item is None:
            raise MediaUnavailable
        kind, _ = _part(payload)
        return uploaded(payload, await self._hosts.upload(message.session_id, link, item, kind))


def _part(payload: bytes) -> tuple[MediaKind, FilePart]:
    found = file_part(unwrap(wa.Message.FromString(payload)).message)
    if found is None:
        raise MediaUnavailable("the message has no file")
    return found
