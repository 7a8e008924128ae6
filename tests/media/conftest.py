from collections.abc import AsyncIterator

import pytest

from tests.conftest import import_stores
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy
from wagate.media.service import Library
from wagate.storage.blobs import Blobs
from wagate.storage.database import Database, metadata
from wagate.web.egress import Egress
from wagate.web.principal import Principal, Scope

MAX_BYTES = 100_000


@pytest.fixture
async def db(sqlite_url: str) -> AsyncIterator[Database]:
    """SQLite; what differs between databases is tested on ``database``."""
    import_stores()
    db = await Database.open(sqlite_url)
    await db.write(lambda tx: metadata.create_all(tx.connection))
    yield db
    await db.close()


@pytest.fixture
async def library(db: Database, blobs: Blobs, clock: ManualClock, entropy: Entropy) -> AsyncIterator[Library]:
    async with Egress() as egress:
        yield Library(db=db, blobs=blobs, egress=egress, clock=clock, max_bytes=MAX_BYTES, entropy=entropy)


@pytest.fixture
def ada(clock: ManualClock, entropy: Entropy) -> Principal:
    return Principal(account_id=AccountId.new(clock.now(), entropy), scopes=frozenset(Scope))


@pytest.fixture
def bob(clock: ManualClock, entropy: Entropy) -> Principal:
    return Principal(account_id=AccountId.new(clock.now(), entropy), scopes=frozenset(Scope))
