"""Nothing that a customer writes as a URL makes the gateway connect to what is not public."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp import web

from wagate.core.errors import TooLarge
from wagate.web.egress import Egress, EgressFailed, EgressRefused, FailureKind, is_public

LOOPBACK = (ip_network("127.0.0.0/8"),)

#: What a line of the corpus file can't hold.
SPACED = [
    "http://127.0.0.1 :{p}/",
    " http://127.0.0.1:{p}/",
    "http://127.0.0.1:{p}/ x",
    "http://127.0.0.1\t:{p}/",
    "http://127.0.0.1\n:{p}/",
    "http://127.0.0.1\r\nHost: x:{p}/",
    "http://exam\x00ple.com:{p}/",
    "http://127.0.0.1\u200b:{p}/",
    "http://127.0.0.1\u00ad:{p}/",
    "http://\u202e127.0.0.1:{p}/",
    "http://127.0.0.1:{p}/\x7f",
    "",
    "http://" + "a" * 64 + ".test/",
    "http://" + "a." * 130 + "test/",
    "http://127.0.0.1:{p}/" + "x" * 2048,
]

LISTED = Path(__file__).with_name("ssrf_corpus.txt").read_text().splitlines()
CORPUS = [*SPACED, *(line for line in LISTED if line and not line.startswith("#"))]

#: What customer-controlled names resolve to. ``rebind.test`` is public the first time it is asked for.
NAMES = {
    "127.0.0.1.nip.test": ["127.0.0.1"],
    "inward.test": ["127.0.0.1"],
    "a_b.inward.test": ["127.0.0.1"],
    "mixed.test": ["93.184.215.14", "127.0.0.1"],
    "both.test": ["::1", "127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "zone.test": ["fe80::1%lo"],
}


def resolver() -> Callable[[str, int], Awaitable[Sequence[str]]]:
    asked: dict[str, int] = {}

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked[host] = asked.get(host, 0) + 1
        if host == "rebind.test":
            return ["93.184.215.14"] if asked[host] == 1 else ["127.0.0.1"]
        if host in NAMES:
            return NAMES[host]
        if host == "outside.invalid":
            raise OSError("no such host")
        # The system's own reading of odd numbers and of localhost; there is no network to ask.
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
        return [str(where[0]) for *_, where in found]

    return resolve


class Listener:
    """A service that only this machine may reach, and how often somebody connected to it."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    inside = Listener()
    server = await asyncio.start_server(inside.accept, "0.0.0.0", 0)  # noqa: S104 - any spelling must be able to reach it
    inside.port = server.sockets[0].getsockname()[1]
    servers = [server]
    # A machine without IPv6 can't be reached over it either.
    with contextlib.suppress(OSError):
        servers.append(await asyncio.start_server(inside.accept, "::1", inside.port))
    yield inside
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    async with Egress(resolver=resolver()) as guarded:
        yield guarded


async def test_no_spelling_of_the_corpus_reaches_a_private_listener(egress: Egress, listener: Listener) -> None:
    assert len(set(CORPUS)) >= 150
    passed = []
    for template in CORPUS:
        url = template.replace("{p}", str(listener.port))
        try:
            await egress.check_destination(url)
        except EgressRefused:
            pass
        else:
            passed.append(url)
        # At connect as well, as if the check had never been made.
        with pytest.raises(EgressRefused):
            await egress.post(url, b"{}", {}, 1.0, 100)
        with pytest.raises(EgressRefused):
            async with egress.get_stream(url, 100, 1.0):
                pass
    assert passed == []
    assert listener.connections == 0


async def test_what_only_looks_like_the_inside_goes_outside(egress: Egress, listener: Listener) -> None:
    # All parsers that matter read the host as outside.invalid, which does not exist.
    for tail in (":80#@{p}", "/@{p}", "?@{p}", "/http://{p}/", "?u=http://{p}", "#http://{p}"):
        url = "http://outside.invalid" + tail.replace("{p}", f"127.0.0.1:{listener.port}")
        with pytest.raises(EgressFailed) as failed:
            await egress.post(url, b"{}", {}, 1.0, 100)
        assert failed.value.kind is FailureKind.DNS
    assert listener.connections == 0


async def test_the_listener_of_the_corpus_counts(listener: Listener) -> None:
    async with Egress(LOOPBACK) as egress:
        with pytest.raises(EgressFailed):
            await egress.post(f"http://127.0.0.1:{listener.port}/", b"", {}, 1.0, 10)
    assert listener.connections == 1


