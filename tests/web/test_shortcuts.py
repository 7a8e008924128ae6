"""The short way through a route opens nothing that the long way does not."""

from typing import Annotated

import pytest
from fastapi import Body, FastAPI, Request, Response

from wagate.core.errors import Conflict
from wagate.core.ids import AccountId
from wagate.web.auth import SendAccess
from wagate.web.principal import Principal, Scope
from wagate.web.routing import ApiRouter
from wagate.web.shortcuts import shortcut
from wagate.web.testing import AsgiClient, app_of

ACCOUNT = AccountId("acc_01jd0000000000000000000000")


@pytest.fixture
def app() -> FastAPI:
    routes = ApiRouter()

    async def plain(request: Request, principal: Principal, body: bytes) -> Response | None:
        if body == b'"taken"':
            raise Conflict
        return None if request.scope["query_string"] else Response(f"short {request.path_params['name']}")

    @routes.post("/way/{name}")
    @shortcut(plain)
    async def way(name: str, principal: SendAccess, text: Annotated[str, Body()], number: int = 0) -> Response:
        return Response(f"long {text}")

    @routes.post("/other")
    async def other(principal: SendAccess) -> Response:
        return Response("other")

    keys = {scope.value: Principal(account_id=ACCOUNT, scopes=frozenset({scope})) for scope in Scope}
    return app_of(routes, keys=keys)


async def test_what_the_short_way_does_not_take_goes_the_long_way_with_its_body(app: FastAPI) -> None:
    client = AsgiClient(app, "send")
    assert (await client.request("POST", "/way/a", json="text")).body == b"short a"
    assert (await client.request("POST", "/way/a?number=1", json="text")).body == b"long text"
    assert (await client.request("POST", "/way/a?number=x", json="text")).status == 400
    assert (await client.request("POST", "/other", json="text")).body == b"other"
    assert (await client.request("GET", "/way/a")).status == 405


async def test_a_body_that_is_large_or_no_json_goes_the_long_way(app: FastAPI) -> None:
    client = AsgiClient(app, "send")
    large = "x" * 65536
    assert (await client.request("POST", "/way/a", json=large)).body == b"long " + large.encode()
    form = {"content-type": "text/plain"}
    assert (await client.request("POST", "/way/a", body=b"text", headers=form)).status == 415


async def test_what_the_short_way_refuses_is_a_problem_like_any_other(app: FastAPI) -> None:
    answer = await AsgiClient(app, "send").request("POST", "/way/a", json="taken")
    assert (answer.status, answer.json()["code"]) == (409, Conflict.code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["requestId"]


@pytest.mark.parametrize(("key", "status"), [("", 401), ("wrong", 401), ("read", 403)])
async def test_the_short_way_is_guarded_too(app: FastAPI, key: str, status: int) -> None:
    assert (await AsgiClient(app, key).request("POST", "/way/a", json="text")).status == status


async def test_no_nul_gets_in_by_the_short_way(app: FastAPI) -> None:
    assert (await AsgiClient(app, "send").request("POST", "/way/a\0", json="text")).status == 404


def test_a_route_that_is_open_to_strangers_has_no_short_way() -> None:
    routes = ApiRouter()

    async def plain(request: Request, principal: Principal, body: bytes) -> Response | None:
        return None

    @routes.post("/open")
    @shortcut(plain)
    async def open_to_all() -> Response:
        return Response()

    with pytest.raises(TypeError, match="strangers"):
        app_of(routes).build_middleware_stack()
