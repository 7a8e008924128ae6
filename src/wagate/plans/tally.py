"""Counting against a plan, within the transaction of whoever uses something up.

Checking comes first and changes nothing: a job that only looked and decided against it makes no other job of its group
run again, so that a customer who knocks at a closed door costs the others nothing.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from wagate.core.ids import AccountId
from wagate.plans import store
from wagate.plans.errors import PlanLimit
from wagate.plans.model import Period, Plan, Quota, day_of, month_of
from wagate.storage.database import Tx


def check_message(tx: Tx, account: AccountId, plan: Plan, now: datetime) -> None:
    """Whether one more message may be accepted.

    :raises PlanLimit: if not.
    """
    for quota, limit, period in _message_quotas(plan, now):
        used = store.used(tx, account, quota, period)
        if used >= limit:
            raise PlanLimit(quota, limit=limit, used=used, resets_at=period.ends)


def count_message(tx: Tx, account: AccountId, plan: Plan, now: datetime) -> None:
    """Count a message that is being accepted.

    :raises PlanLimit: if others were faster since :func:`check_message`.
    """
    for quota, limit, period in _message_quotas(plan, now):
        if not store.take(tx, account, quota, period, limit):
            raise PlanLimit(quota, limit=limit, used=limit, resets_at=period.ends)


def admit_session(tx: Tx, account: AccountId, count: Callable[[], int]) -> None:
    """Let the transaction add a session to those that ``count`` counts; others who add one wait until it ends.

    :raises PlanLimit: if there are as many as the plan allows.
    """
    if store.plan_of(tx, account).sessions is None:
        return
    limit = store.plan_to_use(tx, account).sessions
    if limit is not None and (used := count()) >= limit:
        raise PlanLimit(Quota.SESSIONS, limit=limit, used=used, resets_at=None)


def _message_quotas(plan: Plan, now: datetime) -> Iterator[tuple[Quota, int, Period]]:
    if plan.messages_per_day is not None:
        yield Quota.MESSAGES_PER_DAY, plan.messages_per_day, day_of(now)
    if plan.messages_per_month is not None:
        yield Quota.MESSAGES_PER_MONTH, plan.messages_per_month, month_of(now)
