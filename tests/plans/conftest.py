"""Accounts with plans, on a database of each kind."""

import pytest
from sqlalchemy import insert

from tests.plans.names import ADA, BOB
from wagate.accounts.store import accounts
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.events.service import EventLog
from wagate.plans.service import Plans
from wagate.storage.bus import Bus
from wagate.storage.database import Database


@pytest.fixture
async def plans(database: Database, bus: Bus, clock: ManualClock, entropy: Entropy) -> Plans:
    rows = [{"id": account, "name": "x", "created_at": clock.now()} for account in (ADA, BOB)]
    await database.write(lambda tx: tx.execute(insert(accounts), rows))
    return Plans(database, EventLog(database, bus, clock, entropy=entropy), clock)
