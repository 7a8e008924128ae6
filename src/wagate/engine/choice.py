"""All engines of a process behind one port: each session is opened by the one that it names, through its own proxy."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from wagate.engine.port import (
    Closed,
    Engine,
    EngineEvent,
    EngineSession,
    EngineUnavailable,
    EventSink,
    OpenRequest,
    WrongEngine,
)
from wagate.engine.proxies import BadProxyUrl, ProxyAddress, Tunnels


class EngineChoice:
    """Several engines as one. An engine that no session names costs nothing but its place here."""

    name: ClassVar[str] = "choice"

    def __init__(self, engines: Mapping[str, Engine], tunnels: Tunnels) -> None:
        """``engines`` by their names; ``tunnels`` lead through proxies and are closed with :meth:`stop`."""
        self._engines = dict(engines)
        self._tunnels = tunnels

    async def start(self) -> None:
        """Make every engine ready; none of them runs anything before its first session."""
        for engine in self._engines.values():
            await engine.start()

    async def open(self, request: OpenRequest, sink: EventSink) -> EngineSession:
        """Connect, with the engine that the session names. A session with a proxy gets a tunnel that lives as long as
        the connection, so nothing of it goes another way.

        :raises WrongEngine: if there is none of that name, or the session's keys are another one's.
        :raises EngineUnavailable: if its proxy can't be used at all.
        """
        engine = self._engines.get(request.engine)
        if engine is None:
            raise WrongEngine(f"this program has no engine {request.engine!r}")
        return await (self._open_through(engine, request, sink) if request.proxy else engine.open(request, sink))

    async def _open_through(self, engine: Engine, request: OpenRequest, sink: EventSink) -> EngineSession:
        try:
            tunnel = await self._tunnels.open(ProxyAddress.parse(request.proxy))
        except (BadProxyUrl, OSError) as error:
            raise EngineUnavailable("the session's proxy can't be used") from error

        async def closing(event: EngineEvent) -> None:
            if isinstance(event, Closed):
                tunnel.close()
            await sink(event)

        try:
            return await engine.open(replace(request, proxy=tunnel.url), closing)
        except BaseException:
            # Cancellation too: nobody will say ``Closed``, which closes it otherwise.
            tunnel.close()
            raise

    async def stop(self) -> None:
        """Close every session, keeping the links."""
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))
        await self._tunnels.close()
