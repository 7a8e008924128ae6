"""Limits hold for whom they are meant, say when to come again, and cost nobody else anything."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware import Middleware

from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, KeyId, SessionId, UserId
from wagate.core.rate import Rate
from wagate.storage.rates import LocalRates, Subject
from wagate.web.auth import FleetAccess, SendAccess
from wagate.web.limits import Limiter, Policy, RateLimits, check_send
from wagate.web.principal import Principal, Scope
from wagate.web.routing import ApiRouter
from wagate.web.shortcuts import shortcut
from wagate.web.testing import Answer, AsgiClient, app_of

Serve = Callable[..., FastAPI]


def principals(clock: ManualClock) -> dict[str, Principal]:
    """Two keys of one user, another user's in the same account, and another account's."""
    now = clock.now()
    ada, bob, account = UserId.new(now), UserId.new(now), AccountId.new(now)

    def key(user: UserId | None, account: AccountId = account) -> Principal:
        return Principal(account_id=account, key_id=KeyId.new(now), user_id=user, scopes=frozenset(Scope))

    return {"one": key(ada), "two": key(ada), "bob": key(bob), "other": key(None, AccountId.new(now))}


@pytest.fixture
def serve(clock: ManualClock) -> Serve:
    def with_policy(**policy: Rate) -> FastAPI:
        routes = ApiRouter()

        async def short(request: Request, principal: Principal, body: bytes) -> Response | None:
            await check_send(request, principal, SessionId(request.path_params["session_id"]))
            return Response("short")

        @routes.post("/send/{session_id}")
        @shortcut(short)
        async def send(request: Request, session_id: SessionId, principal: SendAccess) -> Response:
            await check_send(request, principal, session_id)
            return Response("long")

        @routes.get("/health/live")
        async def alive() -> str:
            return "ok"

        @routes.post("/api/login")
        async def login() -> str:
            return "ok"

        @routes.post("/fleet")
        async def fleet(_: FleetAccess) -> str:
            return "ok"

        app = app_of(routes, keys=principals(clock))
        app.state.fleet_token = "token of the fleet"
        local = LocalRates(clock)
        limiter = Limiter(Policy(**policy), local, local)
        app.state.limiter = limiter
        # Within the one that gives requests their ids, as in the gateway.
        app.user_middleware.insert(1, Middleware(RateLimits, limiter=limiter))
        return app

    return with_policy


@pytest.fixture
def session(clock: ManualClock) -> SessionId:
    return SessionId.new(clock.now())


async def send(app: FastAPI, key: str, session: SessionId, **options: Any) -> Answer:
    return await AsgiClient(app, key).post(f"/send/{session}", json={}, **options)


async def statuses(app: FastAPI, session: SessionId, *keys: str) -> list[int]:
    return [(await send(app, key, session)).status for key in keys]


async def test_a_key_that_sends_too_much_is_told_when_to_come_again(
    serve: Serve, session: SessionId, clock: ManualClock
) -> None:
    app = serve(key=Rate(2, 60))
    assert await statuses(app, session, "one", "one", "one", "two") == [200, 200, 429, 200]
    await clock.advance(20)
    refused = await send(app, "one", session)
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["detail"] == "This key may send 2 requests a minute"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "40"
    assert refused.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert refused.headers["ratelimit"] == '"key";r=0;t=40'
    await clock.advance(40)
    assert await statuses(app, session, "one") == [200]


async def test_the_keys_of_a_user_and_the_users_of_an_account_are_counted_together(
    serve: Serve, session: SessionId
) -> None:
    app = serve(user=Rate(3), account=Rate(4))
    assert await statuses(app, session, "one", "two", "one", "two") == [200, 200, 200, 429]
    assert await statuses(app, session, "bob", "other", "other") == [429, 200, 200]


async def test_who_is_let_in_is_told_how_much_is_left(serve: Serve, session: SessionId) -> None:
    answer = await send(serve(key=Rate(5), account=Rate(100, 3600), session=Rate(10, 1)), "one", session)
    assert answer.headers["ratelimit-policy"] == '"key";q=5;w=60, "account";q=100;w=3600, "session";q=10;w=1'
    assert answer.headers["ratelimit"] == '"key";r=4, "account";r=99, "session";r=9'


async def test_without_limits_nothing_is_told_and_nobody_refused(serve: Serve, session: SessionId) -> None:
    app = serve()
    answers = [await send(app, "one", session) for _ in range(50)]
    assert {answer.status for answer in answers} == {200}
    assert "ratelimit" not in answers[-1].headers


@pytest.mark.parametrize("options", [{}, {"body": b"{}", "headers": {"content-type": "application/json;x=y"}}])
async def test_both_ways_of_a_route_are_limited_by_session(
    serve: Serve, session: SessionId, clock: ManualClock, options: dict[str, Any]
) -> None:
    app = serve(session=Rate(2))
    answers = [await AsgiClient(app, "one").post(f"/send/{session}", **({"json": {}} | options)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert await statuses(app, SessionId.new(clock.now()), "one") == [200]


async def test_nobody_uses_up_what_is_anothers(serve: Serve, session: SessionId) -> None:
    app = serve(session=Rate(2))
    assert await statuses(app, session, "other", "other", "other", "one") == [200, 200, 429, 200]


async def test_an_address_is_refused_before_anybody_asks_who_it_is(serve: Serve, session: SessionId) -> None:
    app = serve(address=Rate(2))
    assert await statuses(app, session, "wrong", "one", "one") == [401, 200, 429]
    refused = await send(app, "one", session)
    assert refused.headers["x-request-id"] == refused.json()["requestId"] != ""
    assert (await AsgiClient(app).get("/health/live")).status == 200


async def test_too_many_bad_credentials_are_refused_and_good_ones_are_not(serve: Serve, session: SessionId) -> None:
    app = serve(failure=Rate(2))
    assert await statuses(app, session, "x", "", "y", "one") == [401, 401, 429, 200]


async def test_guessing_the_token_of_the_fleet_counts_as_bad_credentials(serve: Serve) -> None:
    app = serve(failure=Rate(2))
    tried = ("guess 1", "guess 2", "guess 3", "token of the fleet")
    assert [(await AsgiClient(app, token).post("/fleet")).status for token in tried] == [401, 401, 429, 200]


async def test_attempts_to_log_in_are_limited_whatever_comes_of_them(serve: Serve, clock: ManualClock) -> None:
    client = AsgiClient(serve(login=Rate(2)))
    assert [(await client.post("/api/login", json={})).status for _ in range(3)] == [200, 200, 429]
    assert (await client.post("/api/login", json={})).headers["retry-after"] == "60"


async def test_every_limit_of_a_request_is_counted_though_one_refuses(
    serve: Serve, session: SessionId, clock: ManualClock
) -> None:
    app = serve(key=Rate(1, 1), account=Rate(3))
    assert await statuses(app, session, "one", "one", "one") == [200, 429, 429]
    await clock.advance(1)
    assert (await send(app, "two", session)).json()["detail"] == "This account may send 3 requests a minute"


@pytest.mark.parametrize(
    ("text", "rate"),
    [("20/minute", Rate(20, 60)), ("5/second", Rate(5, 1)), ("1/hour", Rate(1, 3600)), ("0", Rate(0)), ("", Rate(0))],
)
def test_a_rate_is_read_as_it_is_written(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == replace(rate, seconds=rate.seconds if rate else 60)


@pytest.mark.parametrize(
    "text", ["20", "-1/minute", "x/minute", "20/fortnight", "1e3/second", "²/minute", "1" * 11 + "/day"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is written as"):
        Rate.parse(text)


def test_every_subject_has_a_name_of_its_own() -> None:
    assert len({subject.value for subject in Subject}) == len(Subject)
