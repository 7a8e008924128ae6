"""What a message is wrapped in: the copy for one's own devices, disappearing and view-once messages, captions.

All wrappers but the first hold ``message = 1`` and nothing else (WAProto's ``FutureProofMessage``), so that a client
that does not know one can still look inside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import Message as Protobuf

from wagate.wire.proto import wa_pb2 as wa

#: Real messages are wrapped twice or thrice; more is an attempt to keep us busy.
_MAX_DEPTH = 8

_WRAPPERS = frozenset(
    field.name
    for field in wa.Message.DESCRIPTOR.fields
    if field.message_type is not None and field.message_type.name == "FutureProofMessage"
)
_VIEW_ONCE = frozenset({"viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension"})

#: Parts that accompany a message and are none themselves.
_COMPANIONS = frozenset(
    {
        "messageContextInfo",
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """The message inside. ``destination`` is the chat, told only by the copy of what another own device sent."""

    message: wa.Message
    destination: str | None = None
    view_once: bool = False


def unwrap(message: wa.Message) -> Unwrapped:
    """Take every wrapper off."""
    destination, view_once = None, False
    for _ in range(_MAX_DEPTH):
        if message.HasField("deviceSentMessage"):
            destination = message.deviceSentMessage.destinationJid or destination
            message = message.deviceSentMessage.message
            continue
        wrapper = next((field.name for field, _ in message.ListFields() if field.name in _WRAPPERS), None)
        if wrapper is None:
            break
        view_once = view_once or wrapper in _VIEW_ONCE
        message = getattr(message, wrapper).message
    return Unwrapped(message=message, destination=destination, view_once=view_once)


def parts(message: wa.Message) -> Iterator[tuple[str, object]]:
    """The set fields that are a message, by name."""
    for field, value in message.ListFields():
        if field.name not in _COMPANIONS:
            yield field.name, value


def carries_only_keys(message: wa.Message) -> bool:
    """Whether it was sent to hand over a group's sender key, and says nothing."""
    return any(field.name in _COMPANIONS for field, _ in message.ListFields()) and not any(parts(message))


def context_of(message: wa.Message) -> wa.ContextInfo | None:
    """The quote, the mentions and the like, wherever this kind of message keeps them."""
    for _, part in parts(message):
        if (
            isinstance(part, Protobuf)
            and "contextInfo" in part.DESCRIPTOR.fields_by_name
            and part.HasField("contextInfo")
        ):
            context = getattr(part, "contextInfo")  # noqa: B009 the attribute exists on some kinds only
            if isinstance(context, wa.ContextInfo):
                return context
    return None
