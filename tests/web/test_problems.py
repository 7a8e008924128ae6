"""Every failure answers as RFC 9457 says, and gives nothing away."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wagate.core.errors import WagateError
from wagate.web.problems import problem_responses
from wagate.web.routing import MAX_JSON_BYTES
from wagate.web.testing import Answer, AsgiClient

JSON = {"Content-Type": "application/json"}


def check_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) - {"errors"} == {"type", "title", "status", "code", "detail", "requestId"}
    assert body["type"] == f"/docs/errors#{code}"
    assert (body["status"], body["code"]) == (status, code)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert body["title"] and body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "unknown_route"),
        ("HEAD", "/nowhere", 404, "unknown_route"),
        ("GET", "/manage/", 404, "unknown_route"),
        ("GET", "//manage", 404, "unknown_route"),
        ("PUT", "/manage", 405, "method_not_allowed"),
        ("HEAD", "/manage", 405, "method_not_allowed"),
        ("BREW", "/manage", 405, "method_not_allowed"),
        ("GET", "/busy", 429, "rate_limited"),
        ("GET", "/away", 503, "unavailable"),
    ],
)
async def test_expected_failures(nobody: AsgiClient, method: str, path: str, status: int, code: str) -> None:
    check_problem(await nobody.request(method, path), status, code)


async def test_a_wrong_method_is_told_the_right_ones(nobody: AsgiClient) -> None:
    # Two routes share this path.
    assert (await nobody.get("/manage")).headers["allow"] == "DELETE, POST"


async def test_whoever_must_wait_is_told_how_long(nobody: AsgiClient) -> None:
    assert (await nobody.get("/busy")).headers["retry-after"] == "7"
    assert int((await nobody.get("/away")).headers["retry-after"]) > 0


async def test_who_is_away_is_no_error_of_ours(nobody: AsgiClient, capsys: pytest.CaptureFixture[str]) -> None:
    check_problem(await nobody.get("/elsewhere"), 503, "elsewhere")
    assert "Traceback" not in capsys.readouterr().out
    await nobody.get("/broken")
    assert "Traceback" in capsys.readouterr().out


async def test_the_unexpected_is_answered_without_its_reason(nobody: AsgiClient) -> None:
    answer = await nobody.get("/broken")
    check_problem(answer, 500, "internal_error")
    assert b"reason stays inside" not in answer.body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_body"),
        (b"\xff", 400, "malformed_body"),
        (b'{"name": NaN}', 400, "malformed_body"),
        (b'{"name": "\\ud800"}', 400, "malformed_body"),
        (b'{"name": "\xed\xa0\x80"}', 400, "malformed_body"),
        (b'{"name": "a\\u0000b"}', 400, "malformed_body"),
        (b'{"a\\u0000b": [{"x": 1}]}', 400, "malformed_body"),
        (b"[" * 500_000, 400, "malformed_body"),
        (b'{"a":' * 100_000, 400, "malformed_body"),
        (b"1" * 5000, 400, "malformed_body"),
        (b"[]", 400, "validation_failed"),
        (b"null", 400, "validation_failed"),
        (b'"x"', 400, "validation_failed"),
        (b"{}", 400, "validation_failed"),
        (b'{"name": ""}', 400, "validation_failed"),
        (b'{"name": 5}', 400, "validation_failed"),
        (b'{"name": "x", "howMany": "3"}', 400, "validation_failed"),
        (b'{"name": "x", "howMany": true}', 400, "validation_failed"),
        (b'{"name": "x", "howMany": 1.0}', 400, "validation_failed"),
        (b'{"name": "x", "how_many": 3}', 400, "validation_failed"),
        (b'{"name": "x", "dueAt": 1767225600}', 400, "validation_failed"),
        (b'{"name": "x", "dueAt": "2026-01-01"}', 400, "validation_failed"),
        (b'{"name": "x", "dueAt": "2026-01-01T00:00:00"}', 400, "validation_failed"),
        (b'{"name": "x", "dueAt": "2026-13-01T00:00:00Z"}', 400, "validation_failed"),
        (b'{"name": "x", "dueAt": "0001-01-01T00:00:00+10:00"}', 400, "validation_failed"),
        (b'{"name": "x", "colour": "green"}', 400, "validation_failed"),
        (b'{"name": "x", "isAdmin": true}', 400, "validation_failed"),
        (b"", 400, "validation_failed"),
    ],
)
async def test_bodies_that_are_not_what_they_should_be(
    manager: AsgiClient, body: bytes, status: int, code: str
) -> None:
    check_problem(await manager.post("/manage", body=body, headers=JSON), status, code)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "/", "text/json"]
)
async def test_a_body_that_does_not_say_it_is_json_is_not_read_as_json(manager: AsgiClient, kind: str) -> None:
    answer = await manager.post("/manage", body=b'{"name": "x"}', headers={"Content-Type": kind})
    check_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
async def test_json_may_be_declared_in_any_of_its_names(manager: AsgiClient, kind: str) -> None:
    answer = await manager.post("/manage", body=b'{"name": "x"}', headers={"Content-Type": kind})
    assert (answer.status, answer.json()) == (201, {"name": "x", "howMany": 1})


async def test_each_wrong_field_is_named_and_no_value_is_echoed(manager: AsgiClient) -> None:
    secret = "correct horse battery staple"
    answer = await manager.post(
        "/manage", json={"name": [secret], "howMany": secret, "password": {"x": secret}, "other": secret}
    )
    body = check_problem(answer, 400, "validation_failed")
    assert {error["field"]: error["code"] for error in body["errors"]} == {
        "name": "string_type",
        "howMany": "int_type",
        "password": "string_type",
        "other": "extra_forbidden",
    }
    assert all(error["location"] == "body" and error["message"] for error in body["errors"])
    assert secret not in answer.body.decode()


async def test_a_thousand_wrong_fields_do_not_make_a_thousand_errors(manager: AsgiClient) -> None:
    answer = await manager.post("/manage", json={"n" * 1000 + str(i): 1 for i in range(900)})
    assert len(answer.json()["errors"]) == 50
    assert len(answer.body) < 20_000


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "cursor=" + "x" * 501])
async def test_queries_are_checked(manager: AsgiClient, query: str) -> None:
    body = check_problem(await manager.get(f"/read?{query}"), 400, "validation_failed")
    assert body["errors"][0]["location"] == "query"


async def test_nul_in_the_address_is_refused_before_a_database_sees_it(manager: AsgiClient) -> None:
    check_problem(await manager.get("/read?cursor=a%00b"), 400, "validation_failed")
    check_problem(await manager.get("/things/a\0b"), 404, "not_found")


async def test_a_body_over_the_limit_is_refused_before_it_is_read(app: FastAPI) -> None:
    reads = 0

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            nonlocal reads
            reads += 1
            return await receive()

        await app(scope, counted, send)

    client = AsgiClient(counting, "manage")
    answer = await client.post("/manage", body=b" " * (MAX_JSON_BYTES + 1), headers=JSON)
    check_problem(answer, 413, "too_large")
    assert reads == 0


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(app: FastAPI) -> None:
    parts = [b" " * (MAX_JSON_BYTES // 2)] * 50
    sent: list[bytes] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            message = await receive()
            sent.append(message.get("body", b""))
            return message

        await app(scope, counted, send)

    answer = await AsgiClient(watched, "manage").post("/manage", body=parts, headers=JSON)
    check_problem(answer, 413, "too_large")
    assert sum(map(len, sent)) <= 2 * MAX_JSON_BYTES


async def test_a_route_may_take_more(app: FastAPI) -> None:
    answer = await AsgiClient(app, "send").post("/large", json={"name": "x" * 2 * MAX_JSON_BYTES})
    assert (answer.status, answer.json()) == (200, 2 * MAX_JSON_BYTES)
    answer = await AsgiClient(app, "send").post("/large", json={"name": "x" * 4 * MAX_JSON_BYTES})
    check_problem(answer, 413, "too_large")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["name", "dueAt"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
async def test_no_body_makes_it_fail_in_an_unexpected_way(manager: AsgiClient, body: bytes) -> None:
    answer = await manager.post("/manage", body=body, headers=JSON)
    assert answer.status in (201, 400)


def test_an_error_describes_itself_for_the_document() -> None:
    class Gone(WagateError):
        """It was here once."""

        code = "gone"
        status = 410

    class Moved(Gone):
        """It is somewhere else now."""

        code = "moved"

    responses = problem_responses(Gone, Moved)
    assert list(responses) == [410]
    content = responses[410]["content"]["application/problem+json"]
    assert set(content["examples"]) == {"gone", "moved"}
    assert content["examples"]["moved"]["value"]["title"] == "It is somewhere else now."
    assert "It was here once." in responses[410]["description"]
