"""The composed application: nothing is open by mistake, and everything answers alike."""

import dataclasses

import pytest
from fastapi import APIRouter, FastAPI

from wagate.gateway.app import GatewayParts, build_app
from wagate.web.auth import ReadAccess
from wagate.web.models import ApiRequest
from wagate.web.openapi import operations
from wagate.web.routing import ApiRouter
from wagate.web.testing import AsgiClient

OPEN = {"/docs", "/docs/docs.js", "/docs/docs.css", "/docs/errors", "/openapi.json"} | {
    "/health",
    "/health/live",
    "/health/ready",
}


async def test_without_a_key_only_health_and_documentation_answer(app: FastAPI, nobody: AsgiClient) -> None:
    asked = 0
    for operation in operations(app):
        path = operation.path.replace("{session_id}", "ses_01kdvdna005s059r45a1fj2fjq").replace(
            "{key_id}", "key_01kdvdna005s059r45a1fj2fjq"
        )
        answer = await nobody.request(operation.method, path)
        expected = 200 if operation.path in OPEN else 401
        assert answer.status == expected, f"{operation.method} {operation.path}: {answer.body!r}"
        asked += 1
    assert asked >= 15


async def test_steering_the_sandbox_is_for_those_who_run_the_gateway(app: FastAPI) -> None:
    assert (await AsgiClient(app, "root").get("/sandbox/phones")).status == 200
    for key in ("admin", "reader"):
        refused = await AsgiClient(app, key).get("/sandbox/phones")
        assert (refused.status, refused.json()["code"][-4:]) == (403, "only" if key == "admin" else "dden")


async def test_without_a_sandbox_there_are_no_such_routes(gateway_parts: GatewayParts) -> None:
    app = build_app(dataclasses.replace(gateway_parts, sandbox=None))
    assert (await AsgiClient(app, "root").get("/sandbox/phones")).status == 404


@pytest.mark.parametrize("path", ["/health/live", "/api/things", "/nowhere", "/docs"])
async def test_every_answer_carries_an_id_and_tells_browsers_to_do_nothing_with_it(
    nobody: AsgiClient, path: str
) -> None:
    headers = (await nobody.get(path)).headers
    assert headers["x-request-id"].startswith("req_")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "access-control-allow-origin" not in headers


def test_an_open_route_under_a_guarded_path_stops_the_start(gateway_parts: GatewayParts) -> None:
    careless = ApiRouter()

    @careless.get("/api/secrets")
    async def list_secrets() -> list[str]:
        return ["oops"]

    with pytest.raises(TypeError, match="GET /api/secrets asks for no key"):
        build_app(dataclasses.replace(gateway_parts, routers=[careless]))


def test_a_route_that_would_read_strangers_bodies_stops_the_start(gateway_parts: GatewayParts) -> None:
    class Body(ApiRequest):
        x: int

    careless = APIRouter()

    @careless.post("/api/numbers")
    async def add_number(body: Body, principal: ReadAccess) -> None: ...

    with pytest.raises(TypeError, match="must be of an ApiRouter"):
        build_app(dataclasses.replace(gateway_parts, routers=[careless]))


def test_two_routes_of_one_name_stop_the_start(gateway_parts: GatewayParts) -> None:
    again = ApiRouter()

    @again.get("/api/again")
    async def list_keys(principal: ReadAccess) -> None: ...

    with pytest.raises(TypeError, match="has the operation id of"):
        build_app(dataclasses.replace(gateway_parts, routers=[again]))
