"""Names of wake-ups."""

from wagate.core.ids import MessageId, SessionId


def outbox_topic(session: SessionId) -> str:
    """Something was queued."""
    return f"outbox:{session}"


def message_topic(message: MessageId) -> str:
    """The message's status changed; the payload, if it gets through, is the message."""
    return f"message:{message}"