async def test_a_name_that_turns_private_between_check_and_connect_is_refused(
    egress: Egress, listener: Listener
) -> None:
    url = f"http://rebind.test:{listener.port}/"
    await egress.check_destination(url)
    with pytest.raises(EgressRefused):
        await egress.post(url, b"{}", {}, 1.0, 100)
    assert listener.connections == 0


async def test_a_cached_answer_does_not_open_the_socket_gate(listener: Listener) -> None:
    # Whatever a resolver or cache hands to the transport, the socket is refused.
    async with Egress(resolver=resolver()) as egress:
        egress._permitted = lambda found: [ip_address(address) for address in found]  # type: ignore[method-assign]
        with pytest.raises(EgressRefused):
            await egress.post(f"http://inward.test:{listener.port}/", b"{}", {}, 1.0, 100)
    assert listener.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com",
        "https://sub.example.co.uk:8443/a/b?c=d#e",
        "https://müller.example/ä?q=ß",
        "https://xn--mller-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:8443/hook",
        "https://example.com/a@b:c\\d",
        "https://my_service.example/hook",
        "https://4chan.example/",
        "https://1.2.3.4.example/",
    ],
)
def test_ordinary_addresses_pass(url: str) -> None:
    Egress().check_url(url)


async def test_a_name_that_does_not_resolve_yet_passes_at_creation() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    async with Egress(resolver=unknown) as egress:
        await egress.check_destination("https://new.example/hook")
        with pytest.raises(EgressFailed) as failed:
            await egress.post("https://new.example/hook", b"", {}, 1.0, 10)
    assert failed.value.kind is FailureKind.DNS


