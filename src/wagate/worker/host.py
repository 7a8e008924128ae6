"""What the worker's HTTP is about: the sessions hosted here, and nothing of others."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.sessions.codes import Codes
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.links import LinkRegistry
from wagate.worker.supervisor import Supervisor

#: Has the outbox of a session look at its queue.
WakeOutbox = Callable[[SessionId], None]
#: How many messages of these sessions are in each state.
CountMessages = Callable[[Collection[SessionId]], Awaitable[Mapping[str, int]]]


class Host:
    """The sessions that this process hosts, for gateways that ask."""

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        links: LinkRegistry,
        codes: Codes,
        wake_outbox: WakeOutbox,
        count_messages: CountMessages,
        clock: Clock,
    ) -> None:
        self.links = links
        self.codes = codes
        self._supervisor = supervisor
        self._wake_outbox = wake_outbox
        self._count_messages = count_messages
        self._clock = clock
        self._draining: asyncio.Task[None] | None = None

    @property
    def worker(self) -> WorkerId:
        return self._supervisor.worker

    @property
    def sessions(self) -> frozenset[SessionId]:
        return self._supervisor.sessions

    @property
    def draining(self) -> bool:
        """Whether it takes no more sessions."""
        return self._supervisor.draining

    def now(self) -> datetime:
        return self._clock.now()

    def mine(self, session: SessionId) -> SessionId:
        """:raises SessionNotFound: if the session is not hosted here."""
        if not self._supervisor.hosts(session):
            raise SessionNotFound
        return session

    def look(self) -> None:
        """See what this worker was given."""
        self._supervisor.look()

    def release(self, session: SessionId) -> None:
        """Let go of a session. :raises SessionNotFound: if it is not hosted here."""
        self._supervisor.release(self.mine(session))

    def wake_outbox(self, session: SessionId) -> None:
        """Have a session's queue looked at. :raises SessionNotFound: if it is not hosted here."""
        self._wake_outbox(self.mine(session))

    def wakes_outbox(self, session: SessionId) -> bool:
        """As :meth:`wake_outbox`; ``False`` if the session is not hosted here."""
        hosted = self._supervisor.hosts(session)
        if hosted:
            self._wake_outbox(session)
        return hosted

    async def count_messages(self) -> dict[str, int]:
        """How many messages of the sessions hosted here are in each state."""
        return dict(await self._count_messages(self._supervisor.sessions))

    def begin_drain(self) -> None:
        """Hand all sessions over, beside everything else; doing it twice is harmless."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._supervisor.drain())

    async def drained(self) -> None:
        """Return when everything is handed over that somebody takes."""
        self.begin_drain()
        assert self._draining is not None
        await self._draining
