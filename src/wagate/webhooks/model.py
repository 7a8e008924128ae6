"""Endpoints and deliveries, and the rules of delivering: who is told what, in which order, and when again.

The schedule is the one that Standard Webhooks recommends (spec 1.0.0, "Deliverability and reliability").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from wagate.core.ids import AccountId, DeliveryId, EndpointId, EventId, SessionId
from wagate.events.model import Event, EventType, matching, rfc3339

#: Waiting times before the second to tenth attempt: 75 h 35 min 5 s together.
SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: Each waiting time is stretched or shortened by up to this share, so that a returning receiver is not met by a crowd.
JITTER: Final = 0.2
#: A receiver that always asks for patience is given up when the longest possible schedule would have ended.
HORIZON: Final = sum(SCHEDULE, timedelta()) * (1 + JITTER)
#: The longest Retry-After that is honoured.
MAX_PAUSE: Final = timedelta(hours=24)
#: How long a receiver may take to answer.
TIMEOUT_SECONDS: Final = 15.0
#: How much of an answer is read, and how much of that is kept to show.
MAX_RESPONSE: Final = 4096
MAX_EXCERPT: Final = 200
#: After a rotation both secrets sign for this long.
ROTATION: Final = timedelta(hours=24)

MAX_ENDPOINTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A customer's URL.

    ``events`` are patterns (``message.*``) and ``sessions`` ids; ``None`` means all. It is told what stands after
    ``start_seq`` in the log. What is sealed is bound to ``id``.
    """

    id: EndpointId
    account_id: AccountId
    url: str
    description: str
    events: tuple[str, ...] | None
    sessions: tuple[SessionId, ...] | None
    enabled: bool
    #: ``gone`` if the receiver answered 410, else ``None``.
    disabled_reason: str | None
    #: The receiver asked not to be called before.
    paused_until: datetime | None
    start_seq: int
    sealed_secret: bytes
    sealed_previous: bytes | None
    previous_until: datetime | None
    sealed_headers: bytes
    created_at: datetime
    updated_at: datetime


class Wish:
    """Which events an endpoint is told, made ready for asking often."""

    __slots__ = ("_sessions", "_start", "_types", "endpoint_id")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint_id = endpoint.id
        self._start = endpoint.start_seq
        self._types = types_of(endpoint.events)
        self._sessions = None if endpoint.sessions is None else frozenset(endpoint.sessions)

    def includes(self, event: Event) -> bool:
        """Whether this event of the endpoint's account is among them."""
        return (
            event.seq > self._start
            and (self._types is None or event.type in self._types)
            and (self._sessions is None or event.session_id in self._sessions)
        )


def types_of(patterns: tuple[str, ...] | None) -> frozenset[EventType] | None:
    """The types that an endpoint's patterns stand for; ``None`` for all."""
    return None if patterns is None else frozenset(kind for pattern in patterns for kind in matching(pattern))


class DeliveryStatus(StrEnum):
    """Where a delivery stands. All but ``pending`` are final, until it is replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One series of attempts to tell one endpoint one event.

    ``round`` counts how often it was begun anew. ``step`` counts the failures that used up a place in the schedule. A
    delivery without ``next_attempt_at`` waits for its turn in its lane; one that is ``holding`` keeps its lane waiting.
    ``position`` orders the deliveries of an endpoint; it is 0 in memory until it is known.
    """

    id: DeliveryId
    endpoint_id: EndpointId
    event_seq: int
    event_id: EventId
    event_type: EventType
    lane: str
    position: int = 0
    round: int = 0
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    step: int = 0
    holding: bool = False
    first_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def in_lane(self) -> bool:
        """Whether those behind it in its lane wait for it."""
        return self.next_attempt_at is None or self.holding


def lane_of(event: Event) -> str:
    """The lane of an event: its conversation, or its session if it is about the session as a whole."""
    return f"{event.session_id or ''}/{event.chat or ''}"


def body_of(event: Event) -> str:
    """What is sent and signed. Every attempt sends the same text (but for codes, which expire)."""
    return f'{{"type":"{event.type}","timestamp":"{rfc3339(event.timestamp)}","data":{event.json}}}'


# -- what is left to do -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far the fan-out has come in the log, and how often endpoints were changed."""

    seq: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """An endpoint is told again what stands between two places of the log."""

    id: int
    endpoint_id: EndpointId
    after_seq: int
    until_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What an endpoint has left to be told."""

    fresh: bool
    next_attempt_at: datetime | None


# -- what an attempt leads to -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one attempt ended. ``status`` is ``None`` if there was no answer; ``wait`` is what Retry-After asked for."""

    status: int | None
    error: str = ""
    wait: timedelta | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410

    @property
    def throttled(self) -> bool:
        """Whether the receiver itself asks to be called later."""
        return self.status in (429, 503) and self.wait is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """A delivery after an attempt: the columns that changed."""

    id: DeliveryId
    endpoint_id: EndpointId
    round: int
    status: DeliveryStatus
    attempts: int
    step: int
    holding: bool
    first_attempt_at: datetime
    next_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None
    #: The whole endpoint rests until then.
    pause_until: datetime | None = None
    #: The endpoint is gone and is not to be called again.
    disables: bool = False


def after(delivery: Delivery, answer: Answer, now: datetime, jitter: Callable[[], float]) -> Attempted:
    """What becomes of a delivery. ``jitter`` returns a number from -1 to 1."""
    first = delivery.first_attempt_at or now
    status, step, holding = DeliveryStatus.DEAD, delivery.step, False
    again: datetime | None = None
    pause: datetime | None = None
    if answer.accepted:
        status = DeliveryStatus.DELIVERED
    elif answer.throttled and now - first < HORIZON:
        # It says nothing against this event, so it costs no place in the schedule and nobody overtakes.
        assert answer.wait is not None
        status, holding = DeliveryStatus.PENDING, delivery.in_lane
        again = pause = now + min(answer.wait, MAX_PAUSE)
    elif not answer.gone and not answer.throttled and delivery.step < len(SCHEDULE):
        status, step = DeliveryStatus.PENDING, delivery.step + 1
        again = now + SCHEDULE[delivery.step] * (1 + JITTER * jitter())
        holding = step == 1
    return Attempted(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        round=delivery.round,
        status=status,
        attempts=delivery.attempts + 1,
        step=step,
        holding=holding,
        first_attempt_at=first,
        next_attempt_at=again,
        last_status=answer.status,
        last_error=None if answer.accepted else answer.error,
        finished_at=None if status is DeliveryStatus.PENDING else now,
        pause_until=pause,
        disables=answer.gone,
    )


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header: seconds or an HTTP date; ``None`` if it is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:12]), MAX_PAUSE.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta())


def bound_to(what: str, endpoint: EndpointId) -> bytes:
    """What a sealed value of an endpoint is bound to. A secret keeps its place when it becomes the former one."""
    return f"webhook-{what}\0{endpoint}".encode()
