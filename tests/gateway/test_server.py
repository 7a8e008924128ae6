"""The listening socket, from a free port to a stop that nobody can hold up."""

import asyncio
import dataclasses
import io
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI

from wagate.core.errors import StartupError
from wagate.gateway.app import GatewayParts, build_app
from wagate.gateway.connection import BoundedHttp
from wagate.gateway.server import HttpServer

READER = {"X-API-Key": "reader"}


@asynccontextmanager
async def serving(app: FastAPI, **options: Any) -> AsyncIterator[HttpServer]:
    server = HttpServer(app, host="127.0.0.1", port=0, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def test_it_serves_on_a_free_port_and_says_which(app: FastAPI, capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(app) as server, aiohttp.ClientSession(server.url) as client:
        assert server.url.startswith("http://127.0.0.1:")
        assert not server.url.endswith(":0")
        async with client.get("/health/live") as answer:
            assert answer.status == 200
            assert "server" not in answer.headers
        async with client.get("/api/things", headers=READER) as answer:
            assert await answer.json() == {"items": [], "next": None}
        async with client.head("/nowhere") as answer:
            assert answer.status == 404
    output = capfd.readouterr()
    assert "Uvicorn" not in output.out + output.err


async def test_hooks_run_around_the_serving(app: FastAPI, parts: Any) -> None:
    async with serving(app):
        assert parts.life == ["+one", "+two"]
    assert parts.life == ["+one", "+two", "-two", "-one"]


async def test_a_hook_that_fails_stops_the_start_with_its_own_error(gateway_parts: GatewayParts, parts: Any) -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[None]:
        raise StartupError("the bridge is missing")
        yield

    app = build_app(dataclasses.replace(gateway_parts, hooks=[*gateway_parts.hooks, failing]))
    server = HttpServer(app, host="127.0.0.1", port=0)
    with pytest.raises(StartupError, match="the bridge is missing"):
        await server.start()
    assert parts.life == ["+one", "+two", "-two", "-one"]
    await server.stop()


async def test_a_port_in_use_is_said_in_one_sentence(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartupError, match=f"port {port} on 127.0.0.1 is in use") as refused:
            await HttpServer(app, host="127.0.0.1", port=port).start()
    assert "--port" in refused.value.hint


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
async def test_an_address_that_is_not_ours_is_said_in_one_sentence(app: FastAPI, host: str) -> None:
    with pytest.raises(StartupError) as refused:
        await HttpServer(app, host=host, port=0).start()
    assert host in refused.value.detail


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104 nothing listens there
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
    ],
)
def test_the_url_is_one_that_a_client_can_use(app: FastAPI, host: str, shown: str) -> None:
    assert HttpServer(app, host=host, port=1).url == shown


async def test_a_port_can_be_taken_again_at_once(app: FastAPI, gateway_parts: GatewayParts) -> None:
    async with serving(app) as server, aiohttp.ClientSession(server.url) as client:
        async with client.get("/health/live"):
            pass
        port = int(server.url.rpartition(":")[2])
    again = HttpServer(build_app(gateway_parts), host="127.0.0.1", port=port)
    await again.start()
    await again.stop()


async def test_streams_end_cleanly_and_do_not_hold_up_the_stop(app: FastAPI) -> None:
    async with serving(app, grace_seconds=30) as server, aiohttp.ClientSession(server.url) as client:
        streams = [await client.get("/api/things/stream", headers=READER) for _ in range(5)]
        for stream in streams:
            assert await stream.content.readline() == b"data: first\n"
        begun = time.monotonic()
        await server.stop()
        assert time.monotonic() - begun < 3
        for stream in streams:
            # The end of a chunked answer, not a broken connection.
            assert await stream.content.read() == b"\n"
            stream.close()


async def test_requests_that_run_may_finish(app: FastAPI) -> None:
    async with serving(app) as server, aiohttp.ClientSession(server.url) as client:
        running = asyncio.create_task(client.get("/api/things/slow", headers=READER))
        await asyncio.sleep(0.1)
        await server.stop()
        answer = await running
        assert (answer.status, await answer.json()) == (200, "done")


