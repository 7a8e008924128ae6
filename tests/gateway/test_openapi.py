"""The document says what the routes do."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from wagate.web.openapi import operations
from wagate.web.testing import AsgiClient

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture
async def spec(nobody: AsgiClient) -> dict[str, Any]:
    answer = await nobody.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def entries(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, entry) for path, item in spec["paths"].items() for method, entry in item.items()]


async def test_every_route_is_in_it_and_no_other(app: FastAPI, spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1.")
    assert spec["servers"] == [{"url": "https://wa.example.org"}]
    answered = {(o.path, o.method.lower()) for o in operations(app) if o.in_document}
    assert {(path, method) for path, method, _ in entries(spec)} == answered
    assert {"/api/me", "/api/keys", "/api/things", "/health"} <= set(spec["paths"])


async def test_names_are_stable_and_tags_explained(spec: dict[str, Any]) -> None:
    ids = [entry["operationId"] for _, _, entry in entries(spec)]
    assert len(set(ids)) == len(ids)
    assert {"getMe", "listKeys", "createKey", "deleteKey", "getReadiness", "createThing"} <= set(ids)
    assert all(entry["tags"] for _, _, entry in entries(spec))
    assert {tag["name"] for tag in spec["tags"]} >= {"accounts", "operations"}


async def test_who_may_call_is_said_with_the_scope(spec: dict[str, Any]) -> None:
    assert set(spec["components"]["securitySchemes"]) == {
        "bearerAuth",
        "apiKey",
        "loginCookie",
        "workerToken",
        "scrapeToken",
    }
    keys = spec["paths"]["/api/keys"]["get"]
    assert keys["security"] == [{"bearerAuth": ["admin"]}, {"apiKey": ["admin"]}, {"loginCookie": ["admin"]}]
    assert spec["paths"]["/api/me"]["get"]["security"] == [{"bearerAuth": []}, {"apiKey": []}, {"loginCookie": []}]
    assert spec["paths"]["/sandbox/phones"]["get"]["security"][0] == {"bearerAuth": ["admin"]}
    assert spec["paths"]["/health"]["get"]["security"] == []


async def test_every_failure_is_a_problem_and_every_problem_is_declared(spec: dict[str, Any]) -> None:
    for path, method, entry in entries(spec):
        for status, response in entry["responses"].items():
            if status >= "400" and path != "/health":
                assert response["content"]["application/problem+json"]["schema"] == PROBLEM, (path, method)
                for code, given in response["content"]["application/problem+json"]["examples"].items():
                    assert given["value"]["code"] == code
                    assert str(given["value"]["status"]) == status
        assert "500" in entry["responses"]
        assert "422" not in entry["responses"] or path == "/api/keys"
        if entry["security"]:
            assert {"401", "503"} <= set(entry["responses"])
            assert "Retry-After" in entry["responses"]["503"]["headers"]


def codes(spec: dict[str, Any], path: str, method: str) -> dict[str, set[str]]:
    return {
        status: set(response["content"]["application/problem+json"]["examples"])
        for status, response in spec["paths"][path][method]["responses"].items()
        if status >= "400"
    }


async def test_the_problems_of_one_route(spec: dict[str, Any]) -> None:
    assert codes(spec, "/api/things", "post") == {
        "400": {"validation_failed", "malformed_body"},
        "401": {"unauthorized", "credential_missing", "credential_ambiguous"},
        "403": {"forbidden", "csrf_token_wrong"},
        "409": {"already_there"},
        "413": {"too_large"},
        "415": {"unsupported_media_type"},
        "429": {"rate_limited"},
        "500": {"internal_error"},
        "503": {"storage_unavailable", "storage_outcome_unknown"},
    }
    assert codes(spec, "/api/things", "get")["400"] == {"validation_failed"}
    assert codes(spec, "/api/things/{session_id}", "get")["404"] == {"not_found"}
    assert "415" not in codes(spec, "/api/things/file", "post")
    assert codes(spec, "/api/keys", "get")["400"] == {"validation_failed", "invalid_cursor"}
    assert codes(spec, "/sandbox/phones", "get")["403"] == {"forbidden", "platform_admin_only"}


async def test_bodies_are_described_as_they_are_read(spec: dict[str, Any]) -> None:
    thing = spec["components"]["schemas"]["Thing"]
    assert thing["additionalProperties"] is False
    assert thing["required"] == ["title"]
    assert thing["properties"]["title"] == {"type": "string", "description": "How it is called."}
    parent = thing["properties"]["parent"]["anyOf"][0]
    assert parent["pattern"].startswith("^ses_")
    problem = spec["components"]["schemas"]["Problem"]
    assert set(problem["required"]) == {"type", "title", "status", "code", "detail", "requestId"}
    assert "FieldError" in spec["components"]["schemas"]
    assert "HTTPValidationError" not in spec["components"]["schemas"]


async def test_texts_are_for_readers_of_the_document(spec: dict[str, Any]) -> None:
    scope = spec["components"]["schemas"]["Scope"]
    assert "`admin` implies all others" in scope["description"]
    assert "``" not in json.dumps(spec)
    assert ":class:" not in json.dumps(spec)


async def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for part in node.values() for found in references(part)]
        return [found for part in node for found in references(part)] if isinstance(node, list) else []

    found = references(spec)
    assert len(found) > 20
    for reference in found:
        node: Any = spec
        for name in reference.removeprefix("#/").split("/"):
            assert name in node, reference
            node = node[name]


async def test_it_is_made_once(nobody: AsgiClient) -> None:
    first, second = [await nobody.get("/openapi.json") for _ in range(2)]
    assert first.body == second.body
    assert json.loads(first.body)["info"]["version"]
