"""Tells a session's events to its sink: one at a time, in order, and never in the way of who says them."""

import asyncio
from collections import deque

from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine.port import Arrived, Closed, EngineEvent, EventSink

_log = get_logger("engine")


class Teller:
    """The events of one connection; :class:`Closed` is the last."""

    __slots__ = ("_came", "_events", "_session", "_sink", "_task")

    def __init__(self, session: SessionId, sink: EventSink) -> None:
        self._session = session
        self._sink = sink
        self._events: deque[EngineEvent] = deque()
        self._came = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"events {session}")

    def tell(self, event: EngineEvent) -> None:
        """Have the sink told, after all that it was told before."""
        if isinstance(event, Arrived) and self._events and isinstance(self._events[-1], Arrived):
            return  # the reader takes everything there is
        self._events.append(event)
        self._came.set()

    async def finished(self) -> None:
        """Return when the sink has been told of the end."""
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        while True:
            while not self._events:
                self._came.clear()
                await self._came.wait()
            event = self._events.popleft()
            try:
                await self._sink(event)
            except Exception:  # noqa: BLE001 - a sink must not raise; one that does must not stop what follows
                _log.error("event sink failed", session_id=self._session, exc_info=True)
            if isinstance(event, Closed):
                return
