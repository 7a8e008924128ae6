"""A collector of traces, as OpenTelemetry's exporters know it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        #: Which service each span is of.
        self.services: dict[str, str] = {}
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for resource in sent.resource_spans:
            names = {fact.key: fact.value.string_value for fact in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans.append(span)
                self.services[span.span_id.hex()] = names["service.name"]
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
