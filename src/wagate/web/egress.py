"""The HTTP client for addresses that customers name: webhook endpoints and media by URL.

Customers must not be able to make the gateway talk to what only the gateway can reach. So every request goes through
three gates, each of which would do alone:

1. the spelling (:meth:`Egress.check_url`): one plain form of URL is let through, tricks of notation are not;
2. the name: the resolver's answer is checked as a whole before anything is connected to;
3. the socket: the very address that is about to be connected to is checked once more, where no name, cache, redirect
   or second resolution can come in between.

Redirects are never followed by the transport; :meth:`Egress.get_stream` follows a few by starting over at gate 1.
What addresses are refused stands in :data:`FORBIDDEN`, from the IANA special-purpose registries.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from wagate.core.errors import TooLarge, Unprocessable

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
#: From a host name and port to addresses in text. :raises OSError: if there are none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_MAX_URL = 2048
_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Lookups block a thread each. More names than this that never answer only delay other new connections.
_DNS_THREADS = 16
_DNS_SECONDS = 10.0
#: How long a new endpoint's name may take to resolve before it is accepted unresolved.
_CHECK_SECONDS = 2.0
#: What a receiver says beyond its status is for people; it gets this long to say it.
_BODY_SECONDS = 1.0
_CHUNK = 64 * 1024
#: URLs whose spelling was found good.
_REMEMBERED = 1024

#: IANA's special-purpose IPv4 addresses, multicast, and the one public address that clouds use inwards.
_FORBIDDEN_V4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",  # Azure's WireServer
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
#: Within global unicast: protocol assignments with Teredo (2001::/32), documentation, 6to4, direct delegation.
_FORBIDDEN_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
FORBIDDEN: tuple[Network, ...] = tuple(map(ip_network, (*_FORBIDDEN_V4, *_FORBIDDEN_V6)))
#: All other IPv6 (loopback, mapped, NAT64, unique local, link-local, multicast, …) is not the public internet.
_GLOBAL_V6 = IPv6Network("2000::/3")

_AUTHORITY = re.compile(r"(?i)https?://(\[[0-9a-f:.]+\]|[^\[\]:/?#@%\\\s]+)(?::([0-9]{1,5}))?(?:[/?#].*)?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")


class EgressRefused(Unprocessable):
    """This address is not one that the gateway may connect to."""

    code = "address_not_allowed"


class FailureKind(StrEnum):
    """Why there was no answer."""

    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PROTOCOL = "protocol"
    REDIRECTS = "redirects"
    STATUS = "status"


class EgressFailed(Unprocessable):
    """The other side could not be reached or did not answer properly."""

    code = "url_not_reachable"

    def __init__(self, kind: FailureKind, detail: str = "") -> None:
        super().__init__(detail or _SENTENCES[kind])
        self.kind = kind


_SENTENCES = {
    FailureKind.TIMEOUT: "There was no answer in time",
    FailureKind.DNS: "The host name could not be resolved",
    FailureKind.CONNECT: "The connection could not be made or was lost",
    FailureKind.TLS: "The certificate or the TLS handshake was not good",
    FailureKind.PROTOCOL: "The answer was not HTTP",
    FailureKind.REDIRECTS: "There were too many redirects",
    FailureKind.STATUS: "The answer was an error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressResponse:
    """An answer. Header names are in lower case; ``body`` holds at most what was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressStream:
    """A file being fetched. ``url`` is where it was found in the end; iterate over ``chunks`` once."""

    url: str
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]

    @property
    def content_type(self) -> str:
        """The media type that the server claims, without parameters; empty if it says none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        """The length that the server claims, ``None`` if it says none."""
        length = self.headers.get("content-length", "")
        # 19 digits hold every length that there can be; Python refuses to convert some thousands of them.
        return int(length) if length.isdecimal() and len(length) <= 19 else None


class Egress:
    """The guarded client. ``allow_private`` are networks that may be reached though they are not public."""

    def __init__(self, allow_private: Sequence[Network] = (), resolver: Resolver | None = None) -> None:
        self._allowed = tuple(allow_private)
        self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="wagate-dns")
        self._resolver = resolver or self._look_up
        self._session: aiohttp.ClientSession | None = None
        # Webhooks go to the same addresses over and over; looking at one takes as long as signing.
        self._target = lru_cache(_REMEMBERED)(self._read)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # -- what may be reached

    def allows(self, address: Address) -> bool:
        """Whether this address is public or on the operator's list."""
        return self._listed(address) or is_public(address)

    def check_url(self, url: str) -> None:
        """Look at the spelling, and at the address if it is spelled out; names are not resolved.

        :raises EgressRefused: if the URL is no plain http(s) URL, or names what may not be reached.
        """
        self._target(url)

    async def check_destination(self, url: str) -> None:
        """:meth:`check_url`, and look at what the host name resolves to now.

        A name that does not resolve (yet, or within two seconds) passes: each connection is checked again.

        :raises EgressRefused: as :meth:`check_url`, or if the name leads to what may not be reached.
        """
        target = self._target(url)
        host, port = target.host or "", target.port or 0
        if _literal(host) is not None:
            return
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                addresses = await self._resolver(host, port)
        except OSError:  # TimeoutError is one
            return
        self._permitted(addresses)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where ``host`` may be connected to now, for a client that is not this one. Connect to one of these addresses:
        the name could lead elsewhere when it is asked again.

        :raises EgressRefused: if it may not be connected to.
        :raises OSError: if the name does not resolve.
        """
        self._check_host(host)
        found = [host] if _literal(host) is not None else await self._resolver(host, port)
        return [str(address) for address in self._permitted(found)]

    def _read(self, url: str) -> URL:
        if len(url) > _MAX_URL:
            raise EgressRefused("The URL is too long")
        if any(character.isspace() or not character.isprintable() for character in url):
            raise EgressRefused("The URL holds a space or control character")
        spelled = _AUTHORITY.fullmatch(url)
        if spelled is None:
            raise EgressRefused("The URL must be of the form https://host[:port]/path, without user name or password")
        try:
            parsed = URL(url)
            host = parsed.raw_host or ""
            port = parsed.port or 0
        except ValueError:
            raise EgressRefused("The URL can't be read") from None
        if not 1 <= port <= 65535:
            raise EgressRefused("The port is not valid")
        self._check_host(host.lower())
        return parsed

    def _check_host(self, host: str) -> None:
        address = _literal(host)
        if address is not None:
            if not self.allows(address):
                raise EgressRefused
        elif _NUMERIC.fullmatch(host.rpartition(".")[2]):
            # 127.1, 0x7f000001, 017700000001, 2130706433: every resolver has its own idea of them.
            raise EgressRefused("An IPv4 address must be written as four decimal numbers")
        elif _NAME.fullmatch(host) is None:
            raise EgressRefused("The host name is not valid")
        elif host == "localhost" or host.endswith(".localhost"):
            self._permitted(("127.0.0.1", "::1"))

    def _permitted(self, addresses: Sequence[str]) -> list[Address]:
        """The addresses of one name that may be connected to.

        One forbidden address condemns the others: a public name that also leads inwards is an attempt. Those that the
        operator listed remain, so that ``localhost`` works where only 127.0.0.0/8 is listed.

        :raises EgressRefused: if none remains.
        """
        found = [_plain(address) for address in addresses]
        if not all(map(self.allows, found)):
            found = [address for address in found if self._listed(address)]
        if not found:
            raise EgressRefused
        return found

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._allowed)

    # -- requests

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: float, max_response: int
    ) -> EgressResponse:
        """Send ``body`` and return the answer, whatever its status; a redirect is an answer like any other.

        At most ``max_response`` bytes of the answer's body are read; a longer or slower one is cut off.

        :raises EgressRefused: if the address may not be reached; nothing was connected to.
        :raises EgressFailed: if no answer began within ``timeout`` seconds.
        """
        target = self._target(url)
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._open_session().post(
                target, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                excerpt = await _excerpt(response, max_response)
                return EgressResponse(status=response.status, headers=_headers_of(response), body=excerpt)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _explained(error) from error

    @contextlib.asynccontextmanager
    async def get_stream(self, url: str, max_bytes: int, timeout: float) -> AsyncIterator[EgressStream]:
        """Fetch a file in chunks within ``timeout`` seconds; up to three redirects are followed, each checked anew.

        :raises EgressRefused: if an address may not be reached.
        :raises EgressFailed: if there was no 2xx answer in time.
        :raises TooLarge: if the file is, or says that it is, larger than ``max_bytes``; also while iterating.
        """
        try:
            async with asyncio.timeout(timeout) as deadline:
                for _ in range(_MAX_REDIRECTS + 1):
                    async with self._get(self._target(url)) as response:
                        if response.status in _REDIRECTS and "location" in response.headers:
                            url = _resolved(response.url, response.headers["location"])
                            continue
                        if not 200 <= response.status < 300:
                            raise EgressFailed(FailureKind.STATUS, f"The answer was HTTP {response.status}")
                        stream = EgressStream(
                            url=str(response.url), headers=_headers_of(response), chunks=_chunks(response, max_bytes)
                        )
                        if (stream.content_length or 0) > max_bytes:
                            raise TooLarge
                        yield stream
                        return
                raise EgressFailed(FailureKind.REDIRECTS)
        except TimeoutError as error:
            if not deadline.expired():
                raise  # it is the caller's own
            raise EgressFailed(FailureKind.TIMEOUT) from error

    @contextlib.asynccontextmanager
    async def _get(self, target: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        # The caller's deadline rules; a compressed body is left as it is, so that its size is what was checked.
        limit = aiohttp.ClientTimeout(total=None)
        headers = {"Accept-Encoding": "identity"}
        try:
            response = await self._open_session().get(target, headers=headers, timeout=limit, allow_redirects=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _explained(error) from error
        try:
            yield response
        finally:
            response.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_CheckedResolver(self._resolver, self._permitted),
                socket_factory=self._socket,
                limit=0,  # callers bound how much they do at once; waiting here would eat up their timeout
                ttl_dns_cache=10,
                keepalive_timeout=30,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "wagate"},
            )
        return self._session

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, where = info
        if not self.allows(_plain(where[0])):
            raise _Forbidden(f"not allowed: {where[0]}")
        return socket.socket(family, kind, protocol)

    async def _look_up(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        query = loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        async with asyncio.timeout(_DNS_SECONDS):
            return await query


def is_public(address: Address) -> bool:
    """Whether this is an address of the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in FORBIDDEN if network.version == address.version)


