"""One trace from the request of a customer to the webhook that tells them what became of it, as a collector sees it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.collector import Collector
from tests.scenarios.fleet import TOKEN, Fleet, open_fleet
from tests.scenarios.rig import Rig, open_rig

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SCRAPE = "scrape-token-0123456789abcdef"


async def test_one_trace_leads_from_the_request_to_the_webhook(
    tmp_path: Path, engine: str, shop: str, ada: str
) -> None:
    async with (
        Collector.running() as collector,
        open_rig(tmp_path, engine, WAGATE_OTEL_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="100") as rig,
    ):
        session = await rig.linked(shop)
        await rig.phone(ada, "Ada")
        await rig.subscribe()

        sent = await send_within_a_trace(rig, session, ada)
        await rig.told("message.sent", sent["waId"])

        async def complete() -> bool | None:
            (post,) = collector.below(CALLER) or (None,)
            return True if post and len(collector.below(post.span_id.hex())) >= 3 else None

        await rig.until(complete, "the trace is complete")
        (post,) = collector.below(CALLER)
        assert post.name == "POST /api/sessions/{session_id}/send"
        below = [span for span in collector.below(post.span_id.hex()) if span.trace_id.hex() == TRACE]
        assert [span.name for span in below].count("relay") == 1
        webhooks = {span.span_id.hex() for span in below if span.name == "webhook"}
        told = {
            headers["traceparent"].split("-")[2]
            for event, headers in zip(rig.sink.events, rig.sink.headers, strict=True)
            if event["type"] in ("message.queued", "message.sent") and event["data"]["id"] == sent["id"]
        }
        assert len(told) == 2
        assert told <= webhooks
        everything = "".join(str(span) for span in collector.spans)
        for secret in (shop, ada, "within a trace"):
            assert secret not in everything


async def send_within_a_trace(rig: Rig, session: str, to: str) -> dict[str, str]:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "order-4711"}
    body = {"to": to, "type": "text", "text": "within a trace"}
    url = f"{rig.api.url}/api/sessions/{session}/send"
    async with rig.api.http.post(url, json=body, headers=headers) as response:
        assert response.status == 201
        answer: dict[str, str] = await response.json()
        return answer


@pytest.mark.postgres
async def test_a_trace_and_numbers_lead_through_gateway_and_worker(
    tmp_path: Path, new_postgres_database: Callable[[], str], redis_server: str, shop: str, ada: str
) -> None:
    async with (
        Collector.running() as collector,
        open_fleet(
            tmp_path,
            database_url=new_postgres_database(),
            redis_url=redis_server,
            workers=1,
            gateways=1,
            WAGATE_OTEL_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="100",
            WAGATE_METRICS_TOKEN=SCRAPE,
        ) as fleet,
    ):
        session = await fleet.linked(shop)
        await fleet.phone(ada, "Ada")
        sent = await send_within_a_trace(fleet, session, ada)
        await fleet.shown(ada, sent["waId"])

        async def relayed() -> str | None:
            (post,) = collector.below(CALLER) or (None,)
            spans = collector.below(post.span_id.hex()) if post else []
            return next((span.span_id.hex() for span in spans if span.name == "relay"), None)

        relay = await fleet.until(relayed, "the worker's part of the trace is there")
        (post,) = collector.below(CALLER)
        services = collector.services
        assert (services[post.span_id.hex()], services[relay]) == ("wagate-gateway", "wagate-worker")
        await numbers_of_a_worker(fleet)


async def numbers_of_a_worker(fleet: Fleet) -> None:
    (worker,) = fleet.workers.values()
    for credential, status in ((SCRAPE, 200), (TOKEN, 200), ("nobody", 401), (None, 401)):
        headers = {"Authorization": f"Bearer {credential}"} if credential else {"Authorization": ""}
        async with fleet.api.http.get(f"{worker.url}/metrics", headers=headers) as response:
            assert response.status == status, credential
            text = await response.text()
        if status == 200:
            lines = text.splitlines()
            assert "wagate_worker_sessions 1.0" in lines
            assert 'wagate_messages_settled_total{outcome="sent",type="text"} 1.0' in lines
            # What only the database knows, gateways tell.
            assert not any(line.startswith("wagate_sessions{") for line in lines)
