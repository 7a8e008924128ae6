"""Lines carry their context and no secret, whoever wrote them."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from wagate.core.logging import bound, configure_logging, get_logger


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_has_its_message_level_time_component_and_fields(output: io.StringIO) -> None:
    get_logger("sessions").info("session connected", session="ses_1", attempts=2)
    (line,) = lines(output)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "session connected",
        "level": "info",
        "component": "sessions",
        "session": "ses_1",
        "attempts": 2,
    }


def test_lines_below_the_level_are_not_written(output: io.StringIO) -> None:
    get_logger("x").debug("detail")
    logging.getLogger("library").debug("detail")
    assert output.getvalue() == ""


def test_a_logger_made_before_configuring_obeys_it(output: io.StringIO) -> None:
    early = get_logger("early")
    configure_logging("error", "json", output)
    early.warning("not this")
    early.error("this")
    assert [line["event"] for line in lines(output)] == ["this"]


async def test_bound_fields_reach_tasks_started_inside_and_end_with_the_block(output: io.StringIO) -> None:
    async def work() -> None:
        get_logger("x").info("inside")

    with bound(request_id="req_1"):
        await asyncio.create_task(work())
    get_logger("x").info("outside")
    assert [line.get("request_id") for line in lines(output)] == ["req_1", None]


@pytest.mark.parametrize(
    "name",
    ["password", "api_key", "adminKey", "token", "secret_keys", "Authorization", "plaintext", "text", "qr", "body"],
)
def test_fields_named_like_secrets_are_masked(output: io.StringIO, name: str) -> None:
    get_logger("x").info("something", **{name: "hunter2"}, nested={"deeper": [{name: "hunter2"}]})
    assert "hunter2" not in output.getvalue()


def test_fields_that_only_sound_like_secrets_are_not_masked(output: io.StringIO) -> None:
    fields = {"key_id": "key_1", "text_length": 5, "status": "qr_shown", "tokens_left": 3, "monkey": "x"}
    get_logger("x").info("something", **fields)
    assert fields.items() <= lines(output)[0].items()


@pytest.mark.parametrize(
    "text",
    [
        "491511234567",
        "+491511234567",
        "to 491511234567@s.whatsapp.net",
        "491511234567:12@s.whatsapp.net",
        "(5511987654321)",
    ],
)
def test_phone_numbers_are_masked_in_any_string(output: io.StringIO, text: str) -> None:
    get_logger("x").info("something", peer=text, peers=[text], by={"peer": text})
    assert not any(number in output.getvalue() for number in ("1511234567", "11987654321"))
    assert "***" in output.getvalue()


@pytest.mark.parametrize(
    "text", ["ses_01kdy33r00h2v0a9zq0d8m4x7p", "2026-01-01T00:00:00.123456Z", "1234567", "3.14159265358"]
)
def test_ids_times_and_short_numbers_stay_readable(output: io.StringIO, text: str) -> None:
    get_logger("x").info("something", value=text)
    assert lines(output)[0]["value"] == text


def test_api_keys_and_bytes_never_show(output: io.StringIO) -> None:
    get_logger("x").info("something", header="Bearer wag_Abcdefgh12345678", raw=b"hunter2")
    assert "Abcdefgh" not in output.getvalue()
    assert lines(output)[0]["raw"] == "<7 bytes>"


def test_tokens_of_log_ins_never_show(output: io.StringIO) -> None:
    head, body, signature = "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJ1c3JfMSJ9", "q7-Jx_k2"
    get_logger("x").info(
        "something", header=f"Bearer {head}.{body}.{signature}", cookies=[f"a={head}.{body}.{signature}"]
    )
    assert body not in output.getvalue() and signature not in output.getvalue()


def test_libraries_lines_and_tracebacks_are_masked_too(output: io.StringIO) -> None:
    try:
        raise ValueError("cannot reach 491511234567")
    except ValueError:
        logging.getLogger("library").exception("failed for %s", "491511234567")
        get_logger("x").error("failed", exc_info=True)
    theirs, ours = lines(output)
    assert (theirs["logger"], theirs["level"]) == ("library", "error")
    assert "ValueError: cannot reach 49***67" in theirs["exception"] and "ValueError" in ours["exception"]
    assert "1511234567" not in output.getvalue()


def test_the_console_form_is_one_plain_line(output: io.StringIO) -> None:
    configure_logging("info", "console", output)
    get_logger("x").info("session connected", session="ses_1")
    assert "session connected" in output.getvalue() and "session=ses_1" in output.getvalue()
    assert output.getvalue().count("\n") == 1


def test_the_console_form_shows_tracebacks_masked(output: io.StringIO) -> None:
    configure_logging("info", "console", output)
    try:
        raise ValueError("cannot reach 491511234567")
    except ValueError:
        get_logger("x").error("failed", exc_info=True)
        logging.getLogger("library").exception("failed")
    assert output.getvalue().count("ValueError: cannot reach 49***67") == 2
