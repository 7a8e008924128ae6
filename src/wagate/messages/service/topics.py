"""Names of wake-ups."""

from dataclasses import replace
from datetime import datetime

import msgspec

from wagate.core.ids import MessageId, SessionId
from wagate.messages.model import Failure, Message, MessageStatus, StatusTimes
from wagate.storage.bus import Bus

#: A message that a session of this process sent has another status; the payload is the message. In this process alone.
CHANGED_HERE = "messages:changed"


def outbox_topic(session: SessionId) -> str:
    """Something was queued."""
    return f"outbox:{session}"


def message_topic(message: MessageId) -> str:
    """The message's status changed; :func:`as_told` reads the payload, if it gets through."""
    return f"message:{message}"


class _Outcome(msgspec.Struct, array_like=True, frozen=True):
    """What changes of a message after it was accepted."""

    status: MessageStatus
    sent: datetime | None
    delivered: datetime | None
    read: datetime | None
    played: datetime | None
    failure: tuple[str, bool] | None


_encode = msgspec.json.Encoder().encode
_outcome = msgspec.json.Decoder(_Outcome)


def wake_for(bus: Bus, message: Message) -> None:
    """Wake whoever waits for this message's status, or for any. Those in other processes are told the outcome itself:
    under load, looking it up costs them more than everything else that they do for a message.
    """
    bus.publish(message_topic(message.id), message, abroad=_told_abroad(message))
    bus.publish_here(CHANGED_HERE, message)


def as_told(message: Message, told: object) -> Message | None:
    """The message as what came for its topic says that it is; ``None`` if that says nothing."""
    if isinstance(told, Message):
        return told
    if not isinstance(told, str):
        return None
    try:
        outcome = _outcome.decode(told)
    except msgspec.MsgspecError:
        return None
    return replace(
        message,
        status=outcome.status,
        status_at=StatusTimes(sent=outcome.sent, delivered=outcome.delivered, read=outcome.read, played=outcome.played),
        failure=None if outcome.failure is None else Failure(code=outcome.failure[0], certain=outcome.failure[1]),
    )


def _told_abroad(message: Message) -> str:
    at, failure = message.status_at, message.failure
    outcome = _Outcome(
        status=message.status,
        sent=at.sent,
        delivered=at.delivered,
        read=at.read,
        played=at.played,
        failure=None if failure is None else (failure.code, failure.certain),
    )
    return _encode(outcome).decode()
