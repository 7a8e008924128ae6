from datetime import UTC, datetime
from typing import Any

import pytest

from tests.events.appending import Append
from tests.events.names import ADA, BOB, HELP, SHOP
from wagate.core.ids import EventId
from wagate.events.api import router
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of

KEYS = {
    "ada": Principal(account_id=ADA, scopes=frozenset({Scope.READ})),
    "bob": Principal(account_id=BOB, scopes=frozenset({Scope.READ})),
    "bound": Principal(account_id=ADA, scopes=frozenset({Scope.READ}), sessions=frozenset({HELP})),
    "sender": Principal(account_id=ADA, scopes=frozenset({Scope.SEND})),
}


@pytest.fixture
def client(log: EventLog) -> Any:
    app = app_of(router(log), keys=KEYS)
    return lambda key="ada": AsgiClient(app, key)


async def test_pages_follow_each_other_without_gap_or_repeat(client: Any, append: Append) -> None:
    written = [await append(EventType.MESSAGE_SENT, session=SHOP, n=n) for n in range(5)]
    seen, query = [], {"limit": 2}
    while True:
        page = (await client().get("/api/events", params=query)).json()
        seen += page["items"]
        if page["next"] is None:
            break
        query = {"limit": 2, "after": page["next"]}
    assert [event["id"] for event in seen] == written
    assert [event["data"] for event in seen] == [{"n": n} for n in range(5)]
    assert set(seen[0]) == {"id", "type", "accountId", "sessionId", "timestamp", "data"}


async def test_filters_of_the_query(client: Any, append: Append) -> None:
    status = await append(EventType.SESSION_STATUS, session=SHOP)
    sent = await append(EventType.MESSAGE_SENT, session=HELP)

    async def ids(**query: str) -> list[str]:
        return [event["id"] for event in (await client().get("/api/events", params=query)).json()["items"]]

    assert await ids(types="message.sent, message.read") == [sent]
    assert await ids(types="session.*") == [status]
    assert await ids(session=SHOP) == [status]
    assert await ids(after=status) == [sent]


async def test_a_key_sees_its_account_and_its_sessions_only(client: Any, append: Append) -> None:
    await append(EventType.MESSAGE_SENT, session=SHOP)
    await append(EventType.CAMPAIGN_PROGRESS)
    helped = await append(EventType.MESSAGE_SENT, session=HELP)
    assert (await client("bob").get("/api/events")).json() == {"items": [], "next": None}
    bound = (await client("bound").get("/api/events")).json()["items"]
    assert [event["id"] for event in bound] == [helped]
    assert (await client("bound").get("/api/events", params={"session": SHOP})).json()["items"] == []
    assert (await client("sender").get("/api/events")).status == 403
    assert (await client("").get("/api/events")).status == 401


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"types": "message.exploded"}, "unknown_event_type"),
        ({"types": ""}, "unknown_event_type"),
        ({"after": "evt_1"}, "validation_failed"),
        ({"after": "msg_" + "0" * 26}, "validation_failed"),
        ({"session": "1"}, "validation_failed"),
        ({"limit": "0"}, "validation_failed"),
        ({"limit": "201"}, "validation_failed"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(client: Any, query: dict[str, str], code: str) -> None:
    answer = await client().get("/api/events", params=query)
    assert (answer.status, answer.json()["code"]) == (400, code)


async def test_an_unknown_position_stands_for_its_time(client: Any, append: Append) -> None:
    written = await append()
    early = EventId.new(datetime(2020, 1, 1, tzinfo=UTC))
    late = EventId.new(datetime(2030, 1, 1, tzinfo=UTC))
    assert [e["id"] for e in (await client().get("/api/events", params={"after": early})).json()["items"]] == [written]
    assert (await client().get("/api/events", params={"after": late})).json()["items"] == []
