"""A client for tests: calls an ASGI application in the same loop, without a socket.

Streams (server-sent events) are read as they come: ``async with client.stream(…) as answer: async for part in answer``.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message

from wagate.core.errors import Unauthorized
from wagate.web import problems
from wagate.web.principal import Principal
from wagate.web.problems import ProblemMiddleware
from wagate.web.requestid import RequestIdMiddleware
from wagate.web.routing import MAX_JSON_BYTES
from wagate.web.shortcuts import Shortcuts


def app_of(*routers: APIRouter, keys: Mapping[str, Principal] | None = None) -> FastAPI:
    """An application of some routers alone, where the keys are known beforehand."""
    known = dict(keys or {})

    async def authenticate(key: str) -> Principal:
        if key not in known:
            raise Unauthorized
        return known[key]

    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.authenticate = authenticate
    problems.install(app)
    for router in routers:
        app.include_router(router, max_body_size=MAX_JSON_BYTES)
    app.add_middleware(Shortcuts, routes=app.routes)
    app.add_middleware(ProblemMiddleware)
    app.add_middleware(RequestIdMiddleware)
    return app


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came back. Header names are in lower case; of a repeated header the last is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class AsgiClient:
    """Sends requests as the holder of ``key``, or as nobody."""

    def __init__(self, app: ASGIApp, key: str = "") -> None:
        self._app = app
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request and wait for the whole answer. The options are those of :meth:`stream`."""
        async with self.stream(method, path, **options) as answer:
            return Answer(status=answer.status, headers=answer.headers, body=b"".join([part async for part in answer]))

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | list[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> AsyncIterator["StreamingAnswer"]:
        """Send a request (``body`` as it is, in parts if it is a list) and read the answer as it comes.

        Leaving the block disconnects.
        """
        exchange = _Exchange(self._app, _scope(method, path, params, self._headers, headers, json, body))
        parts = _parts(json, body)
        async with exchange.running(parts):
            yield await exchange.answer()


class StreamingAnswer:
    """The head of an answer; iterating gives the parts of its body."""

    def __init__(self, status: int, headers: Mapping[str, str], parts: "asyncio.Queue[bytes | None]") -> None:
        self.status = status
        self.headers = headers
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            yield part

    async def at_once(self, silence: float) -> bytes:
        """What comes of the body until nothing comes for ``silence`` seconds, or it ends."""
        read = b""
        with suppress(TimeoutError):
            while (part := await asyncio.wait_for(self._parts.get(), silence)) is not None:
                read += part
        return read


@dataclass(slots=True)
class _Exchange:
    app: ASGIApp
    scope: dict[str, Any]
    sent: "asyncio.Queue[bytes | None]" = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    head: "asyncio.Future[StreamingAnswer]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @asynccontextmanager
    async def running(self, parts: list[bytes]) -> AsyncIterator[None]:
        pending = list(parts)

        async def receive() -> Message:
            if pending:
                return {"type": "http.request", "body": pending.pop(0), "more_body": bool(pending)}
            await self.gone.wait()
            return {"type": "http.disconnect"}

        task = asyncio.create_task(self._call(receive))
        try:
            yield
        finally:
            self.gone.set()
            if self.head.done():
                await asyncio.wait([task], timeout=5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def answer(self) -> StreamingAnswer:
        return await self.head

    async def _call(self, receive: Any) -> None:
        try:
            await self.app(self.scope, receive, self._send)
        except Exception as error:
            if self.head.done():
                raise
            self.head.set_exception(error)
        finally:
            self.sent.put_nowait(None)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            self.head.set_result(StreamingAnswer(message["status"], headers, self.sent))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                self.sent.put_nowait(message["body"])
            if not message.get("more_body"):
                self.sent.put_nowait(None)


def _parts(value: Any, body: bytes | list[bytes] | None) -> list[bytes]:
    if isinstance(body, list):
        return body or [b""]
    if body is not None:
        return [body]
    return [json.dumps(value).encode() if value is not None else b""]


def _scope(
    method: str,
    path: str,
    params: Mapping[str, str | int] | None,
    own: Mapping[str, str],
    given: Mapping[str, str] | None,
    value: Any,
    body: bytes | list[bytes] | None,
) -> dict[str, Any]:
    address = urlsplit(path)
    query = "&".join(part for part in (address.query, urlencode(params or {})) if part)
    headers = {"host": "testserver", **own}
    if value is not None:
        headers["content-type"] = "application/json"
    if not isinstance(body, list):
        headers["content-length"] = str(sum(map(len, _parts(value, body))))
    headers.update({name.lower(): text for name, text in (given or {}).items()})
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address.path,
        "raw_path": address.path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
        "state": {},
    }
