"""`wagate gateway`: the HTTP API, one of several beside each other, over sessions that workers host."""

import asyncio
import os
from contextlib import AsyncExitStack

from wagate.cli.serving import cancel, check_fleet_settings, first, spare_what_stays, stop_signal
from wagate.cluster.service.duties import Duty
from wagate.cluster.service.fleet import Fleet
from wagate.core.clock import clock_of
from wagate.core.ids import WorkerId
from wagate.core.logging import configure_logging
from wagate.core.settings import Settings
from wagate.core.traces import traced
from wagate.gateway.compose import gateway_app
from wagate.gateway.document import gateway_version
from wagate.gateway.server import HttpServer
from wagate.runtime import Runtime, find_endpoint, open_runtime, start_jobs
from wagate.storage.occupancy import Occupancy

#: How long a gateway that is asked to end goes on serving while it says that it is not ready: whoever spreads requests
#: over gateways has to notice first.
LEAVING_SECONDS = 1.5


async def run_gateway(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; prints ``ready <url>`` once requests are answered.

    :raises StartupError: if it cannot start.
    """
    check_fleet_settings(settings)
    configure_logging(settings.log_level, settings.log_format)
    stop, clock = stop_signal(), clock_of(os.environ)
    async with AsyncExitStack() as stack:
        endpoint = await find_endpoint(settings)
        await stack.enter_async_context(traced(settings.otel_endpoint, "wagate-gateway", gateway_version()))
        occupancy = await Occupancy.together(settings.database_url, clock)
        stack.push_async_callback(occupancy.close)
        runtime = await stack.enter_async_context(open_runtime(settings, endpoint, clock, hosts_sessions=False))
        app = gateway_app(runtime)
        server = HttpServer(app, host=settings.host, port=settings.port)
        await server.start()
        stack.push_async_callback(server.stop)
        duties = [asyncio.create_task(duty.run()) for duty in _duties(runtime)]
        stack.push_async_callback(cancel, duties)
        stack.push_async_callback(server.stop)
        spare_what_stays()
        print(f"ready {server.url}", flush=True)
        await first(stop.wait(), server.wait(), occupancy.watch())
        if stop.is_set():
            app.state.stopping.leave()
            await runtime.clock.sleep(LEAVING_SECONDS)


def _duties(runtime: Runtime) -> list[Duty]:
    assert isinstance(runtime.fleet, Fleet)
    holder = WorkerId.new(runtime.clock.now(), os.urandom)
    works = {
        "placing": runtime.fleet.placer.run,
        "webhooks": lambda: _post_webhooks(runtime),
        "tidying": lambda: _tidy(runtime),
    }
    return [Duty(name, work, holder=holder, db=runtime.db, clock=runtime.clock) for name, work in works.items()]


async def _post_webhooks(runtime: Runtime) -> None:
    dispatcher = runtime.new_dispatcher()
    await dispatcher.start()
    try:
        await asyncio.Event().wait()
    finally:
        await dispatcher.stop()


async def _tidy(runtime: Runtime) -> None:
    jobs = start_jobs(runtime.fleet_jobs, runtime.clock)
    try:
        await asyncio.gather(*jobs)
    finally:
        await cancel(jobs)
