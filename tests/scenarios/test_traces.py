"""One trace from the request of a customer to the webhook that tells them what became of it, as a collector sees it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.scenarios.rig import Rig, open_rig

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        self.spans += [span for r in sent.resource_spans for scope in r.scope_spans for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator["Collector"]:
        collector = cls()
        app = web.Application()
        app.router.add_post("/v1/traces", collector._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        collector.url = f"http://{host}:{port}"
        yield collector
        await runner.cleanup()

    def below(self, parent: str) -> list[Span]:
        return [span for span in self.spans if span.parent_span_id.hex() == parent]


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
