"""What a phone answers to a linked device that lacks messages."""

from collections.abc import Callable, Iterable

from wagate.sandbox.outbox import Remembered
from wagate.wire.proto import wa_pb2 as wa


def messages_for(
    request_id: str, keys: Iterable[wa.MessageKey], recall: Callable[[str], Remembered | None]
) -> wa.Message:
    """The peer message that answers the request of that id: each message that the phone has, as it stores it."""
    answer = wa.Message()
    answer.protocolMessage.type = wa.Message.ProtocolMessage.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE
    response = answer.protocolMessage.peerDataOperationRequestResponseMessage
    response.peerDataOperationRequestType = wa.Message.PLACEHOLDER_MESSAGE_RESEND
    response.stanzaId = request_id
    for key in keys:
        known = recall(key.id)
        stored = wa.WebMessageInfo(key=key)
        if known is not None and _concerns(key, known):
            stored.message.CopyFrom(known.message)
            stored.messageTimestamp = int(known.at)
        result = response.peerDataOperationResult.add()
        result.placeholderMessageResendResponse.webMessageInfoBytes = stored.SerializeToString()
    return answer


def _concerns(key: wa.MessageKey, known: Remembered) -> bool:
    """Whether a key names a message as WhatsApp does: by its chat, and in a group by its author too."""
    if known.chat.is_group:
        return key.remoteJid == str(known.chat.bare) and bool(key.participant)
    return not key.participant
