"""Where requests that need a live connection find it.

The worker registers each session's engine session when it can be linked or used; features above ask :class:`Links` and
never hold on to what they get. It may close at any moment: calls on it then fail as engine/port.py says. In a process
that holds connections, the registry itself is asked; in one that holds none, :mod:`wagate.cluster` asks the worker.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from wagate.core.ids import SessionId
from wagate.engine.port import EngineSession, PasskeyAssertion, Vitals
from wagate.sessions.errors import SessionNotConnected
from wagate.wire.node import Node

#: A live connection is never silent that long: Baileys pings every 30 s, whatsmeow every 20 to 30 s.
SILENCE_SECONDS = 60.0


class Stage(StrEnum):
    """What a registered connection can be used for."""

    #: Codes are on show; a pairing code may be asked for.
    LINKING = "linking"
    #: Everything.
    ONLINE = "online"


class Connection(Protocol):
    """The part of an :class:`~wagate.engine.port.EngineSession` that requests use, wherever it is held."""

    @property
    def links_by_passkey(self) -> bool: ...

    async def query(self, node: Node, timeout: float = ...) -> Node: ...

    async def send(self, node: Node) -> None: ...

    async def request_pairing_code(self, phone: str) -> str: ...

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None: ...

    async def logout(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One open connection, and since when it is at its stage."""

    session: Connection
    stage: Stage
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Evidence of a connection's life; empty without one. ``send_stalled`` says that the session is online and still
    nothing would get through.
    """

    vitals: Vitals = field(default_factory=Vitals)
    send_stalled: bool = False


class Links(Protocol):
    """The open connections, as requests find them.

    Whatever can't be found out because a worker does not answer is as if there were no connection.
    """

    async def find(self, session_id: SessionId) -> Link | None:
        """The connection at whatever stage, ``None`` if there is none."""
        ...

    async def use(self, session_id: SessionId) -> Connection:
        """The connection of a session that is online.

        :raises SessionNotConnected: if it is not.
        """
        ...

    async def ready(self, session_id: SessionId) -> Link:
        """The connection as soon as there is one; the caller limits the wait."""
        ...

    async def condition(self, session_id: SessionId, now: datetime) -> Condition:
        """How the connection is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held(Link):
    """A connection of this process."""

    session: EngineSession
    send_stalled: bool = False


class LinkRegistry:
    """The open connections of this process; it is :class:`Links` to requests, and the workers' to fill."""

    def __init__(self) -> None:
        self._links: dict[SessionId, _Held] = {}
        self._waiting: dict[SessionId, set[asyncio.Future[Link]]] = {}

    def put(self, session_id: SessionId, session: EngineSession, stage: Stage, now: datetime) -> None:
        """Register a connection, in place of the session's former one."""
        known = self._links.get(session_id)
        if known is not None and known.session is session and known.stage is stage:
            return
        link = _Held(session=session, stage=stage, since=now)
        self._links[session_id] = link
        for waiter in self._waiting.pop(session_id, ()):
            if not waiter.done():
                waiter.set_result(link)

    def remove(self, session_id: SessionId, session: EngineSession) -> None:
        """Forget a connection; one that replaced it stays."""
        known = self._links.get(session_id)
        if known is not None and known.session is session:
            del self._links[session_id]

    def get(self, session_id: SessionId) -> EngineSession | None:
        """The connection at whatever stage, ``None`` if there is none."""
        link = self._links.get(session_id)
        return None if link is None else link.session

    def online(self) -> list[SessionId]:
        """The sessions that are online here."""
        return [session for session, link in self._links.items() if link.stage is Stage.ONLINE]

    def count_online(self) -> int:
        """How many sessions are online here."""
        return sum(link.stage is Stage.ONLINE for link in self._links.values())

    async def find(self, session_id: SessionId) -> Link | None:
        """As :meth:`Links.find`."""
        return self._links.get(session_id)

    async def use(self, session_id: SessionId) -> EngineSession:
        """As :meth:`Links.use`. :raises SessionNotConnected: if there is none to use."""
        link = self._links.get(session_id)
        if link is None or link.stage is not Stage.ONLINE:
            raise SessionNotConnected
        return link.session

    async def ready(self, session_id: SessionId) -> Link:
        """As :meth:`Links.ready`."""
        link = self._links.get(session_id)
        if link is not None:
            return link
        waiter: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        waiters = self._waiting.setdefault(session_id, set())
        waiters.add(waiter)
        try:
            return await waiter
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiting.get(session_id) is waiters:
                del self._waiting[session_id]

    def report_stall(self, session_id: SessionId, session: EngineSession, stalled: bool) -> None:
        """Note whether what should be sent through this connection does not get through."""
        known = self._links.get(session_id)
        if known is not None and known.session is session and known.send_stalled is not stalled:
            self._links[session_id] = replace(known, send_stalled=stalled)

    async def condition(self, session_id: SessionId, now: datetime) -> Condition:
        """As :meth:`Links.condition`."""
        link = self._links.get(session_id)
        if link is None:
            return Condition()
        vitals = link.session.vitals()
        last = vitals.last_frame_at
        silent = last is not None and now - last > timedelta(seconds=SILENCE_SECONDS)
        return Condition(vitals=vitals, send_stalled=link.stage is Stage.ONLINE and (link.send_stalled or silent))
