"""WhatsApp's media hosts over real TLS: only hosts that WhatsApp named, only files that are what was announced."""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.proxies.servers import SocksProxy
from tests.media.conftest import MAX_BYTES
from tests.media.hosts import Host, media_host
from tests.messages.world import ScriptedLink
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy, SessionId
from wagate.core.seal import KeyRing
from wagate.engine.port import QueryFailed
from wagate.engine.proxies import ProxyAddress, Tunnels
from wagate.media.errors import FileDamaged, HostsUnavailable, RemoteFileBroken
from wagate.media.model import RemoteFile
from wagate.media.service import Library, MediaHosts
from wagate.media.service.hosts import REUSE_FOR
from wagate.media.store import media_uploads
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.database import Database
from wagate.web.principal import Principal
from wagate.wire.media import MediaKind, decrypt, encrypt
from wagate.wire.node import Node

SESSION = SessionId("ses_" + "0" * 26)
CONTENT = b"a picture of a parcel" * 100


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with media_host() as host:
        yield host


@pytest.fixture
def link(host: Host, clock: ManualClock) -> ScriptedLink:
    link = ScriptedLink(clock)
    link.on_query = lambda node: host.connection()
    return link


@pytest.fixture
async def hosts(
    host: Host, db: Database, blobs: Blobs, ring: KeyRing, clock: ManualClock, entropy: Entropy
) -> AsyncIterator[MediaHosts]:
    hosts = MediaHosts(
        db=db, blobs=blobs, ring=ring, clock=clock, max_bytes=MAX_BYTES, ca_pem=host.ca_pem, entropy=entropy
    )
    yield hosts
    await hosts.close()


def shelved(host: Host, content: bytes = CONTENT, kind: MediaKind = MediaKind.IMAGE) -> RemoteFile:
    """A file that somebody put on the host."""
    encrypted = encrypt(content, kind)
    host.files["/v/1"] = encrypted.body
    return RemoteFile(
        kind=kind,
        direct_path="/v/1?ccb=1",
        media_key=encrypted.media_key,
        sha256=encrypted.file_sha256,
        enc_sha256=encrypted.file_enc_sha256,
        size=len(content),
        mimetype="image/png",
    )


# -- uploading


async def test_an_upload_can_be_decrypted_with_what_the_message_will_say(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal
) -> None:
    item = await library.take_bytes(ada.account_id, CONTENT)
    upload = await hosts.upload(SESSION, link, item, MediaKind.IMAGE)

    ((path, query, body),) = host.uploads
    assert path.startswith("/mms/image/")
    assert query == {"auth": "a+b/c=", "token": path.rpartition("/")[2]}
    assert upload.direct_path.endswith("?ccb=1")
    plain = decrypt(
        body,
        MediaKind.IMAGE,
        upload.media_key,
        file_sha256=hashlib.sha256(CONTENT).digest(),
        file_enc_sha256=upload.enc_sha256,
    )
    assert plain == CONTENT


async def test_media_conn_is_asked_as_whatsapp_expects_and_once_until_it_expires(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal, clock: ManualClock
) -> None:
    for number in range(3):
        item = await library.take_bytes(ada.account_id, b"%d" % number)
        await hosts.upload(SESSION, link, item, MediaKind.DOCUMENT)
    (asked,) = link.queries
    assert (asked.tag, asked.get("xmlns"), asked.get("type"), asked.get("to")) == (
        "iq",
        "w:m",
        "set",
        "@s.whatsapp.net",
    )
    assert asked.child("media_conn") is not None
    await clock.advance(301)
    await hosts.upload(SESSION, link, await library.take_bytes(ada.account_id, b"x"), MediaKind.DOCUMENT)
    assert len(link.queries) == 2


async def test_the_same_file_is_uploaded_once_per_session_and_kind_while_it_is_fresh(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal, clock: ManualClock
) -> None:
    first, copy = [await library.take_bytes(ada.account_id, CONTENT) for _ in range(2)]
    upload = await hosts.upload(SESSION, link, first, MediaKind.IMAGE)
    assert await hosts.upload(SESSION, link, copy, MediaKind.IMAGE) == upload
    assert len(host.uploads) == 1
    await hosts.upload(SESSION, link, first, MediaKind.DOCUMENT)
    await hosts.upload(SessionId("ses_" + "1" * 26), link, first, MediaKind.IMAGE)
    assert len(host.uploads) == 3
    await clock.advance(REUSE_FOR / timedelta(seconds=1))
    again = await hosts.upload(SESSION, link, first, MediaKind.IMAGE)
    assert len(host.uploads) == 4
    assert again.media_key != upload.media_key


async def test_keys_of_uploads_are_sealed(
    hosts: MediaHosts, link: ScriptedLink, library: Library, ada: Principal, db: Database
) -> None:
    item = await library.take_bytes(ada.account_id, CONTENT)
    upload = await hosts.upload(SESSION, link, item, MediaKind.IMAGE)
    row = await db.read(lambda tx: tx.execute(media_uploads.select()).one())
    assert upload.media_key not in row.upload
    assert upload.direct_path.encode() not in row.upload


