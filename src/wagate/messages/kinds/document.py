"""A document: a file of any type, with its name."""

from dataclasses import dataclass
from typing import Any, Literal

from wagate.media.model import RemoteFile
from wagate.messages.kinds.attachment import read_file
from wagate.messages.kinds.body import FileBody, checked_text
from wagate.messages.kinds.sending import SendingFile
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa

#: Phones show a nameless document as "Untitled".
_NAMELESS = "file"


class Body(FileBody):
    """A document to send: any file."""

    type: Literal["document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    file: RemoteFile
    caption: str | None = None

    @property
    def text(self) -> str | None:
        return self.caption

    @property
    def fields(self) -> dict[str, Any]:
        return {"caption": self.caption}


def parse(body: Body, file: SendingFile) -> Content:
    """:raises TextTooLong: if the caption is."""
    return Content(file=file.announced(MediaKind.DOCUMENT), caption=checked_text(body.caption, "caption") or None)


def build(content: Content, context: wa.ContextInfo | None) -> wa.Message:
    """The place and the key of the file come in after its upload (``attachment.uploaded``)."""
    name = content.file.filename or _NAMELESS
    document = wa.Message.DocumentMessage(
        mimetype=content.file.mimetype,
        fileSha256=content.file.sha256,
        fileLength=content.file.size,
        fileName=name,
        title=name,
        caption=content.caption,
        contextInfo=context,
    )
    if content.file.direct_path:
        document.directPath = content.file.direct_path
        document.mediaKey = content.file.media_key
        document.fileEncSha256 = content.file.enc_sha256
    if content.caption is None:
        return wa.Message(documentMessage=document)
    # Clients show a document's caption only inside this wrapper.
    inner = wa.Message(documentMessage=document)
    return wa.Message(documentWithCaptionMessage=wa.Message.FutureProofMessage(message=inner))


def read(message: wa.Message) -> Content | None:
    if not message.HasField("documentMessage"):
        return None
    document = message.documentMessage
    return Content(file=read_file(MediaKind.DOCUMENT, document), caption=document.caption or None)
