from typing import Any

import pytest

from tests.webhooks.names import ADA, ADA_ID, BOB, HELPER
from tests.webhooks.rig import HOOK, Rig, on_one_database
from wagate.web.egress import Egress
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of
from wagate.webhooks.api import router
from wagate.webhooks.service import Webhooks

KEYS = {
    "ada": ADA,
    "bob": BOB,
    "bound": HELPER,
    "reader": Principal(account_id=ADA_ID, scopes=frozenset({Scope.READ})),
    "sender": Principal(account_id=ADA_ID, scopes=frozenset({Scope.SEND})),
}
ENDPOINTS = "/api/webhooks/endpoints"
SES = "ses_" + "0" * 26


@pytest.fixture
def client(rig: Rig) -> Any:
    app = app_of(router(rig.webhooks), keys=KEYS)
    return lambda key="ada": AsgiClient(app, key)


async def make(client: Any, **fields: Any) -> dict[str, Any]:
    answer = await client().post(ENDPOINTS, json={"url": HOOK, **fields})
    assert answer.status == 201, answer.body
    return dict(answer.json())


async def test_an_endpoint_from_creation_to_deletion(client: Any) -> None:
    made = await make(client, events=["message.*"], headers={"X-A": "1"}, description="mine")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["events"] == ["message.*"]
    assert made["sessions"] is None
    assert made["enabled"] is True

    one = f"{ENDPOINTS}/{made['id']}"
    assert (await client().get(one)).json() == made
    assert (await client().get(ENDPOINTS)).json() == {"items": [made], "next": None}

    changed = (await client().patch(one, json={"enabled": False, "events": None, "headers": None})).json()
    assert (changed["enabled"], changed["events"], changed["headers"]) == (False, None, {})
    assert changed["description"] == "mine"
    rotated = (await client().post(f"{one}/rotate-secret")).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != secret
    assert rotated["previousSecretValidUntil"] == "2026-01-02T00:00:00Z"

    assert (await client().delete(one)).status == 204
    assert (await client().get(one)).status == 404
    assert (await client().delete(one)).status == 404


async def test_the_secret_is_shown_in_no_other_answer(client: Any) -> None:
    made = await make(client)
    one = f"{ENDPOINTS}/{made['id']}"
    answers = [
        await client().get(one),
        await client().get(ENDPOINTS),
        await client().patch(one, json={"description": "x"}),
        await client().post(f"{one}/test"),
    ]
    for answer in answers:
        assert answer.status == 200
        assert made["secret"].encode() not in answer.body
        assert b"secret" not in answer.body


async def test_header_values_are_for_those_who_manage(client: Any) -> None:
    made = await make(client, headers={"Authorization": "Bearer hidden"})
    one = f"{ENDPOINTS}/{made['id']}"
    assert (await client("reader").get(one)).json()["headers"] == {"Authorization": "***"}
    assert (await client().get(one)).json()["headers"] == {"Authorization": "Bearer hidden"}


async def test_deliveries_page_and_replay(client: Any, rig: Rig) -> None:
    made = await make(client)
    ids = [await rig.event(n=n) for n in range(3)]
    await rig.settle()
    path = f"{ENDPOINTS}/{made['id']}/deliveries"
    first = (await client("reader").get(path, params={"limit": 2})).json()
    second = (await client("reader").get(path, params={"limit": 2, "cursor": first["next"]})).json()
    items = first["items"] + second["items"]
    assert second["next"] is None
    assert [item["eventId"] for item in items] == ids[::-1]
    assert items[0] == {
        "id": items[0]["id"],
        "eventId": ids[2],
        "type": "message.received",
        "endpointId": made["id"],
        "status": "delivered",
        "attempts": 1,
        "lastStatus": 204,
        "lastError": None,
        "nextAttemptAt": None,
        "createdAt": "2026-01-01T00:00:00Z",
        "deliveredAt": "2026-01-01T00:00:00Z",
    }
    assert (await client().get(path, params={"status": "dead"})).json()["items"] == []

    for number, replay in enumerate(
        (
            f"/api/webhooks/deliveries/{items[0]['id']}/replay",
            f"{ENDPOINTS}/deliveries/{items[0]['id']}/replay",
            f"{path}/{items[0]['id']}/replay",
        )
    ):
        again = await client().post(replay)
        assert (again.status, again.json()["status"], again.json()["attempts"]) == (202, "pending", 0)
        await rig.settle()
        assert len(rig.receivers.calls) == 4 + number
    for after in (ids[0], "2020-01-01T00:00:00Z"):
        rig.receivers.calls.clear()
        assert (await client().post(f"{ENDPOINTS}/{made['id']}/replay", json={"after": after})).status == 202
        await rig.settle()
        assert [call.event_id for call in rig.receivers.calls] == (ids[1:] if after == ids[0] else ids)


