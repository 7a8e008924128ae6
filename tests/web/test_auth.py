"""Who gets in, and how far."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from wagate.core.ids import AccountId, SessionId
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient

#: Every cell: which key may call which route.
ALLOWED = {
    "/any": {"nothing", "read", "send", "manage", "admin", "platform", "demoted"},
    "/read": {"read", "manage", "admin", "platform", "demoted"},
    "/send": {"send", "admin", "platform"},
    "/manage": {"manage", "admin", "platform"},
    "/admin": {"admin", "platform"},
    "/platform": {"platform"},
}
POSTED = {"/send", "/manage"}


@pytest.mark.parametrize("key", ["nothing", "read", "send", "manage", "admin", "platform", "demoted"])
@pytest.mark.parametrize("path", ALLOWED)
async def test_a_key_opens_exactly_the_routes_of_its_scopes(app: FastAPI, path: str, key: str) -> None:
    method, body = ("POST", {"name": "x"}) if path in POSTED else ("GET", None)
    answer = await AsgiClient(app, key).request(method, path, json=body)
    if key in ALLOWED[path]:
        assert answer.status < 300, answer.body
    else:
        assert answer.status == 403
        assert answer.json()["code"] in ("forbidden", "platform_admin_only")


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"X-API-Key": "wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "admin"},
        {"X-API-Key": ""},
        {"X-API-Key": "x" * 100_000},
        {"Authorization": "Bearer admin", "X-API-Key": "manage"},
        {"Authorization": "Basic x", "X-API-Key": "admin"},
        {"Cookie": "token=admin"},
    ],
)
async def test_without_one_good_key_nothing_opens(app: FastAPI, path: str, headers: dict[str, str]) -> None:
    method = "POST" if path in POSTED else "GET"
    answer = await AsgiClient(app).request(method, path, headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_in_the_url_is_no_key(nobody: AsgiClient) -> None:
    for name in ("key", "token", "apiKey", "api_key", "access_token", "X-API-Key"):
        assert (await nobody.get("/any", params={name: "admin"})).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer read"},
        {"authorization": "bearer read"},
        {"Authorization": "Bearer  read "},
        {"X-API-Key": "read"},
        {"Authorization": "Bearer read", "X-API-Key": "read"},
    ],
)
async def test_both_ways_of_sending_a_key_work(nobody: AsgiClient, headers: dict[str, str]) -> None:
    assert (await nobody.get("/read", headers=headers)).status == 200


async def test_strangers_are_refused_before_their_body_is_read(app: FastAPI) -> None:
    malformed = {"Content-Type": "application/json"}
    answer = await AsgiClient(app).post("/manage", body=b"{{{", headers=malformed)
    assert answer.status == 401
    answer = await AsgiClient(app, "read").post("/manage", body=b"{{{", headers=malformed)
    assert answer.status == 403


async def test_a_session_out_of_reach_looks_like_one_that_does_not_exist(
    app: FastAPI, bound_session: SessionId
) -> None:
    bound = AsgiClient(app, "bound")
    assert (await bound.get(f"/things/{bound_session}")).status == 200
    other = await bound.get(f"/things/{SessionId.new(datetime(2026, 1, 3, tzinfo=UTC))}")
    nonsense = await bound.get("/things/%00")
    for answer in (other, nonsense):
        assert answer.status == 404
    assert {**other.json(), "requestId": ""} == {**nonsense.json(), "requestId": ""}


def test_covering_is_holding_no_less(bound_session: SessionId) -> None:
    account = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))
    one = frozenset({bound_session})
    two = one | {SessionId.new(datetime(2026, 1, 4, tzinfo=UTC))}
    free = Principal(account_id=account, scopes=frozenset({Scope.MANAGE}))
    bound = Principal(account_id=account, scopes=frozenset({Scope.ADMIN}), sessions=one)
    assert free.covers({Scope.MANAGE, Scope.READ}, None)
    assert free.covers({Scope.READ}, one)
    assert not free.covers({Scope.SEND}, None)
    assert bound.covers(set(Scope), one)
    assert not bound.covers({Scope.READ}, None)
    assert not bound.covers({Scope.READ}, two)
