import pytest

from tests.events.appending import Append, appending
from tests.events.names import ADA
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database


@pytest.fixture
def log(database: Database, bus: Bus, clock: ManualClock, entropy: Entropy) -> EventLog:
    return EventLog(database, bus, clock, entropy=entropy)


@pytest.fixture
def append(database: Database, log: EventLog) -> Append:
    return appending(database, log, EventType.MESSAGE_RECEIVED, ADA, None)