@pytest.mark.parametrize("status", [401, 500, 302, 404])
async def test_a_host_that_refuses_is_an_error_worth_another_try(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal, status: int
) -> None:
    item = await library.take_bytes(ada.account_id, CONTENT)
    host.status, host.location = status, f"https://{host.name}/elsewhere"
    with pytest.raises(HostsUnavailable):
        await hosts.upload(SESSION, link, item, MediaKind.IMAGE)
    assert host.requests == 1, "a redirect was followed"
    host.status = 200
    await hosts.upload(SESSION, link, item, MediaKind.IMAGE)
    assert len(link.queries) == 2, "the token was not asked for anew"


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"direct_path":1}', b"x" * 200_000])
async def test_an_answer_that_names_no_place_is_no_upload(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal, answer: bytes
) -> None:
    host.answer = answer
    item = await library.take_bytes(ada.account_id, CONTENT)
    with pytest.raises((HostsUnavailable, RemoteFileBroken)):
        await hosts.upload(SESSION, link, item, MediaKind.IMAGE)


async def test_another_host_is_tried_when_the_first_is_away(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal
) -> None:
    link.on_query = lambda node: host.connection("localhost:1", host.name)
    item = await library.take_bytes(ada.account_id, CONTENT)
    await hosts.upload(SESSION, link, item, MediaKind.IMAGE)
    assert await hosts.download(SESSION, link, shelved(host)) == CONTENT


async def test_a_file_whose_bytes_are_gone_can_never_be_uploaded(
    hosts: MediaHosts, link: ScriptedLink, library: Library, ada: Principal, blobs: Blobs
) -> None:
    item = await library.take_bytes(ada.account_id, CONTENT)
    await blobs.delete(item.blob)
    with pytest.raises(BlobMissing):
        await hosts.upload(SESSION, link, item, MediaKind.IMAGE)


async def test_a_file_that_changed_where_it_is_kept_is_never_uploaded(
    host: Host, hosts: MediaHosts, link: ScriptedLink, library: Library, ada: Principal, blobs: Blobs
) -> None:
    item = await library.take_bytes(ada.account_id, CONTENT)
    await blobs.put(item.blob, CONTENT[:-1])
    with pytest.raises(FileDamaged):
        await hosts.upload(SESSION, link, item, MediaKind.IMAGE)
    assert host.files == {}


async def test_a_certificate_of_nobody_is_refused(
    host: Host, link: ScriptedLink, db: Database, blobs: Blobs, ring: KeyRing, clock: ManualClock
) -> None:
    strict = MediaHosts(db=db, blobs=blobs, ring=ring, clock=clock, max_bytes=MAX_BYTES)
    try:
        with pytest.raises(HostsUnavailable):
            await strict.download(SESSION, link, shelved(host))
    finally:
        await strict.close()
    assert host.requests == 0


@pytest.mark.parametrize(
    "names", [(), ("",), ("a b",), ("evil.example/path",), ("user@host",), ("host:port",), ("[::1]",)]
)
async def test_a_host_that_is_no_host_is_not_connected_to(
    hosts: MediaHosts, host: Host, link: ScriptedLink, names: tuple[str, ...]
) -> None:
    nodes = tuple(Node("host", {"hostname": name}) for name in names)
    link.on_query = lambda node: Node("iq", {}, (Node("media_conn", {"auth": "x", "ttl": "1"}, nodes),))
    with pytest.raises(HostsUnavailable):
        await hosts.download(SESSION, link, shelved(host))


async def test_without_an_answer_to_media_conn_it_is_worth_another_try(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    def refuse(node: Node) -> Node:
        raise QueryFailed(408)

    link.on_query = refuse
    with pytest.raises(HostsUnavailable):
        await hosts.download(SESSION, link, shelved(host))


# -- downloading


@pytest.mark.parametrize("kind", [MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.DOCUMENT])
async def test_a_file_is_fetched_and_decrypted(
    hosts: MediaHosts, host: Host, link: ScriptedLink, kind: MediaKind
) -> None:
    assert await hosts.download(SESSION, link, shelved(host, kind=kind)) == CONTENT


@pytest.mark.parametrize("damage", ["mac", "content", "hash of the file", "hash of the cipher", "key", "cut", "empty"])
async def test_a_file_that_is_not_what_was_announced_is_refused(
    hosts: MediaHosts, host: Host, link: ScriptedLink, damage: str
) -> None:
    remote, body = shelved(host), bytearray(host.files["/v/1"])
    if damage == "mac":
        body[-1] ^= 1
    elif damage == "content":
        body[0] ^= 1
    elif damage == "cut":
        del body[-16:]
    elif damage == "empty":
        body.clear()
    host.files["/v/1"] = bytes(body)
    # Whoever changes the file on the host may also know how to announce it: each check holds alone.
    remote = replace(
        remote,
        sha256=b"x" * 32 if damage == "hash of the file" else remote.sha256,
        media_key=b"k" * 32 if damage == "key" else remote.media_key,
        enc_sha256=b"x" * 32 if damage == "hash of the cipher" else hashlib.sha256(body).digest(),
    )
    with pytest.raises(RemoteFileBroken):
        await hosts.download(SESSION, link, remote)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v/1",
        "//evil.example/v/1",
        "@evil.example/v/1",
        "https://evil.example/v/1",
        "/v/1#x",
        "/v/1 HTTP/1.1\r\nX: y",
        "/v\\1",
        "/v/ü",
        "/" + "v" * 3000,
    ],
)
async def test_a_path_that_could_mean_another_host_is_refused(
    hosts: MediaHosts, host: Host, link: ScriptedLink, path: str
) -> None:
    with pytest.raises(RemoteFileBroken):
        await hosts.download(SESSION, link, replace(shelved(host), direct_path=path))
    assert host.requests == 0


