"""What is counted, and of which event.

A count is of what happened on a day (of UTC): a message that is accepted before midnight and read after it counts as
``queued`` on the one and as ``read`` on the other day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from wagate.core.ids import SessionId
from wagate.events.model import EventType, Line
from wagate.usage.errors import BadRange

#: The longest range that is answered at once.
MAX_DAYS: Final = 366
DEFAULT_DAYS: Final = 30

RECEIVED: Final = "received"
#: What an event counts as. Others' messages, and their files, count as :data:`RECEIVED`.
STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        EventType.MESSAGE_QUEUED: "queued",
        EventType.MESSAGE_SENT: "sent",
        EventType.MESSAGE_DELIVERED: "delivered",
        EventType.MESSAGE_READ: "read",
        EventType.MESSAGE_PLAYED: "played",
        EventType.MESSAGE_FAILED: "failed",
        EventType.MESSAGE_RECEIVED: RECEIVED,
        EventType.MESSAGE_MEDIA: RECEIVED,
    }
)
#: In microseconds.
_DAY: Final = 86_400_000_000


class Cell(NamedTuple):
    """Where a message is counted; the day is as in ``2026-01-31``."""

    account: str
    day: str
    session: str
    type: str
    status: str


@dataclass(slots=True)
class Amount:
    """How many messages, and how many bytes of files with them."""

    count: int = 0
    media_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Days:
    """A range of UTC days, ``last`` included."""

    first: date
    last: date

    @classmethod
    def chosen(cls, first: date | None, last: date | None, today: date) -> "Days":
        """The range that a customer asks for: the last 30 days where not told otherwise.

        :raises BadRange: if it is none, or too long.
        """
        last = last or max(today, first or today)
        try:
            first = first or last - timedelta(days=DEFAULT_DAYS - 1)
        except OverflowError:
            raise BadRange from None
        if not 0 <= (last - first).days < MAX_DAYS:
            raise BadRange
        return cls(first, last)


class _File(msgspec.Struct):
    size: int | None = None
    state: str = ""


class _Told(msgspec.Struct):
    """As much of a message's resource as counting needs."""

    direction: str = ""
    type: str = ""
    media: _File | None = None


_read = msgspec.json.Decoder(_Told).decode


def tally(lines: Iterable[Line]) -> dict[Cell, Amount]:
    """What these events add to the counts."""
    found: dict[Cell, Amount] = {}
    for line in lines:
        status = STATUSES.get(line.type)
        if status is None or line.session_id is None:
            continue
        told = _read(line.json)
        count, size = 1, 0
        if status is RECEIVED:
            if told.direction != "in":
                # What the account's own phone sent is neither.
                continue
            if line.type == EventType.MESSAGE_MEDIA:
                # Only now is the file here, and its size not just what the sender said.
                count = 0
                size = told.media.size or 0 if told.media is not None and told.media.state == "ready" else 0
        elif line.type == EventType.MESSAGE_SENT and told.media is not None:
            size = told.media.size or 0
        if count or size:
            cell = Cell(line.account_id, _day(line.at // _DAY), line.session_id, told.type, status)
            amount = found.get(cell)
            if amount is None:
                amount = found[cell] = Amount()
            amount.count += count
            amount.media_bytes += size
    return found


@lru_cache(maxsize=64)
def _day(since_1970: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=since_1970)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was sent and received in some time."""

    accepted: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    received: int = 0
    media_bytes_sent: int = 0
    media_bytes_received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDay:
    """What one session sent and received on one day."""

    day: date
    session: SessionId
    used: Used


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What an account sent and received in one month, named as in ``2026-01``, and how many sessions did."""

    name: str
    sessions: int
    used: Used


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Messages counted in three ways. By type counts those that were accepted or received."""

    days: Days
    by_status: Mapping[str, int]
    by_type: Mapping[str, int]
    by_day: Mapping[date, Mapping[str, int]]
