"""`wagate up`: gateway and worker in one process, on SQLite unless told otherwise."""

import os
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from wagate.cli.serving import cancel, first, spare_what_stays, stop_signal
from wagate.cluster.model import Metrics
from wagate.cluster.service.lone import Measure, live
from wagate.core.clock import clock_of
from wagate.core.ids import WorkerId
from wagate.core.logging import configure_logging
from wagate.core.settings import Settings
from wagate.core.traces import traced
from wagate.engine.port import Endpoint
from wagate.gateway.compose import gateway_app
from wagate.gateway.document import gateway_version
from wagate.gateway.server import HttpServer
from wagate.runtime import Runtime, find_endpoint, open_runtime, start_jobs
from wagate.storage.occupancy import Occupancy
from wagate.worker.compose import supervisor
from wagate.worker.load import Load
from wagate.worker.source import Claims
from wagate.worker.supervisor import Supervisor

#: One process has no other to leave sessions to.
MAX_SESSIONS = 10_000

if TYPE_CHECKING:
    from wagate.sandbox.sandbox import Sandbox


async def run_up(settings: Settings, sandbox: bool) -> None:
    """Serve until SIGTERM or SIGINT; prints ``ready <url>`` once requests are answered.

    :raises StartupError: if it cannot start.
    """
    configure_logging(settings.log_level, settings.log_format)
    stop, clock = stop_signal(), clock_of(os.environ)
    async with AsyncExitStack() as stack:
        inner = await _start_sandbox(stack) if sandbox else None
        endpoint = _endpoint_of(inner) if inner else await find_endpoint(settings)
        await stack.enter_async_context(traced(settings.otel_endpoint, "wagate", gateway_version()))
        occupancy = await Occupancy.alone(settings.database_url, clock) if settings.database_url else None
        if occupancy is not None:
            stack.push_async_callback(occupancy.close)
        runtime = await stack.enter_async_context(open_runtime(settings, endpoint, clock))
        server = HttpServer(gateway_app(runtime, sandbox=inner), host=settings.host, port=settings.port)
        await server.start()
        stack.push_async_callback(server.stop)
        source = Claims(runtime.sessions.hosting, alone=True)
        worker_id = WorkerId.new(runtime.clock.now())
        worker = supervisor(runtime, worker_id, source, max_sessions=MAX_SESSIONS)
        dispatcher = runtime.new_dispatcher()
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        shown = partial(live, runtime.fleet.registry, worker_id, server.url, MAX_SESSIONS, _measure(runtime, worker))
        jobs = start_jobs((*runtime.hosting_jobs, *runtime.fleet_jobs, partial(shown, runtime.clock)), runtime.clock)
        stack.push_async_callback(cancel, jobs)
        # Before the first session is opened.
        await runtime.watermark.check()
        await worker.start()
        stack.push_async_callback(worker.stop)
        # Once more, to be first in the order of stopping: requests that run may still need the worker.
        stack.push_async_callback(server.stop)
        spare_what_stays()
        print(f"ready {server.url}", flush=True)
        await first(stop.wait(), server.wait(), *(() if occupancy is None else (occupancy.watch(),)))


def _measure(runtime: Runtime, worker: Supervisor) -> Measure:
    load = Load(runtime.clock)

    def measure() -> Metrics:
        processor, memory = load.measure()
        return Metrics(
            session_count=len(worker.sessions),
            active_connections=runtime.links.count_online(),
            cpu_usage=processor,
            memory_usage=memory,
        )

    return measure


async def _start_sandbox(stack: AsyncExitStack) -> "Sandbox":
    # Imported when asked for: a gateway without a sandbox does not carry one in memory.
    from wagate.sandbox.sandbox import Sandbox

    sandbox = Sandbox()
    await sandbox.start()
    stack.push_async_callback(sandbox.stop)
    return sandbox


def _endpoint_of(sandbox: "Sandbox") -> Endpoint:
    return Endpoint(url=sandbox.websocket_url, root_key=sandbox.root_public_key, ca_pem=sandbox.media_ca_pem)
