"""The listening socket: uvicorn, run inside our own event loop and life cycle."""

import asyncio
import contextlib
import errno
import importlib.util
import socket
from collections.abc import Generator
from typing import Literal

import uvicorn
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute

from wagate.core.errors import StartupError
from wagate.gateway.shutdown import Stopping
from wagate.web.routing import MAX_MESSAGE_BYTES

#: Requests that run get so long to finish. Sends that wait for an acknowledgement are answered without it.
GRACE_SECONDS = 5.0
#: Longer than load balancers keep idle connections: they close first, and no request meets a closed one.
KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048


class HttpServer:
    """Serves an application on one address from :meth:`start` to :meth:`stop`."""

    def __init__(self, app: FastAPI, *, host: str, port: int, grace_seconds: float = GRACE_SECONDS) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._grace = grace_seconds
        self._server: _Server | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers; port and address as they really are."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 told apart, not bound
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Listen, run the application's start hooks, and serve.

        :raises StartupError: if the address can't be used.
        :raises Exception: whatever a start hook raised.
        """
        listener = await _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run(listener, started), name="http-server")
        self._running.add_done_callback(lambda task: _report(task, started))
        try:
            await started
        except BaseException:
            # Cancellation too: what did not start is not to be stopped.
            self._running = None
            raise

    async def wait(self) -> None:
        """Return when it serves no more, which without :meth:`stop` is a failure.

        :raises Exception: the failure.
        """
        if self._running is not None:
            await asyncio.shield(self._running)

    async def stop(self) -> None:
        """Take no more requests, end streams, let the rest finish within the grace time, and run the end hooks."""
        running, self._running = self._running, None
        if running is None:
            return
        stopping: Stopping | None = getattr(self._app.state, "stopping", None)
        if stopping is not None:
            stopping.begin()
        if self._server is not None:
            self._server.should_exit = True
        await running

    async def _run(self, listener: socket.socket, started: asyncio.Future[None]) -> None:
        with listener:
            async with self._app.router.lifespan_context(self._app):
                self._server = _Server(_config(self._app, self._grace), started)
                await self._server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn without its own opinion on signals."""

    def __init__(self, config: uvicorn.Config, started: asyncio.Future[None]) -> None:
        super().__init__(config)
        self._serving = started

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self._serving.done():
            self._serving.set_result(None)


def _config(app: FastAPI, grace_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(),
        ws=_websocket_protocol(app),
        ws_max_size=MAX_MESSAGE_BYTES,
        # A window of 32 KB and more for each connection, for messages of 1 KB.
        ws_per_message_deflate=False,
        # The application has pings of its own.
        ws_ping_interval=None,
        # Run by us, so that a failing hook fails the start with its own error.
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        # Who the client is, a proxy in front may say once somebody is asked which proxies to believe.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,  # type: ignore[arg-type]  # only ever given to wait_for
    )


def _websocket_protocol(app: FastAPI) -> type[asyncio.Protocol] | Literal["none"]:
    if any(isinstance(context.original_route, WebSocketRoute) for context in iter_route_contexts(app.routes)):
        from wagate.gateway.websocket import BoundedWebSocket

        return BoundedWebSocket
    # Importing a WebSocket library costs memory; nobody pays who has no such route.
    return "none"


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    if importlib.util.find_spec("httptools"):
        from wagate.gateway.connection import BoundedHttp

        return BoundedHttp
    # Slower, and there is no httptools for Windows.
    return "h11"


async def _listen(host: str, port: int) -> socket.socket:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise StartupError(f"{host!r} is not an address to listen on", hint="set WAGATE_HOST") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> StartupError:
    hint = "choose another with --port or WAGATE_PORT; 0 takes a free one"
    if error.errno == errno.EADDRINUSE:
        return StartupError(f"port {port} on {host} is in use by another program", hint=hint)
    if error.errno == errno.EACCES:
        return StartupError(f"this user may not listen on port {port}", hint=hint)
    if error.errno == errno.EADDRNOTAVAIL:
        return StartupError(f"this machine does not have the address {host}", hint="set WAGATE_HOST")
    return StartupError(f"cannot listen on port {port} of {host}: {error.strerror}", hint=hint)


def _report(task: asyncio.Task[None], started: asyncio.Future[None]) -> None:
    """Pass on why the server ended before it served."""
    if task.cancelled():
        started.cancel()
        return
    error = task.exception()
    if not started.done():
        started.set_exception(error or StartupError("the HTTP server ended before it served"))
