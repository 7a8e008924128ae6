"""What an account sent and received, and what its plan leaves it."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, SessionId
from wagate.plans import store as plans
from wagate.plans.model import Period, Quota, day_of, month_of
from wagate.sessions import store as sessions
from wagate.sessions.errors import SessionNotFound
from wagate.storage.database import Database, Tx
from wagate.usage import store
from wagate.usage.model import Days, Month, SessionDay, Stats, Used
from wagate.web.principal import Principal

#: Months that a bill looks back.
MAX_MONTHS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """How much of a quota is used; ``resets_at`` is ``None`` for what only giving something up frees."""

    quota: Quota
    limit: int
    used: int
    resets_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The present month, what the plan leaves of it, and the months before, newest first."""

    period: Period
    current: Month
    quotas: list[QuotaUse]
    past: list[Month]


class Usage:
    """Answers what was counted; see :mod:`wagate.usage.jobs` for who counts."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def page(
        self,
        principal: Principal,
        *,
        first: date | None,
        last: date | None,
        session: SessionId | None,
        after: tuple[str, str] | None,
        limit: int,
    ) -> list[SessionDay]:
        """Days and sessions within reach, in order. :raises BadRange: :raises SessionNotFound:"""
        days = self._days(first, last)

        def work(tx: Tx) -> list[SessionDay]:
            reach = _reach(tx, principal, session)
            return store.by_session(tx, principal.account_id, days, sessions=reach, after=after, limit=limit)

        return await self._db.read(work)

    async def stats(
        self, principal: Principal, *, first: date | None, last: date | None, session: SessionId | None
    ) -> Stats:
        """Messages by status, type and day. :raises BadRange: :raises SessionNotFound:"""
        days = self._days(first, last)

        def work(tx: Tx) -> list[tuple[date, str, str, int]]:
            return store.counts(tx, principal.account_id, days, sessions=_reach(tx, principal, session))

        by_status: Counter[str] = Counter()
        by_type: Counter[str] = Counter()
        by_day: defaultdict[date, Counter[str]] = defaultdict(Counter)
        for day, type, status, count in await self._db.read(work):
            if count:
                by_status[status] += count
                by_day[day][status] += count
                if status in ("queued", "received"):
                    by_type[type] += count
        return Stats(days=days, by_status=by_status, by_type=by_type, by_day=by_day)

    async def bill(self, principal: Principal) -> Bill:
        """The present month and those before it."""
        now = self._clock.now()
        period = month_of(now)

        def work(tx: Tx) -> Bill:
            reach = principal.sessions
            months = store.by_month(tx, principal.account_id, sessions=reach, limit=MAX_MONTHS + 1)
            current = next((month for month in months if month.name == period.name), None)
            return Bill(
                period=period,
                current=current or Month(name=period.name, sessions=0, used=Used()),
                quotas=_quotas(tx, principal.account_id, now),
                past=[month for month in months if month.name < period.name][:MAX_MONTHS],
            )

        return await self._db.read(work)

    def _days(self, first: date | None, last: date | None) -> Days:
        return Days.chosen(first, last, self._clock.now().astimezone(UTC).date())


def _reach(tx: Tx, principal: Principal, session: SessionId | None) -> Collection[SessionId] | None:
    if session is None:
        return principal.sessions
    if not principal.may_see(session):
        raise SessionNotFound
    if not store.has_any(tx, principal.account_id, session):
        sessions.find(tx, principal.account_id, session)
    return [session]


def _quotas(tx: Tx, account: AccountId, now: datetime) -> list[QuotaUse]:
    plan = plans.plan_of(tx, account)
    found: list[QuotaUse] = []
    if plan.sessions is not None:
        used = sessions.count(tx, account)
        found.append(QuotaUse(quota=Quota.SESSIONS, limit=plan.sessions, used=used, resets_at=None))
    for quota, limit, period in (
        (Quota.MESSAGES_PER_DAY, plan.messages_per_day, day_of(now)),
        (Quota.MESSAGES_PER_MONTH, plan.messages_per_month, month_of(now)),
    ):
        if limit is not None:
            used = plans.used(tx, account, quota, period)
            found.append(QuotaUse(quota=quota, limit=limit, used=used, resets_at=period.ends))
    return found