async def test_a_request_that_comes_as_idle_connections_are_closed_is_answered(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = BoundedHttp.shutdown
    async with serving(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        client = socket.socket(fileno=socket.dup(writer.get_extra_info("socket").fileno()))

        def shutdown(connection: BoundedHttp) -> None:
            # It has arrived, and nobody has read it.
            client.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            close(connection)

        monkeypatch.setattr(BoundedHttp, "shutdown", shutdown)
        await server.stop()
        assert b"200 OK" in await asyncio.wait_for(reader.read(), 5)
        client.close()
        writer.close()


async def test_whatever_waits_for_long_is_told_when_the_end_begins(app: FastAPI) -> None:
    told: list[str] = []
    app.state.stopping.when_begun(lambda: told.append("told"))
    async with serving(app) as server:
        assert told == []
        await server.stop()
    assert told == ["told"]


async def test_requests_that_never_finish_are_cut_off(app: FastAPI) -> None:
    async with serving(app, grace_seconds=0.2) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        head = b"POST /api/keys HTTP/1.1\r\nHost: x\r\nX-API-Key: admin\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: 100\r\n\r\n{")
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await server.stop()
        assert time.monotonic() - begun < 3
        writer.close()
        await reader.read()


async def test_bytes_that_are_not_http_do_no_harm(app: FastAPI) -> None:
    async with serving(app) as server, aiohttp.ClientSession(server.url) as client:
        port = int(server.url.rpartition(":")[2])
        for nonsense in (b"\x00" * 100, b"GET\r\n\r\n", b"WA\x06\x03", b"GET / HTTP/9.9\r\n\r\n", b"\xff\xfe\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(nonsense)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        async with client.get("/health/live") as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"GET / HTTP/1.1\r\nA: ", id="one endless header"),
        pytest.param(b"GET /", id="endless path"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9, id="endless headers"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", id="endless trailer"),
    ],
)
async def test_a_stranger_cannot_fill_the_memory(app: FastAPI, beginning: bytes) -> None:
    async with serving(app) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        line = beginning[-6:] if beginning.endswith(b"\n") else b"x"
        sent = 0
        with pytest.raises(ConnectionError):
            writer.write(beginning)
            while sent < 64 * 1024 * 1024:
                writer.write(line * (65536 // len(line)))
                sent += 65536
                await writer.drain()
        assert sent < 32 * 1024 * 1024  # what the sockets' buffers hold
        writer.close()


async def test_large_bodies_and_many_requests_on_one_connection_pass(app: FastAPI) -> None:
    async with serving(app) as server, aiohttp.ClientSession(server.url, headers={"X-API-Key": "admin"}) as client:
        for _ in range(3):
            form = aiohttp.FormData({"file": io.BytesIO(b"x" * 900_000)})
            async with client.post("/api/things/file", data=form) as answer:
                assert (answer.status, await answer.json()) == (201, 900_000)


async def test_a_request_whose_head_does_not_come_is_given_up(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttp, "head_seconds", 0.1)
    async with serving(app) as server:
        port = int(server.url.rpartition(":")[2])
        for begun, told in ((b"", b""), (b"GET / HTTP/1.1\r\nA: b", b"HTTP/1.1 408")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            assert (await asyncio.wait_for(reader.read(), 5)).startswith(told)
            writer.close()
        # Who is waiting for an answer is not cut off.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"GET /api/things/slow HTTP/1.1\r\nHost: x\r\nX-API-Key: reader\r\n\r\n"
        writer.write(head + b"GET /api/th")
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"done"), 5)
        writer.close()


async def test_waiting_for_a_server_that_was_stopped_returns(app: FastAPI) -> None:
    server = HttpServer(app, host="127.0.0.1", port=0)
    await server.start()
    waiting = asyncio.create_task(server.wait())
    await asyncio.sleep(0)
    await server.stop()
    await asyncio.wait_for(waiting, 1)
    await server.stop()
