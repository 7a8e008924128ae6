"""Traces by OpenTelemetry, sent by OTLP over HTTP. Imported only where traces are wanted: it costs 20 MB and a thread.

Whatever OpenTelemetry's own variables say (sampling, headers, delays, resource attributes) holds.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wagate.core.tracing import Kind, Span

_KINDS = {Kind.SERVER: SpanKind.SERVER, Kind.CLIENT: SpanKind.CLIENT, Kind.INTERNAL: SpanKind.INTERNAL}
_HEADER = "traceparent"

_propagator = TraceContextTextMapPropagator()


def exporting(endpoint: str, service: str, version: str) -> TracerProvider:
    """A provider that sends to ``endpoint``, or to where the standard variables say if that is empty."""
    ours = {"service.version": version}
    if "OTEL_SERVICE_NAME" not in os.environ:
        ours["service.name"] = service
    resource = Resource.create(ours)
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces") if endpoint else OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class OtelTracer:
    """Spans of one provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("wagate")

    def span(
        self, name: str, kind: Kind, parent: str | None, attributes: Mapping[str, str]
    ) -> AbstractContextManager[Span]:
        return self._span(name, kind, parent, attributes)

    def current(self) -> str | None:
        return _traceparent(trace.get_current_span())

    @contextmanager
    def _span(self, name: str, kind: Kind, parent: str | None, attributes: Mapping[str, str]) -> Iterator[Span]:
        context = None if parent is None else _propagator.extract({_HEADER: parent})
        # What goes wrong is told by its code; an exception's text may quote what nobody should read.
        with self._tracer.start_as_current_span(
            name, context, _KINDS[kind], attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Span(span)
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        return _traceparent(self._span)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def fail(self, code: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, code))


def _traceparent(span: OtelSpan) -> str | None:
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
