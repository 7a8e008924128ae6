"""Names of wake-ups."""

from wagate.core.ids import MessageId, SessionId
from wagate.messages.model import Message
from wagate.storage.bus import Bus

#: A message that a session of this process sent has another status; the payload is the message. In this process alone.
CHANGED_HERE = "messages:changed"


def outbox_topic(session: SessionId) -> str:
    """Something was queued."""
    return f"outbox:{session}"


def message_topic(message: MessageId) -> str:
    """The message's status changed; the payload, if it gets through, is the message."""
    return f"message:{message}"


def wake_for(bus: Bus, message: Message) -> None:
    """Wake whoever waits for this message's status, or for any."""
    bus.publish(message_topic(message.id), message)
    bus.publish_here(CHANGED_HERE, message)
