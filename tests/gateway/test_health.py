"""Health is told truly, quickly, and without a word too many."""

import asyncio
import dataclasses
from typing import Any

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from wagate.core.clock import ManualClock
from wagate.core.errors import Unavailable
from wagate.gateway import health
from wagate.gateway.app import GatewayParts, build_app
from wagate.web.testing import AsgiClient


async def test_all_is_well(nobody: AsgiClient) -> None:
    assert (await nobody.get("/health/live")).json() == {"status": "alive"}
    assert (await nobody.get("/health/ready")).json() == {"status": "ready"}
    answer = await nobody.get("/health")
    assert answer.status == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["parts"] == {"database": {"status": "ok"}, "engine": {"status": "ok"}}


async def test_without_a_part_it_can_do_without_it_is_degraded(nobody: AsgiClient, parts: Any) -> None:
    parts.broken = {"engine"}
    assert (await nobody.get("/health/ready")).status == 200
    answer = await nobody.get("/health")
    assert (answer.status, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["engine"] == {"status": "degraded"}


async def test_without_a_part_it_needs_it_is_not_ready_but_alive(nobody: AsgiClient, parts: Any) -> None:
    parts.broken = {"database", "engine"}
    assert (await nobody.get("/health/live")).status == 200
    ready = await nobody.get("/health/ready")
    assert (ready.status, ready.json()["code"]) == (503, "not_ready")
    assert int(ready.headers["retry-after"]) > 0
    answer = await nobody.get("/health")
    assert (answer.status, answer.json()["status"]) == (503, "down")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_reason_that_was_foreseen_needs_no_traceback(gateway_parts: GatewayParts) -> None:
    async def probe() -> None:
        raise Unavailable("only 1 MiB free")

    parts = dataclasses.replace(gateway_parts, checks=[health.HealthCheck(name="disk", probe=probe, required=False)])
    with capture_logs() as lines:
        await AsgiClient(build_app(parts)).get("/health")
    (told,) = [line for line in lines if line.get("part") == "disk"]
    assert told["reason"] == "only 1 MiB free"
    assert "exc_info" not in told


async def test_strangers_learn_no_reasons_but_the_log_has_them(nobody: AsgiClient, parts: Any) -> None:
    parts.broken = {"database"}
    with capture_logs() as lines:
        answer = await nobody.get("/health")
        ready = await nobody.get("/health/ready")
    assert b"secret" not in answer.body + ready.body and b"hunter2" not in answer.body + ready.body
    assert [line["part"] for line in lines if "part" in line] == ["database"]


async def test_asking_often_costs_nothing(nobody: AsgiClient, parts: Any, clock: ManualClock) -> None:
    await asyncio.gather(*(nobody.get("/health") for _ in range(50)))
    assert parts.probes == 2
    await clock.advance(1)
    await nobody.get("/health/ready")
    assert parts.probes == 4


async def test_a_part_that_does_not_answer_is_down(
    nobody: AsgiClient, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.01)
    parts.hang = True
    assert (await nobody.get("/health")).json()["status"] == "down"


async def test_a_gateway_that_is_about_to_end_is_not_ready(app: FastAPI, nobody: AsgiClient) -> None:
    app.state.stopping.begin()
    assert (await nobody.get("/health/ready")).status == 503
    assert (await nobody.get("/health/live")).status == 200
