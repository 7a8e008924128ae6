"""Kinds that are received but not sent yet: recognised by name, with what can be told of them without more work.

When one of them learns to be sent it moves to a file of its own and leaves this table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from wagate.media.model import RemoteFile
from wagate.messages.kinds.attachment import read_file
from wagate.messages.model import rfc3339
from wagate.wire.media import MediaKind
from wagate.wire.proto import wa_pb2 as wa


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is known of such a message. ``target`` is the WhatsApp id of the message it is about."""

    type: str
    text: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    file: RemoteFile | None = None
    target: str | None = None


def read(message: wa.Message) -> Content | None:
    """``None`` if it is no message at all: a key handed over, a notice of history, a setting."""
    for set_field, _ in message.ListFields():
        reader = _READERS.get(set_field.name)
        if reader is not None:
            return reader(message)
        name = _NAMES.get(set_field.name)
        if name is not None:
            return Content(type=name)
    return Content(type="unsupported")


def _video(message: wa.Message) -> Content:
    video = message.videoMessage if message.HasField("videoMessage") else message.ptvMessage
    return Content(
        type="video",
        text=video.caption or None,
        fields={
            "caption": video.caption or None,
            "viewOnce": video.viewOnce,
            "seconds": video.seconds,
            "width": video.width or None,
            "height": video.height or None,
            "gif": video.gifPlayback,
        },
        file=read_file(MediaKind.VIDEO, video),
    )


def _audio(message: wa.Message) -> Content:
    audio = message.audioMessage
    return Content(
        type="voice" if audio.ptt else "audio",
        fields={"seconds": audio.seconds, "viewOnce": audio.viewOnce},
        file=read_file(MediaKind.AUDIO, audio),
    )


def _sticker(message: wa.Message) -> Content:
    sticker = message.stickerMessage
    return Content(type="sticker", fields={"animated": sticker.isAnimated}, file=read_file(MediaKind.IMAGE, sticker))


def _location(message: wa.Message) -> Content:
    if message.HasField("liveLocationMessage"):
        live = message.liveLocationMessage
        place: dict[str, Any] = {"latitude": live.degreesLatitude, "longitude": live.degreesLongitude, "live": True}
        return Content(type="location", text=live.caption or None, fields={"location": place})
    spot = message.locationMessage
    place = {
        "latitude": spot.degreesLatitude,
        "longitude": spot.degreesLongitude,
        "name": spot.name or None,
        "address": spot.address or None,
        "url": spot.url or None,
        "live": spot.isLive,
    }
    return Content(type="location", text=spot.comment or None, fields={"location": place})


def _contacts(message: wa.Message) -> Content:
    cards = (
        [message.contactMessage] if message.HasField("contactMessage") else list(message.contactsArrayMessage.contacts)
    )
    shown = [{"name": card.displayName, "vcard": card.vcard} for card in cards]
    return Content(type="contacts", fields={"contacts": shown})


def _poll(message: wa.Message) -> Content:
    poll = next(value for name, value in message.ListFields() if name.name.startswith("pollCreationMessage"))
    return Content(
        type="poll",
        text=poll.name,
        fields={
            "poll": {
                "question": poll.name,
                "options": [option.optionName for option in poll.options],
                "selectable": poll.selectableOptionsCount,
            }
        },
    )


def _poll_vote(message: wa.Message) -> Content:
    # The vote is encrypted once more, with a secret of the poll's own message.
    return Content(type="poll_vote", target=message.pollUpdateMessage.pollCreationMessageKey.id or None)


def _event(message: wa.Message) -> Content:
    event = message.eventMessage
    return Content(
        type="event",
        text=event.name,
        fields={
            "event": {
                "name": event.name,
                "description": event.description or None,
                "startsAt": _seconds(event.startTime),
                "endsAt": _seconds(event.endTime),
                "canceled": event.isCanceled,
            }
        },
    )


def _reaction(message: wa.Message) -> Content:
    reaction = message.reactionMessage
    # An empty text takes the reaction back.
    return Content(
        type="reaction",
        text=reaction.text,
        fields={"reaction": {"emoji": reaction.text, "removed": not reaction.text}},
        target=reaction.key.id or None,
    )


def _protocol(message: wa.Message) -> Content | None:
    protocol = message.protocolMessage
    kinds = wa.Message.ProtocolMessage
    # An absent type reads as REVOKE (0), which without the key of a message is none.
    if protocol.type == kinds.REVOKE and protocol.key.id:
        return Content(type="revoke", target=protocol.key.id)
    if protocol.type == kinds.MESSAGE_EDIT:
        return _edit(protocol.editedMessage, protocol.key.id)
    return None


def _edit(edited: wa.Message, target: str) -> Content:
    text = None
    for _, part in edited.ListFields():
        text = part if isinstance(part, str) else getattr(part, "text", "") or getattr(part, "caption", "")
        if text:
            break
    return Content(type="edit", text=text or None, target=target or None)


def _group_invite(message: wa.Message) -> Content:
    invite = message.groupInviteMessage
    return Content(
        type="group_invite",
        text=invite.caption or None,
        fields={"group": {"id": invite.groupJid, "name": invite.groupName, "code": invite.inviteCode}},
    )


def _reply_button(message: wa.Message) -> Content:
    if message.HasField("buttonsResponseMessage"):
        answer = message.buttonsResponseMessage
        text, chosen = answer.selectedDisplayText, answer.selectedButtonId
    elif message.HasField("templateButtonReplyMessage"):
        reply = message.templateButtonReplyMessage
        text, chosen = reply.selectedDisplayText, reply.selectedId
    elif message.HasField("listResponseMessage"):
        row = message.listResponseMessage
        text, chosen = row.title, row.singleSelectReply.selectedRowId
    else:
        response = message.interactiveResponseMessage
        text, chosen = response.body.text, response.nativeFlowResponseMessage.paramsJson
    return Content(type="button_reply", text=text or None, fields={"choice": chosen or None})


_READERS: Final[dict[str, Callable[[wa.Message], Content | None]]] = {
    "videoMessage": _video,
    "ptvMessage": _video,
    "audioMessage": _audio,
    "stickerMessage": _sticker,
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "contactMessage": _contacts,
    "contactsArrayMessage": _contacts,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV5": _poll,
    "pollUpdateMessage": _poll_vote,
    "eventMessage": _event,
    "reactionMessage": _reaction,
    "protocolMessage": _protocol,
    "groupInviteMessage": _group_invite,
    "buttonsResponseMessage": _reply_button,
    "templateButtonReplyMessage": _reply_button,
    "listResponseMessage": _reply_button,
    "interactiveResponseMessage": _reply_button,
}

#: Known by name only.
_NAMES: Final[dict[str, str]] = {
    "call": "call",
    "callLogMesssage": "call",
    "albumMessage": "album",
    "buttonsMessage": "buttons",
    "listMessage": "buttons",
    "templateMessage": "buttons",
    "interactiveMessage": "buttons",
    "pinInChatMessage": "pin",
    "keepInChatMessage": "keep",
    "commentMessage": "comment",
    "encCommentMessage": "comment",
    "encReactionMessage": "reaction",
    "encEventResponseMessage": "event_reply",
    "pollResultSnapshotMessage": "poll_result",
    "pollResultSnapshotMessageV3": "poll_result",
}


def _seconds(value: int) -> str | None:
    try:
        return rfc3339(datetime.fromtimestamp(value, UTC)) if value else None
    except (OverflowError, ValueError, OSError):
        return None
