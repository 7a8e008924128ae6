from collections.abc import AsyncIterator

import pytest

from tests.webhooks.receiver import Receivers
from tests.webhooks.rig import Rig
from wagate.core.clock import ManualClock
from wagate.core.seal import KeyRing
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.webhooks.service import Webhooks


@pytest.fixture
async def rig(database: Database, bus: Bus, clock: ManualClock, ring: KeyRing) -> AsyncIterator[Rig]:
    """Running, on each kind of database."""
    log = EventLog(database, bus, clock)
    receivers = Receivers(clock)
    webhooks = Webhooks(db=database, log=log, bus=bus, clock=clock, ring=ring, egress=receivers)
    rig = Rig(db=database, bus=bus, clock=clock, ring=ring, receivers=receivers, log=log, webhooks=webhooks)
    await rig.start()
    yield rig
    await rig.stop()
