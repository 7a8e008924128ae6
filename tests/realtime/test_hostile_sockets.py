"""Clients of Socket.IO that mean harm, or read nothing: they end, and their neighbour hears what it should."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from tests.events.appending import Append
from tests.realtime.listeners import Raw, raw
from tests.realtime.people import ADA, SHOP
from wagate.events.service import EventLog, events_of
from wagate.gateway.server import HttpServer
from wagate.gateway.websocket import BoundedWebSocket
from wagate.realtime.api.sockets import Conversation
from wagate.realtime.service import BATCH
from wagate.storage.bus import Bus
from wagate.web.routing import MAX_MESSAGE_BYTES

#: What ends the conversation of whoever says it.
RUDE = [
    "",
    "hello",
    "0",
    "2",
    "2probe",
    "3probe",
    "5",
    "6",
    "4",
    "4x",
    "40{}",
    "42[",
    "42{} ",
    '42/other,["join",{}]',
    "42" + "[" * 8000,
    '43["ok"]',
    "44{}",
    '451-["join",{"_placeholder":true,"num":0}]',
    '45999999999-["join",{"_placeholder":true,"num":0}]',
    "46[]",
    "42" + "9" * 400 + "[]",
    "42\ud7ff",
]


@pytest.fixture
async def neighbour(server: HttpServer, append: Append) -> AsyncIterator[Raw]:
    """One of the same account, which must go on hearing."""
    async with raw(server.url) as client:
        await client.greet(token="ada")
        yield client
        event = await append()
        assert json.loads((await client.hear())[2:])[1]["id"] == event


@pytest.mark.parametrize("said", RUDE, ids=lambda text: repr(text[:16]))
async def test_who_breaks_the_rules_is_sent_away(
    server: HttpServer, neighbour: Raw, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    async with raw(server.url) as client:
        await client.greet(token="ada")
        await client.say(said)
        assert await client.rest() == []
        assert client.closed_with == 1008
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("said", ["40x", "42[]", "3", "41", "4", "40{", '40["ada"]', "40null", "40" + "[" * 8000])
async def test_who_breaks_the_rules_before_it_is_let_in_is_sent_away(
    server: HttpServer, neighbour: Raw, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    async with raw(server.url) as client:
        await client.say(said)
        assert all(packet.startswith("44{") for packet in await client.rest())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_what_is_too_large_or_no_text_is_not_read(
    server: HttpServer, neighbour: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    def messages(client: Raw) -> list[Any]:
        ws = client.socket
        return [
            lambda: ws.send_str("42" + " " * MAX_MESSAGE_BYTES),
            lambda: ws.send_bytes(b"42[]"),
            lambda: ws.send_frame(b"42\xff\xfe", aiohttp.WSMsgType.TEXT),
        ]

    for number, code in enumerate((1009, 1008, 1007)):
        async with raw(server.url) as client:
            await client.greet(token="ada")
            await messages(client)[number]()
            assert await client.rest() == []
            assert client.closed_with == code
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_pieces_of_one_message_have_the_bound_of_the_whole(server: HttpServer, neighbour: Raw) -> None:
    async with _upgraded(server) as (reader, writer):
        writer.write(_masked(b"4" * 1000, opcode=1, fin=False))
        for _ in range(2 * MAX_MESSAGE_BYTES // 1000):
            writer.write(_masked(b"2" * 1000, opcode=0, fin=False))
        await _ends(reader)


async def test_pieces_without_anything_in_them_are_not_kept(server: HttpServer, neighbour: Raw) -> None:
    async with _upgraded(server) as (reader, writer):
        protocol = _other_end(server, writer)
        writer.write(_masked(b"4", opcode=1, fin=False))
        for _ in range(1000):
            writer.write(_masked(b"", opcode=0, fin=False) * 10)
            await writer.drain()
        writer.write(_masked(b"are they read?", opcode=9))
        # The answer to the ping says that they were.
        assert await reader.readuntil(b"are they read?")
        assert protocol.frames == [b"4"]


async def test_namespaces_are_refused_and_cost_nothing(server: HttpServer, neighbour: Raw) -> None:
    async with raw(server.url) as client:
        for number in range(200):
            await client.say(f"40/admin{number},")
            said = await client.hear()
            assert said.startswith(f"44/admin{number},{{")
            assert json.loads(said.partition(",")[2])["data"]["code"] == "unknown_namespace"
        await client.greet(token="ada")
        await client.say("40/admin,{}")
        assert (await client.hear()).startswith("44/admin,{")


async def test_thousands_of_joins_and_shouts_are_answered_and_not_logged(server: HttpServer, neighbour: Raw) -> None:
    with capture_logs() as lines:
        async with raw(server.url) as client:
            await client.greet(token="ada")
            for number in range(3000):
                name = ("join", "shout", "leave")[number % 3]
                await client.say(f'42{number}["{name}",{{"session":"ses_{number:026}"}}]')
            answers = [await client.hear() for _ in range(3000)]
            await client.say(f'429["join",{{"session":"{SHOP}"}}]')
            assert await client.hear() == '439[{"ok":true}]'
        codes = [json.loads(answer[answer.index("[") :])[0].get("code") for answer in answers]
        assert codes == ["session_not_found", "unknown_emit", None] * 1000
    assert len(lines) <= 2


async def test_one_that_reads_nothing_is_cut_off_holds_nothing_and_comes_back_for_the_rest(
    server: HttpServer,
    neighbour: Raw,
    append: Append,
    log: EventLog,
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await append()
    await neighbour.hear()
    written = []
    for _ in range(3 * BATCH):
        # Together more than what the buffers of two ends hold.
        written.append(await append(text="x" * 60_000))
        await neighbour.hear()
    monkeypatch.setattr(Conversation, "patience_seconds", 0.2)
    monkeypatch.setattr(BoundedWebSocket, "farewell_seconds", 0.2)
    reads = 0
    follow = log.follow

    async def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        return await follow(*arguments, **options)

    monkeypatch.setattr(log, "follow", counted)
    with capture_logs() as lines:
        async with _upgraded(server, deaf=True) as (_, writer):
            writer.write(_masked(f'40{{"token":"ada","after":"{first}"}}'.encode(), opcode=1))
            await _until(lambda: len(bus._subscriptions[events_of(ADA)]) == 2)
            await _until(lambda: len(bus._subscriptions[events_of(ADA)]) == 1)
            await _until(lambda: len(_connections(server)) == 1)
    # Of 300 events no more than two batches were ever in memory.
    assert reads <= 2
    assert [line["code"] for line in lines if line["event"] == "socket ended"] == ["socket_too_slow"]

    monkeypatch.undo()
    async with raw(server.url) as again:
        await again.greet(token="ada", after=first)
        heard = [json.loads((await again.hear())[2:])[1]["id"] for _ in written]
    assert heard == written


async def test_pings_of_one_that_reads_nothing_are_not_answered_into_memory(
    server: HttpServer, neighbour: Raw, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await append()
    await neighbour.hear()
    for _ in range(2 * BATCH):
        await append(text="x" * 60_000)
        await neighbour.hear()
    async with _upgraded(server, deaf=True) as (_, writer):
        protocol = _other_end(server, writer)
        writer.write(_masked(f'40{{"token":"ada","after":"{first}"}}'.encode(), opcode=1))
        await _until(lambda: not protocol.writable.is_set())
        held = protocol.transport.get_write_buffer_size()
        taken = 0
        take = protocol.handle_ping

        def counted() -> None:
            nonlocal taken
            taken += 1
            take()

        monkeypatch.setattr(protocol, "handle_ping", counted)
        for _ in range(200):
            writer.write(_masked(b"p" * 100, opcode=9) * 100)
            await writer.drain()
        await _until(lambda: taken == 20_000)
        assert protocol.transport.get_write_buffer_size() <= held


@asynccontextmanager
async def _upgraded(
    server: HttpServer, *, deaf: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket by hand; a deaf one reads nothing of what follows."""
    made = socket.socket()
    if deaf:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", int(server.url.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=made, limit=1024)
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b"101" in (await reader.readuntil(b"\r\n\r\n")).splitlines()[0]
    if deaf:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _masked(data: bytes, *, opcode: int, fin: bool = True) -> bytes:
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([opcode | (0x80 if fin else 0)]) + size + bytes(4) + data


def _connections(server: HttpServer) -> list[Any]:
    assert server._server is not None
    return [one for one in server._server.server_state.connections if isinstance(one, BoundedWebSocket)]


def _other_end(server: HttpServer, writer: asyncio.StreamWriter) -> Any:
    here = writer.get_extra_info("sockname")
    (found,) = (one for one in _connections(server) if one.transport.get_extra_info("peername") == here)
    return found


async def _ends(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(10):
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            return


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.001)
