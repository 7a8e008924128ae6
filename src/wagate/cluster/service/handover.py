"""Telling the worker of a session that there is something to send.

The message is stored already; this only makes it quick. One call for each session is under way at a time, and what is
accepted meanwhile is told by the next, so a burst of messages costs few calls. If the worker can't be told, the wake-up
goes by the bus, and if that is lost too, the worker looks by itself.
"""

import asyncio
from collections.abc import Callable

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.routes import Routes
from wagate.core.errors import Unavailable
from wagate.core.ids import MessageId, SessionId
from wagate.core.logging import get_logger

#: A worker answers at once: it only has to wake up a task.
_DEADLINE_SECONDS = 2.0

_log = get_logger("cluster.handover")


class HandOver:
    """Hands messages over to the workers of their sessions."""

    def __init__(self, routes: Routes, calls: WorkerCalls, otherwise: Callable[[SessionId], None]) -> None:
        """``otherwise`` is called for a session whose worker could not be told."""
        self._routes = routes
        self._calls = calls
        self._otherwise = otherwise
        self._telling: dict[SessionId, asyncio.Task[None]] = {}
        #: The newest message of each session that its worker was not told of yet.
        self._newest: dict[SessionId, MessageId] = {}

    def __call__(self, session: SessionId, message: MessageId) -> None:
        """Tell the session's worker of a message; returns at once and never fails."""
        self._newest[session] = message
        if session not in self._telling:
            self._telling[session] = asyncio.create_task(self._tell(session))

    async def done(self) -> None:
        """Return when all that was handed over so far is told, one way or the other."""
        while self._telling:
            await asyncio.wait(self._telling.values())

    async def _tell(self, session: SessionId) -> None:
        try:
            while (message := self._newest.pop(session, None)) is not None:
                try:
                    told = await self._told(session, message)
                except Unavailable:
                    told = False
                if not told:
                    self._otherwise(session)
        finally:
            del self._telling[session]

    async def _told(self, session: SessionId, message: MessageId) -> bool:
        for _ in range(2):
            route = await self._routes.find(session)
            if route is None:
                return False
            try:
                await self._calls.call(
                    route.endpoint, "POST", f"/{session}/send", {"messageId": message}, deadline=_DEADLINE_SECONDS
                )
                return True
            except Refused as refusal:
                # It moved: once more, by what the database says.
                _log.debug("session is elsewhere", session_id=session, code=refusal.code)
                await self._routes.forget(session)
            except WorkerUnreachable:
                await self._routes.forget(session)
                raise
        return False
