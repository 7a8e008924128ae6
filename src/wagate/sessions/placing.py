"""What those who place sessions do to them: give them to workers, have them move, take them from the dead.

Each call is one transaction. A worker learns of what it was given by looking (:meth:`Hosting.held`); whoever calls here
tells it to look.
"""

from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.sessions import store
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.hosting import lease_term
from wagate.sessions.model import Session
from wagate.sessions.transition import WANTED
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now
from wagate.web.principal import Principal


class Placing:
    """The sessions as a placer sees them, whoever's they are."""

    def __init__(self, *, db: Database, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock

    async def give(self, worker: WorkerId, *, limit: int) -> list[Session]:
        """Give ``worker`` up to ``limit`` sessions that want a worker and have none, each with a new epoch."""

        def work(tx: Tx) -> list[Session]:
            now, until = lease_term(database_now(tx, self._clock))
            return store.claim(tx, worker, now=now, until=until, limit=limit, alone=False, fresh=False)

        return await self._db.write(work)

    async def give_moving(self, worker: WorkerId) -> list[Session]:
        """Give ``worker`` the sessions that are to move there and have been let go."""

        def work(tx: Tx) -> list[Session]:
            now, until = lease_term(database_now(tx, self._clock))
            return store.claim_moving(tx, worker, now=now, until=until)

        return await self._db.write(work)

    async def waiting(self, limit: int) -> int:
        """How many sessions want a worker and have none; counts no further than ``limit``."""
        return await self._db.read(lambda tx: store.count_free(tx, now=database_now(tx, self._clock), limit=limit))

    async def loads(self) -> dict[WorkerId, int]:
        """How many sessions each worker holds; those without any are missing."""
        return await self._db.read(store.loads)

    async def end_leases(self, worker: WorkerId) -> int:
        """Have the leases of a dead worker run out now; how many it were. Its writes are refused from the moment that
        somebody else is given the session.
        """
        return await self._db.write(lambda tx: store.end_leases(tx, worker, now=database_now(tx, self._clock)))

    async def move(self, session: SessionId, to: WorkerId, *, by: Principal | None = None) -> Session:
        """Have a session go to another worker: its present one lets go, and the next one it is given to is ``to``.
        It is logged who asked for it; ``by`` is ``None`` if the fleet evens itself out.

        :raises SessionNotFound: if there is none.
        """

        def work(tx: Tx) -> Session:
            moved = store.move(tx, session, to=to)
            if moved is not None:
                tx.after_commit(lambda: self._bus.publish(WANTED))
                if by is not None:
                    now, detail = database_now(tx, self._clock), {"worker": to}
                    audit.append(
                        tx, by, Action.SESSION_MOVED, session, now=now, account_id=moved.account_id, detail=detail
                    )
            return moved or store.any_account(tx, session)

        return await self._db.write(work)

    async def movable(self, worker: WorkerId) -> SessionId | None:
        """A session of ``worker`` that is online and could be handed over."""
        return await self._db.read(lambda tx: store.movable(tx, worker))

    async def holder(self, session: SessionId) -> WorkerId | None:
        """Who holds a session's lease."""
        return await self._db.read(lambda tx: store.holder(tx, session))

    async def settled(self, session: SessionId) -> bool:
        """Whether a session is through with moving, in whatever way."""

        def work(tx: Tx) -> bool:
            try:
                found = store.any_account(tx, session)
            except SessionNotFound:
                return True
            return found.move_to is None and not found.is_on_its_way

        return await self._db.read(work)
