"""A picture."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from wagate.media.model import RemoteFile
from wagate.messages.kinds.attachment import read_file
from wagate.messages.kinds.body import FileBody, checked_text
from wagate.messages.kinds.sending import SendingFile
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa


class Body(FileBody):
    """A picture to send: JPEG, PNG, WebP or GIF."""

    type: Literal["image"]
    view_once: bool = False
    """Whether it disappears after it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    file: RemoteFile
    caption: str | None = None
    view_once: bool = False
    width: int = 0
    height: int = 0
    thumbnail: bytes = b""

    @property
    def text(self) -> str | None:
        return self.caption

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "caption": self.caption,
            "viewOnce": self.view_once,
            "width": self.width or None,
            "height": self.height or None,
        }


def parse(body: Body, file: SendingFile) -> Content:
    """:raises TextTooLong: if the caption is."""
    picture = file.picture
    return Content(
        # Pictures travel without a name.
        file=replace(file.announced(MediaKind.IMAGE), filename=None),
        caption=checked_text(body.caption, "caption") or None,
        view_once=body.view_once,
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        thumbnail=picture.thumbnail if picture else b"",
    )


def build(content: Content, context: wa.ContextInfo | None) -> wa.Message:
    """The place and the key of the file come in after its upload (``attachment.uploaded``)."""
    image = wa.Message.ImageMessage(
        mimetype=content.file.mimetype,
        fileSha256=content.file.sha256,
        fileLength=content.file.size,
        caption=content.caption,
        contextInfo=context,
    )
    if content.file.direct_path:
        image.directPath = content.file.direct_path
        image.mediaKey = content.file.media_key
        image.fileEncSha256 = content.file.enc_sha256
    if content.width and content.height:
        image.width, image.height = content.width, content.height
    if content.thumbnail:
        image.jpegThumbnail = content.thumbnail
    if not content.view_once:
        return wa.Message(imageMessage=image)
    # Both the wrapper and the flag, as Baileys sends it: old clients look at one, new ones at the other.
    image.viewOnce = True
    return wa.Message(viewOnceMessage=wa.Message.FutureProofMessage(message=wa.Message(imageMessage=image)))


def read(message: wa.Message) -> Content | None:
    if not message.HasField("imageMessage"):
        return None
    image = message.imageMessage
    return Content(
        file=read_file(MediaKind.IMAGE, image),
        caption=image.caption or None,
        view_once=image.viewOnce,
        width=image.width,
        height=image.height,
        thumbnail=image.jpegThumbnail,
    )
