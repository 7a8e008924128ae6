"""Fetching what others sent: soon, again after failures, also after a restart, and never what is not what it says."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from tests.messages.world import ScriptedLink
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, MediaId, SessionId
from wagate.core.seal import KeyRing
from wagate.engine.port import EngineSession
from wagate.media import store
from wagate.media.errors import HostsUnavailable, RemoteFileBroken
from wagate.media.jobs import Fetcher, drop_old_uploads
from wagate.media.model import Media, MediaState, RemoteFile
from wagate.media.service.hosts import REUSE_FOR
from wagate.media.service.incoming import IncomingFiles
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.wire.media import MediaKind

ACCOUNT = AccountId("acc_" + "0" * 26)
SESSION, OTHER = SessionId("ses_" + "0" * 26), SessionId("ses_" + "1" * 26)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@dataclass(slots=True)
class FakeHosts:
    """Gives out ``content``, or fails in turn."""

    content: bytes = PNG
    failures: list[Exception] = field(default_factory=list)
    asked: list[RemoteFile] = field(default_factory=list)
    running: int = 0
    most: int = 0
    gate: asyncio.Event | None = None

    async def download(self, session: SessionId, link: EngineSession, remote: RemoteFile) -> bytes:
        self.asked.append(remote)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.running -= 1
        return self.content


@dataclass(slots=True)
class Rig:
    db: Database
    blobs: Blobs
    bus: Bus
    ring: KeyRing
    clock: "WatchedClock"
    incoming: IncomingFiles
    hosts: FakeHosts = field(default_factory=FakeHosts)
    links: dict[SessionId, EngineSession] = field(default_factory=dict)
    settled: list[Media] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        fetcher = Fetcher(
            db=self.db,
            blobs=self.blobs,
            bus=self.bus,
            ring=self.ring,
            clock=self.clock,
            hosts=self.hosts,  # type: ignore[arg-type]
            link_of=self.links.get,
            settled=lambda tx, item: tx.after_commit(lambda: self.settled.append(item)),
        )
        self.task = asyncio.create_task(fetcher.run())

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def announce(self, session: SessionId = SESSION, **changes: object) -> Media:
        remote = RemoteFile(
            **{  # type: ignore[arg-type]
                "kind": MediaKind.IMAGE,
                "direct_path": "/v/1",
                "media_key": b"k" * 32,
                "sha256": b"s" * 32,
                "enc_sha256": b"e" * 32,
                "size": 58,
                "mimetype": "text/html",
                "filename": "photo.html",
                **changes,
            }
        )
        return await self.db.write(lambda tx: self.incoming.announce(tx, ACCOUNT, session, remote))

    async def row(self, item: Media) -> Media:
        found = await self.db.read(lambda tx: store.find(tx, ACCOUNT, item.id))
        assert found is not None
        return found

    async def until(self, check: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not check():
            assert time.monotonic() < deadline, "it never came about"
            await asyncio.to_thread(lambda: None)

    async def quiet(self) -> None:
        """Until nothing goes on but waiting for the clock, or for a test's gate."""
        deadline = time.monotonic() + 20
        still = 0
        while still < 5:
            assert time.monotonic() < deadline, "it never comes to rest"
            await self.db.write(lambda tx: None)
            await self.db.read(lambda tx: None)
            still = still + 1 if self.clock.sleeping else 0


class WatchedClock(ManualClock):
    """Knows whether anybody waits for it."""

    sleeping = 0

    async def sleep(self, seconds: float) -> None:
        self.sleeping += 1
        try:
            await super().sleep(seconds)
        finally:
            self.sleeping -= 1


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
async def rig(
    database: Database, blobs: Blobs, bus: Bus, ring: KeyRing, clock: WatchedClock, entropy: Entropy
) -> AsyncIterator[Rig]:
    incoming = IncomingFiles(bus=bus, ring=ring, clock=clock, entropy=entropy)
    rig = Rig(database, blobs, bus, ring, clock, incoming)
    rig.links[SESSION] = ScriptedLink(clock)
    yield rig
    await rig.stop()


async def test_an_announced_file_is_fetched_at_once_and_becomes_ready(rig: Rig) -> None:
    rig.start()
    await rig.quiet()
    item = await rig.announce()
    assert (item.state, item.mimetype, item.filename) == (MediaState.PENDING, "text/html", "photo.html")
    await rig.until(lambda: bool(rig.settled))
    found = await rig.row(item)
    assert (found.state, found.size, found.mimetype) == (MediaState.READY, len(PNG), "image/png")
    assert b"".join([part async for part in rig.blobs.get(item.blob)]) == PNG
    assert rig.settled[0].id == item.id
    assert rig.clock.monotonic() == 0


async def test_what_was_announced_before_a_start_is_fetched_after_it(rig: Rig) -> None:
    items = [await rig.announce() for _ in range(3)]
    rig.start()
    await rig.until(lambda: len(rig.settled) == 3)
    assert {(await rig.row(item)).state for item in items} == {MediaState.READY}


