"""What those who run the gateway allow an account."""

from dataclasses import fields
from datetime import datetime

from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.ids import AccountId
from wagate.events.service import EventLog
from wagate.plans import store
from wagate.plans.errors import PlanAccountNotFound
from wagate.plans.model import Period, Plan, Quota, day_of, month_of
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal


class Plans:
    """The plans of all accounts."""

    def __init__(self, db: Database, events: EventLog, clock: Clock) -> None:
        self._db = db
        self._events = events
        self._clock = clock

    async def get(self, account: AccountId) -> Plan:
        """:raises PlanAccountNotFound: if there is no such account."""

        def work(tx: Tx) -> Plan:
            if not store.account_exists(tx, account):
                raise PlanAccountNotFound
            return store.plan_of(tx, account)

        return await self._db.read(work)

    async def put(self, principal: Principal, account: AccountId, plan: Plan) -> Plan:
        """Give the account a plan in place of the one it had, from the next request on.

        What it sent earlier in the present day and month counts: the events of accepted messages, which are kept for
        30 days, are counted once here. Messages accepted in the very moment of the change may be missed.

        :raises PlanAccountNotFound: if there is no such account.
        """
        await self.get(account)
        now = self._clock.now()
        counted = [
            (quota, period, await self._accepted_since(account, period.begins)) for quota, period in _periods(plan, now)
        ]

        def work(tx: Tx) -> None:
            before = store.plan_of(tx, account)
            store.save(tx, account, plan)
            changed = [field.name for field in fields(Plan) if getattr(plan, field.name) != getattr(before, field.name)]
            detail = {"fields": changed}
            audit.append(tx, principal, Action.PLAN_CHANGED, account, now=now, account_id=account, detail=detail)
            for quota, period, count in counted:
                store.use_at_least(tx, account, quota, period, count)

        await self._db.write(work)
        return plan

    async def _accepted_since(self, account: AccountId, moment: datetime) -> int:
        return await self._events.count_queued(account, since=moment)


def _periods(plan: Plan, now: datetime) -> list[tuple[Quota, Period]]:
    periods: list[tuple[Quota, Period]] = []
    if plan.messages_per_day is not None:
        periods.append((Quota.MESSAGES_PER_DAY, day_of(now)))
    if plan.messages_per_month is not None:
        periods.append((Quota.MESSAGES_PER_MONTH, month_of(now)))
    return periods
