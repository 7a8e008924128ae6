"""The request's id, and one line in the log for each request."""

import re
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wagate.core import tracing
from wagate.core.clock import Clock, SystemClock
from wagate.core.ids import Entropy, Id
from wagate.core.logging import bound, get_logger
from wagate.core.metrics import Counter, Histogram
from wagate.storage.silence import answering
from wagate.web.principal import Principal

HEADER = "X-Request-Id"

#: What a caller may choose: it is copied into headers and logs, so no spaces, quotes or line ends.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
#: Asked every few seconds by whoever watches the gateway; of no use to the reader of a log.
_QUIET_ROUTES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})

#: What stands in a label; callers can invent others.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "websocket"})

#: What an answer begins with; the last is a WebSocket's, which has no status.
_HEADS = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept"})
_SWITCHED = 101

_REQUESTS = Counter(
    "wagate_http_requests_total", "Requests answered, by the class of the status.", ("method", "route", "status")
)
_SECONDS = Histogram("wagate_http_request_seconds", "From a request to the end of its answer.", ("method", "route"))

_log = get_logger("wagate.access")


class RequestId(Id):
    prefix = "req"


class RequestIdMiddleware:
    """Takes or makes ``X-Request-Id``, returns it, binds it to the log, and writes the access log.

    The log has the route's template, never the path: paths hold ids and queries may hold secrets.
    """

    def __init__(self, app: ASGIApp, clock: Clock | None = None, entropy: Entropy | None = None) -> None:
        self._app = app
        self._clock = clock or SystemClock()
        self._new_id = (lambda: RequestId.new(self._clock.now(), entropy)) if entropy else self._random_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        request_id = self._id_of(connection)
        connection.state.request_id = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in _HEADS:
                status = message.get("status", _SWITCHED)
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        begun = self._clock.monotonic()
        parent = connection.headers.get("traceparent") if tracing.tracing() else None
        with bound(request_id=request_id), tracing.span("HTTP", tracing.Kind.SERVER, parent=parent) as span:
            try:
                with answering():
                    await self._app(scope, receive, send_with_id)
            finally:
                if tracing.tracing():
                    _describe(span, scope, status)
                _account_for(connection, scope, status, self._clock.monotonic() - begun)

    def _id_of(self, connection: HTTPConnection) -> str:
        given = connection.headers.get(HEADER, "")
        return given if _ACCEPTABLE.fullmatch(given) else self._new_id()

    def _random_id(self) -> str:
        return RequestId.new(self._clock.now())


def _describe(span: tracing.Span, scope: Scope, status: int) -> None:
    route = getattr(scope.get("route"), "path", "")
    span.rename(f"{scope.get('method', scope['type'])} {route}")
    span.tell("http.route", route)
    span.tell("http.response.status_code", status)
    if status >= 500:
        span.fail(f"http_{status}")


def _account_for(connection: HTTPConnection, scope: Scope, status: int, seconds: float) -> None:
    """Count the request and write its line."""
    route = getattr(scope.get("route"), "path", "")
    method = scope.get("method", scope["type"])
    counted = method if method in _METHODS else "other"
    _REQUESTS.add(counted, route, f"{status // 100}xx")
    _SECONDS.observe(seconds, counted, route)
    principal: Principal | None = getattr(connection.state, "principal", None)
    fields: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "key_id": principal.key_id if principal else None,
        "user_id": principal.user_id if principal else None,
    }
    if route in _QUIET_ROUTES:
        _log.debug("request", **fields)
    else:
        _log.info("request", **fields)
