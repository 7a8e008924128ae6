"""Switching tracing on, if the settings or OpenTelemetry's own variables ask for it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from wagate.core import tracing
from wagate.core.errors import StartupError

_STANDARD: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def wanted(endpoint: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether anybody named a place to send traces to."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return bool(endpoint) or any(environment.get(name) for name in _STANDARD)


@asynccontextmanager
async def traced(endpoint: str, service: str, version: str) -> AsyncIterator[None]:
    """Trace while entered, if that is wanted; what was not sent yet is sent at the end.

    :raises StartupError: if it is wanted and OpenTelemetry is not installed.
    """
    if not wanted(endpoint):
        yield
        return
    try:
        from wagate.core.otel import OtelTracer, exporting
    except ModuleNotFoundError as error:
        raise StartupError(
            "traces need OpenTelemetry, which is not installed", hint="pip install 'wagate[otel]'"
        ) from (error)
    provider = exporting(endpoint, service, version)
    tracing.install(OtelTracer(provider))
    try:
        yield
    finally:
        tracing.install(None)
        await asyncio.to_thread(provider.shutdown)
