"""What a plan allows is allowed exactly, and nobody else pays for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import import_stores
from tests.plans.names import ADA, BOB
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.plans import store
from wagate.plans.api import router
from wagate.plans.errors import PlanAccountNotFound, PlanLimit
from wagate.plans.jobs import KEEP, prune
from wagate.plans.model import UNLIMITED, Plan, Quota, day_of, month_of
from wagate.plans.service import Plans
from wagate.plans.tally import admit_session, check_message, count_message
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx, metadata
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of

OPERATOR = Principal(account_id=BOB, scopes=frozenset(Scope), is_admin=True)
NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)


def use_one(tx: Tx, plan: Plan, now: datetime = NOW, account: AccountId = ADA) -> None:
    check_message(tx, account, plan, now)
    count_message(tx, account, plan, now)


async def test_messages_are_counted_by_day_and_month_until_the_plan_is_used_up(database: Database) -> None:
    plan = Plan(messages_per_day=2, messages_per_month=3)
    for _ in range(2):
        await database.write(lambda tx: use_one(tx, plan))
    with pytest.raises(PlanLimit) as refused:
        await database.write(lambda tx: use_one(tx, plan))
    assert refused.value.members() == {
        "quota": "messagesPerDay",
        "limit": 2,
        "used": 2,
        "resetsAt": "2026-02-01T00:00:00Z",
    }
    await database.write(lambda tx: use_one(tx, plan, NOW + timedelta(days=1)))
    await database.write(lambda tx: use_one(tx, plan, account=BOB))
    assert await database.read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_MONTH, month_of(NOW))) == 2


async def test_a_month_that_is_used_up_begins_anew_with_the_next(database: Database) -> None:
    plan = Plan(messages_per_month=1)
    await database.write(lambda tx: use_one(tx, plan, NOW - timedelta(days=30)))
    with pytest.raises(PlanLimit, match="2026-02-01T00:00:00Z"):
        await database.write(lambda tx: use_one(tx, plan))
    await database.write(lambda tx: use_one(tx, plan, NOW + timedelta(hours=1)))


async def test_who_has_no_limits_is_not_counted(database: Database) -> None:
    await database.write(lambda tx: use_one(tx, UNLIMITED))
    assert await database.read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_DAY, day_of(NOW))) == 0


async def test_nobody_runs_again_because_of_who_is_refused(database: Database) -> None:
    runs = 0

    def innocent(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        use_one(tx, Plan(messages_per_day=100), account=BOB)

    plan = Plan(messages_per_day=1)
    await database.write(lambda tx: use_one(tx, plan))
    jobs: list[Any] = [database.write(innocent)]
    jobs += [database.write(lambda tx: use_one(tx, plan)) for _ in range(20)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert sum(isinstance(answer, PlanLimit) for answer in answers) == 20
    assert runs == 1


@pytest.fixture
async def two_gateways(new_postgres_database: Callable[[], str]) -> AsyncIterator[tuple[Database, Database]]:
    import_stores()
    url = new_postgres_database()
    one, other = await Database.open(url), await Database.open(url)
    await one.write(lambda tx: metadata.create_all(tx.connection))
    yield one, other
    await one.close()
    await other.close()


@pytest.mark.postgres
async def test_two_gateways_together_accept_exactly_what_the_plan_allows(
    two_gateways: tuple[Database, Database],
) -> None:
    plan = Plan(messages_per_day=50, messages_per_month=70)
    jobs = [gateway.write(lambda tx: use_one(tx, plan)) for _ in range(60) for gateway in two_gateways]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert answers.count(None) == 50
    assert sum(isinstance(answer, PlanLimit) for answer in answers) == 70
    assert await two_gateways[0].read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_MONTH, month_of(NOW))) == 50


@pytest.mark.postgres
async def test_two_gateways_that_count_for_two_accounts_do_not_stop_each_other(
    two_gateways: tuple[Database, Database],
) -> None:
    plan = Plan(messages_per_day=10_000)
    jobs = [
        gateway.write(lambda tx, account=account: use_one(tx, plan, account=account))  # type: ignore[misc]
        for _ in range(30)
        for accounts, gateway in (((ADA, BOB), two_gateways[0]), ((BOB, ADA), two_gateways[1]))
        for account in accounts
    ]
    await asyncio.gather(*jobs)
    for account in (ADA, BOB):
        used = await two_gateways[0].read(
            lambda tx, account=account: store.used(tx, account, Quota.MESSAGES_PER_DAY, day_of(NOW))  # type: ignore[misc]
        )
        assert used == 60


# -- sessions


async def test_a_session_is_admitted_while_there_are_fewer_than_the_plan_allows(
    database: Database, plans: Plans
) -> None:
    await plans.put(OPERATOR, ADA, Plan(sessions=2))
    await database.write(lambda tx: admit_session(tx, ADA, lambda: 1))
    await database.write(lambda tx: admit_session(tx, BOB, lambda: 1000))
    with pytest.raises(PlanLimit) as refused:
        await database.write(lambda tx: admit_session(tx, ADA, lambda: 2))
    assert refused.value.members() == {"quota": "sessions", "limit": 2, "used": 2, "resetsAt": None}


# -- plans themselves


async def test_a_plan_counts_what_was_accepted_before_it_was_given(
    database: Database, plans: Plans, bus: Bus, clock: ManualClock, entropy: Entropy
) -> None:
    log = EventLog(database, bus, clock, entropy=entropy)

    def accept(type: EventType, account: AccountId = ADA) -> Any:
        return database.write(lambda tx: log.append(tx, account_id=account, session_id=None, type=type, data={}))

    await accept(EventType.MESSAGE_QUEUED)
    await clock.advance(25 * 3600)
    await accept(EventType.MESSAGE_QUEUED)
    await accept(EventType.MESSAGE_SENT)
    await accept(EventType.MESSAGE_QUEUED, BOB)
    for _ in range(2):
        await plans.put(OPERATOR, ADA, Plan(messages_per_day=5, messages_per_month=5))
    now = clock.now()
    assert await database.read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_DAY, day_of(now))) == 1
    assert await database.read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_MONTH, month_of(now))) == 2


async def test_a_new_plan_does_not_forget_what_was_counted(
    database: Database, plans: Plans, clock: ManualClock
) -> None:
    plan = Plan(messages_per_day=5)
    await plans.put(OPERATOR, ADA, plan)
    await database.write(lambda tx: use_one(tx, plan, clock.now()))
    await plans.put(OPERATOR, ADA, Plan(messages_per_day=9))
    assert await database.read(lambda tx: store.used(tx, ADA, Quota.MESSAGES_PER_DAY, day_of(clock.now()))) == 1
    assert await plans.get(ADA) == Plan(messages_per_day=9)


async def test_counters_of_periods_long_over_are_forgotten(database: Database, clock: ManualClock) -> None:
    plan = Plan(messages_per_day=5, messages_per_month=5)
    await database.write(lambda tx: use_one(tx, plan, clock.now()))
    await clock.advance(31 * 86400)
    assert await prune(database, clock) == 0
    await clock.advance(KEEP.total_seconds())
    assert await prune(database, clock) == 2


async def test_an_account_that_is_not_there_has_no_plan(plans: Plans, clock: ManualClock) -> None:
    with pytest.raises(PlanAccountNotFound):
        await plans.get(AccountId.new(clock.now()))


def client(plans: Plans, *, is_admin: bool) -> AsgiClient:
    principal = Principal(account_id=ADA, scopes=frozenset({Scope.ADMIN}), is_admin=is_admin)
    return AsgiClient(app_of(router(plans), keys={"key": principal}), "key")


async def test_who_runs_the_gateway_gives_and_sees_plans(plans: Plans) -> None:
    admin = client(plans, is_admin=True)
    path = f"/api/admin/accounts/{BOB}/plan"
    assert (await admin.get(path)).json() == {
        "sessions": None,
        "messagesPerDay": None,
        "messagesPerMonth": None,
        "firstContactsPerDay": None,
    }
    put = await admin.request("PUT", path, json={"sessions": 3, "messagesPerMonth": 1000})
    assert (put.status, put.json()["sessions"], put.json()["messagesPerMonth"]) == (200, 3, 1000)
    assert (await admin.get(path)).json() == put.json()
    assert (await admin.request("PUT", path, json={"sessions": -1})).status == 400
    missing = await admin.get(f"/api/admin/accounts/{AccountId.new(NOW)}/plan")
    assert (missing.status, missing.json()["code"]) == (404, "plan_account_not_found")


async def test_nobody_else_gives_or_sees_plans(plans: Plans) -> None:
    other = client(plans, is_admin=False)
    for account in (ADA, BOB):
        assert (await other.get(f"/api/admin/accounts/{account}/plan")).status == 403
        assert (await other.request("PUT", f"/api/admin/accounts/{account}/plan", json={})).status == 403


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_months_end_where_the_next_begins(now: datetime, ends: datetime) -> None:
    assert month_of(now).ends == ends
    assert month_of(ends).begins == ends
