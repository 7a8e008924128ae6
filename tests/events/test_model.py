import json
from datetime import UTC, datetime

from tests.events.names import ADA, SHOP
from wagate.core.ids import EventId
from wagate.events.model import Event, EventType, made_at, matching


def event(**changes: object) -> Event:
    fields = {
        "seq": 1,
        "id": EventId.new(datetime(2026, 1, 1, tzinfo=UTC)),
        "type": EventType.MESSAGE_SENT,
        "account_id": ADA,
        "session_id": SHOP,
        "chat": None,
        "timestamp": datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC),
        "json": '{"id":"msg_1","text":"päng \\"quoted\\""}',
    }
    return Event(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_json_of_an_event_is_the_contract() -> None:
    sent = event()
    assert json.loads(sent.to_json()) == {
        "id": sent.id,
        "type": "message.sent",
        "accountId": ADA,
        "sessionId": SHOP,
        "timestamp": "2026-01-01T12:00:00.250000Z",
        "data": {"id": "msg_1", "text": 'päng "quoted"'},
    }
    assert json.loads(event(session_id=None).to_json())["sessionId"] is None


def test_telling_more_leaves_the_rest_alone() -> None:
    shown = event().with_data({"qrString": "2@abc"})
    assert shown.data == {"qrString": "2@abc"}
    assert shown.id == shown.with_data({}).id


def test_patterns_stand_for_whole_families() -> None:
    assert matching("message.sent") == {EventType.MESSAGE_SENT}
    assert matching("group.*") == {
        EventType.GROUP_CREATED,
        EventType.GROUP_UPDATED,
        EventType.GROUP_PARTICIPANTS,
    }
    assert matching("*") == frozenset(EventType)
    for nothing in ("", "message", "message.", "message*", "mess.*", ".*", "**", "message.sent.*", "MESSAGE.SENT"):
        assert matching(nothing) == frozenset(), nothing


def test_an_id_says_when_it_was_made() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, 987_000, tzinfo=UTC)
    assert made_at(EventId.new(moment)) == moment
    assert made_at(EventId("evt_" + "0" * 26)) == datetime(1970, 1, 1, tzinfo=UTC)
    assert made_at(EventId("evt_" + "z" * 26)).year == 9999
