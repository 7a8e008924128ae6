"""Every answer and every log line of a request carries its id; no log line carries what was asked for."""

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from wagate.web.requestid import RequestId
from wagate.web.testing import AsgiClient


@pytest.mark.parametrize("given", ["abc", "A-1.b_2:3/4+5=", "x" * 128])
async def test_a_callers_id_is_kept(nobody: AsgiClient, given: str) -> None:
    assert (await nobody.get("/open", headers={"X-Request-Id": given})).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\nb", 'a"b', "ü", "<x>", "{x}"])
async def test_an_id_that_could_do_harm_is_replaced(nobody: AsgiClient, given: str) -> None:
    made = (await nobody.get("/open", headers={"X-Request-Id": given})).headers["x-request-id"]
    assert RequestId.parse(made)


async def test_ids_differ(nobody: AsgiClient) -> None:
    ids = {(await nobody.get("/open")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


async def test_the_access_line_has_the_template_and_not_the_path(app: FastAPI) -> None:
    with capture_logs() as lines:
        await AsgiClient(app, "read").get("/things/ses_secret?token=hidden", headers={"X-Request-Id": "me"})
        await AsgiClient(app).get("/nowhere/hidden")
    first, second = lines
    assert first["event"] == second["event"] == "request"
    assert (first["method"], first["route"], first["status"]) == ("GET", "/things/{session_id}", 404)
    assert first["ms"] >= 0
    assert (second["route"], second["status"]) == ("", 404)
    assert "hidden" not in str(lines) and "ses_secret" not in str(lines)


async def test_an_unexpected_failure_is_logged_once_with_its_cause(nobody: AsgiClient) -> None:
    with capture_logs() as lines:
        await nobody.get("/broken")
    failures = [line for line in lines if line["log_level"] == "error"]
    assert len(failures) == 1
    assert isinstance(failures[0]["exc_info"], RuntimeError)
