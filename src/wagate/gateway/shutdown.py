"""Streams and long waits end when the gateway does.

A stream of events is open for as long as its reader likes, so waiting for it would delay every stop by the whole grace
time. Its readers reconnect with ``Last-Event-ID`` and miss nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Stopping:
    """Whether the gateway is about to end, and what has to end before it."""

    def __init__(self) -> None:
        self.begun = False
        #: Whether it still serves and asks for no more requests.
        self.leaving = False
        self._streams: set[asyncio.Task[Any]] = set()
        self._followers: list[Callable[[], None]] = []

    def when_begun(self, follower: Callable[[], None]) -> None:
        """Have ``follower`` called when it begins, to end what would take longer than requests may."""
        self._followers.append(follower)

    def leave(self) -> None:
        """Say that no more requests should come; those that do are answered."""
        self.leaving = True

    def begin(self) -> None:
        """End every stream; each sends what it has begun and closes. Calling twice is harmless."""
        if not self.begun:
            self.begun = True
            for task in self._streams:
                task.cancel()
            for follower in self._followers:
                follower()

    def add(self, stream: asyncio.Task[Any]) -> None:
        """Have a task that answers with a stream end with the gateway."""
        self._streams.add(stream)
        if self.begun:
            stream.cancel()

    def remove(self, stream: asyncio.Task[Any] | None) -> bool:
        """Forget a task; whether it was to be ended."""
        known = stream in self._streams
        if stream is not None:
            self._streams.discard(stream)
        return known and self.begun


class StreamEnd:
    """Ends ``text/event-stream`` answers properly when ``stopping`` begins; all others are left to finish."""

    def __init__(self, app: ASGIApp, stopping: Stopping) -> None:
        self._app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()

        async def watch(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and task is not None and _is_stream(message):
                self._stopping.add(task)

        ended = False
        try:
            await self._app(scope, receive, watch)
        except asyncio.CancelledError:
            ended = self._stopping.remove(task)
            if not ended or task is None or task.uncancel() > 0:
                raise
        finally:
            self._stopping.remove(task)
        if ended:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_stream(message: Message) -> bool:
    kind = Headers(raw=message.get("headers", [])).get("content-type", "")
    return kind.startswith("text/event-stream")