async def test_the_key_at_rest_is_sealed_and_forgotten_when_the_file_is_here(rig: Rig) -> None:
    def remote(tx: Tx) -> bytes | None:
        return tx.execute(store.media.select()).one().remote  # type: ignore[no-any-return]

    await rig.announce()
    sealed = await rig.db.read(remote)
    assert sealed is not None
    assert b"k" * 32 not in sealed
    rig.start()
    await rig.until(lambda: bool(rig.settled))
    await rig.quiet()
    assert await rig.db.read(remote) is None


async def test_hosts_that_fail_are_asked_again_after_growing_pauses(rig: Rig) -> None:
    rig.hosts.failures = [HostsUnavailable(), HostsUnavailable()]
    item = await rig.announce()
    rig.start()
    await rig.until(lambda: len(rig.hosts.asked) == 1)
    await rig.quiet()
    await rig.clock.advance(4)
    await rig.quiet()
    assert len(rig.hosts.asked) == 1
    for _ in range(6):
        await rig.clock.advance(15)
        await rig.quiet()
    await rig.until(lambda: bool(rig.settled))
    assert len(rig.hosts.asked) == 3
    assert (await rig.row(item)).state is MediaState.READY


async def test_a_file_that_is_not_what_was_announced_failed_and_is_not_asked_for_again(rig: Rig) -> None:
    rig.hosts.failures = [RemoteFileBroken("the MAC is wrong")]
    item = await rig.announce()
    rig.start()
    await rig.until(lambda: bool(rig.settled))
    await rig.quiet()
    await rig.clock.advance(3600)
    await rig.quiet()
    assert (await rig.row(item)).state is MediaState.FAILED
    assert len(rig.hosts.asked) == 1


async def test_in_the_end_it_is_given_up(rig: Rig) -> None:
    rig.hosts.failures = [HostsUnavailable() for _ in range(50)]
    item = await rig.announce()
    rig.start()
    for _ in range(60):
        await rig.clock.advance(3600)
        await rig.quiet()
        if rig.settled:
            break
    assert (await rig.row(item)).state is MediaState.FAILED
    assert len(rig.hosts.asked) == 9


async def test_files_of_a_session_without_connection_wait_for_it(rig: Rig) -> None:
    waiting, here = await rig.announce(OTHER), await rig.announce(SESSION)
    rig.start()
    await rig.until(lambda: bool(rig.settled))
    assert (await rig.row(here)).state is MediaState.READY
    assert (await rig.row(waiting)).state is MediaState.PENDING
    rig.links[OTHER] = rig.links[SESSION]
    await rig.quiet()
    await rig.clock.advance(15)
    await rig.until(lambda: len(rig.settled) == 2)
    assert len(rig.hosts.asked) == 2


async def test_one_session_cannot_take_all_the_room(rig: Rig) -> None:
    rig.hosts.gate = asyncio.Event()
    rig.links[OTHER] = rig.links[SESSION]
    for _ in range(10):
        await rig.announce(SESSION)
    other = await rig.announce(OTHER)
    rig.start()
    await rig.until(lambda: rig.hosts.running == 4)
    await rig.quiet()
    assert rig.hosts.running == 4
    rig.hosts.gate.set()
    await rig.until(lambda: len(rig.settled) == 11)
    assert rig.hosts.most <= 8
    assert (await rig.row(other)).state is MediaState.READY


async def test_one_bad_row_does_not_stop_the_others(rig: Rig) -> None:
    rig.hosts.failures = [RuntimeError("a bug")]
    bad, good = await rig.announce(), await rig.announce()
    rig.start()
    await rig.until(lambda: len(rig.settled) == 1)
    await rig.quiet()
    await rig.clock.advance(5)
    await rig.until(lambda: len(rig.settled) == 2)
    assert {(await rig.row(item)).state for item in (bad, good)} == {MediaState.READY}


async def test_a_stopped_fetch_is_taken_up_by_the_next_start(rig: Rig) -> None:
    rig.hosts.gate = asyncio.Event()
    item = await rig.announce()
    rig.start()
    await rig.until(lambda: rig.hosts.running == 1)
    await rig.stop()
    assert (await rig.row(item)).state is MediaState.PENDING
    rig.hosts.gate.set()
    rig.start()
    await rig.until(lambda: bool(rig.settled))


async def test_old_uploads_are_forgotten(rig: Rig) -> None:
    then = rig.clock.now()
    await rig.db.write(lambda tx: store.remember_upload(tx, SESSION, "aa", MediaKind.IMAGE, b"x", then))
    assert await drop_old_uploads(rig.db, rig.clock) == 0
    await rig.clock.advance(REUSE_FOR.total_seconds())
    assert await drop_old_uploads(rig.db, rig.clock) == 1


def test_ids_of_files_are_their_own_kind() -> None:
    with pytest.raises(ValueError, match="med_"):
        MediaId.parse("msg_" + "0" * 26)
