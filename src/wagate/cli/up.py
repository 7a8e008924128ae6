"""`wagate up`: gateway and worker in one process, on SQLite unless told otherwise."""

import asyncio
import gc
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from wagate.cli.stopping import stop_signal
from wagate.core.logging import configure_logging
from wagate.core.settings import Settings
from wagate.engine.port import Endpoint
from wagate.gateway.compose import gateway_app
from wagate.gateway.server import HttpServer
from wagate.runtime import find_endpoint, open_runtime, start_jobs
from wagate.worker.compose import supervisor

if TYPE_CHECKING:
    from wagate.sandbox.sandbox import Sandbox


async def run_up(settings: Settings, sandbox: bool) -> None:
    """Serve until SIGTERM or SIGINT; prints ``ready <url>`` once requests are answered.

    :raises StartupError: if it cannot start.
    """
    configure_logging(settings.log_level, settings.log_format)
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        inner = await _start_sandbox(stack) if sandbox else None
        endpoint = _endpoint_of(inner) if inner else await find_endpoint(settings)
        runtime = await stack.enter_async_context(open_runtime(settings, endpoint))
        server = HttpServer(gateway_app(runtime, sandbox=inner), host=settings.host, port=settings.port)
        await server.start()
        stack.push_async_callback(server.stop)
        worker = supervisor(runtime, alone=not settings.database_url)
        await runtime.dispatcher.start()
        stack.push_async_callback(runtime.dispatcher.stop)
        jobs = start_jobs(runtime)
        stack.push_async_callback(_cancel, jobs)
        # Before the first session is opened.
        await runtime.watermark.check()
        await worker.start()
        stack.push_async_callback(worker.stop)
        # Once more, to be first in the order of stopping: requests that run may still need the worker.
        stack.push_async_callback(server.stop)
        _spare_what_stays()
        print(f"ready {server.url}", flush=True)
        await _first(stop.wait(), server.wait())


async def _start_sandbox(stack: AsyncExitStack) -> "Sandbox":
    # Imported when asked for: a gateway without a sandbox does not carry one in memory.
    from wagate.sandbox.sandbox import Sandbox

    sandbox = Sandbox()
    await sandbox.start()
    stack.push_async_callback(sandbox.stop)
    return sandbox


def _endpoint_of(sandbox: "Sandbox") -> Endpoint:
    return Endpoint(url=sandbox.websocket_url, root_key=sandbox.root_public_key, ca_pem=sandbox.media_ca_pem)


def _spare_what_stays() -> None:
    """Keep modules and services, which live as long as the process, out of the collector's later rounds.

    Each full round went through 150,000 of them and stopped everything for 0.1 to 0.2 s.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


async def _first(*works: Coroutine[Any, Any, object]) -> None:
    """Return when the first of them ends, with its failure if it has one."""
    tasks = [asyncio.create_task(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await _cancel(tuple(pending))
    for task in done:
        task.result()


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
