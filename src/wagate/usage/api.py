"""The routes of usage."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator

from wagate.core.ids import SessionId
from wagate.plans.model import Quota
from wagate.sessions.errors import SessionNotFound
from wagate.usage.errors import BadRange
from wagate.usage.model import Month, SessionDay, Used
from wagate.usage.service import Usage
from wagate.web.auth import ReadAccess
from wagate.web.models import ApiModel
from wagate.web.pages import DEFAULT_LIMIT, Cursor, CursorInvalid, Limit, Page, decode_cursor, page_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter


def _day(value: object) -> object:
    if isinstance(value, str) and "T" in value:
        moment = datetime.fromisoformat(value)
        try:
            return moment.astimezone(UTC).date() if moment.tzinfo is not None else value
        except OverflowError:
            raise ValueError("Input should be a time between the years 1 and 9999 in UTC") from None
    # Pydantic would also take seconds since 1970.
    return date.fromisoformat(value) if isinstance(value, str) else value


_Day = Annotated[date, BeforeValidator(_day)]
_From = Annotated[
    _Day | None, Query(alias="from", description="The first day, as 2026-01-31 or as a time in it; days are of UTC.")
]
_To = Annotated[_Day | None, Query(alias="to", description="The last day; today unless given.")]
_Session = Annotated[SessionId | None, Query(description="Only of this session.")]


class UsedBody(ApiModel):
    """What was sent and received."""

    accepted: int
    """Messages that were taken to be sent."""
    sent: int
    """Messages that WhatsApp's server acknowledged."""
    delivered: int
    read: int
    failed: int
    received: int
    media_bytes_sent: int
    """Size of the files of the messages that were sent."""
    media_bytes_received: int
    """Size of the files that were fetched."""


class DayUsage(UsedBody):
    """What one session sent and received on one day of UTC."""

    day: date
    session_id: SessionId


class MessageStats(ApiModel):
    """How many messages reached which status, by the day on which they did."""

    first_day: date
    last_day: date
    by_status: dict[str, int]
    """`queued`, `sent`, `delivered`, `read`, `played`, `failed`, and `received` for those of others."""
    by_type: dict[str, int]
    """Those that were accepted or received."""
    by_day: dict[date, dict[str, int]]
    """By day, then by status; days without any are missing."""


class BillingMonth(UsedBody):
    """What the account sent and received in one month of UTC."""

    period: str
    """As in 2026-01."""
    sessions: int
    """Sessions that sent or received anything."""


class QuotaBody(ApiModel):
    """How much of what the plan allows is used."""

    quota: Quota
    limit: int
    used: int
    resets_at: datetime | None
    """Null for what is freed by giving something up."""


class Billing(ApiModel):
    """The present month and those before it, newest first."""

    current: BillingMonth
    begins_at: datetime
    ends_at: datetime
    """When the next period begins."""
    quotas: list[QuotaBody]
    past: list[BillingMonth]


def router(usage: Usage) -> APIRouter:
    """The routes of usage."""
    routes = ApiRouter(tags=["usage"])

    @routes.get("/api/usage", responses=problem_responses(BadRange, SessionNotFound, CursorInvalid))
    async def list_usage(
        principal: ReadAccess,
        first: _From = None,
        last: _To = None,
        session: _Session = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[DayUsage]:
        """What was sent and received by day and session, for up to 366 days; the last 30 unless told otherwise.

        Counts follow within some seconds. Those of sessions that are gone stay.
        """
        day, of = ("", "") if cursor is None else decode_cursor(cursor, 2)
        found = await usage.page(
            principal,
            first=first,
            last=last,
            session=session,
            after=None if cursor is None else (day, of),
            limit=limit + 1,
        )
        return page_of(found, limit, _day_body, lambda shown: (shown.day.isoformat(), shown.session))

    @routes.get("/api/messages/stats", responses=problem_responses(BadRange, SessionNotFound))
    async def get_message_stats(
        principal: ReadAccess, first: _From = None, last: _To = None, session: _Session = None
    ) -> MessageStats:
        """How many messages reached which status, by status, type and day; the last 30 days unless told otherwise."""
        found = await usage.stats(principal, first=first, last=last, session=session)
        return MessageStats(
            first_day=found.days.first,
            last_day=found.days.last,
            by_status=dict(found.by_status),
            by_type=dict(found.by_type),
            by_day={day: dict(counts) for day, counts in found.by_day.items()},
        )

    @routes.get("/api/billing")
    async def get_billing(principal: ReadAccess) -> Billing:
        """What the account sent and received this month and in up to 24 months before, and what its plan leaves."""
        bill = await usage.bill(principal)
        return Billing(
            current=_month_body(bill.current),
            begins_at=bill.period.begins,
            ends_at=bill.period.ends,
            quotas=[
                QuotaBody(quota=use.quota, limit=use.limit, used=use.used, resets_at=use.resets_at)
                for use in bill.quotas
            ],
            past=[_month_body(month) for month in bill.past],
        )

    return routes


def _used_of(used: Used) -> dict[str, int]:
    return {name: getattr(used, name) for name in UsedBody.model_fields}


def _day_body(found: SessionDay) -> DayUsage:
    return DayUsage(day=found.day, session_id=found.session, **_used_of(found.used))


def _month_body(found: Month) -> BillingMonth:
    return BillingMonth(period=found.name, sessions=found.sessions, **_used_of(found.used))
