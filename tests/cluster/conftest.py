"""A fleet on a real database, whose workers are answered for by a table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import import_stores
from tests.sessions.world import World
from wagate.cluster.service.calls import NobodyListens, Refused
from wagate.cluster.service.placing import Placer
from wagate.cluster.service.registry import Registry
from wagate.cluster.service.routes import Routes
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.sessions.placing import Placing
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, metadata

Json = dict[str, Any]


@dataclass
class Wire:
    """What workers would answer, by endpoint, and what they were asked. :class:`WorkerCalls` without a network."""

    health: dict[str, Json | Exception] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)

    async def call(self, endpoint: str, method: str, path: str, body: Any = None, *, deadline: float = 5.0) -> Any:
        self.asked.append((endpoint, method, path, body))
        if endpoint in self.refusing:
            raise Refused(404, "session_not_found", "")
        answer = self.health.get(endpoint)
        if isinstance(answer, Exception):
            raise answer
        return {"accepted": True}

    async def probe(self, endpoint: str, deadline: float) -> Any:
        answer = self.health.get(endpoint, NobodyListens())
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Ground:
    """Everything that places sessions, on one database."""

    world: World
    registry: Registry
    placing: Placing
    routes: Routes
    placer: Placer
    wire: Wire
    kv: Kv

    @property
    def clock(self) -> ManualClock:
        return self.world.clock


@pytest.fixture
async def ground(
    sqlite_url: str, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy
) -> AsyncIterator[Ground]:
    import_stores()
    db = await Database.open(sqlite_url)
    await db.write(lambda tx: metadata.create_all(tx.connection))
    world = World.on(db, clock, bus, kv, ring, entropy)
    operator = world.principal.account_id
    registry = Registry(db=db, events=world.events, bus=bus, kv=kv, clock=clock, operators=lambda _: [operator])
    placing = Placing(db=db, bus=bus, clock=clock)
    routes = Routes(db=db, kv=kv, placing=placing, clock=clock)
    wire = Wire()
    placer = Placer(
        registry=registry,
        placing=placing,
        routes=routes,
        calls=wire,  # type: ignore[arg-type]
        bus=bus,
        clock=clock,
    )
    yield Ground(world, registry, placing, routes, placer, wire, kv)
    await db.close()
