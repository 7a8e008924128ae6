"""WhatsApp's media hosts: where encrypted files are brought to and fetched from.

Which hosts there are, and the token for them, WhatsApp tells each session (``media_conn``) for a while. Only those are
ever connected to, over TLS, without following redirects: what a sender writes into a message chooses a path on them,
never a host. A session with a proxy brings and fetches its files through it: the hosts would learn its address else.
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import Entropy, SessionId
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing
from wagate.engine.port import EngineSession, QueryFailed
from wagate.media import store
from wagate.media.errors import FileDamaged, HostsUnavailable, RemoteFileBroken
from wagate.media.model import Media, RemoteFile, Upload
from wagate.media.sealing import open_upload, seal_upload
from wagate.storage.blobs import Blobs
from wagate.storage.database import Database
from wagate.wire.jid import SERVER
from wagate.wire.media import EncryptedMedia, MediaBroken, MediaKind, StreamCheck, decrypt, encrypt
from wagate.wire.node import Node

#: WhatsApp keeps what is uploaded for weeks; a recipient who was long offline must still find it, so ours is brought
#: anew long before.
REUSE_FOR: Final = timedelta(hours=12)

#: Files in memory at once: each may take three times its size while it is encrypted.
_TRANSFERS: Final = 4
_MAX_SESSIONS: Final = 10_000
_DEFAULT_TTL: Final = 300
_MAX_PATH: Final = 2048
_MAX_ANSWER: Final = 64 * 1024
#: The MAC and at most one block of padding.
_OVERHEAD: Final = 10 + 16
_CHUNK: Final = 256 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=30)
#: Media hosts are asked from the web client's page; they look at this header.
_HEADERS: Final = {"Origin": "https://web.whatsapp.com", "Referer": "https://web.whatsapp.com/"}

_log = get_logger("media.hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """What ``media_conn`` answered; ``until`` is on the monotonic clock."""

    hosts: Sequence[str]
    auth: str
    until: float


class _Uploaded(msgspec.Struct):
    url: str = ""
    direct_path: str = ""


class _Gone(Exception):
    """The host knows no such file."""


class MediaHosts:
    """Brings files to WhatsApp and fetches them from there. ``ca_pem`` is trusted besides the system's authorities."""

    def __init__(
        self,
        *,
        db: Database,
        blobs: Blobs,
        ring: KeyRing,
        clock: Clock,
        max_bytes: int,
        ca_pem: str = "",
        entropy: Entropy = os.urandom,
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._ring = ring
        self._clock = clock
        self._max_bytes = max_bytes
        self._ca_pem = ca_pem
        self._entropy = entropy
        self._connections: OrderedDict[SessionId, _Connection] = OrderedDict()
        self._transfers = asyncio.Semaphore(_TRANSFERS)
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    # -- our files

    async def upload(self, session: SessionId, link: EngineSession, item: Media, kind: MediaKind) -> Upload:
        """Bring a file to WhatsApp, unless this session did so within :data:`REUSE_FOR`.

        :raises HostsUnavailable: if no host took it. :raises StorageUnavailable: if our own file can't be read for now.
        :raises BlobMissing: if we don't have it any more, or not as it was.
        """
        known = await self._known_upload(session, item.sha256, kind)
        if known is not None:
            return known
        async with self._transfers:
            plaintext = b"".join([chunk async for chunk in self._blobs.get(item.blob)])
            encrypted = await asyncio.to_thread(_encrypted, plaintext, item, kind, self._entropy)
            del plaintext
            place = await self._bring(session, link, kind, encrypted.file_enc_sha256, encrypted.body)
        upload = Upload(
            url=place.url,
            direct_path=place.direct_path,
            media_key=encrypted.media_key,
            enc_sha256=encrypted.file_enc_sha256,
            uploaded_at=self._clock.now(),
        )
        sealed = seal_upload(self._ring, session, item.sha256, kind, upload)
        await self._db.write(
            lambda tx: store.remember_upload(tx, session, item.sha256, kind, sealed, upload.uploaded_at)
        )
        return upload

    async def _known_upload(self, session: SessionId, sha256: str, kind: MediaKind) -> Upload | None:
        since = self._clock.now() - REUSE_FOR
        sealed = await self._db.read(lambda tx: store.remembered_upload(tx, session, sha256, kind, since))
        return None if sealed is None else open_upload(self._ring, session, sha256, kind, sealed)

    async def _bring(
        self, session: SessionId, link: EngineSession, kind: MediaKind, enc_sha256: bytes, body: bytes
    ) -> _Uploaded:
        # The name of a file on the hosts is its hash; the same text is its token (Baileys, getWAUploadToServer).
        token = base64.urlsafe_b64encode(enc_sha256).decode().rstrip("=")
        connection = await self._connection(session, link)
        for host in connection.hosts:
            url = f"https://{host}/mms/{kind.value}/{token}?auth={quote(connection.auth, safe='')}&token={token}"
            try:
                headers = {"Content-Type": "application/octet-stream"}
                async with self._client(link).post(URL(url, encoded=True), data=body, headers=headers) as response:
                    answer = await _limited(response, _MAX_ANSWER)
                    if response.status == 200:
                        place = msgspec.json.decode(answer, type=_Uploaded)
                        if place.direct_path:
                            return place
                    _log.warning("media host refused a file", status=response.status)
                    if response.status in (401, 403):
                        self._connections.pop(session, None)
            except (aiohttp.ClientError, OSError, msgspec.MsgspecError) as error:
                _log.warning("media host not usable", error=type(error).__name__)
        self._connections.pop(session, None)
        raise HostsUnavailable("WhatsApp's media hosts did not take the file")

    # -- others' files

    async def download(
        self, session: SessionId, link: EngineSession, remote: RemoteFile, max_bytes: int | None = None
    ) -> bytes:
        """Fetch a file of at most ``max_bytes`` (and of what the settings allow), and check its MAC and both hashes.

        :raises HostsUnavailable: if no host gave it out; worth another try.
        :raises RemoteFileBroken: if it is gone there, is not what was announced, or is too large; not worth one.
        """
        path = _checked_path(remote.direct_path)
        limit = min(self._max_bytes, max_bytes or self._max_bytes)
        if remote.size > limit:
            raise RemoteFileBroken(f"the file is larger than {limit} bytes")
        async with self._transfers:
            body = await self._fetch(await self._connection(session, link), session, link, path, limit)
            try:
                return await asyncio.to_thread(_open, body, remote)
            except MediaBroken as error:
                raise RemoteFileBroken(str(error)) from error

    async def download_into(self, session: SessionId, link: EngineSession, remote: RemoteFile, file: BinaryIO) -> None:
        """Fetch a file into ``file`` as it is, encrypted, holding little of it in memory; its MAC and the hash of what
        was fetched are checked.

        :raises HostsUnavailable: :raises RemoteFileBroken: as :meth:`download`.
        """
        path = _checked_path(remote.direct_path)
        if remote.size > self._max_bytes:
            raise RemoteFileBroken(f"the file is larger than {self._max_bytes} bytes")
        connection = await self._connection(session, link)
        async with self._transfers, contextlib.aclosing(self._offers(connection, session, link, path)) as offers:
            async for response in offers:
                try:
                    await _spool(response, remote, file, self._max_bytes + _OVERHEAD)
                    return
                except (aiohttp.ClientError, OSError) as error:
                    _log.warning("media host not usable", error=type(error).__name__)

    async def _fetch(
        self, connection: _Connection, session: SessionId, link: EngineSession, path: str, limit: int
    ) -> bytes:
        async with contextlib.aclosing(self._offers(connection, session, link, path)) as offers:
            async for response in offers:
                try:
                    return await _limited(response, limit + _OVERHEAD)
                except (aiohttp.ClientError, OSError) as error:
                    _log.warning("media host not usable", error=type(error).__name__)
        raise AssertionError("it ends by an error")

    async def _offers(
        self, connection: _Connection, session: SessionId, link: EngineSession, path: str
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The answers of hosts that have the file, for as long as the caller asks on.

        :raises HostsUnavailable: :raises RemoteFileBroken: once there are no more hosts.
        """
        gone = 0
        for host in connection.hosts:
            try:
                async with self._client(link).get(URL(f"https://{host}{path}", encoded=True)) as response:
                    if response.status in (404, 410):
                        gone += 1
                    elif response.status == 200:
                        yield response
                    else:
                        _log.warning("media host refused a download", status=response.status)
            except (aiohttp.ClientError, OSError) as error:
                _log.warning("media host not usable", error=type(error).__name__)
        if gone == len(connection.hosts):
            raise RemoteFileBroken("WhatsApp's media hosts have no such file any more")
        self._connections.pop(session, None)
        raise HostsUnavailable("WhatsApp's media hosts did not give the file out")

    # -- which hosts

    async def _connection(self, session: SessionId, link: EngineSession) -> _Connection:
        known = self._connections.get(session)
        if known is not None and known.until > self._clock.monotonic():
            return known
        asked = Node("iq", {"to": SERVER, "type": "set", "xmlns": "w:m"}, (Node("media_conn"),))
        try:
            answer = (await link.query(asked)).child("media_conn")
        except QueryFailed as error:
            raise HostsUnavailable("WhatsApp did not say where its media hosts are") from error
        hosts = [host.get("hostname") for host in answer.all("host")] if answer is not None else []
        hosts = [host for host in hosts if _is_host(host)]
        if answer is None or not hosts:
            raise HostsUnavailable("WhatsApp named no media host")
        ttl = answer.number("ttl")
        seconds = _DEFAULT_TTL if ttl is None else ttl
        connection = _Connection(
            hosts=hosts, auth=answer.get("auth"), until=self._clock.monotonic() + min(seconds, 24 * 3600)
        )
        self._connections[session] = connection
        self._connections.move_to_end(session)
        while len(self._connections) > _MAX_SESSIONS:
            self._connections.popitem(last=False)
        return connection

    def _client(self, link: EngineSession) -> "_Client":
        if self._http is None:
            context = ssl.create_default_context()
            if self._ca_pem:
                context.load_verify_locations(cadata=self._ca_pem)
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=2 * _TRANSFERS, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers=_HEADERS,
                timeout=_TIMEOUT,
            )
        return _Client(self._http, link.proxy)


class _Client:
    """Requests that never follow a redirect, through a proxy or (if it is empty) without one."""

    def __init__(self, http: aiohttp.ClientSession, proxy: str) -> None:
        self._http = http
        self._proxy = proxy or None

    def get(self, url: URL) -> "aiohttp.client._RequestContextManager":
        return self._http.get(url, allow_redirects=False, proxy=self._proxy)

    def post(self, url: URL, data: bytes, headers: dict[str, str]) -> "aiohttp.client._RequestContextManager":
        return self._http.post(url, data=data, headers=headers, allow_redirects=False, proxy=self._proxy)


def _encrypted(plaintext: bytes, item: Media, kind: MediaKind, entropy: Entropy) -> EncryptedMedia:
    if hashlib.sha256(plaintext).hexdigest() != item.sha256:
        raise FileDamaged
    return encrypt(plaintext, kind, None, entropy)


def _open(body: bytes, remote: RemoteFile) -> bytes:
    return decrypt(body, remote.kind, remote.media_key, file_sha256=remote.sha256, file_enc_sha256=remote.enc_sha256)


def _checked_path(path: str) -> str:
    """A path that can only mean a file on the host it is put behind.

    :raises RemoteFileBroken: if it could mean anything else.
    """
    plain = path.isascii() and path.isprintable() and not set(path) & set(' \\#@"<>')
    if not plain or not path.startswith("/") or path.startswith("//") or len(path) > _MAX_PATH:
        raise RemoteFileBroken("the message names no usable place for its file")
    return path


def _is_host(name: str) -> bool:
    host, _, port = name.partition(":")
    letters = host.replace("-", "").replace(".", "")
    return 0 < len(host) <= 253 and letters.isascii() and letters.isalnum() and (not port or port.isdecimal())


async def _limited(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, which may be no longer than ``limit``."""
    body = bytearray()
    async for chunk in _chunks(response, limit):
        body += chunk
    return bytes(body)


async def _spool(response: aiohttp.ClientResponse, remote: RemoteFile, file: BinaryIO, limit: int) -> None:
    file.seek(0)
    file.truncate()
    try:
        check = StreamCheck(remote.kind, remote.media_key, remote.enc_sha256)
        async for chunk in _chunks(response, limit):
            check.update(chunk)
            file.write(chunk)
        check.finish()
    except MediaBroken as error:
        raise RemoteFileBroken(str(error)) from error


async def _chunks(response: aiohttp.ClientResponse, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece.

    :raises RemoteFileBroken: once it is longer than ``limit``.
    """
    total = 0
    async for chunk in response.content.iter_chunked(_CHUNK):
        total += len(chunk)
        if total > limit:
            raise RemoteFileBroken(f"the file is larger than {limit} bytes")
        yield chunk


#: What an upload or download can end with that is worth another try.
PASSING: Final[tuple[type[WagateError], ...]] = (HostsUnavailable,)
