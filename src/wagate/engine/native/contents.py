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
_POLLS = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3", "pollUpdateMessage")
#: Retracting, editing and keeping fail for good if a device can't read them, so they say so (``decrypt-fail``).
_HIDDEN_KINDS = ("reactionMessage", "encReactionMessage", "pollUpdateMessage", "pinInChatMessage", "keepInChatMessage")


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


def hidden_when_unreadable(message: wa.Message, attributes: dict[str, str]) -> bool:
    """Whether a device that can't read it shows nothing in its place."""
    fields = {field.name for field, _ in unwrapped(message).ListFields()}
    return bool(attributes.get("edit")) or bool(fields & set(_HIDDEN_KINDS))


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
