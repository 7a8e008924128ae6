"""Socket.IO over a real server: complete, resumable, narrowed, refused and ended as it should be."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from tests.events.appending import Append
from tests.realtime.listeners import Listener, raw, refusal
from tests.realtime.people import ADA, BOB, HELP, SHOP
from wagate.core.clock import ManualClock
from wagate.core.errors import Unauthorized
from wagate.core.ids import SessionId
from wagate.events.model import BEFORE_ALL, EventType
from wagate.events.service import EventLog
from wagate.gateway.server import HttpServer
from wagate.realtime.api.sockets import Conversation
from wagate.realtime.model import MAX_ROOMS
from wagate.realtime.service import KEEP_ALIVE_SECONDS, MAX_STREAMS
from wagate.storage.bus import Bus
from wagate.web.principal import Principal
from wagate.web.testing import AsgiClient

Connect = Callable[..., Awaitable[Listener]]
#: One that nobody has.
NOBODYS = SessionId("ses_" + "0" * 26)


@pytest.fixture
async def connect(server: HttpServer) -> AsyncIterator[Connect]:
    """A client that was let in; all leave after the test."""
    async with AsyncExitStack() as stack:

        async def one(key: str = "ada", **auth: Any) -> Listener:
            listener = Listener(server.url)
            stack.push_async_callback(listener.close)
            return await listener.connect(token=key, **auth)

        yield one


# -- what is told


async def test_each_event_comes_under_its_type_as_pulling_shows_it(
    connect: Connect, append: Append, log: EventLog
) -> None:
    await append(n="before")
    listener = await connect()
    written = [
        await append(EventType.MESSAGE_RECEIVED, text='zwei\nZeilen, "äöü" 🎈'),
        await append(EventType.SESSION_STATUS, status="connected"),
        await append(EventType.CAMPAIGN_PROGRESS, session=None, done=1),
    ]
    heard = [await listener.next() for _ in written]
    assert [name for name, _ in heard] == ["message.received", "session.status", "campaign.progress"]
    stored = (await log.read(ADA, limit=10))[1:]
    assert [event for _, event in heard] == [json.loads(event.to_json()) for event in stored]
    assert [event["id"] for _, event in heard] == written
    assert heard[0][1]["data"] == {"text": 'zwei\nZeilen, "äöü" 🎈'}


async def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(connect: Connect, append: Append) -> None:
    written = [await append(n=n) for n in range(5)]
    seen: list[str] = []
    last: str = written[0]
    for _ in range(4):
        listener = await connect(after=last)
        written.append(await append())
        seen += await listener.ids(2)
        last = seen[-1]
        await listener.close()
    assert seen == written[1:9]


@pytest.mark.parametrize("before", [0, 1])
async def test_a_client_that_has_seen_nothing_learns_from_where_to_come_back(
    connect: Connect, append: Append, before: int
) -> None:
    known = [await append() for _ in range(before)]
    first = await connect()
    assert first.after == ([BEFORE_ALL, *known][-1])
    await first.close()
    missed = await append()
    again = await connect(after=first.after)
    assert again.after == first.after
    assert await again.ids(1) == [missed]


async def test_a_bound_key_is_not_told_of_others_events_when_it_learns_from_where(
    connect: Connect, append: Append
) -> None:
    own = await append(session=HELP)
    await append(session=SHOP)
    assert (await connect("bound")).after == own


async def test_catching_up_and_live_join_without_gap_or_repeat(connect: Connect, append: Append) -> None:
    first = await append()
    old = [await append() for _ in range(250)]
    listener = await connect(after=first)
    appending = [asyncio.create_task(append()) for _ in range(250)]
    seen = await listener.ids(500)
    live = [await task for task in appending]
    assert seen[:250] == old
    assert sorted(seen[250:]) == sorted(live)


async def test_another_accounts_events_are_never_heard(connect: Connect, append: Append) -> None:
    await append(account=BOB)
    for auth in ({}, {"after": BEFORE_ALL}):
        listener = await connect(**auth)
        await append(account=BOB)
        own = await append()
        assert (await listener.ids(1))[-1:] == [own] or auth
        await listener.close()
    everything = await connect("bob", after=BEFORE_ALL)
    assert {(await everything.next())[1]["accountId"] for _ in range(3)} == {BOB}


async def test_a_bound_key_is_told_of_its_sessions_only(connect: Connect, append: Append) -> None:
    listener = await connect("bound")
    await append(session=SHOP)
    await append(EventType.CAMPAIGN_PROGRESS, session=None)
    own = await append(session=HELP)
    assert await listener.ids(1) == [own]


async def test_types_are_filtered(connect: Connect, append: Append) -> None:
    listener = await connect(types="session.*,message.read")
    await append(EventType.MESSAGE_SENT)
    wanted = [await append(EventType.SESSION_QR), await append(EventType.MESSAGE_READ)]
    assert await listener.ids(2) == wanted


# -- rooms


async def test_joining_narrows_and_leaving_the_last_widens(connect: Connect, append: Append) -> None:
    listener = await connect()
    assert await listener.ask("join", {"session": HELP}) == {"ok": True}
    await append(session=SHOP)
    await append(EventType.CAMPAIGN_PROGRESS, session=None)
    heard = [await append(session=HELP)]
    assert await listener.ids(1) == heard

    assert await listener.ask("join", {"session": SHOP}) == {"ok": True}
    both = [await append(session=SHOP), await append(session=HELP)]
    assert await listener.ids(2) == both

    assert await listener.ask("leave", {"session": HELP}) == {"ok": True}
    await append(session=HELP)
    left = await append(session=SHOP)
    assert await listener.ids(1) == [left]

    assert await listener.ask("leave", {"session": SHOP}) == {"ok": True}
    everything = [await append(session=session) for session in (HELP, None, SHOP)]
    assert await listener.ids(3) == everything


async def test_a_client_joins_again_as_it_comes_back_and_misses_nothing_of_them(
    connect: Connect, append: Append
) -> None:
    first = await append()
    await append(session=SHOP)
    missed = await append(session=HELP)
    listener = await connect(after=first, sessions=[HELP])
    assert await listener.ids(1) == [missed]


async def test_what_happens_after_a_join_is_heard_though_a_read_was_under_way(
    connect: Connect, append: Append, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await connect(sessions=[HELP])
    follow, reading, go_on = log.follow, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any, **options: Any) -> Any:
        # The database's answer is of a moment after the join, for the rooms of one before it.
        reading.set()
        await go_on.wait()
        return await follow(*arguments, **options)

    monkeypatch.setattr(log, "follow", slow)
    await append(session=HELP)
    await reading.wait()
    assert await listener.ask("join", {"session": SHOP}) == {"ok": True}
    joined = await append(session=SHOP)
    go_on.set()
    assert joined in await listener.ids(2)


@pytest.mark.parametrize("token", ["bob", "bound"])
async def test_a_session_that_is_out_of_reach_is_joined_no_more_than_one_that_does_not_exist(
    server: HttpServer, connect: Connect, append: Append, token: str
) -> None:
    listener = await connect(token)
    missing = await listener.ask("join", {"session": NOBODYS})
    assert (missing["ok"], missing["status"], missing["code"]) == (False, 404, "session_not_found")
    assert await listener.ask("join", {"session": SHOP}) == missing
    assert await listener.ask("join", {"session": "no id"}) == missing
    assert await listener.ask("leave", {"session": SHOP}) == {"ok": True}
    await append(session=SHOP)
    own = await append(account=BOB, session=None) if token == "bob" else await append(session=HELP)
    assert await listener.ids(1) == [own]
    told = await refusal(server.url, token=token, sessions=[SHOP])
    never = await refusal(server.url, token=token, sessions=[NOBODYS])
    assert {**told["data"], "requestId": ""} == {**never["data"], "requestId": ""}
    assert told["data"]["code"] == "session_not_found"


@pytest.mark.parametrize(
    ("emitted", "code"),
    [
        (("shout", {"session": SHOP}), "unknown_emit"),
        (("message.received", {}), "unknown_emit"),
        (("join",), "invalid_socket_data"),
        (("join", "ses_1"), "invalid_socket_data"),
        (("join", {"session": 7}), "invalid_socket_data"),
        (("join", {"session": SHOP, "more": 1}), "invalid_socket_data"),
        (("join", {"session": SHOP}, {"session": HELP}), "invalid_socket_data"),
    ],
)
async def test_what_a_client_may_not_emit_is_answered_with_a_problem(
    connect: Connect, append: Append, emitted: Any, code: str
) -> None:
    listener = await connect()
    answer = await listener.ask(*emitted)
    assert (answer["ok"], answer["status"], answer["code"]) == (False, 400, code)
    assert answer["requestId"].startswith("req_")
    event = await append()
    assert await listener.ids(1) == [event]


async def test_a_socket_joins_a_bounded_number_of_sessions(
    server: HttpServer, connect: Connect, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[SessionId] = []

    async def every_one(_self: Any, _principal: Principal, session_id: SessionId) -> None:
        asked.append(session_id)

    monkeypatch.setattr("tests.realtime.people.KnownSessions.get", every_one)
    many = [f"ses_{number:026}" for number in range(MAX_ROOMS)]
    listener = await connect(sessions=many)
    answer = await listener.ask("join", {"session": SHOP})
    assert (answer["status"], answer["code"]) == (422, "too_many_rooms")
    assert await listener.ask("join", {"session": many[0]}) == {"ok": True}
    assert len(asked) == MAX_ROOMS
    assert (await refusal(server.url, token="ada", sessions=[*many, SHOP]))["data"]["code"] == "too_many_rooms"
    assert len(asked) == MAX_ROOMS


# -- who comes in, and who goes


@pytest.mark.parametrize(
    ("auth", "status", "code"),
    [
        ({}, 401, "credential_missing"),
        ({"token": ""}, 401, "credential_missing"),
        ({"token": "unknown"}, 401, "unauthorized"),
        ({"token": "x" * 5000}, 401, "unauthorized"),
        ({"token": "sender"}, 403, "forbidden"),
        ({"token": 7}, 400, "invalid_socket_data"),
        ({"token": "ada", "After": BEFORE_ALL}, 400, "invalid_socket_data"),
        ({"token": "ada", "after": "42"}, 400, "invalid_last_event_id"),
        ({"token": "ada", "after": "msg_" + "0" * 26}, 400, "invalid_last_event_id"),
        ({"token": "ada", "types": "message.exploded"}, 400, "unknown_event_type"),
        ({"token": "ada", "sessions": SHOP}, 400, "invalid_socket_data"),
    ],
)
async def test_who_is_refused_and_how(server: HttpServer, bus: Bus, auth: Any, status: int, code: str) -> None:
    said = await refusal(server.url, **auth)
    assert (said["data"]["status"], said["data"]["code"]) == (status, code)
    assert said["message"] == said["data"]["title"]
    assert said["data"]["type"] == f"/docs/errors#{code}"
    assert bus._subscriptions == {}


async def test_a_cookie_lets_nobody_in_since_pages_of_other_sites_would_send_it(server: HttpServer) -> None:
    options = {"headers": {"Cookie": "wagate_login=ada"}, "origin": "https://evil.example"}
    async with raw(server.url, **options) as client:
        await client.say("40")
        assert json.loads((await client.hear())[2:])["data"]["code"] == "credential_missing"
        assert await client.rest() == []


async def test_nothing_is_told_to_a_key_that_was_revoked_meanwhile_and_it_learns_why(
    connect: Connect, app: FastAPI, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await connect()
    first = await append()
    assert await listener.ids(1) == [first]
    monkeypatch.setattr(app.state, "authenticate", _revoked)
    await append(text="not for you any more")
    ((name, problem),) = await listener.gone()
    assert (name, problem["code"]) == ("problem", "unauthorized")


async def test_a_key_that_was_revoked_is_noticed_in_silence_too(
    connect: Connect, app: FastAPI, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await connect()
    monkeypatch.setattr(app.state, "authenticate", _revoked)
    await _sleepers(clock, 2)
    await clock.advance(KEEP_ALIVE_SECONDS)
    assert [name for name, _ in await listener.gone()] == ["problem"]


async def test_a_key_that_was_revoked_is_noticed_though_all_that_happens_is_not_for_it(
    connect: Connect, app: FastAPI, append: Append, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await connect("bound")
    monkeypatch.setattr(app.state, "authenticate", _revoked)
    await _sleepers(clock, 2)
    for _ in range(3):
        await append(session=SHOP)
        await clock.advance(KEEP_ALIVE_SECONDS / 2)
    assert [name for name, _ in await listener.gone()] == ["problem"]


async def test_an_account_has_a_bounded_number_of_streams_of_both_kinds_and_closed_ones_do_not_count(
    server: HttpServer, connect: Connect, app: FastAPI, bus: Bus
) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw(server.url)) for _ in range(MAX_STREAMS - 1)]
        for client in clients:
            await client.greet(token="ada")
        async with AsgiClient(app, "ada").stream("GET", "/api/events/stream") as stream:
            assert stream.status == 200
            await anext(aiter(stream))
            said = await refusal(server.url, token="ada")
            assert (said["data"]["status"], said["data"]["code"]) == (429, "too_many_streams")
            assert said["data"]["retryAfter"] >= 1
            await connect("bob")
        last = await connect()
        assert (await AsgiClient(app, "ada").get("/api/events/stream")).json()["code"] == "too_many_streams"
        await last.close()
    await _until(lambda: len(bus._subscriptions) == 1)
    await connect()


async def test_who_does_not_say_who_it_is_is_sent_away(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conversation, "greeting_seconds", 0.1)
    async with raw(server.url) as client:
        assert await client.rest() == []


async def test_who_answers_pings_stays_and_who_does_not_is_given_up(
    server: HttpServer, append: Append, clock: ManualClock, bus: Bus
) -> None:
    async with raw(server.url) as client:
        await client.greet(token="ada")
        for _ in range(3):
            await _sleepers(clock, 2)
            await clock.advance(KEEP_ALIVE_SECONDS)
            assert await client.hear() == "2"
            await client.say("3")
            # What is said next is answered next, so the pong was heard.
            await client.say('421["leave",{"session":"x"}]')
            assert (await client.hear()).startswith("431[")
        await _sleepers(clock, 2)
        await clock.advance(KEEP_ALIVE_SECONDS)
        assert await client.hear() == "2"
        await _sleepers(clock, 2)
        await clock.advance(KEEP_ALIVE_SECONDS)
        assert await client.rest() == []
    assert bus._subscriptions == {}


async def test_the_end_of_the_gateway_is_no_end_that_keeps_clients_from_coming_back(
    app: FastAPI, append: Append
) -> None:
    first = HttpServer(app, host="127.0.0.1", port=0, grace_seconds=30)
    await first.start()
    async with raw(first.url) as client:
        await client.greet(token="ada")
        async with asyncio.timeout(5):
            await first.stop()
        # No "41", which would tell the client that it was sent away.
        assert await client.rest() == []
        assert client.closed_with == 1012


# -- other ways to come


@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
async def test_polling_is_told_what_to_do_instead(server: HttpServer, path: str) -> None:
    async with aiohttp.ClientSession(server.url) as http:
        for call in (http.get, http.post):
            async with call(f"{path}?EIO=4&transport=polling") as answer:
                assert (answer.status, (await answer.json())["code"]) == (400, "websocket_only")


@pytest.mark.parametrize(
    "path",
    [
        "/socket.io/?EIO=3&transport=websocket",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=websocket&sid=abc",
        "/socket.io/",
    ],
)
async def test_a_websocket_that_speaks_otherwise_is_refused_before_it_opens(server: HttpServer, path: str) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(server.url + path)
    assert refused.value.status == 400


async def test_the_log_has_one_line_for_a_socket_with_who_and_without_what(server: HttpServer) -> None:
    with capture_logs() as lines:
        async with raw(server.url, headers={"X-Request-Id": "mine"}) as client:
            assert client.socket._response.headers["x-request-id"] == "mine"
            await client.greet(token="ada")
        await _until(lambda: any(line["event"] == "request" for line in lines))
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == ("websocket", "/socket.io/", 101)
    assert "token" not in str(lines)


async def _revoked(_key: str) -> Principal:
    raise Unauthorized


async def _sleepers(clock: ManualClock, count: int) -> None:
    """Wait until a socket's ways have all come to rest."""
    await _until(lambda: sum(1 for _, _, woken in clock._sleepers if not woken.done()) >= count)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)
