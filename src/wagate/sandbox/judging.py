"""What a phone can judge of a linked device's stanza once it has read the message: whether the two go together."""

from collections.abc import Iterator

from wagate.sandbox.content import unwrap
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.reporting import VERSION, reporting_token

_PROTOCOL = wa.Message.ProtocolMessage
_READABLE_PADDINGS = (bytes((8,)) * 8, bytes((9,)) * 9)


def misfits(stanza: Node, message: wa.Message, sender: Jid, chat: Jid) -> Iterator[str]:
    """What does not fit: the ``edit``, the ``<meta>``, the reporting token. ``sender`` and ``chat`` as the sender
    names them.
    """
    if stanza.get("edit") != _edit(unwrap(message)):
        yield f"edit {stanza.get('edit')!r} beside another message"
    if _polltype(stanza) != _polltype_of(unwrap(message)):
        yield f"polltype {_polltype(stanza)!r} beside another message"
    token = stanza.child("reporting", "reporting_token")
    if token is not None and not _is_token(token, stanza.get("id"), message, sender, chat):
        yield "a reporting token of another message"


def _edit(message: wa.Message) -> str:
    if message.HasField("protocolMessage"):
        match message.protocolMessage.type:
            case _PROTOCOL.REVOKE:
                return "7" if message.protocolMessage.key.fromMe else "8"
            case _PROTOCOL.MESSAGE_EDIT:
                return "1"
            case _:
                return ""
    if message.HasField("pinInChatMessage"):
        return "2"
    if message.HasField("keepInChatMessage"):
        unkept = message.keepInChatMessage
        return "7" if unkept.key.fromMe and unkept.keepType == wa.UNDO_KEEP_FOR_ALL else ""
    return "7" if message.HasField("reactionMessage") and not message.reactionMessage.text else ""


def _polltype(stanza: Node) -> str:
    return next((meta.get("polltype") for meta in stanza.all("meta") if "polltype" in meta.attrs), "")


def _polltype_of(message: wa.Message) -> str:
    created = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3")
    if any(message.HasField(name) for name in created):
        return "creation"
    return "vote" if message.HasField("pollUpdateMessage") else ""


def _is_token(token: Node, message_id: str, message: wa.Message, sender: Jid, chat: Jid) -> bool:
    secret, serialised = message.messageContextInfo.messageSecret, message.SerializeToString()
    # Baileys makes the key of the chat twice, whatsmeow of sender and chat; who is right is not known. And Baileys
    # makes it of the padded message, where the padding happens to read as a field.
    right = [
        reporting_token(serialised + padding, secret, message_id, one, chat)
        for one in (sender, chat)
        for padding in (b"", *_READABLE_PADDINGS)
    ]
    return token.get("v") == VERSION and token.data in right
