"""Over real sockets, as a customer's server sees it."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from tests.webhooks.names import ADA, ADA_ID, SHOP
from wagate.cli.sink import WebhookSink
from wagate.core.clock import SystemClock
from wagate.core.seal import KeyRing
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.web.egress import Egress, EgressRefused
from wagate.webhooks.model import DeliveryStatus
from wagate.webhooks.service import Dispatcher, Webhooks
from wagate.webhooks.service.endpoints import NewEndpoint

COUNT = 300


class Gateway:
    """Webhooks with nothing replaced, allowed to reach 127.0.0.1."""

    def __init__(self, db: Database, ring: KeyRing) -> None:
        self.db = db
        clock, bus = SystemClock(), Bus()
        self.egress = Egress([ip_network("127.0.0.1/32")])
        self.log = EventLog(db, bus, clock)
        self.webhooks = Webhooks(db=db, log=self.log, bus=bus, clock=clock, ring=ring, egress=self.egress)
        self.dispatcher = Dispatcher(db=db, log=self.log, bus=bus, clock=clock, ring=ring, poster=self.egress)

    async def endpoint(self, url: str) -> tuple[Any, str]:
        return await self.webhooks.create(
            ADA, NewEndpoint(url=url, description="", events=None, sessions=None, headers={}, enabled=True)
        )

    async def events(self, count: int) -> None:
        await asyncio.gather(
            *(
                self.db.write(
                    lambda tx, n=n: self.log.append(  # type: ignore[misc]
                        tx,
                        account_id=ADA_ID,
                        session_id=SHOP,
                        type=EventType.MESSAGE_RECEIVED,
                        data={"n": n, "chat": str(n % 10)},
                    )
                )
                for n in range(count)
            )
        )


@pytest.fixture
async def gateway(database: Database, ring: KeyRing) -> AsyncIterator[Gateway]:
    gateway = Gateway(database, ring)
    await gateway.dispatcher.start()
    yield gateway
    await gateway.dispatcher.stop()
    await gateway.egress.close()


async def test_a_customers_server_verifies_every_event_and_sees_each_chat_in_order(gateway: Gateway) -> None:
    async with WebhookSink() as sink:
        endpoint, sink.secret = await gateway.endpoint(sink.url)
        await gateway.events(COUNT)
        while len(sink.ids) < COUNT:
            await asyncio.sleep(0.005)
        await gateway.dispatcher.stop()
        assert sink.refused == 0
        assert len(set(sink.ids)) == len(sink.ids) == COUNT
        for chat in range(10):
            told = [event["data"]["n"] for event in sink.events if event["data"]["chat"] == str(chat)]
            assert told == list(range(chat, COUNT, 10))
    found = await gateway.webhooks.deliveries(ADA, endpoint.id, status=None, before=None, limit=COUNT + 1)
    assert [d.status for d in found] == [DeliveryStatus.DELIVERED] * COUNT


async def test_a_redirect_is_not_followed_and_a_huge_answer_is_not_read(gateway: Gateway) -> None:
    asked: list[str] = []
    written = 0

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=308, headers={"Location": "/inside"})

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        asked.append(request.path)
        answer = web.StreamResponse(status=200, headers={"Content-Length": str(1 << 30)})
        await answer.prepare(request)
        try:
            while written < 1 << 30:
                await answer.write(b"x" * 65536)
                written += 65536
        except ConnectionError:
            pass
        return answer

    app = web.Application()
    app.router.add_post("/moved", redirect)
    app.router.add_post("/endless", endless)
    app.router.add_route("*", "/inside", redirect)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    moved, _ = await gateway.endpoint(f"{base}/moved")
    huge, _ = await gateway.endpoint(f"{base}/endless")
    try:
        await gateway.events(1)
        while gateway.dispatcher.busy or len(asked) < 2:
            await asyncio.sleep(0.005)
        (failed,) = await gateway.webhooks.deliveries(ADA, moved.id, status=None, before=None, limit=2)
        (delivered,) = await gateway.webhooks.deliveries(ADA, huge.id, status=None, before=None, limit=2)
    finally:
        await runner.cleanup()
    assert sorted(asked) == ["/endless", "/moved"]
    assert (failed.status, failed.last_status) == (DeliveryStatus.PENDING, 308)
    assert delivered.status is DeliveryStatus.DELIVERED
    assert written < 64 << 20


async def test_a_private_address_is_refused_at_creation(gateway: Gateway) -> None:
    for url in ("http://127.0.0.2/", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://0x7f.1/"):
        with pytest.raises(EgressRefused):
            await gateway.endpoint(url)
