"""What simulated phones can say, and what they make of a message that they decrypted."""

from dataclasses import dataclass
from enum import StrEnum

from wagate.wire.media import EncryptedMedia, MediaKind
from wagate.wire.proto import wa_pb2 as wa

#: Messages around a message; what counts stands inside.
_WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "groupMentionedMessage",
    "editedMessage",
    "lottieStickerMessage",
    "botInvokeMessage",
)
_MAX_WRAPPERS = 5

_Uploaded = wa.Message.ImageMessage | wa.Message.VideoMessage | wa.Message.AudioMessage | wa.Message.DocumentMessage

_MEDIA_KINDS = {
    "imageMessage": MediaKind.IMAGE,
    "stickerMessage": MediaKind.IMAGE,
    "videoMessage": MediaKind.VIDEO,
    "ptvMessage": MediaKind.VIDEO,
    "audioMessage": MediaKind.AUDIO,
    "documentMessage": MediaKind.DOCUMENT,
}


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    POLL = "poll"
    POLL_VOTE = "pollVote"
    EVENT = "event"
    REACTION = "reaction"
    EDIT = "edit"
    REVOKE = "revoke"
    OTHER = "other"


_KINDS = {
    "conversation": Kind.TEXT,
    "extendedTextMessage": Kind.TEXT,
    "imageMessage": Kind.IMAGE,
    "videoMessage": Kind.VIDEO,
    "ptvMessage": Kind.VIDEO,
    "audioMessage": Kind.AUDIO,
    "documentMessage": Kind.DOCUMENT,
    "stickerMessage": Kind.STICKER,
    "locationMessage": Kind.LOCATION,
    "liveLocationMessage": Kind.LOCATION,
    "contactMessage": Kind.CONTACTS,
    "contactsArrayMessage": Kind.CONTACTS,
    "pollCreationMessage": Kind.POLL,
    "pollCreationMessageV2": Kind.POLL,
    "pollCreationMessageV3": Kind.POLL,
    "pollUpdateMessage": Kind.POLL_VOTE,
    "eventMessage": Kind.EVENT,
    "reactionMessage": Kind.REACTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as a person sees it."""

    content: bytes
    mimetype: str
    filename: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What a message says about its file."""

    kind: MediaKind
    mimetype: str
    filename: str
    direct_path: str
    media_key: bytes
    file_sha256: bytes
    file_enc_sha256: bytes
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a person would see of a message. ``quoted`` is the id of the message that it answers, edits or concerns."""

    kind: Kind
    text: str = ""
    caption: str = ""
    quoted: str = ""
    media: MediaFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A message to answer to; ``author`` is the JID of who wrote it."""

    wa_id: str
    author: str
    message: wa.Message


def text_message(text: str, quote: Quote | None = None) -> wa.Message:
    """A text, as a phone writes it: plain unless there is something to say about it."""
    if quote is None:
        return wa.Message(conversation=text)
    message = wa.Message()
    message.extendedTextMessage.text = text
    _put_quote(message.extendedTextMessage.contextInfo, quote)
    return message


def media_message(
    kind: MediaKind,
    file: File,
    stored: EncryptedMedia,
    *,
    url: str,
    direct_path: str,
    seconds: int,
    caption: str = "",
    quote: Quote | None = None,
) -> wa.Message:
    """A picture, video, sound or document. ``seconds`` is the wall clock, when the media key was made."""
    message = wa.Message()
    part: _Uploaded
    match kind:
        case MediaKind.IMAGE:
            part = message.imageMessage
        case MediaKind.VIDEO:
            part = message.videoMessage
        case MediaKind.AUDIO:
            part = message.audioMessage
        case _:
            part = message.documentMessage
    part.url = url
    part.directPath = direct_path
    part.mimetype = file.mimetype
    part.mediaKey = stored.media_key
    part.mediaKeyTimestamp = seconds
    part.fileSha256 = stored.file_sha256
    part.fileEncSha256 = stored.file_enc_sha256
    part.fileLength = stored.file_length
    if caption and not isinstance(part, wa.Message.AudioMessage):
        part.caption = caption
    if isinstance(part, wa.Message.DocumentMessage):
        part.fileName = part.title = file.filename
    if quote is not None:
        _put_quote(part.contextInfo, quote)
    return message


def kind_for(mimetype: str) -> MediaKind:
    """How a file of that type is sent unless told otherwise."""
    major = mimetype.partition("/")[0]
    return {"image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO}.get(major, MediaKind.DOCUMENT)


def unwrap(message: wa.Message) -> wa.Message:
    """The message inside the wrappers, if there are any."""
    for _ in range(_MAX_WRAPPERS):
        wrapper = next((name for name in _WRAPPERS if message.HasField(name)), None)
        if wrapper is None:
            break
        message = getattr(message, wrapper).message
    return message


def read(message: wa.Message) -> Reading | None:
    """What a person would see; ``None`` if there is nothing to see, as with keys and notices between devices."""
    message = unwrap(message)
    if message.HasField("protocolMessage"):
        return _read_protocol(message.protocolMessage)
    name = next((name for name in _KINDS if message.HasField(name)), None)
    if name is None:
        known = {"senderKeyDistributionMessage", "messageContextInfo"}
        return Reading(kind=Kind.OTHER) if {f.name for f, _ in message.ListFields()} - known else None
    if name == "conversation":
        return Reading(kind=Kind.TEXT, text=message.conversation)
    if name == "reactionMessage":
        return Reading(kind=Kind.REACTION, text=message.reactionMessage.text, quoted=message.reactionMessage.key.id)
    if name == "pollUpdateMessage":
        return Reading(kind=Kind.POLL_VOTE, quoted=message.pollUpdateMessage.pollCreationMessageKey.id)
    part = getattr(message, name)
    kind = _KINDS[name]
    if name == "audioMessage" and part.ptt:
        kind = Kind.VOICE
    return Reading(
        kind=kind,
        text="" if name in _MEDIA_KINDS else _own_words(part),
        caption=getattr(part, "caption", "") if name in _MEDIA_KINDS else "",
        quoted=part.contextInfo.stanzaId,
        media=_media_facts(name, part) if name in _MEDIA_KINDS else None,
    )


def _own_words(part: object) -> str:
    return next((str(getattr(part, name)) for name in ("text", "displayName", "name") if hasattr(part, name)), "")


def _read_protocol(protocol: wa.Message.ProtocolMessage) -> Reading | None:
    match protocol.type:
        case wa.Message.ProtocolMessage.REVOKE:
            return Reading(kind=Kind.REVOKE, quoted=protocol.key.id)
        case wa.Message.ProtocolMessage.MESSAGE_EDIT:
            inner = read(protocol.editedMessage)
            text = inner.text or inner.caption if inner is not None else ""
            return Reading(kind=Kind.EDIT, text=text, quoted=protocol.key.id)
        case _:
            return None


def _media_facts(name: str, part: wa.Message.ImageMessage) -> MediaFacts:
    # The six kinds of media message share the names of these fields.
    return MediaFacts(
        kind=_MEDIA_KINDS[name],
        mimetype=part.mimetype,
        filename=getattr(part, "fileName", ""),
        direct_path=part.directPath,
        media_key=part.mediaKey,
        file_sha256=part.fileSha256,
        file_enc_sha256=part.fileEncSha256,
        length=part.fileLength,
    )


def _put_quote(context: wa.ContextInfo, quote: Quote) -> None:
    context.stanzaId = quote.wa_id
    context.participant = quote.author
    context.quotedMessage.CopyFrom(quote.message)
