"""Traces go through rows and tasks; without a tracer there is nothing to pay."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wagate.core import tracing
from wagate.core.otel import OtelTracer
from wagate.core.traces import traced, wanted


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    """Tracing is on; what ended is in here."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.install(OtelTracer(provider))
    yield exporter
    tracing.install(None)


def spans(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_trace_goes_on_from_what_a_row_kept(exported: InMemorySpanExporter) -> None:
    with tracing.span("POST", tracing.Kind.SERVER):
        kept = tracing.current()
    with tracing.span("relay", tracing.Kind.CLIENT, parent=kept, message_id="msg_1") as relay:
        assert relay.traceparent is not None
        assert relay.traceparent.split("-")[1] == str(kept).split("-")[1]
    found = spans(exported)
    assert found["relay"].parent is not None
    assert found["relay"].parent.span_id == found["POST"].get_span_context().span_id
    assert dict(found["relay"].attributes or {}) == {"message_id": "msg_1"}


@pytest.mark.parametrize("parent", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_parent_that_is_none_begins_a_trace_of_its_own(exported: InMemorySpanExporter, parent: str) -> None:
    with tracing.span("POST", parent=parent):
        pass
    assert spans(exported)["POST"].parent is None


def test_a_failure_is_told_by_its_kind_and_not_by_its_words(exported: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), tracing.span("relay"):
        raise RuntimeError("what somebody wrote")
    failed = spans(exported)["relay"]
    assert failed.status.description == "RuntimeError"
    assert "wrote" not in failed.to_json()


def test_without_a_tracer_nothing_is_told_and_little_is_paid() -> None:
    times = 20_000
    begun = time.process_time()
    for _ in range(times):
        with tracing.span("relay", parent=None, message_id="msg_1") as span:
            assert span.traceparent is None
    assert (time.process_time() - begun) / times < 10e-6
    assert tracing.current() is None


def test_what_makes_and_sends_traces_is_not_imported_unless_it_is_wanted() -> None:
    """FastAPI and redis import parts of OpenTelemetry of their own accord, which do nothing by themselves."""
    parts = ("opentelemetry.exporter", "wagate.core.otel")
    program = f"import sys, wagate.cli.up; sys.exit(any(name.startswith({parts!r}) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(
    ("endpoint", "environment", "expected"),
    [
        ("", {}, False),
        ("http://collector:4318", {}, True),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ("http://collector:4318", {"OTEL_SDK_DISABLED": "true"}, False),
        ("", {"OTEL_SERVICE_NAME": "shop"}, False),
    ],
)
def test_traces_are_made_when_somebody_named_a_place_for_them(
    endpoint: str, environment: dict[str, str], expected: bool
) -> None:
    assert wanted(endpoint, environment) is expected


async def test_a_collector_that_is_away_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    async with traced("http://127.0.0.1:9", "wagate", "1"):
        assert tracing.tracing()
        with tracing.span("POST"):
            pass
    assert not tracing.tracing()
