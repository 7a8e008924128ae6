"""Fetches for an engine what the app state refers to on WhatsApp's media hosts."""

from wagate.core.ids import SessionId
from wagate.engine.port import AppStateBlob, BlobBroken, BlobUnavailable, EngineSession
from wagate.media.errors import HostsUnavailable, RemoteFileBroken
from wagate.media.model import RemoteFile
from wagate.media.service.hosts import MediaHosts
from wagate.wire.media import MediaKind

#: What a collection may take: engines check what they are told, this holds for what comes.
MAX_BYTES = 16 * 1024 * 1024


class AppStateFiles:
    """:data:`wagate.engine.port.FetchBlob` over the media hosts, with all that guards them."""

    def __init__(self, hosts: MediaHosts) -> None:
        self._hosts = hosts

    async def fetch(self, session: SessionId, link: EngineSession, blob: AppStateBlob) -> bytes:
        """The plain file.

        :raises BlobUnavailable: if no host gave it out.
        :raises BlobBroken: if it is gone, too large, or not what was announced.
        """
        remote = RemoteFile(
            kind=MediaKind.APP_STATE,
            direct_path=blob.direct_path,
            media_key=blob.media_key,
            sha256=blob.sha256,
            enc_sha256=blob.enc_sha256,
            size=blob.size,
            mimetype="",
        )
        try:
            return await self._hosts.download(session, link, remote, MAX_BYTES)
        except HostsUnavailable as error:
            raise BlobUnavailable(error.detail) from error
        except RemoteFileBroken as error:
            raise BlobBroken(error.detail) from error
