"""Streams of events: complete, resumable, ended when they should."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import uvicorn

from tests.realtime.people import ADA, BOB, HELP, SHOP
from wagate.core.clock import ManualClock
from wagate.core.errors import Unauthorized
from wagate.core.ids import EventId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.realtime.service import MAX_STREAMS
from wagate.storage.bus import Bus
from wagate.web.principal import Principal
from wagate.web.testing import AsgiClient, StreamingAnswer

ACCOUNT = "/api/events/stream"
SESSION = f"/api/sessions/{SHOP}/events"


@pytest.fixture
def client(app: Any) -> Callable[..., AsgiClient]:
    return lambda key="ada": AsgiClient(app, key)


class Reader:
    """Reads a stream as a browser does. Made once its first piece has come: from then on nothing is missed."""

    def __init__(self, answer: StreamingAnswer) -> None:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        self._frames = self._read(answer)

    @classmethod
    async def of(cls, answer: StreamingAnswer) -> "Reader":
        reader = cls(answer)
        assert await anext(reader._frames) == {"retry": "1000"}
        return reader

    async def next(self) -> dict[str, str]:
        return await anext(self._frames)

    async def ids(self, count: int) -> list[str]:
        return [(await self.next())["id"] for _ in range(count)]

    async def rest(self) -> list[dict[str, str]]:
        return [frame async for frame in self._frames]

    @staticmethod
    async def _read(answer: StreamingAnswer) -> AsyncIterator[dict[str, str]]:
        text = ""
        async for part in answer:
            text += part.decode()
            while "\n\n" in text:
                frame, _, text = text.partition("\n\n")
                yield dict(line.split(": ", 1) for line in frame.split("\n"))


async def test_events_come_as_they_happen_with_id_type_and_whole_event(client: Any, append: Any, log: EventLog) -> None:
    await append(n="before")
    async with client().stream("GET", ACCOUNT) as answer:
        reader = await Reader.of(answer)
        event = await append(EventType.MESSAGE_RECEIVED, text="zwei\nZeilen")
        frame = await reader.next()
    assert (frame["id"], frame["event"]) == (event, "message.received")
    (_, stored) = await log.read(ADA, limit=10)
    assert json.loads(frame["data"]) == json.loads(stored.to_json())
    assert stored.data == {"text": "zwei\nZeilen"}


async def test_a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice(client: Any, append: Any) -> None:
    written = [await append(n=n) for n in range(5)]
    seen: list[str] = []
    last = written[0]
    for _ in range(4):
        async with client().stream("GET", ACCOUNT, headers={"Last-Event-ID": last}) as answer:
            reader = await Reader.of(answer)
            written.append(await append())
            seen += await reader.ids(2)
            last = EventId(seen[-1])
    assert seen == written[1:9]


async def test_catching_up_and_live_join_without_gap_or_repeat(client: Any, append: Any) -> None:
    first = await append()
    old = [await append() for _ in range(250)]
    async with client().stream("GET", ACCOUNT, headers={"Last-Event-ID": first}) as answer:
        reader = await Reader.of(answer)
        appending = [asyncio.create_task(append()) for _ in range(250)]
        seen = await reader.ids(500)
    live = [await task for task in appending]
    assert seen[:250] == old
    assert sorted(seen[250:]) == sorted(live)


async def test_a_session_is_told_of_itself_only(client: Any, append: Any) -> None:
    async with client().stream("GET", SESSION) as answer:
        reader = await Reader.of(answer)
        await append(session=HELP)
        await append(EventType.CAMPAIGN_PROGRESS, session=None)
        await append(account=BOB)
        own = await append()
        assert await reader.ids(1) == [own]


async def test_a_bound_key_is_told_of_its_sessions_only(client: Any, append: Any) -> None:
    async with client("bound").stream("GET", ACCOUNT) as answer:
        reader = await Reader.of(answer)
        await append(session=SHOP)
        await append(EventType.CAMPAIGN_PROGRESS, session=None)
        own = await append(session=HELP)
        assert await reader.ids(1) == [own]


async def test_types_are_filtered(client: Any, append: Any) -> None:
    async with client().stream("GET", ACCOUNT, params={"types": "session.*,message.read"}) as answer:
        reader = await Reader.of(answer)
        await append(EventType.MESSAGE_SENT)
        wanted = [await append(EventType.SESSION_QR), await append(EventType.MESSAGE_READ)]
        assert await reader.ids(2) == wanted


async def test_silence_is_broken_every_fifteen_seconds(client: Any, append: Any, clock: ManualClock) -> None:
    async with client().stream("GET", ACCOUNT) as answer:
        reader = await Reader.of(answer)
        for _ in range(3):
            waiting = asyncio.create_task(reader.next())
            while not any(woken_at == clock.monotonic() + 15 for woken_at, _, _ in clock._sleepers):
                await asyncio.sleep(0.0005)
            await clock.advance(14.9)
            assert not waiting.done()
            await clock.advance(0.1)
            assert await waiting == {"": "keep-alive"}
        event = await append()
        assert await reader.ids(1) == [event]


async def test_nothing_is_told_to_a_key_that_was_revoked_meanwhile(app: Any, append: Any) -> None:
    good = app.state.authenticate
    client = AsgiClient(app, "ada")
    async with client.stream("GET", ACCOUNT) as answer:
        reader = await Reader.of(answer)
        first = await append()
        assert await reader.ids(1) == [first]

        async def revoked(key: str) -> Principal:
            raise Unauthorized

        app.state.authenticate = revoked
        await append(text="not for you any more")
        assert await reader.rest() == []
    app.state.authenticate = good


async def test_an_account_has_a_bounded_number_of_streams_and_closed_ones_do_not_count(
    client: Any, append: Any, bus: Bus
) -> None:
    for _ in range(2):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MAX_STREAMS):
                await Reader.of(await stack.enter_async_context(client().stream("GET", ACCOUNT)))
            refused = await client().get(ACCOUNT)
            assert (refused.status, refused.json()["code"]) == (429, "too_many_streams")
            assert "retry-after" in refused.headers
            await Reader.of(await stack.enter_async_context(client("bob").stream("GET", ACCOUNT)))
        assert bus._subscriptions == {}


@pytest.mark.parametrize("path", [ACCOUNT, SESSION])
async def test_who_may_listen(client: Any, path: str) -> None:
    assert (await client("").get(path)).status == 401
    assert (await client("unknown").get(path)).status == 401
    assert (await client("sender").get(path)).status == 403


async def test_a_session_that_is_out_of_reach_is_not_found(client: Any) -> None:
    unknown = await client().get(f"/api/sessions/ses_{'0' * 26}/events")
    for key in ("bob", "bound"):
        answer = await client(key).get(SESSION)
        assert answer.status == 404
        assert {**answer.json(), "requestId": ""} == {**unknown.json(), "requestId": ""}
    assert (await client().get("/api/sessions/1/events")).status == 404


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"headers": {"Last-Event-ID": "42"}}, "invalid_last_event_id"),
        ({"headers": {"Last-Event-ID": "msg_" + "0" * 26}}, "invalid_last_event_id"),
        ({"headers": {"Last-Event-ID": "x" * 65}}, "validation_failed"),
        ({"params": {"types": "message.exploded"}}, "unknown_event_type"),
    ],
)
async def test_a_stream_that_can_not_be_is_refused(client: Any, options: dict[str, Any], code: str) -> None:
    answer = await client().get(ACCOUNT, **options)
    assert (answer.status, answer.json()["code"]) == (400, code)


async def test_a_reader_that_leaves_a_real_server_is_forgotten_at_once(app: Any, append: Any, bus: Bus) -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": "Bearer ada"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.get(f"http://127.0.0.1:{port}{ACCOUNT}") as answer:
            assert await answer.content.readline() == b"retry: 1000\n"
            event = await append()
            lines = [await answer.content.readline() for _ in range(3)]
            assert lines[1] == f"id: {event}\n".encode()
            assert len(bus._subscriptions) == 1
            answer.close()
        async with asyncio.timeout(5):
            while bus._subscriptions:
                await asyncio.sleep(0.001)
    server.should_exit = True
    await serving
