"""What people read at a terminal, on a gateway of a few lines."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from wagate.cli import commands
from wagate.cli.client import ApiClient, ApiFailure, GatewayAway
from wagate.core.clock import Clock, ManualClock

SESSION = {
    "id": "ses_01kbs3a8e0h2v6w9x4y7z1c5f3",
    "name": "[red]shop\x1b[2J",
    "status": "connected",
    "phone": None,
    "engine": "native",
    "me": {"jid": "491701234567:3@s.whatsapp.net"},
    "updatedAt": "2026-01-01T12:00:00.000000Z",
}


class Gateway:
    """Streams one event per connection and then breaks off; refuses what it does not know."""

    def __init__(self) -> None:
        self.url = ""
        self.resumed: list[str] = []

    async def stream(self, request: web.Request) -> web.StreamResponse:
        last = request.headers.get("Last-Event-ID", "")
        if last == "rubbish":
            return web.json_response({"code": "invalid_last_event_id", "detail": "That is none."}, status=400)
        self.resumed.append(last)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        event = {"id": f"evt_{len(self.resumed)}", "data": {"text": "é" * 65_536}}
        await answer.write(f"retry: 1000\n\nid: x\nevent: y\ndata: {json.dumps(event)}\n\n".encode())
        if len(self.resumed) > 1:
            return answer
        assert request.transport is not None
        request.transport.abort()
        return answer


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async def me(_: web.Request) -> web.Response:
        return web.json_response({})

    async def sessions(_: web.Request) -> web.Response:
        return web.json_response({"items": [SESSION], "next": None})

    made = Gateway()
    app = web.Application()
    app.router.add_get("/api/me", me)
    app.router.add_get("/api/sessions", sessions)
    app.router.add_get("/api/events/stream", made.stream)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = "http://{}:{}".format(*runner.addresses[0][:2])
    yield made
    await runner.cleanup()


class ThreePauses(ManualClock):
    """Time flies; who sleeps a third time is interrupted."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = 0

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        if self.pauses == 3:
            raise KeyboardInterrupt


async def test_a_list_shows_whole_ids_and_numbers_without_devices(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await commands.list_sessions(ApiClient(gateway.url, "key"))
    shown = capsys.readouterr().out
    for whole in (SESSION["id"], "+491701234567 ", "[red]shop", "connected"):
        assert str(whole) in shown
    assert "\x1b" not in shown


async def test_events_go_on_where_a_broken_connection_left_them(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    clock: Clock = ThreePauses()
    with pytest.raises(KeyboardInterrupt):
        await commands.follow_events(ApiClient(gateway.url, "key"), "", clock)
    assert gateway.resumed == ["", "evt_1", "evt_2"]
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["id"] for event in printed] == ["evt_1", "evt_2", "evt_3"]


async def test_a_refused_stream_is_told_with_the_gateways_own_words(gateway: Gateway) -> None:
    with pytest.raises(ApiFailure, match=r"answered 400 invalid_last_event_id: That is none\."):
        await commands.follow_events(ApiClient(gateway.url, "key"), "rubbish")


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://"])
async def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ApiFailure, match="is not the address of a gateway"):
        await commands.list_sessions(ApiClient(url, "key"))


@pytest.mark.parametrize("command", [commands.list_sessions, lambda client: commands.follow_events(client, "")])
async def test_a_gateway_that_is_not_there_is_told(command: Any) -> None:
    with pytest.raises(GatewayAway, match="is `wagate up` running"):
        await command(ApiClient("http://127.0.0.1:1", "key"))
