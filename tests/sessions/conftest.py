from collections.abc import AsyncIterator

import pytest

from tests.conftest import import_stores
from tests.sessions.world import World
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, metadata


@pytest.fixture
async def world(
    sqlite_url: str, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy
) -> AsyncIterator[World]:
    """Sessions on SQLite; what differs between databases is tested on ``both``."""
    import_stores()
    db = await Database.open(sqlite_url)
    await db.write(lambda tx: metadata.create_all(tx.connection))
    yield World.on(db, clock, bus, kv, ring, entropy)
    await db.close()


@pytest.fixture
def both(database: Database, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy) -> World:
    """Sessions on each kind of database."""
    return World.on(database, clock, bus, kv, ring, entropy)