async def test_a_delivery_that_is_being_attempted_is_not_replayed(client: Any, rig: Rig) -> None:
    made = await make(client)
    rig.receivers.fails(HOOK)
    await rig.event()
    await rig.settle()
    (item,) = (await client().get(f"{ENDPOINTS}/{made['id']}/deliveries")).json()["items"]
    assert (item["status"], item["lastStatus"], item["lastError"]) == ("pending", 500, "HTTP 500")
    assert item["nextAttemptAt"] is not None
    answer = await client().post(f"/api/webhooks/deliveries/{item['id']}/replay")
    assert (answer.status, answer.json()["code"]) == (409, "delivery_pending")


@on_one_database
@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"url": HOOK, "event": ["x"]}, 400, "validation_failed"),
        ({"url": HOOK, "enabled": "yes"}, 400, "validation_failed"),
        ({"url": HOOK, "events": []}, 400, "validation_failed"),
        ({"url": HOOK, "sessions": []}, 400, "validation_failed"),
        ({"url": HOOK, "sessions": ["acc_1"]}, 400, "validation_failed"),
        ({"url": HOOK, "events": ["message.exploded"]}, 400, "unknown_event_type"),
        ({"url": HOOK, "headers": {"Host": "x"}}, 400, "header_refused"),
        ({"url": "h" * 3000}, 400, "validation_failed"),
        ({"url": "ftp://a.example/"}, 422, "address_not_allowed"),
        ({"url": "not a url"}, 422, "address_not_allowed"),
        ({"url": "http://127.0.0.1/"}, 422, "address_not_allowed"),
        ({"url": "http://localhost:8080/"}, 422, "address_not_allowed"),
        ({"url": "https://u:p@a.example/"}, 422, "address_not_allowed"),
    ],
)
async def test_what_makes_no_endpoint_is_refused(rig: Rig, fields: dict[str, Any], status: int, code: str) -> None:
    async with Egress() as egress:
        guarded = Webhooks(db=rig.db, log=rig.log, bus=rig.bus, clock=rig.clock, ring=rig.ring, egress=egress)
        client = AsgiClient(app_of(router(guarded), keys=KEYS), "ada")
        answer = await client.post(ENDPOINTS, json=fields)
        assert (answer.status, answer.json()["code"]) == (status, code)
        if "url" in fields and code == "address_not_allowed":
            made = (await client.post(ENDPOINTS, json={"url": "https://8.8.8.8/"})).json()
            changed = await client.patch(f"{ENDPOINTS}/{made['id']}", json={"url": fields["url"]})
            assert (changed.status, changed.json()["code"]) == (status, code)


@on_one_database
@pytest.mark.parametrize("after", ["", "evt_1", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "12345"])
async def test_a_replay_needs_a_place_to_begin(client: Any, after: str) -> None:
    made = await make(client)
    answer = await client().post(f"{ENDPOINTS}/{made['id']}/replay", json={"after": after})
    assert answer.status in (400, 422)


async def test_scopes_and_tenants(client: Any, rig: Rig) -> None:
    made = await make(client)
    await rig.event()
    await rig.settle()
    one = f"{ENDPOINTS}/{made['id']}"
    (item,) = (await client().get(f"{one}/deliveries")).json()["items"]
    writes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", ENDPOINTS, {"url": HOOK}),
        ("PATCH", one, {"enabled": False}),
        ("DELETE", one, None),
        ("POST", f"{one}/test", None),
        ("POST", f"{one}/rotate-secret", None),
        ("POST", f"{one}/replay", {"after": item["eventId"]}),
        ("POST", f"{one}/deliveries/{item['id']}/replay", None),
        ("POST", f"{ENDPOINTS}/deliveries/{item['id']}/replay", None),
        ("POST", f"/api/webhooks/deliveries/{item['id']}/replay", None),
    ]
    reads = [("GET", one, None), ("GET", f"{one}/deliveries", None)]
    for method, path, body in writes + reads:
        assert (await client("").request(method, path, json=body)).status == 401
        assert (await client("sender").request(method, path, json=body)).status == 403
        if (method, path, body) in writes:
            assert (await client("reader").request(method, path, json=body)).status == 403
        if path != ENDPOINTS:
            for stranger in ("bob", "bound"):
                answer = await client(stranger).request(method, path, json=body)
                assert answer.status == 404
                unknown = path.replace(made["id"], "whe_" + "0" * 26).replace(item["id"], "whd_" + "0" * 26)
                same = await client(stranger).request(method, unknown, json=body)
                assert {**same.json(), "requestId": ""} == {**answer.json(), "requestId": ""}
    assert (await client().get(one)).json()["enabled"] is True
