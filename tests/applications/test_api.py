"""Applications are sessions: the same rows, other spelling, for administrators."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.probes.whole import Gateway, Json, open_gateway
from wagate.core.ids import AccountId, UserId
from wagate.web.principal import Scope
from wagate.web.testing import AsgiClient

APPLICATION = {
    *("id", "name", "phone", "purpose", "status", "last_connected_at", "last_disconnected_at"),
    *("created_at", "updated_at", "created_by"),
}
PATH = "/api/whatsapp/applications"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with open_gateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def owner(gateway: Gateway) -> tuple[AccountId, UserId]:
    return await gateway.account("shop")


@pytest.fixture
async def client(gateway: Gateway, owner: tuple[AccountId, UserId]) -> AsgiClient:
    """An administrator of the account."""
    return gateway.client((await gateway.key(*owner, Scope.ADMIN))[1])


async def made(client: AsgiClient, **fields: str) -> Json:
    answer = await client.request("POST", PATH, json={"name": "shop", **fields})
    assert answer.status == 201
    body: Json = answer.json()
    return body


async def test_an_application_is_made_read_changed_and_deleted(
    client: AsgiClient, owner: tuple[AccountId, UserId]
) -> None:
    application = await made(client, name=" shop ", phone="+49 170 1234567", purpose="support")
    assert set(application) == APPLICATION
    assert (application["name"], application["phone"], application["purpose"]) == ("shop", "+491701234567", "support")
    assert (application["status"], application["last_connected_at"]) == ("disconnected", None)
    assert application["created_by"] == owner[1]

    path = f"{PATH}/{application['id']}"
    assert (await client.get(path)).json() == application
    changed = await client.request("PUT", path, json={"name": "store", "purpose": None})
    assert (changed.status, changed.json()["name"], changed.json()["purpose"]) == (200, "store", None)
    assert changed.json()["phone"] == "+491701234567"
    assert (await client.request("PUT", path, json={"name": None})).status == 400
    assert (await client.request("PUT", path, json={"phone": "nonsense"})).json()["code"] == "invalid_phone"

    assert (await client.delete(path)).status == 204
    assert (await client.get(path)).json()["code"] == "session_not_found"


async def test_an_application_is_the_session_of_the_same_id(client: AsgiClient) -> None:
    application = await made(client, purpose="support")
    session = (await client.get(f"/api/sessions/{application['id']}")).json()
    assert (session["name"], session["purpose"]) == ("shop", "support")
    other = (await client.post("/api/sessions", json={"name": "made as a session"})).json()
    assert (await client.get(f"{PATH}/{other['id']}")).json()["name"] == "made as a session"


async def test_the_list_has_pages_newest_first(client: AsgiClient) -> None:
    ids = [(await made(client))["id"] for _ in range(3)]
    first = (await client.get(PATH, params={"limit": 2})).json()
    rest = (await client.get(PATH, params={"limit": 2, "cursor": first["next"]})).json()
    assert sorted(item["id"] for item in (*first["items"], *rest["items"])) == sorted(ids)
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert (await client.get(PATH, params={"cursor": "x"})).json()["code"] == "invalid_cursor"


async def test_connecting_and_disconnecting_are_the_sessions_own(client: AsgiClient) -> None:
    path = f"{PATH}/{(await made(client))['id']}"
    for wish, status in (("connect", "connecting"), ("reconnect", "connecting"), ("disconnect", "disconnected")):
        answer = await client.post(f"{path}/{wish}")
        assert (answer.status, answer.json()["status"], set(answer.json())) == (202, status, APPLICATION)


async def test_who_polls_for_a_code_is_told_the_status_when_there_is_none(gateway: Gateway, client: AsgiClient) -> None:
    application = await made(client)
    path = f"{PATH}/{application['id']}"
    nothing = await client.get(f"{path}/qr")
    assert (nothing.status, nothing.json()) == (
        200,
        {"status": "disconnected", "qr_code": None, "expires_at": None},
    )
    assert nothing.headers["cache-control"] == "no-store"
    assert (await client.get(f"{PATH}/ses_{'0' * 26}/qr")).json()["code"] == "session_not_found"


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_applications_are_for_administrators(
    gateway: Gateway, client: AsgiClient, owner: tuple[AccountId, UserId], scope: Scope
) -> None:
    application = await made(client)
    weaker = gateway.client((await gateway.key(*owner, scope))[1])
    answers = [
        await weaker.get(PATH),
        await weaker.get(f"{PATH}/{application['id']}"),
        await weaker.post(PATH, json={"name": "x"}),
        await weaker.post(f"{PATH}/{application['id']}/connect"),
        await weaker.post(
            "/api/whatsapp/send",
            json={"applicationId": application["id"], "phoneNumber": "+491701234567", "message": "x"},
        ),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)


async def test_sending_says_what_sending_from_the_session_says(
    gateway: Gateway, client: AsgiClient, owner: tuple[AccountId, UserId]
) -> None:
    order = {"phoneNumber": "+49 170 7654321", "message": "hello"}
    application = await made(client)
    unlinked = await client.post("/api/whatsapp/send", json={"applicationId": application["id"], **order})
    assert unlinked.json()["code"] == "session_not_linked"
    missing = await client.post("/api/whatsapp/send", json={"applicationId": f"ses_{'0' * 26}", **order})
    assert (missing.status, missing.json()["code"]) == (404, "session_not_found")

    linked = await gateway.linked_session(owner[0], "linked", "491701234567")
    headers = {"idempotency-key": "once"}
    body = {"applicationId": linked, **order}
    answers = [
        await client.post("/api/whatsapp/send", json=body, headers=headers, params={"wait": 0}) for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert set(answers[0].json()) == {"id", "waId", "sessionId", "to", "type", "status", "timestamp"}
    stored = (await client.get(f"/api/messages/{answers[0].json()['id']}")).json()
    assert (stored["text"], stored["sessionId"], stored["to"]) == ("hello", linked, "491707654321@s.whatsapp.net")