async def test_a_file_larger_than_the_limit_is_refused_by_word_and_by_deed(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    remote = shelved(host, bytes(MAX_BYTES + 1000))
    with pytest.raises(RemoteFileBroken, match="larger"):
        await hosts.download(SESSION, link, remote)
    assert host.requests == 0
    with pytest.raises(RemoteFileBroken, match="larger"):
        await hosts.download(SESSION, link, replace(remote, size=10))


async def test_what_no_host_has_any_more_is_lost_and_what_fails_for_now_is_not(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    remote = shelved(host)
    host.status = 503
    with pytest.raises(HostsUnavailable):
        await hosts.download(SESSION, link, remote)
    for status in (404, 410):
        host.status = status
        with pytest.raises(RemoteFileBroken):
            await hosts.download(SESSION, link, remote)


async def test_a_file_can_be_fetched_as_it_is_into_a_file_and_is_checked_on_the_way(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    remote = shelved(host, kind=MediaKind.HISTORY)
    body = host.files["/v/1"]
    with tempfile.TemporaryFile() as file:
        file.write(b"what was there before")
        await hosts.download_into(SESSION, link, remote, file)
        file.seek(0)
        assert file.read() == body
        for damaged in (b"\x00" + body[1:], body[:-1], b""):
            host.files["/v/1"] = damaged
            with pytest.raises(RemoteFileBroken):
                await hosts.download_into(SESSION, link, remote, file)
        host.status = 503
        with pytest.raises(HostsUnavailable):
            await hosts.download_into(SESSION, link, remote, file)
        with pytest.raises(RemoteFileBroken, match="larger"):
            await hosts.download_into(SESSION, link, replace(remote, size=MAX_BYTES + 1), file)


async def test_a_caller_may_take_less_than_the_settings_allow(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    remote = replace(shelved(host), size=10)
    with pytest.raises(RemoteFileBroken, match="larger"):
        await hosts.download(SESSION, link, remote, 100)


async def test_files_of_a_session_with_a_proxy_go_through_it_and_no_other_way(
    hosts: MediaHosts, host: Host, link: ScriptedLink, library: Library, ada: Principal
) -> None:
    async def anywhere(name: str, port: int) -> list[str]:
        return [name]

    # Nobody listens there; the proxy knows better.
    link.on_query = lambda node: host.connection("localhost:9")
    tunnels = Tunnels(anywhere, os.urandom)
    async with SocksProxy(("ada", "hunter2"), {("localhost", 9): ("127.0.0.1", host.port)}) as proxy:
        tunnel = await tunnels.open(ProxyAddress.parse(proxy.url("ada:hunter2")))
        link.proxy = tunnel.url
        await hosts.upload(SESSION, link, await library.take_bytes(ada.account_id, CONTENT), MediaKind.IMAGE)
        assert await hosts.download(SESSION, link, shelved(host)) == CONTENT
        assert set(proxy.targets) == {("localhost", 9)}

        link.on_query = lambda node: host.connection()
        requests = host.requests
        tunnel.close()
        for session in (SessionId("ses_" + "1" * 26), SESSION):
            with pytest.raises(HostsUnavailable):
                await hosts.download(session, link, shelved(host))
        assert host.requests == requests, "a session whose proxy is gone was served directly"
    await tunnels.close()


async def test_sessions_with_different_proxies_share_no_connection(
    hosts: MediaHosts, host: Host, link: ScriptedLink
) -> None:
    async def anywhere(name: str, port: int) -> list[str]:
        return [name]

    tunnels = Tunnels(anywhere, os.urandom)
    async with SocksProxy() as one, SocksProxy() as other:
        for n, proxy in enumerate((one, other, one)):
            link.proxy = (await tunnels.open(ProxyAddress.parse(proxy.url()))).url
            await hosts.download(SessionId("ses_" + str(n) * 26), link, shelved(host))
        assert (one.callers, other.callers) == (2, 1)
    await tunnels.close()