class _Forbidden(OSError):
    """Raised where only ``OSError`` is expected; told to callers as :class:`EgressRefused`."""


class _CheckedResolver(AbstractResolver):
    """aiohttp's view of a resolver. aiohttp connects to what it returns, and to nothing else."""

    def __init__(self, resolver: Resolver, permitted: Callable[[Sequence[str]], list[Address]]) -> None:
        self._resolver = resolver
        self._permitted = permitted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._permitted(await self._resolver(host, port))
        ]

    async def close(self) -> None:
        pass


def _getaddrinfo(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def _literal(host: str) -> Address | None:
    """The address that a host part spells out in its one canonical form; ``None`` if it is a name."""
    try:
        # yarl takes IPv6 addresses out of their brackets; no name has a colon.
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return None


def _plain(address: str) -> Address:
    """An address from the resolver or a socket; a scope (``fe80::1%eth0``) does not change what it is."""
    return ip_address(address.partition("%")[0])


def _resolved(base: URL, location: str) -> str:
    try:
        return str(base.join(URL(location)))
    except ValueError:
        raise EgressRefused("The redirect can't be read") from None


def _headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _excerpt(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The beginning of the body. The status has been told; whatever goes wrong from here on doesn't change it."""
    parts: list[bytes] = []
    left = limit
    if response.content.at_eof():
        return b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while left > 0 and (part := await response.content.read(left)):
                parts.append(part)
                left -= len(part)
    except (aiohttp.ClientError, OSError, ValueError):  # TimeoutError is an OSError
        response.close()
    if not response.content.at_eof():
        # The rest is never read, so the connection can't serve another request.
        response.close()
    return b"".join(parts)


async def _chunks(response: aiohttp.ClientResponse, max_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            received += len(chunk)
            if received > max_bytes:
                raise TooLarge
            yield chunk
    except (aiohttp.ClientError, ConnectionError) as error:
        raise EgressFailed(FailureKind.CONNECT) from error


def _explained(error: Exception) -> EgressRefused | EgressFailed:
    """What an exception of aiohttp means, in our words."""
    if isinstance(error, TimeoutError):
        return EgressFailed(FailureKind.TIMEOUT)
    if isinstance(error, aiohttp.InvalidURL):
        return EgressRefused("The URL can't be read")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return EgressFailed(FailureKind.DNS)
    if isinstance(error, aiohttp.ClientSSLError):
        return EgressFailed(FailureKind.TLS)
    if isinstance(error, aiohttp.ClientConnectorError):
        forbidden = isinstance(error.os_error, _Forbidden)
        return EgressRefused() if forbidden else EgressFailed(FailureKind.CONNECT)
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return EgressFailed(FailureKind.CONNECT)
    return EgressFailed(FailureKind.PROTOCOL)
