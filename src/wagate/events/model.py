"""What an event is, and the names of everything that can happen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from wagate.core import jsontext
from wagate.core.ids import AccountId, EventId, SessionId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class EventType(StrEnum):
    """The name of an event: what it is about, and what happened to it."""

    SESSION_STATUS = "session.status"
    SESSION_QR = "session.qr"
    SESSION_PAIRING_CODE = "session.pairing_code"
    SESSION_PASSKEY = "session.passkey"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_QUEUED = "message.queued"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_PLAYED = "message.played"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REVOKED = "message.revoked"
    MESSAGE_REACTION = "message.reaction"
    MESSAGE_WAITING = "message.waiting"
    MESSAGE_MEDIA = "message.media"
    POLL_VOTE = "poll.vote"
    CHAT_UPDATED = "chat.updated"
    CONTACT_UPDATED = "contact.updated"
    PRESENCE_UPDATED = "presence.updated"
    GROUP_CREATED = "group.created"
    GROUP_UPDATED = "group.updated"
    GROUP_PARTICIPANTS = "group.participants"
    CALL_RECEIVED = "call.received"
    CALL_REJECTED = "call.rejected"
    CAMPAIGN_PROGRESS = "campaign.progress"
    CAMPAIGN_FINISHED = "campaign.finished"
    WORKER_ONLINE = "worker.online"
    WORKER_OFFLINE = "worker.offline"


def matching(pattern: str) -> frozenset[EventType]:
    """The types that ``pattern`` stands for: a name itself, ``message.*`` for all that begin so, ``*`` for all.

    Empty if there is none.
    """
    if pattern == "*":
        return frozenset(EventType)
    if pattern.endswith(".*"):
        return frozenset(kind for kind in EventType if kind.startswith(pattern[:-1]))
    return frozenset(kind for kind in EventType if kind == pattern)


#: Stored without the code they tell of, which is put in on the way out while it holds.
CARRY_CODES = frozenset({EventType.SESSION_QR, EventType.SESSION_PAIRING_CODE, EventType.SESSION_PASSKEY})


#: What a reader that has seen nothing names as the last event that it saw.
BEFORE_ALL = EventId("evt_" + "0" * 26)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the log.

    ``seq`` counts all events of the database in the order of their commits. ``chat`` is the conversation it belongs
    to, within which order is kept; ``json`` is the text of ``data``.
    """

    seq: int
    id: EventId
    type: EventType
    account_id: AccountId
    session_id: SessionId | None
    chat: str | None
    timestamp: datetime
    json: str
    #: Where it stands in a trace; no part of what is told.
    traceparent: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The whole resource as it was after the event."""
        decoded: dict[str, Any] = msgspec.json.decode(self.json)
        return decoded

    def with_data(self, data: Mapping[str, Any]) -> "Event":
        """The same event, telling more."""
        return replace(self, json=encode(data))

    def to_json(self) -> str:
        """``{id,type,accountId,sessionId,timestamp,data}``."""
        session = "null" if self.session_id is None else f'"{self.session_id}"'
        return (
            f'{{"id":"{self.id}","type":"{self.type}","accountId":"{self.account_id}","sessionId":{session},'
            f'"timestamp":"{rfc3339(self.timestamp)}","data":{self.json}}}'
        )


class Line(NamedTuple):
    """An event as it is stored, for a reader of all of them to which a value for each field would be too dear.

    ``at`` is in microseconds since 1970; what carries codes carries none here.
    """

    seq: int
    type: str
    account_id: str
    session_id: str | None
    at: int
    json: str


def encode(data: Mapping[str, Any]) -> str:
    """JSON text of a resource."""
    return jsontext.encode(data).decode()


def rfc3339(moment: datetime) -> str:
    """A moment as it stands in every body."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def made_at(event_id: EventId) -> datetime:
    """When an id was made, right to the millisecond: what remains known of an event that is no longer kept."""
    value = 0
    for character in event_id.partition("_")[2]:
        value = value << 5 | _BASE32.index(character)
    try:
        return _EPOCH + timedelta(milliseconds=value >> 80)
    except OverflowError:
        return _END_OF_TIME
