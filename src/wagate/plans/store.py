"""The tables of plans and of what is used up, and every statement on them.

An account without a row has no limits. Only what a plan limits is counted, so nobody else pays for it with a row that
all of an account's requests would have to change one after the other.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    column,
    delete,
    select,
    table,
)

from wagate.core.ids import AccountId
from wagate.plans.model import UNLIMITED, Period, Plan, Quota
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import upsert

plans = Table(
    "plans",
    metadata,
    Column("account_id", String, ForeignKey("accounts.id"), primary_key=True),
    Column("sessions", Integer),
    Column("messages_per_day", Integer),
    Column("messages_per_month", Integer),
    Column("first_contacts_per_day", Integer),
)

quota_use = Table(
    "quota_use",
    metadata,
    #: The id of the account or session.
    Column("subject", String, primary_key=True),
    Column("quota", String, primary_key=True),
    Column("period", String, primary_key=True),
    Column("used", Integer, nullable=False),
)

_p = plans.c
_u = quota_use.c
_accounts = table("accounts", column("id"))

_PLAN = select(_p.sessions, _p.messages_per_day, _p.messages_per_month, _p.first_contacts_per_day).where(
    _p.account_id == bindparam("account")
)
_USED = select(_u.used).where(
    _u.subject == bindparam("of"), _u.quota == bindparam("what"), _u.period == bindparam("during")
)
_TAKE = upsert(
    quota_use,
    ["subject", "quota", "period"],
    lambda _new: {"used": _u.used + 1},
    lambda _new: _u.used < bindparam("most"),
).returning(_u.used)
_AT_LEAST = upsert(quota_use, ["subject", "quota", "period"], ["used"], lambda new: _u.used < new.excluded.used)


def account_exists(tx: Tx, account: AccountId) -> bool:
    return tx.execute(select(_accounts.c.id).where(_accounts.c.id == account)).first() is not None


def plan_of(tx: Tx, account: AccountId) -> Plan:
    return _plan(tx.execute(_PLAN, {"account": account}).one_or_none())


def plan_to_use(tx: Tx, account: AccountId) -> Plan:
    """As :func:`plan_of`; others who call this for the account wait until the transaction ends."""
    return _plan(tx.execute(_PLAN.with_for_update(), {"account": account}).one_or_none())


def save(tx: Tx, account: AccountId, plan: Plan) -> None:
    """Give an account a plan, in place of the one it had."""
    names = ("sessions", "messages_per_day", "messages_per_month", "first_contacts_per_day")
    values = {name: getattr(plan, name) for name in names}
    tx.execute(upsert(plans, ["account_id"], list(names)), {"account_id": account, **values})


def used(tx: Tx, subject: str, quota: Quota, period: Period) -> int:
    """How much was used up in a period; 0 if it was not counted."""
    found: int | None = tx.execute(
        _USED, {"of": subject, "what": quota.value, "during": period.name}
    ).scalar_one_or_none()
    return found or 0


def take(tx: Tx, subject: str, quota: Quota, period: Period, limit: int) -> bool:
    """Use one up; ``False``, and nothing is changed, if ``limit`` are used already. ``limit`` is 1 or more."""
    values = {"subject": subject, "quota": quota.value, "period": period.name, "used": 1, "most": limit}
    return tx.execute(_TAKE, values).first() is not None


def use_at_least(tx: Tx, subject: str, quota: Quota, period: Period, count: int) -> None:
    """Let no fewer than ``count`` be used up."""
    values = {"subject": subject, "quota": quota.value, "period": period.name, "used": count}
    tx.execute(_AT_LEAST, values)


def forget(tx: Tx, before: str) -> int:
    """Delete what was used up in periods whose names sort before ``before``; how many rows."""
    return tx.execute(delete(quota_use).where(_u.period < before)).rowcount


def _plan(row: Row[*tuple[int | None, ...]] | None) -> Plan:
    if row is None:
        return UNLIMITED
    return Plan(
        sessions=row.sessions,
        messages_per_day=row.messages_per_day,
        messages_per_month=row.messages_per_month,
        first_contacts_per_day=row.first_contacts_per_day,
    )
