"""`wagate worker`: hosts sessions that the fleet's gateways give it."""

import os
from contextlib import AsyncExitStack

from wagate.cli.serving import cancel, check_fleet_settings, first, spare_what_stays, stop_signal
from wagate.core.clock import clock_of
from wagate.core.errors import StartupError
from wagate.core.ids import WorkerId
from wagate.core.logging import configure_logging, get_logger
from wagate.core.settings import Settings
from wagate.core.traces import traced
from wagate.gateway.app import build_inner_app
from wagate.gateway.document import gateway_version
from wagate.gateway.health import HealthCheck
from wagate.gateway.server import HttpServer
from wagate.messages.service.topics import outbox_topic
from wagate.runtime import find_endpoint, open_runtime, start_jobs
from wagate.sessions.waiting import within
from wagate.storage.errors import StorageUnavailable
from wagate.storage.occupancy import Occupancy
from wagate.worker.api import router
from wagate.worker.compose import supervisor
from wagate.worker.host import Host
from wagate.worker.reporting import Gateways, Reporter, Superseded
from wagate.worker.source import Given

#: How long a worker that is asked to end hands its sessions over, one after the other. Kubernetes kills 30 s after
#: asking unless told otherwise; the rest is for stopping.
DRAIN_SECONDS = 20.0

_log = get_logger("worker")


async def run_worker(settings: Settings) -> None:
    """Host sessions until SIGTERM or SIGINT; prints ``ready <url>`` once gateways can reach it.

    :raises StartupError: if it cannot start, or the fleet does not want it.
    """
    check_fleet_settings(settings)
    if not settings.gateway_url:
        raise StartupError("a worker has to know its gateways", "set WAGATE_GATEWAY_URL to an address of theirs")
    configure_logging(settings.log_level, settings.log_format)
    stop, clock = stop_signal(), clock_of(os.environ)
    async with AsyncExitStack() as stack:
        endpoint = await find_endpoint(settings)
        await stack.enter_async_context(traced(settings.otel_endpoint, "wagate-worker", gateway_version()))
        occupancy = await Occupancy.together(settings.database_url, clock)
        stack.push_async_callback(occupancy.close)
        runtime = await stack.enter_async_context(open_runtime(settings, endpoint, clock))
        # Before the first session is opened.
        await runtime.watermark.check()
        worker = _new_id(settings)
        sessions = supervisor(runtime, worker, Given(runtime.sessions.hosting), max_sessions=settings.max_sessions)
        host = Host(
            supervisor=sessions,
            links=runtime.links,
            codes=runtime.codes,
            wake_outbox=lambda session: runtime.bus.publish_here(outbox_topic(session)),
            count_messages=runtime.history.count_by_status,
            clock=runtime.clock,
        )
        token = settings.worker_token.get_secret_value()
        gateways = Gateways(settings.gateway_url, token)
        stack.push_async_callback(gateways.close)

        async def check_registered() -> None:
            if not reporter.registered:
                raise StorageUnavailable("no gateway has registered this worker yet")

        checks = (
            HealthCheck(name="database", probe=runtime.db.ping),
            HealthCheck(name="gateway", probe=check_registered, required=False),
            *(HealthCheck(name=name, probe=probe, required=False) for name, probe in runtime.auxiliaries.items()),
        )
        app = build_inner_app(
            router(host),
            token=token,
            scrape_token=settings.metrics_token.get_secret_value(),
            worker=worker,
            checks=checks,
            clock=runtime.clock,
        )
        server = HttpServer(app, host=settings.host, port=settings.port)
        await server.start()
        stack.push_async_callback(server.stop)
        reporter = Reporter(
            gateways=gateways,
            worker=worker,
            endpoint=settings.worker_endpoint or server.url,
            max_sessions=settings.max_sessions,
            count_sessions=lambda: len(sessions.sessions),
            count_connections=runtime.links.count_online,
            is_draining=lambda: sessions.draining,
            begin_drain=host.begin_drain,
            share=sessions.share,
            bus=runtime.bus,
            clock=runtime.clock,
        )
        jobs = start_jobs(runtime.hosting_jobs, runtime.clock)
        stack.push_async_callback(cancel, jobs)
        await sessions.start()
        stack.push_async_callback(sessions.stop)
        spare_what_stays()
        print(f"ready {server.url}", flush=True)
        try:
            await first(stop.wait(), server.wait(), reporter.run(), occupancy.watch())
        except Superseded:
            raise StartupError(
                f"the fleet takes worker {worker} for dead; its sessions are elsewhere", "start it again"
            ) from None
        if stop.is_set():
            await reporter.leaving()
            try:
                await within(runtime.clock, DRAIN_SECONDS, host.drained())
            except TimeoutError:
                _log.warning("not all sessions could be handed over in time", count=len(sessions.sessions))
            await sessions.stop()
            await reporter.farewell()


def _new_id(settings: Settings) -> WorkerId:
    """An id that no other process has, nor a later one of the same name: a lease names a process."""
    if not settings.worker_id:
        return WorkerId(f"worker-{os.urandom(5).hex()}")
    return WorkerId(f"{settings.worker_id}.{os.urandom(4).hex()}")
