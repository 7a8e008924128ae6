"""Where a worker finds the sessions that it is to host."""

from typing import Protocol

from wagate.core.ids import WorkerId
from wagate.sessions.hosting import Hosting
from wagate.sessions.model import Lease, Session


class SessionSource(Protocol):
    """Finds sessions, each with a lease of the worker."""

    @property
    def gives(self) -> bool:
        """Whether leases come from somebody else. Otherwise one that the worker does not know of is left over."""
        ...

    async def find(self, worker: WorkerId, *, limit: int, fresh: bool) -> list[tuple[Lease, Session]]:
        """Up to ``limit`` sessions that are new to the worker, and maybe some that it hosts already; ``fresh`` is true
        for its first look.
        """
        ...


class Claims:
    """A worker takes whatever wants one. With ``alone``, a lock proves that no other worker is alive, so that leases of
    a process that was killed need not run out first.
    """

    gives = False

    def __init__(self, hosting: Hosting, *, alone: bool) -> None:
        self._hosting = hosting
        self._alone = alone

    async def find(self, worker: WorkerId, *, limit: int, fresh: bool) -> list[tuple[Lease, Session]]:
        """As :meth:`SessionSource.find`."""
        return await self._hosting.claim(worker, limit=limit, alone=self._alone, fresh=fresh)


class Given:
    """One of many workers hosts what the fleet's placer gave it."""

    gives = True

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting

    async def find(self, worker: WorkerId, *, limit: int, fresh: bool) -> list[tuple[Lease, Session]]:
        """As :meth:`SessionSource.find`."""
        return await self._hosting.held(worker)
