"""The short way through a route opens nothing that the long way does not."""

import pytest
from fastapi import FastAPI, Request, Response

from wagate.core.ids import AccountId
from wagate.web.auth import SendAccess
from wagate.web.principal import Principal, Scope
from wagate.web.routing import ApiRouter, shortcut
from wagate.web.testing import AsgiClient, app_of

ACCOUNT = AccountId("acc_01jd0000000000000000000000")


@pytest.fixture
def app() -> FastAPI:
    routes = ApiRouter()

    async def plain(request: Request, principal: Principal) -> Response | None:
        return None if request.scope["query_string"] else Response("short")

    @routes.get("/way")
    @shortcut(plain)
    async def way(principal: SendAccess, number: int = 0) -> Response:
        return Response("long")

    keys = {scope.value: Principal(account_id=ACCOUNT, scopes=frozenset({scope})) for scope in Scope}
    return app_of(routes, keys=keys)


async def test_what_the_short_way_does_not_take_goes_the_long_way(app: FastAPI) -> None:
    client = AsgiClient(app, "send")
    assert (await client.request("GET", "/way")).body == b"short"
    assert (await client.request("GET", "/way?number=1")).body == b"long"
    assert (await client.request("GET", "/way?number=x")).status == 400


@pytest.mark.parametrize(("key", "status"), [("", 401), ("wrong", 401), ("read", 403)])
async def test_the_short_way_is_guarded_too(app: FastAPI, key: str, status: int) -> None:
    assert (await AsgiClient(app, key).request("GET", "/way")).status == status
