from collections.abc import Callable
from typing import Any

import pytest

from tests.events.names import ADA
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, EventId, SessionId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database

Append = Callable[..., Any]


@pytest.fixture
def log(database: Database, bus: Bus, clock: ManualClock, entropy: Entropy) -> EventLog:
    return EventLog(database, bus, clock, entropy=entropy)


@pytest.fixture
def append(database: Database, log: EventLog) -> Append:
    """Appends one event in a transaction of its own and returns its id."""

    async def one(
        type: EventType = EventType.MESSAGE_RECEIVED,
        account: AccountId = ADA,
        session: SessionId | None = None,
        **data: Any,
    ) -> EventId:
        return await database.write(
            lambda tx: log.append(tx, account_id=account, session_id=session, type=type, data=data)
        )

    return one