@pytest.mark.parametrize("address", ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1", "2001:200::1"])
def test_the_neighbours_of_forbidden_networks_are_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_an_allow_listed_network_is_reached_and_its_neighbour_is_not() -> None:
    async with Egress(LOOPBACK) as egress:
        egress.check_url("http://127.0.0.1:9/")
        egress.check_url("http://localhost:9/")
        for url in ("http://[::1]:9/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]:9/", "http://2130706433/"):
            with pytest.raises(EgressRefused):
                egress.check_url(url)


# -- as an HTTP client ------------------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def local() -> AsyncIterator[Egress]:
    async with Egress(LOOPBACK) as egress:
        yield egress


async def test_post_sends_the_bytes_and_returns_status_headers_and_body(local: Egress, serve: Serve) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(status=202, body=await request.read(), headers={"X-Seen": request.headers["X-Mine"]})

    answer = await local.post(f"{await serve(echo)}/hook", b'{"a":1}', {"X-Mine": "yes"}, 5.0, 100)
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (202, b'{"a":1}', "yes")


async def test_post_keeps_connections_and_no_cookies(local: Egress, serve: Serve) -> None:
    peers: list[object] = []
    cookies: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        cookies.append(request.headers.get("Cookie"))
        answer = web.Response(text="ok")
        answer.set_cookie("track", "me")
        return answer

    url = await serve(handler)
    for _ in range(3):
        await local.post(url, b"", {}, 5.0, 100)
    assert len(set(peers)) == 1
    assert cookies == [None, None, None]


async def test_post_does_not_follow_redirects(local: Egress, serve: Serve) -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    answer = await local.post(f"{await serve(handler)}/hook", b"", {}, 5.0, 100)
    assert answer.status == 307
    assert paths == ["/hook"]


async def test_an_endless_answer_is_cut(local: Egress, serve: Serve) -> None:
    written = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse(headers={"Content-Length": str(1 << 30)})
        await answer.prepare(request)
        try:
            while written < 1 << 30:
                await answer.write(b"x" * 65536)
                written += 65536
        except ConnectionError:
            pass
        return answer

    answer = await local.post(await serve(handler), b"", {}, 10.0, 4096)
    assert answer.status == 200
    assert answer.body == b"x" * 4096
    assert written < 64 << 20


async def test_a_status_counts_though_its_body_breaks_off(local: Egress, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    answer = await local.post(await serve(handler), b"", {}, 5.0, 100)
    assert (answer.status, answer.body) == (200, b"half")


async def test_no_answer_in_time_is_a_timeout(local: Egress, serve: Serve) -> None:
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    url = await serve(handler)
    with pytest.raises(EgressFailed) as failed:
        await local.post(url, b"", {}, 0.05, 100)
    with pytest.raises(EgressFailed) as failed_too:
        async with local.get_stream(url, 100, 0.05):
            pass
    release.set()
    assert failed.value.kind is failed_too.value.kind is FailureKind.TIMEOUT


async def test_a_closed_port_is_a_failed_connection(local: Egress) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(EgressFailed) as failed:
        await local.post(f"http://127.0.0.1:{port}/", b"", {}, 5.0, 100)
    assert failed.value.kind is FailureKind.CONNECT


async def test_what_is_not_http_is_a_failure(local: Egress) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(EgressFailed) as failed:
        await local.post(f"http://127.0.0.1:{port}/", b"", {}, 5.0, 100)
    with pytest.raises(EgressFailed) as not_tls:
        await local.post(f"https://127.0.0.1:{port}/", b"", {}, 5.0, 100)
    server.close()
    await server.wait_closed()
    assert failed.value.kind in (FailureKind.PROTOCOL, FailureKind.CONNECT)
    assert not_tls.value.kind in (FailureKind.TLS, FailureKind.CONNECT)


async def test_a_file_is_streamed_with_what_the_server_says_about_it(local: Egress, serve: Serve) -> None:
    content = bytes(range(256)) * 1000

    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=content, content_type="image/PNG")

    async with local.get_stream(f"{await serve(handler)}/a.png", len(content), 5.0) as stream:
        assert (stream.content_type, stream.content_length) == ("image/png", len(content))
        assert b"".join([chunk async for chunk in stream.chunks]) == content


async def test_a_file_larger_than_allowed_is_refused_whether_or_not_it_says_so(local: Egress, serve: Serve) -> None:
    async def honest(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 101)

    async def silent(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(b"x" * 101)
        return answer

    with pytest.raises(TooLarge):
        async with local.get_stream(await serve(honest), 100, 5.0):
            pytest.fail("the announced length was not looked at")
    with pytest.raises(TooLarge):
        async with local.get_stream(await serve(silent), 100, 5.0) as stream:
            async for _ in stream.chunks:
                pass


async def test_a_file_behind_three_redirects_is_found_behind_four_it_is_not(local: Egress, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        left = int(request.path.strip("/"))
        if left:
            return web.Response(status=302, headers={"Location": f"../{left - 1}"})
        return web.Response(text="here")

    url = await serve(handler)
    async with local.get_stream(f"{url}/3", 100, 5.0) as stream:
        assert stream.url == f"{url}/0"
        assert b"".join([chunk async for chunk in stream.chunks]) == b"here"
    with pytest.raises(EgressFailed) as failed:
        async with local.get_stream(f"{url}/4", 100, 5.0):
            pass
    assert failed.value.kind is FailureKind.REDIRECTS


@pytest.mark.parametrize(
    "location", ["http://{there}/", "//{there}/", "http://[::1]:{p}/", "http://0x7f.2:{p}/", "file:///etc/passwd"]
)
async def test_a_redirect_inwards_is_refused(serve: Serve, listener: Listener, location: str) -> None:
    where = location.replace("{there}", f"127.0.0.2:{listener.port}").replace("{p}", str(listener.port))

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": where})

    async with Egress([ip_network("127.0.0.1/32")]) as egress:
        with pytest.raises(EgressRefused):
            async with egress.get_stream(await serve(handler), 100, 5.0):
                pass
    assert listener.connections == 0


async def test_an_error_instead_of_a_file_is_told(local: Egress, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=404)

    with pytest.raises(EgressFailed) as failed:
        async with local.get_stream(await serve(handler), 100, 5.0):
            pass
    assert failed.value.kind is FailureKind.STATUS
    assert "404" in str(failed.value)


async def test_addresses_for_another_client_are_checked_as_our_own() -> None:
    known = {
        "public.example": ["93.184.215.14"],
        "inward.example": ["93.184.215.14", "10.0.0.7"],
        "mine.example": ["127.0.0.1"],
    }

    async def resolve(host: str, port: int) -> Sequence[str]:
        return known[host]

    async with Egress([ip_network("127.0.0.0/8")], resolve) as egress:
        assert await egress.addresses("public.example", 1080) == ["93.184.215.14"]
        assert await egress.addresses("mine.example", 1080) == ["127.0.0.1"]
        assert await egress.addresses("127.0.0.2", 1080) == ["127.0.0.2"]
        for host in ("inward.example", "10.0.0.7", "::1", "169.254.169.254", "2130706433", "no such name"):
            with pytest.raises(EgressRefused):
                await egress.addresses(host, 1080)
