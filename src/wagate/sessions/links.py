"""Where requests that need a live connection find it.

The worker registers each session's engine session when it can be linked or used; features above ask here and never
hold on to what they get. What is registered may close at any moment: calls on it then fail as engine/port.py says.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wagate.core.ids import SessionId
from wagate.engine.port import EngineSession, Vitals
from wagate.sessions.errors import SessionNotConnected

#: A live connection is never silent that long: Baileys pings every 30 s, whatsmeow every 20 to 30 s.
SILENCE_SECONDS = 60.0


class Stage(StrEnum):
    """What a registered connection can be used for."""

    #: Codes are on show; a pairing code may be asked for.
    LINKING = "linking"
    #: Everything.
    ONLINE = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One registered connection, and since when it is at its stage."""

    session: EngineSession
    stage: Stage
    since: datetime
    send_stalled: bool = False


class LinkRegistry:
    """The open connections of this process."""

    def __init__(self) -> None:
        self._links: dict[SessionId, Link] = {}
        self._waiting: dict[SessionId, set[asyncio.Future[Link]]] = {}

    def put(self, session_id: SessionId, session: EngineSession, stage: Stage, now: datetime) -> None:
        """Register a connection, in place of the session's former one."""
        known = self._links.get(session_id)
        if known is not None and known.session is session and known.stage is stage:
            return
        link = Link(session=session, stage=stage, since=now)
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

    async def use(self, session_id: SessionId) -> EngineSession:
        """The connection of a session that is online.

        :raises SessionNotConnected: if it is not.
        """
        link = self._links.get(session_id)
        if link is None or link.stage is not Stage.ONLINE:
            raise SessionNotConnected
        return link.session

    async def ready(self, session_id: SessionId) -> Link:
        """The connection as soon as there is one; the caller limits the wait."""
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
            self._links[session_id] = Link(
                session=known.session, stage=known.stage, since=known.since, send_stalled=stalled
            )

    def vitals(self, session_id: SessionId) -> Vitals:
        """Evidence of life; empty without a connection."""
        link = self._links.get(session_id)
        return Vitals() if link is None else link.session.vitals()

    def send_stalled(self, session_id: SessionId, now: datetime) -> bool:
        """Whether the session is online and still nothing would get through."""
        link = self._links.get(session_id)
        if link is None or link.stage is not Stage.ONLINE:
            return False
        last = link.session.vitals().last_frame_at
        return link.send_stalled or (last is not None and now - last > timedelta(seconds=SILENCE_SECONDS))
