"""A log to append to, and an application that tells of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI

from tests.realtime.people import ADA, KEYS, SHOP, KnownSessions
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, EventId, SessionId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.realtime.api import router
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.web.testing import app_of

Append = Callable[..., Awaitable[EventId]]


@pytest.fixture
def log(database: Database, bus: Bus, clock: ManualClock) -> EventLog:
    return EventLog(database, bus, clock)


@pytest.fixture
def app(log: EventLog, clock: ManualClock) -> FastAPI:
    return app_of(router(log, KnownSessions(), clock), keys=KEYS)  # type: ignore[arg-type]


@pytest.fixture
def append(database: Database, log: EventLog) -> Append:
    async def one(
        kind: EventType = EventType.MESSAGE_SENT,
        account: AccountId = ADA,
        session: SessionId | None = SHOP,
        **data: Any,
    ) -> EventId:
        return await database.write(
            lambda tx: log.append(tx, account_id=account, session_id=session, type=kind, data=data)
        )

    return one
