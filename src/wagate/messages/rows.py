"""Between a message and its row."""

from collections.abc import Mapping
from typing import Any

from wagate.core.ids import AccountId, MessageId, SessionId
from wagate.media.model import MediaState
from wagate.messages.model import Attachment, Direction, Failure, Message, MessageStatus, StatusTimes
from wagate.wire.jid import Jid


def values_of(message: Message, payload: bytes) -> dict[str, Any]:
    """The columns of a new row."""
    attachment = message.attachment
    return {
        "id": message.id,
        "account_id": message.account_id,
        "session_id": message.session_id,
        "wa_id": message.wa_id,
        "direction": message.direction,
        "chat": str(message.chat),
        "chat_lid": _text(message.chat_lid),
        "sender": str(message.sender),
        "sender_lid": _text(message.sender_lid),
        "recipient": str(message.recipient),
        "from_me": message.from_me,
        "by_lid": message.by_lid,
        "push_name": _storable(message.push_name),
        "type": message.type,
        "text": _storable(message.text),
        "fields": dict(message.fields),
        "media_id": attachment.id if attachment else None,
        "attachment": shown(attachment) if attachment else None,
        "status": message.status,
        "error_code": message.failure.code if message.failure else None,
        "error_certain": message.failure.certain if message.failure else None,
        "reply_to": message.reply_to,
        "timestamp": message.timestamp,
        "created_at": message.created_at,
        "sent_at": message.status_at.sent,
        "delivered_at": message.status_at.delivered,
        "read_at": message.status_at.read,
        "played_at": message.status_at.played,
        "request_id": message.request_id,
        "traceparent": message.traceparent,
        "payload": payload,
    }


def shown(attachment: Attachment) -> dict[str, Any]:
    """What a message keeps of its file; the state of the download is in the file's own row."""
    return {
        "mimetype": attachment.mimetype,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "filename": attachment.filename,
    }


def message_of(found: Mapping[Any, Any], status: MessageStatus | None = None) -> Message:
    """A message from its row; ``status`` if the row was changed after it was read."""
    attachment = None
    if found["media_id"] is not None:
        shown = found["attachment"] or {}
        attachment = Attachment(
            id=found["media_id"],
            mimetype=shown.get("mimetype", ""),
            size=shown.get("size"),
            sha256=shown.get("sha256"),
            filename=shown.get("filename"),
            state=MediaState(found.get("media_state") or MediaState.READY),
        )
    failure = None
    if found["error_code"] is not None:
        failure = Failure(code=found["error_code"], certain=bool(found["error_certain"]))
    return Message(
        seq=found["seq"],
        id=MessageId(found["id"]),
        account_id=AccountId(found["account_id"]),
        session_id=SessionId(found["session_id"]),
        wa_id=found["wa_id"],
        direction=Direction(found["direction"]),
        chat=Jid.parse(found["chat"]),
        chat_lid=jid_of(found["chat_lid"]),
        sender=Jid.parse(found["sender"]),
        sender_lid=jid_of(found["sender_lid"]),
        recipient=Jid.parse(found["recipient"]),
        from_me=found["from_me"],
        by_lid=found["by_lid"],
        push_name=found["push_name"],
        type=found["type"],
        text=found["text"],
        fields=found["fields"],
        attachment=attachment,
        status=status or MessageStatus(found["status"]),
        failure=failure,
        reply_to=found["reply_to"],
        timestamp=found["timestamp"],
        created_at=found["created_at"],
        status_at=StatusTimes(
            sent=found["sent_at"],
            delivered=found["delivered_at"],
            read=found["read_at"],
            played=found["played_at"],
        ),
        request_id=found["request_id"],
        traceparent=found["traceparent"],
    )


def _storable(words: str | None) -> str | None:
    # PostgreSQL's texts can't hold NUL, and what others send may.
    return words.replace("\0", "\ufffd") if words else words


def jid_of(address: str | None) -> Jid | None:
    """The address in a column."""
    return None if address is None else Jid.parse(address)


def _text(jid: Jid | None) -> str | None:
    return None if jid is None else str(jid)
