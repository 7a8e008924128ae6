"""Plans and the periods that their quotas are counted in. Days and months are those of UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final


class Quota(StrEnum):
    """What a plan limits, under the name that the API has for it."""

    SESSIONS = "sessions"
    MESSAGES_PER_DAY = "messagesPerDay"
    MESSAGES_PER_MONTH = "messagesPerMonth"
    #: Of one session; see :mod:`wagate.messages.warmup`.
    FIRST_CONTACTS_PER_DAY = "firstContactsPerDay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an account may use; ``None`` is no limit.

    Messages are those it asks to be sent, counted when they are accepted. ``first_contacts_per_day`` is what a number
    may reach at most, in place of the gateway's own setting; 0 switches that protection off.
    """

    sessions: int | None = None
    messages_per_day: int | None = None
    messages_per_month: int | None = None
    first_contacts_per_day: int | None = None


#: Of an account that has none.
UNLIMITED: Final = Plan()


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that is counted by itself, ``ends`` not included."""

    name: str
    begins: datetime
    ends: datetime


def day_of(now: datetime) -> Period:
    """The UTC day, named as in ``2026-01-31``."""
    begins = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(begins.date().isoformat(), begins, begins + timedelta(days=1))


def month_of(now: datetime) -> Period:
    """The UTC month, named as in ``2026-01``."""
    begins = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # No month has 32 days, and none so few that this would pass over one.
    ends = (begins + timedelta(days=32)).replace(day=1)
    return Period(begins.date().isoformat()[:7], begins, ends)
