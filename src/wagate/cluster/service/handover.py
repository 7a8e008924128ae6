"""Telling the workers of sessions that there is something to send.

The message is stored already; this only makes it quick. One call for each worker is under way at a time, and what is
accepted meanwhile for any of its sessions is told by the next, so many messages cost few calls. If a worker can't be
told, the wake-up goes by the bus, and if that is lost too, the worker looks by itself.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.routes import Routes
from wagate.core.errors import Unavailable
from wagate.core.ids import MessageId, SessionId
from wagate.core.logging import get_logger

#: A worker answers at once: it only has to wake up tasks.
_DEADLINE_SECONDS: Final = 2.0
#: Sessions told of at once; their ids are 30 KB.
_TOGETHER: Final = 500

_log = get_logger("cluster.handover")


class Told(msgspec.Struct, rename="camel", frozen=True):
    """What a worker answers: those of the sessions that it does not host."""

    elsewhere: frozenset[str]


class HandOver:
    """Hands messages over to the workers of their sessions."""

    def __init__(self, routes: Routes, calls: WorkerCalls, otherwise: Callable[[SessionId], None]) -> None:
        """``otherwise`` is called for a session whose worker could not be told."""
        self._routes = routes
        self._calls = calls
        self._otherwise = otherwise
        #: Sessions whose worker is looked up, and the newest message of each.
        self._finding: dict[SessionId, MessageId] = {}
        #: The newest message of each session that its worker was not told of yet, by the worker's endpoint.
        self._waiting: dict[str, dict[SessionId, MessageId]] = {}
        self._telling: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, session: SessionId, message: MessageId) -> None:
        """Tell the session's worker of a message; returns at once and never fails."""
        route = self._routes.remembered(session)
        if route is not None:
            self._hand(route.endpoint, session, message)
            return
        known = session in self._finding
        self._finding[session] = message
        if not known:
            self._beside(self._find(session, None))

    async def done(self) -> None:
        """Return when all that was handed over so far is told, one way or the other."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _hand(self, endpoint: str, session: SessionId, message: MessageId) -> None:
        self._waiting.setdefault(endpoint, {})[session] = message
        if endpoint not in self._telling:
            self._telling.add(endpoint)
            self._beside(self._tell(endpoint))

    async def _find(self, session: SessionId, besides: str | None) -> None:
        """Hand over once the route is known, unless it leads to ``besides``, which is wrong."""
        route = None
        try:
            route = await self._routes.find(session)
        except Unavailable as error:
            _log.debug("a session's worker can't be looked up", session_id=session, code=error.code)
        finally:
            message = self._finding.pop(session)
        if route is None or route.endpoint == besides:
            self._otherwise(session)
        else:
            self._hand(route.endpoint, session, message)

    async def _tell(self, endpoint: str) -> None:
        try:
            while waiting := self._waiting.get(endpoint):
                some = dict(islice(waiting.items(), _TOGETHER))
                for session in some:
                    del waiting[session]
                await self._tell_some(endpoint, some)
        finally:
            self._waiting.pop(endpoint, None)
            self._telling.discard(endpoint)

    async def _tell_some(self, endpoint: str, some: Mapping[SessionId, MessageId]) -> None:
        try:
            elsewhere = await self._call(endpoint, some)
        except (WorkerUnreachable, Refused, msgspec.ValidationError) as error:
            _log.debug("a worker could not be told", endpoint=endpoint, error=type(error).__name__)
            for session in some:
                self._otherwise(session)
            await asyncio.gather(*map(self._routes.forget, some))
            return
        for session in elsewhere:
            # It moved: once more, by what the database says.
            await self._routes.forget(session)
            if session not in self._finding:
                self._finding[session] = some[session]
                self._beside(self._find(session, endpoint))

    async def _call(self, endpoint: str, some: Mapping[SessionId, MessageId]) -> list[SessionId]:
        messages = [{"sessionId": session, "messageId": message} for session, message in some.items()]
        answer = await self._calls.call(endpoint, "POST", "/send", {"messages": messages}, deadline=_DEADLINE_SECONDS)
        elsewhere = msgspec.convert(answer, Told).elsewhere
        return [session for session in some if session in elsewhere]

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
