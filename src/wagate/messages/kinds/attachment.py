"""The file of a message: where each kind keeps its keys and hashes."""

from typing import Final

from wagate.media.model import RemoteFile, Upload
from wagate.messages.kinds.envelope import unwrap
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa

FilePart = (
    wa.Message.ImageMessage
    | wa.Message.DocumentMessage
    | wa.Message.VideoMessage
    | wa.Message.AudioMessage
    | wa.Message.StickerMessage
)

#: Field of ``Message`` -> what its file is encrypted as. Stickers travel as images, round videos as videos.
_KINDS: Final = {
    "imageMessage": MediaKind.IMAGE,
    "documentMessage": MediaKind.DOCUMENT,
    "videoMessage": MediaKind.VIDEO,
    "ptvMessage": MediaKind.VIDEO,
    "audioMessage": MediaKind.AUDIO,
    "stickerMessage": MediaKind.IMAGE,
}


def file_part(message: wa.Message) -> tuple[MediaKind, FilePart] | None:
    """The part of an unwrapped message that describes a file."""
    for field, value in message.ListFields():
        kind = _KINDS.get(field.name)
        if kind is not None:
            return kind, value
    return None


def read_file(kind: MediaKind, part: FilePart) -> RemoteFile:
    """The file that a message announces. ``direct_path`` is empty as long as ours is not uploaded."""
    filename = part.fileName if isinstance(part, wa.Message.DocumentMessage) else ""
    return RemoteFile(
        kind=kind,
        direct_path=part.directPath,
        media_key=part.mediaKey,
        sha256=part.fileSha256,
        enc_sha256=part.fileEncSha256,
        size=part.fileLength,
        mimetype=part.mimetype,
        filename=filename or None,
    )


def uploaded(payload: bytes, upload: Upload) -> bytes:
    """The serialised message with the place and key of its uploaded file filled in."""
    message = wa.Message.FromString(payload)
    found = file_part(unwrap(message).message)
    if found is None:
        raise ValueError("a message without a file can't be given one")
    _, part = found
    part.url = upload.url
    part.directPath = upload.direct_path
    part.mediaKey = upload.media_key
    part.fileEncSha256 = upload.enc_sha256
    part.mediaKeyTimestamp = int(upload.uploaded_at.timestamp())
    return message.SerializeToString()
