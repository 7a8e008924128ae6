"""Where the file of a message comes from: a URL, base64 in the body, a file kept before, or the request itself."""

import base64
import binascii
from dataclasses import dataclass

from wagate.core.errors import BadRequest, WagateError
from wagate.core.logging import get_logger
from wagate.media.errors import FileTooLarge
from wagate.media.model import Media
from wagate.media.service.library import Library, safe_name
from wagate.messages.kinds.body import MediaSource
from wagate.messages.kinds.sending import SendingFile
from wagate.web.principal import Principal

_log = get_logger("messages.sources")


class MediaMissing(BadRequest):
    """A message of this type needs a file."""

    code = "media_missing"


class BadBase64(BadRequest):
    """The field media.base64 is not standard base64."""

    code = "bad_base64"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """A stored file. ``mine`` if this request stored it, so that nobody else refers to it."""

    media: Media
    mine: bool


class FileSources:
    """Gets the file of a message before the message is accepted."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def take(self, principal: Principal, source: MediaSource | None) -> TakenFile:
        """Store the file that ``source`` names, unless it is stored already.

        :raises MediaMissing: :raises MediaNotFound: :raises MediaUrlFailed: :raises EgressRefused:
        :raises FileTooLarge: :raises BadBase64:
        """
        if source is None:
            raise MediaMissing
        account = principal.account_id
        if source.id is not None:
            return TakenFile(media=await self._library.ready(principal, source.id), mine=False)
        if source.url is not None:
            media = await self._library.take_url(
                account, source.url, mimetype=source.mimetype, filename=source.filename
            )
        else:
            media = await self._library.take_bytes(
                account, self._decoded(source.base64 or ""), mimetype=source.mimetype, filename=source.filename
            )
        return TakenFile(media=media, mine=True)

    async def prepare(self, taken: TakenFile, source: MediaSource | None, *, picture: bool) -> SendingFile:
        """What a message has to say about the file.

        :raises NotAPicture: :raises PictureTooLarge: if it must be a picture.
        """
        return SendingFile(
            media=taken.media,
            picture=await self._library.look_at(taken.media) if picture else None,
            filename=safe_name(source.filename) if source is not None else None,
        )

    async def discard(self, taken: TakenFile | None) -> None:
        """Forget a file of a message that was not accepted; failing to only leaves it lying about."""
        if taken is None or not taken.mine:
            return
        try:
            await self._library.discard(taken.media)
        except WagateError as error:
            _log.warning("a file could not be discarded", media_id=taken.media.id, code=error.code)

    def _decoded(self, text: str) -> bytes:
        if len(text) // 4 * 3 - 2 > self._library.max_bytes:
            raise FileTooLarge(f"the file is larger than {self._library.max_bytes} bytes")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise BadBase64 from None
