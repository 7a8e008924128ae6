"""A message, and the table that its status moves by.

::

    queued ──> sending ──> sent ──> delivered ──> read ──> played
       └──────────┴──> failed

A status only moves forward. Receipts may overtake the server's acknowledgement and each other: each one proves all
that comes before it, and a late one changes nothing. Inbound messages start at ``delivered``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from wagate.core.ids import AccountId, MessageId, SessionId
from wagate.media.model import MediaState
from wagate.messages.errors import ForbiddenTransition
from wagate.wire.jid import Jid


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class MessageStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


_S = MessageStatus

#: What may follow what. A receipt is proof of sending, so it may also meet a message that is ``queued`` (after a
#: database was restored) or ``sending`` (it overtook the acknowledgement).
TRANSITIONS: Mapping[MessageStatus, frozenset[MessageStatus]] = MappingProxyType(
    {
        _S.QUEUED: frozenset({_S.SENDING, _S.DELIVERED, _S.READ, _S.PLAYED, _S.FAILED}),
        _S.SENDING: frozenset({_S.SENT, _S.DELIVERED, _S.READ, _S.PLAYED, _S.FAILED}),
        _S.SENT: frozenset({_S.DELIVERED, _S.READ, _S.PLAYED}),
        _S.DELIVERED: frozenset({_S.READ, _S.PLAYED}),
        _S.READ: frozenset({_S.PLAYED}),
        _S.PLAYED: frozenset(),
        _S.FAILED: frozenset(),
    }
)

#: The ``type`` of a receipt stanza -> what it says of the message. Other types (sender, read-self, retry, peer_msg,
#: hist_sync, server-error) say nothing about our own message reaching somebody.
RECEIPTS: Mapping[str, MessageStatus] = MappingProxyType(
    {
        "": _S.DELIVERED,
        "inactive": _S.DELIVERED,
        "delivery": _S.DELIVERED,
        "read": _S.READ,
        "played": _S.PLAYED,
    }
)

#: The statuses that have a moment, in order.
_STAGES = (_S.SENT, _S.DELIVERED, _S.READ, _S.PLAYED)

#: Not yet acknowledged by WhatsApp's server, and not given up.
PENDING = frozenset({_S.QUEUED, _S.SENDING})


def may_follow(current: MessageStatus, new: MessageStatus) -> bool:
    return new in TRANSITIONS[current]


def predecessors(new: MessageStatus) -> frozenset[MessageStatus]:
    """The statuses from which ``new`` may be reached in one step; the guard of every UPDATE."""
    return frozenset(status for status, following in TRANSITIONS.items() if new in following)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTimes:
    """When each stage was reached, by WhatsApp's clock where it told one."""

    sent: datetime | None = None
    delivered: datetime | None = None
    read: datetime | None = None
    played: datetime | None = None

    def reached(self, status: MessageStatus, at: datetime) -> "StatusTimes":
        """Fill in ``status`` and every stage that it proves, leaving what is known.

        No stage is earlier than the one before it, though WhatsApp tells some only to the second.
        """
        known = [self.sent, self.delivered, self.read, self.played]
        for stage in range(_STAGES.index(status) + 1 if status in _STAGES else 0):
            if known[stage] is None:
                known[stage] = max(filter(None, (at, *known[:stage])))
        return StatusTimes(sent=known[0], delivered=known[1], read=known[2], played=known[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a message failed; ``certain``: nothing was sent, for sure. ``code`` as in errors.py."""

    code: str
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What a message shows of its file. ``state`` is ``ready`` for our own, and follows the download of others'."""

    id: str
    mimetype: str
    size: int | None
    sha256: str | None
    filename: str | None
    state: MediaState

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "mimetype": self.mimetype,
            "size": self.size,
            "sha256": self.sha256,
            "filename": self.filename,
            "state": self.state.value,
            "url": f"/api/media/{self.id}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of one session. Addresses carry no device number.

    ``chat`` and ``sender`` are phone-number addresses where those are known, with the LID beside them; ``by_lid`` says
    that WhatsApp addressed it by LIDs. ``seq`` is the order in which messages were taken on; those from before the
    session was linked have numbers below zero (:func:`old_seq`). ``text`` is what a person reads: the text or the
    caption; ``fields`` are the JSON members that only this kind has. ``reply_to`` is our id if the message is known,
    otherwise WhatsApp's.
    """

    seq: int
    id: MessageId
    account_id: AccountId
    session_id: SessionId
    wa_id: str
    direction: Direction
    chat: Jid
    chat_lid: Jid | None = None
    sender: Jid
    sender_lid: Jid | None = None
    recipient: Jid
    from_me: bool
    by_lid: bool = False
    push_name: str | None = None
    type: str
    text: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    attachment: Attachment | None = None
    status: MessageStatus
    failure: Failure | None = None
    reply_to: str | None = None
    timestamp: datetime
    created_at: datetime
    status_at: StatusTimes = StatusTimes()
    #: The request that it came with, for logs, and its place in a trace; not shown to customers.
    request_id: str | None = None
    traceparent: str | None = None

    def advanced(self, status: MessageStatus, at: datetime) -> "Message":
        """The message one step on.

        :raises ForbiddenTransition: if ``status`` may not follow the present one.
        """
        if not may_follow(self.status, status):
            raise ForbiddenTransition(f"a message can't go from {self.status} to {status}")
        return replace(self, status=status, status_at=self.status_at.reached(status, at))

    def as_sent(self, at: datetime) -> "Message":
        """The message as it was when WhatsApp took it, for a receipt that tells it before the acknowledgement does."""
        return replace(self, status=MessageStatus.SENT, status_at=self.status_at.reached(MessageStatus.SENT, at))

    def failed(self, failure: Failure) -> "Message":
        """The message given up.

        :raises ForbiddenTransition: if it was sent or given up already.
        """
        if not may_follow(self.status, MessageStatus.FAILED):
            raise ForbiddenTransition(f"a message can't fail when it is {self.status}")
        return replace(self, status=MessageStatus.FAILED, failure=failure)

    def to_json(self) -> dict[str, Any]:
        """The resource as the API and every event show it."""
        shown: dict[str, Any] = {
            "id": str(self.id),
            "waId": self.wa_id,
            "sessionId": str(self.session_id),
            "direction": self.direction.value,
            "chat": str(self.chat),
            "chatLid": _text(self.chat_lid),
            "from": str(self.sender),
            "fromLid": _text(self.sender_lid),
            "to": str(self.recipient),
            "fromMe": self.from_me,
            "pushName": self.push_name,
            "type": self.type,
            **self.fields,
            "status": self.status.value,
            "replyTo": self.reply_to,
            "timestamp": rfc3339(self.timestamp),
            "createdAt": rfc3339(self.created_at),
            "statusAt": {
                "sent": _moment(self.status_at.sent),
                "delivered": _moment(self.status_at.delivered),
                "read": _moment(self.status_at.read),
                "played": _moment(self.status_at.played),
            },
        }
        if self.text is not None:
            shown["text"] = self.text
        if self.attachment is not None:
            shown["media"] = self.attachment.to_json()
        if self.failure is not None:
            shown["error"] = {"code": self.failure.code, "certain": self.failure.certain}
        return shown


def old_seq(message: "Message", attempt: int = 0) -> int:
    """The ``seq`` of a message from before the session was linked: below zero, so before all that was taken on since,
    and in the order of the moments. Of one second, chance decides; another ``attempt`` gives another number.
    """
    told = f"{attempt}\0{message.session_id}\0{message.wa_id}\0{message.chat}\0{message.sender}"
    chance = int.from_bytes(hashlib.sha256(told.encode()).digest()[:4], "big") & (2**30 - 1)
    # 33 bits of seconds last until 2242.
    return (int(message.timestamp.timestamp()) << 30 | chance) - 2**63


def rfc3339(moment: datetime) -> str:
    """``2026-01-01T12:00:00.000Z``: of one length, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_shown(moment: datetime) -> datetime:
    """What :func:`rfc3339` tells of a moment; what is stored so can be asked for by what was shown."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _text(jid: Jid | None) -> str | None:
    return None if jid is None else str(jid)
