"""A log to append to, and an application that tells of it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.events.appending import Append, appending
from tests.realtime.people import ADA, KEYS, SHOP, KnownSessions
from wagate.core.clock import ManualClock
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.gateway.server import HttpServer
from wagate.realtime.api import router
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.web.testing import app_of


@pytest.fixture
def log(database: Database, bus: Bus, clock: ManualClock) -> EventLog:
    return EventLog(database, bus, clock)


@pytest.fixture
def app(log: EventLog, clock: ManualClock) -> FastAPI:
    # Of all that the service does, these routes look sessions up.
    return app_of(router(log, KnownSessions(), clock), keys=KEYS)  # type: ignore[arg-type]


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[HttpServer]:
    server = HttpServer(app, host="127.0.0.1", port=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def append(database: Database, log: EventLog) -> Append:
    return appending(database, log, EventType.MESSAGE_SENT, ADA, SHOP)
