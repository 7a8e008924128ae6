"""All engines of a process behind one port: each session is opened by the one that it names."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from wagate.engine.port import Engine, EngineSession, EventSink, OpenRequest, WrongEngine


class EngineChoice:
    """Several engines as one. An engine that no session names costs nothing but its place here."""

    name: ClassVar[str] = "choice"

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        """``engines`` by their names."""
        self._engines = dict(engines)

    async def start(self) -> None:
        """Make every engine ready; none of them runs anything before its first session."""
        for engine in self._engines.values():
            await engine.start()

    async def open(self, request: OpenRequest, sink: EventSink) -> EngineSession:
        """Connect, with the engine that the session names.

        :raises WrongEngine: if there is none of that name, or the session's keys are another one's.
        """
        engine = self._engines.get(request.engine)
        if engine is None:
            raise WrongEngine(f"this program has no engine {request.engine!r}")
        return await engine.open(request, sink)

    async def stop(self) -> None:
        """Close every session, keeping the links."""
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))
