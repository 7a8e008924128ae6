"""The tunnel between real proxies and a server that says back what it hears."""

import asyncio
import base64
import os
import ssl
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest
from yarl import URL

from tests.engine.proxies.servers import KINDS, HttpProxy, ProxyServer, SocksProxy
from tests.media.hosts import media_host, tls_identity
from wagate.core.errors import Unprocessable
from wagate.engine.proxies import ProxyAddress, Tunnel, Tunnels, dial
from wagate.engine.proxies.failures import ending

ECHO = ("echo.test", 7)
LOGIN = ("ada", "hunter2")


async def anywhere(host: str, port: int) -> Sequence[str]:
    return [host]


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that answers each piece with itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def tunnels() -> AsyncIterator[Tunnels]:
    tunnels = Tunnels(anywhere, os.urandom)
    yield tunnels
    await tunnels.close()


async def ask(tunnel: Tunnel, credential: str | None = None) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """CONNECT to the echo by its name; the status, and the connection (closed if there is none)."""
    url = URL(tunnel.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    login = base64.b64encode((credential or f"{url.user}:{url.password}").encode()).decode()
    writer.write(f"CONNECT echo.test:7 HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\n\r\n".encode())
    status = 0
    try:
        status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])
    finally:
        if status != 200:
            writer.close()
    return status, reader, writer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", [None, LOGIN])
async def test_what_goes_in_comes_out_at_the_far_end_and_back(
    tunnels: Tunnels, echo: int, kind: str, login: tuple[str, str] | None
) -> None:
    async with KINDS[kind](login, {ECHO: ("127.0.0.1", echo)}) as proxy:
        tunnel = await tunnels.open(ProxyAddress.parse(proxy.url("ada:hunter2" if login else "")))
        status, reader, writer = await ask(tunnel)
        assert status == 200

        sent = os.urandom(1_000_000)
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        assert proxy.targets == [ECHO], "the name was not left to the proxy to resolve"
        writer.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", ["ada:wrong", "eve:hunter2", ""])
async def test_a_wrong_login_is_told_as_such(tunnels: Tunnels, kind: str, wrong: str) -> None:
    async with KINDS[kind](LOGIN) as proxy:
        status, _, _ = await ask(await tunnels.open(ProxyAddress.parse(proxy.url(wrong))))
        assert status == 407
        assert ending(status).reason == "proxy_login_refused"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_is_away_and_one_that_cant_connect_are_told_apart(tunnels: Tunnels, kind: str) -> None:
    proxy: ProxyServer = KINDS[kind](hosts={ECHO: ("127.0.0.1", 1)})
    await proxy.start()
    tunnel = await tunnels.open(ProxyAddress.parse(proxy.url()))
    assert ending((await ask(tunnel))[0]).reason == "proxy_refused"
    await proxy.stop()
    assert ending((await ask(tunnel))[0]).reason == "proxy_unreachable"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_what_is_no_proxy_of_that_kind_is_told(tunnels: Tunnels, scheme: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n" * 5)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    status, _, _ = await ask(await tunnels.open(ProxyAddress.parse(f"{scheme}://127.0.0.1:{port}")))
    server.close()
    assert ending(status).reason == "proxy_refused"


async def test_a_proxy_that_says_nothing_is_given_up(tunnels: Tunnels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "DIAL_SECONDS", 0.05)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    status, _, _ = await ask(await tunnels.open(ProxyAddress.parse(f"socks5://127.0.0.1:{port}")))
    server.close()
    assert ending(status).reason == "proxy_unreachable"


async def test_the_address_that_was_checked_is_the_one_connected_to(echo: int) -> None:
    """A name that leads elsewhere at the second look is of no use to whoever controls it."""
    asked: list[str] = []

    async def once(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    tunnels = Tunnels(once, os.urandom)
    async with HttpProxy(hosts={ECHO: ("127.0.0.1", echo)}) as proxy:
        tunnel = await tunnels.open(ProxyAddress.parse(proxy.url(host="proxy.invalid")))
        status, _, writer = await ask(tunnel)
        assert (status, asked) == (200, ["proxy.invalid"])
        writer.close()
    await tunnels.close()


async def test_a_forbidden_address_is_never_connected_to() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise Unprocessable("not there")

    tunnels = Tunnels(nowhere, os.urandom)
    async with SocksProxy() as proxy:
        status, _, _ = await ask(await tunnels.open(ProxyAddress.parse(proxy.url())))
        assert ending(status).reason == "proxy_not_allowed"
        assert proxy.callers == 0
    await tunnels.close()


async def test_nobody_without_the_credential_gets_an_answer(tunnels: Tunnels) -> None:
    async with HttpProxy() as proxy:
        tunnel, other = [await tunnels.open(ProxyAddress.parse(proxy.url())) for _ in range(2)]
        for credential in (f"{URL(tunnel.url).user}:guess", f"{URL(tunnel.url).user}:{URL(other.url).password}", ":"):
            with pytest.raises(asyncio.IncompleteReadError) as raised:
                await ask(tunnel, credential)
            assert raised.value.partial == b""
        assert proxy.callers == 0


async def test_a_closed_tunnel_ends_its_connections_and_no_others(tunnels: Tunnels, echo: int) -> None:
    async with HttpProxy(hosts={ECHO: ("127.0.0.1", echo)}) as proxy:
        tunnel, other = [await tunnels.open(ProxyAddress.parse(proxy.url())) for _ in range(2)]
        (_, reader, writer), (_, other_reader, other_writer) = await ask(tunnel), await ask(other)

        tunnel.close()

        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
        writer.close()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await ask(tunnel)
        other_writer.write(b"still here")
        assert await other_reader.readexactly(10) == b"still here"
        other_writer.close()


async def test_when_the_proxy_goes_the_connection_ends(tunnels: Tunnels, echo: int) -> None:
    proxy = SocksProxy(hosts={ECHO: ("127.0.0.1", echo)})
    await proxy.start()
    _, reader, writer = await ask(await tunnels.open(ProxyAddress.parse(proxy.url())))
    await proxy.stop()
    assert await reader.read() == b""
    writer.close()


async def test_an_https_proxy_must_show_a_certificate_that_is_trusted(echo: int) -> None:
    identity, ca_pem = tls_identity()
    trusting = ssl.create_default_context(cadata=ca_pem)
    async with HttpProxy(LOGIN, {ECHO: ("127.0.0.1", echo)}, tls=identity) as proxy:
        address = ProxyAddress.parse(f"https://ada:hunter2@127.0.0.1:{proxy.port}")
        for trust, expected in ((trusting, 200), (None, 502)):
            tunnels = Tunnels(anywhere, os.urandom, trust)
            status, _, writer = await ask(await tunnels.open(address))
            assert status == expected
            writer.close()
            await tunnels.close()


async def test_an_http_client_can_use_it_as_its_proxy(tunnels: Tunnels) -> None:
    """As the transfer of files does: TLS to the far end inside of it."""
    async with media_host() as host, SocksProxy(LOGIN, {("localhost", 9): ("127.0.0.1", host.port)}) as proxy:
        host.files["/file"] = b"content"
        tunnel = await tunnels.open(ProxyAddress.parse(proxy.url("ada:hunter2")))
        trust = ssl.create_default_context(cadata=host.ca_pem)
        async with (
            aiohttp.ClientSession() as http,
            http.get("https://localhost:9/file", proxy=tunnel.url, ssl=trust) as answer,
        ):
            assert await answer.read() == b"content"
