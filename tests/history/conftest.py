from collections.abc import AsyncIterator

import pytest

from tests.conftest import import_stores
from tests.messages.world import World
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus
from wagate.storage.database import Database, metadata


@pytest.fixture
async def world(
    sqlite_url: str, clock: ManualClock, bus: Bus, ring: KeyRing, blobs: Blobs, entropy: Entropy
) -> AsyncIterator[World]:
    """Messages on SQLite; what differs between databases is tested on ``both``."""
    import_stores()
    db = await Database.open(sqlite_url)
    await db.write(lambda tx: metadata.create_all(tx.connection))
    yield await World.on(db, clock, bus, ring, blobs, entropy)
    await db.close()


@pytest.fixture
async def both(
    database: Database, clock: ManualClock, bus: Bus, ring: KeyRing, blobs: Blobs, entropy: Entropy
) -> World:
    """Messages on each kind of database."""
    return await World.on(database, clock, bus, ring, blobs, entropy)
