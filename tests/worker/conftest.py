from collections.abc import AsyncIterator

import pytest

from tests.conftest import import_stores
from tests.sessions.world import World
from tests.worker.fakes import Rig
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, metadata
from wagate.worker.supervisor import Supervisor


@pytest.fixture
async def world(
    sqlite_url: str, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy
) -> AsyncIterator[World]:
    import_stores()
    db = await Database.open(sqlite_url)
    await db.write(lambda tx: metadata.create_all(tx.connection))
    yield World.on(db, clock, bus, kv, ring, entropy)
    await db.close()


@pytest.fixture
def rig(world: World) -> Rig:
    return Rig(world)


@pytest.fixture
async def supervisor(rig: Rig) -> AsyncIterator[Supervisor]:
    """A running worker that is alone."""
    supervisor = rig.supervisor(alone=True)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()
