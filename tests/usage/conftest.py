"""Usage on a database of each kind, with a log to write to."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.usage.names import ADA, SHOP
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, SessionId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.usage.service import Usage

Append = Callable[..., Any]


@pytest.fixture
def log(database: Database, bus: Bus, clock: ManualClock, entropy: Entropy) -> EventLog:
    return EventLog(database, bus, clock, entropy=entropy)


@pytest.fixture
def usage(database: Database, clock: ManualClock) -> Usage:
    return Usage(database, clock)


@pytest.fixture
def happen(database: Database, log: EventLog) -> Append:
    """Appends events about one message after the other, each of these types."""

    async def some(
        *types: str, account: AccountId = ADA, session: SessionId | None = SHOP, type: str = "text", **data: Any
    ) -> None:
        for kind in types:
            data.setdefault("direction", "out")
            resource = {"type": type, **data}

            def work(tx: Any, kind: str = kind, resource: dict[str, Any] = resource) -> None:
                log.append(tx, account_id=account, session_id=session, type=EventType(kind), data=resource)

            await database.write(work)

    return some
