"""Usage, statistics and bills, as a customer's program meets them."""

from typing import Any

import pytest

from tests.usage.names import ADA, BOB, BOBS, DESK, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import SessionId
from wagate.events.service import EventLog
from wagate.plans import store as plans
from wagate.plans.model import Plan, Quota, month_of
from wagate.storage.database import Database, Tx
from wagate.usage.api import router
from wagate.usage.jobs import Counting
from wagate.usage.service import Usage
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of


def client_of(usage: Usage, key: str = "ada") -> AsgiClient:
    read = frozenset({Scope.READ})
    keys = {
        "ada": Principal(account_id=ADA, scopes=read),
        "bob": Principal(account_id=BOB, scopes=read),
        "desk": Principal(account_id=ADA, scopes=read, sessions=frozenset({DESK})),
        "sender": Principal(account_id=ADA, scopes=frozenset({Scope.SEND})),
    }
    return AsgiClient(app_of(router(usage), keys=keys), key)


@pytest.fixture
async def client(usage: Usage, database: Database, log: EventLog, clock: ManualClock, happen: Any) -> AsgiClient:
    """Two days of two sessions of ADA's, and one of BOB's."""
    await happen("message.queued", "message.sent", "message.delivered")
    await happen("message.queued", "message.failed", type="image", session=DESK)
    await happen("message.queued", account=BOB, session=BOBS)
    await clock.advance(86400)
    await happen("message.received", direction="in")
    await Counting(database, log, clock).catch_up()
    return client_of(usage)


async def test_usage_is_told_by_day_and_session(client: AsgiClient) -> None:
    body = (await client.get("/api/usage")).json()
    assert [(item["day"], item["sessionId"]) for item in body["items"]] == [
        ("2026-01-01", SHOP),
        ("2026-01-01", DESK),
        ("2026-01-02", SHOP),
    ]
    assert body["items"][0] == {
        "day": "2026-01-01",
        "sessionId": SHOP,
        "accepted": 1,
        "sent": 1,
        "delivered": 1,
        "read": 0,
        "failed": 0,
        "received": 0,
        "mediaBytesSent": 0,
        "mediaBytesReceived": 0,
    }
    assert body["next"] is None


async def test_usage_comes_in_pages_without_gap_or_repetition(client: AsgiClient) -> None:
    seen, cursor = [], ""
    while True:
        page = (await client.get("/api/usage", params={"limit": 1, **({"cursor": cursor} if cursor else {})})).json()
        seen += [(item["day"], item["sessionId"]) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [("2026-01-01", SHOP), ("2026-01-01", DESK), ("2026-01-02", SHOP)]
    assert (await client.get("/api/usage?cursor=nonsense")).status == 400


@pytest.mark.parametrize(
    ("range", "days"),
    [
        ("from=2026-01-02", {"2026-01-02"}),
        ("from=2026-01-01&to=2026-01-01", {"2026-01-01"}),
        ("from=2026-01-01T23:00:00-02:00", {"2026-01-02"}),
        ("from=2025-02-01&to=2025-03-01", set()),
    ],
)
async def test_a_range_is_of_utc_days_and_takes_both_its_ends(client: AsgiClient, range: str, days: set[str]) -> None:
    assert {item["day"] for item in (await client.get(f"/api/usage?{range}")).json()["items"]} == days


@pytest.mark.parametrize(
    ("range", "code"),
    [
        ("from=2026-01-02&to=2026-01-01", "bad_range"),
        ("from=2024-01-01&to=2026-01-01", "bad_range"),
        ("to=0001-01-02", "bad_range"),
        ("from=yesterday", "validation_failed"),
        ("from=2026-01-01T10:00:00", "validation_failed"),
        ("from=0001-01-01T00:00:00%2B01:00", "validation_failed"),
        ("from=17", "validation_failed"),
    ],
)
async def test_a_range_that_is_none_is_refused(client: AsgiClient, range: str, code: str) -> None:
    for path in ("/api/usage", "/api/messages/stats"):
        answer = await client.get(f"{path}?{range}")
        assert (answer.status, answer.json()["code"]) == (400, code)


async def test_messages_are_told_by_status_type_and_day(client: AsgiClient) -> None:
    assert (await client.get("/api/messages/stats")).json() == {
        "firstDay": "2025-12-04",
        "lastDay": "2026-01-02",
        "byStatus": {"queued": 2, "sent": 1, "delivered": 1, "failed": 1, "received": 1},
        "byType": {"text": 2, "image": 1},
        "byDay": {
            "2026-01-01": {"queued": 2, "sent": 1, "delivered": 1, "failed": 1},
            "2026-01-02": {"received": 1},
        },
    }
    of_desk = (await client.get("/api/messages/stats", params={"session": DESK})).json()
    assert of_desk["byStatus"] == {"queued": 1, "failed": 1}


async def test_nobody_sees_what_is_anothers(usage: Usage, client: AsgiClient, clock: ManualClock) -> None:
    for path in ("/api/usage", "/api/messages/stats"):
        for session in (BOBS, SessionId.new(clock.now())):
            answer = await client.get(path, params={"session": session})
            assert (answer.status, answer.json()["code"]) == (404, "session_not_found")
        assert (await client_of(usage, "desk").get(path, params={"session": SHOP})).status == 404
        assert (await client_of(usage, "sender").get(path)).status == 403
    assert {item["sessionId"] for item in (await client_of(usage, "bob").get("/api/usage")).json()["items"]} == {BOBS}
    assert {item["sessionId"] for item in (await client_of(usage, "desk").get("/api/usage")).json()["items"]} == {DESK}
    bill = (await client_of(usage, "desk").get("/api/billing")).json()
    assert (bill["current"]["accepted"], bill["current"]["sessions"]) == (1, 1)


async def test_a_bill_has_this_month_and_those_before_and_what_is_left(
    usage: Usage, client: AsgiClient, database: Database, log: EventLog, clock: ManualClock, happen: Any
) -> None:
    await clock.advance(31 * 86400)
    await happen("message.queued", "message.sent")
    await Counting(database, log, clock).catch_up()

    def give(tx: Tx) -> None:
        from sqlalchemy import insert

        from wagate.accounts.store import accounts

        tx.execute(insert(accounts).values(id=ADA, name="x", created_at=clock.now()))
        plans.save(tx, ADA, Plan(sessions=3, messages_per_month=10))
        plans.use_at_least(tx, ADA, Quota.MESSAGES_PER_MONTH, month_of(clock.now()), 4)

    await database.write(give)
    bill = (await client.get("/api/billing")).json()
    assert (bill["beginsAt"], bill["endsAt"]) == ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
    assert (bill["current"]["period"], bill["current"]["sent"], bill["current"]["sessions"]) == ("2026-02", 1, 1)
    assert [(month["period"], month["accepted"], month["sessions"]) for month in bill["past"]] == [("2026-01", 2, 2)]
    assert bill["quotas"] == [
        {"quota": "sessions", "limit": 3, "used": 0, "resetsAt": None},
        {"quota": "messagesPerMonth", "limit": 10, "used": 4, "resetsAt": "2026-03-01T00:00:00Z"},
    ]
