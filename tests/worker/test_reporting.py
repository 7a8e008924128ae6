"""What a worker tells its gateways, and what it does when they tell it something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, MessageId, SessionId, WorkerId
from wagate.messages.model import Direction, Message, MessageStatus
from wagate.messages.service.topics import wake_for
from wagate.sessions.codes import ShownCode
from wagate.sessions.model import Session, SessionStatus
from wagate.sessions.transition import CHANGED_HERE
from wagate.sessions.waiting import end
from wagate.storage.bus import Bus
from wagate.wire.jid import Jid
from wagate.worker.reporting import Reporter, Superseded

Json = dict[str, Any]
WORKER = WorkerId("worker-1")
SESSION = SessionId("ses_" + "0" * 25 + "s")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class FakeGateways:
    """Answers as told and remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, Json]] = []
        self.status = "online"
        self.failure: Exception | None = None

    async def call(self, method: str, path: str, body: Json) -> Json:
        if self.failure is not None:
            raise self.failure
        self.heard.append((method, path, body))
        return {"status": self.status, "workers": 3, "place": 1, "heartbeatSeconds": 3.0}

    def of(self, ending: str) -> list[Json]:
        return [body for _, path, body in self.heard if path.endswith(ending)]


class World:
    def __init__(self, clock: ManualClock, bus: Bus) -> None:
        self.clock = clock
        self.bus = bus
        self.gateways = FakeGateways()
        self.draining = False
        self.shares: list[tuple[int, int]] = []
        self.reporter = Reporter(
            gateways=self.gateways,  # type: ignore[arg-type]
            worker=WORKER,
            endpoint="http://one:8001",
            max_sessions=50,
            count_sessions=lambda: 7,
            count_connections=lambda: 6,
            is_draining=lambda: self.draining,
            begin_drain=self._begin_drain,
            share=lambda place, workers: self.shares.append((place, workers)),
            bus=bus,
            clock=clock,
        )

    def _begin_drain(self) -> None:
        self.draining = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reporter.run())
        await self.clock.advance(0)
        try:
            yield
        finally:
            await end(task)


@pytest.fixture
def world(clock: ManualClock, bus: Bus) -> World:
    return World(clock, bus)


async def test_it_registers_and_says_every_three_seconds_how_it_is(world: World) -> None:
    async with world.running():
        assert world.reporter.registered
        await world.clock.advance(6.5)
    (registration,) = world.gateways.of("register")
    assert registration == {"workerId": WORKER, "endpoint": "http://one:8001", "maxSessions": 50}
    beats = world.gateways.of("heartbeat")
    assert len(beats) == 3
    assert (beats[0]["status"], beats[0]["metrics"]["sessionCount"]) == ("online", 7)
    assert beats[0]["metrics"]["activeConnections"] == 6
    assert set(world.shares) == {(1, 3)}


async def test_without_a_gateway_it_goes_on_trying(world: World) -> None:
    world.gateways.failure = aiohttp.ClientConnectionError()
    async with world.running():
        await world.clock.advance(5)
        assert not world.reporter.registered
        world.gateways.failure = None
        await world.clock.advance(1.1)
        assert world.reporter.registered


async def test_the_fleet_can_have_it_drain(world: World) -> None:
    async with world.running():
        world.gateways.status = "draining"
        await world.clock.advance(3.1)
        assert world.draining
        await world.clock.advance(3.1)
    assert world.gateways.of("heartbeat")[-1]["status"] == "draining"


async def test_who_is_taken_for_dead_ends(world: World) -> None:
    world.gateways.failure = Superseded()
    with pytest.raises(Superseded):
        await world.reporter.run()


async def test_changes_of_messages_are_gathered_and_the_newest_of_each_is_told(world: World) -> None:
    first, second = (MessageId("msg_" + str(n) * 26) for n in (1, 2))
    async with world.running():
        wake_for(world.bus, message(first, MessageStatus.SENT))
        wake_for(world.bus, message(second, MessageStatus.SENT))
        wake_for(world.bus, message(first, MessageStatus.DELIVERED))
        await world.clock.advance(0.2)
    (told,) = world.gateways.of("message-status")
    assert {(m["messageId"], m["status"]) for m in told["messages"]} == {(first, "delivered"), (second, "sent")}


async def test_a_session_and_its_code_are_told_as_the_seed_spells_it(world: World) -> None:
    session = Session(
        id=SESSION,
        account_id=AccountId("acc_" + "0" * 26),
        name="shop",
        status=SessionStatus.QR_REQUIRED,
        since=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    async with world.running():
        world.bus.publish_here(CHANGED_HERE, (session, ShownCode(code="2@abc", expires_at=NOW)))
        await world.clock.advance(0.2)
    (told,) = world.gateways.of("session-status")
    assert (told["sessionId"], told["status"], told["qrString"]) == (SESSION, "qr_required", "2@abc")
    assert told["qrCode"].startswith("data:image/png;base64,")


async def test_its_farewell_is_heard_and_a_deaf_gateway_keeps_it_from_nothing(world: World) -> None:
    await world.reporter.farewell()
    assert world.gateways.of("heartbeat")[-1]["status"] == "offline"
    world.gateways.failure = TimeoutError()
    await world.reporter.farewell()
    await world.reporter.leaving()


def message(identifier: MessageId, status: MessageStatus) -> Message:
    number = Jid("491700000001")
    return Message(
        seq=1,
        id=identifier,
        account_id=AccountId("acc_" + "0" * 26),
        session_id=SESSION,
        wa_id="3EB0",
        direction=Direction.OUT,
        chat=number,
        chat_lid=None,
        sender=number,
        recipient=number,
        from_me=True,
        type="text",
        text=None,
        fields={},
        attachment=None,
        status=status,
        reply_to=None,
        timestamp=NOW,
        created_at=NOW,
    )
