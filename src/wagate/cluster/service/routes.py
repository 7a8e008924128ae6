"""Which worker has a session: remembered for a moment, else in Redis, else in the database, which is the authority."""

from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from wagate.cluster import store
from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.sessions.codes import KeyValues
from wagate.sessions.placing import Placing
from wagate.storage.database import Database

#: A route that is out of date costs one call in vain. It is forgotten then.
_REMEMBERED_SECONDS = 5.0
_REMEMBERED = 10_000
#: What is in Redis is replaced whenever a session is placed, so this only bounds what is left of deleted sessions.
_SHARED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Route:
    """A worker and where it answers."""

    worker: WorkerId
    endpoint: str


class Routes:
    """The routes of all sessions."""

    def __init__(self, *, db: Database, kv: KeyValues, placing: Placing, clock: Clock) -> None:
        self._db = db
        self._kv = kv
        self._placing = placing
        self._clock = clock
        self._remembered: OrderedDict[SessionId, tuple[float, Route]] = OrderedDict()

    async def find(self, session: SessionId) -> Route | None:
        """Where the session is, as far as is known; ``None`` if nobody has it."""
        known = self.remembered(session)
        if known is not None:
            return known
        shared = await self._kv.get(_key(session))
        if shared is not None:
            worker, endpoint = msgspec.json.decode(shared, type=tuple[str, str])
            route = Route(WorkerId(worker), endpoint)
        else:
            looked_up = await self._look_up(session)
            if looked_up is None:
                return None
            route = looked_up
            await self.put(session, route)
        self._remember(session, route)
        return route

    def remembered(self, session: SessionId) -> Route | None:
        """Where the session was a moment ago; ``None`` if that has to be looked up."""
        known = self._remembered.get(session)
        return known[1] if known is not None and known[0] > self._clock.monotonic() else None

    async def put(self, session: SessionId, route: Route) -> None:
        """Make known where a session was placed."""
        self._remember(session, route)
        text = msgspec.json.encode((str(route.worker), route.endpoint)).decode()
        await self._kv.set(_key(session), text, _SHARED_SECONDS)

    async def forget(self, session: SessionId) -> None:
        """Forget a route that turned out to be wrong."""
        self._remembered.pop(session, None)
        await self._kv.delete(_key(session))

    async def _look_up(self, session: SessionId) -> Route | None:
        worker = await self._placing.holder(session)
        if worker is None:
            return None
        found = await self._db.read(lambda tx: store.find(tx, worker))
        return None if found is None else Route(found.id, found.endpoint)

    def _remember(self, session: SessionId, route: Route) -> None:
        self._remembered[session] = (self._clock.monotonic() + _REMEMBERED_SECONDS, route)
        self._remembered.move_to_end(session)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def _key(session: SessionId) -> str:
    return f"session:{session}:worker"
