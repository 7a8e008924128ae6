"""What a stanza says about the content of a message, and what a device's own copies look like."""

from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

_WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "lottieStickerMessage",
)
_MEDIA = {
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "ptv",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "contactMessage": "vcard",
    "contactsArrayMessage": "contact_array",
    "locationMessage": "location",
    "liveLocationMessage": "livelocation",
    "listMessage": "list",
    "orderMessage": "order",
    "productMessage": "product",
}
_POLL_CREATIONS = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3")
_POLLS = (*_POLL_CREATIONS, "pollUpdateMessage")
#: What only changes another message shows nothing where it can't be read, so it says so (``decrypt-fail``).
_HIDDEN_KINDS = ("reactionMessage", "encReactionMessage", "pollUpdateMessage", "pinInChatMessage", "keepInChatMessage")

_EDITED, _PINNED, _REVOKED_BY_SENDER, _REVOKED_BY_ADMIN = "1", "2", "7", "8"

_PROTOCOL = wa.Message.ProtocolMessage


def stanza_type(message: wa.Message) -> str:
    """The ``type`` of the message stanza."""
    inner = unwrapped(message)
    fields = {field.name for field, _ in inner.ListFields()}
    if fields & {"reactionMessage", "encReactionMessage"}:
        return "reaction"
    if fields & set(_POLLS):
        return "poll"
    if "eventMessage" in fields:
        return "event"
    return "media" if fields & set(_MEDIA) else "text"


def media_type(message: wa.Message) -> str:
    """The ``mediatype`` of its ciphertexts, empty if it is no file or the like."""
    inner = unwrapped(message)
    for field, value in inner.ListFields():
        if field.name == "audioMessage":
            return "ptt" if value.ptt else "audio"
        if field.name == "videoMessage":
            return "gif" if value.gifPlayback else "video"
        if field.name in _MEDIA:
            return _MEDIA[field.name]
    return ""


def edit_attribute(message: wa.Message) -> str:
    """The ``edit`` of the message stanza: what it does to another message, empty if it does nothing to one.

    Source: whatsmeow and Baileys 7.0.0-rc14, which agree.
    """
    inner = unwrapped(message)
    protocol = inner.protocolMessage
    if inner.HasField("protocolMessage") and protocol.HasField("key"):
        if protocol.type == _PROTOCOL.REVOKE:
            return _REVOKED_BY_SENDER if protocol.key.fromMe else _REVOKED_BY_ADMIN
        if protocol.type == _PROTOCOL.MESSAGE_EDIT:
            return _EDITED
    if inner.HasField("reactionMessage") and not inner.reactionMessage.text:
        return _REVOKED_BY_SENDER
    keeping = inner.keepInChatMessage
    if inner.HasField("keepInChatMessage") and keeping.key.fromMe and keeping.keepType == wa.UNDO_KEEP_FOR_ALL:
        return _REVOKED_BY_SENDER
    return _PINNED if inner.HasField("pinInChatMessage") else ""


def meta(message: wa.Message) -> list[Node]:
    """``<meta>`` of the message stanza, if clients put one there: for polls and events."""
    fields = {field.name for field, _ in unwrapped(message).ListFields()}
    if fields & set(_POLL_CREATIONS):
        return [Node("meta", {"polltype": "creation"})]
    if "pollUpdateMessage" in fields:
        return [Node("meta", {"polltype": "vote"})]
    return [Node("meta", {"event_type": "creation"})] if "eventMessage" in fields else []


def hidden_when_unreadable(message: wa.Message) -> bool:
    """Whether a device that can't read it shows nothing in its place."""
    fields = {field.name for field, _ in unwrapped(message).ListFields()}
    return bool(edit_attribute(message)) or bool(fields & set(_HIDDEN_KINDS))


def unwrapped(message: wa.Message) -> wa.Message:
    """The message inside wrappers such as "view once"."""
    for _ in range(len(_WRAPPERS)):
        wrapper = next((name for name in _WRAPPERS if _has(message, name)), None)
        if wrapper is None:
            return message
        inner: wa.Message = getattr(message, wrapper).message
        message = inner
    return message


def own_copy(chat: Jid, message: wa.Message) -> wa.Message:
    """What our own other devices get: the message, and where it went."""
    copy = wa.Message()
    copy.deviceSentMessage.destinationJid = str(chat)
    copy.deviceSentMessage.message.CopyFrom(message)
    if message.HasField("messageContextInfo"):
        copy.messageContextInfo.CopyFrom(message.messageContextInfo)
    return copy


def distribution(group: Jid, told: bytes) -> wa.Message:
    """The message that tells a device our chain in a group."""
    message = wa.Message()
    message.senderKeyDistributionMessage.groupId = str(group)
    message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage = told
    return message


def only_distributes(message: wa.Message) -> bool:
    """Whether it carries a chain and nothing to read."""
    fields = {field.name for field, _ in message.ListFields()}
    return "senderKeyDistributionMessage" in fields and fields <= {"senderKeyDistributionMessage", "messageContextInfo"}


def enc(kind: str, body: bytes, *, media: str = "", count: int = 0, hidden: bool = False) -> Node:
    """A ciphertext in its stanza."""
    attrs = {"v": "2", "type": kind}
    if media:
        attrs["mediatype"] = media
    if count:
        attrs["count"] = str(count)
    if hidden:
        attrs["decrypt-fail"] = "hide"
    return Node("enc", attrs, body)


def _has(message: wa.Message, name: str) -> bool:
    return name in message.DESCRIPTOR.fields_by_name and message.HasField(name)
