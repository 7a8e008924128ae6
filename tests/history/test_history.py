"""Old chats become rows once, beside what is new, and a chunk that can't be read stops nothing."""

import asyncio
import contextlib
import sys
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pytest
from sqlalchemy import select

from tests.messages.world import ADA, ADA_LID, BOB, GROUP, SHOP, SHOP_LID, ScriptedLink, World
from wagate.engine.port import EngineUnavailable
from wagate.history import store
from wagate.history.jobs import HistoryReader
from wagate.history.model import ChunkState
from wagate.history.service.notices import PENDING_TOPIC
from wagate.media.errors import HostsUnavailable, RemoteFileBroken
from wagate.messages.model import Direction, Message, MessageStatus
from wagate.messages.service.backfill import Backfill
from wagate.messages.store import Filters
from wagate.wire.jid import Jid
from wagate.wire.media import MediaKind, encrypt
from wagate.wire.proto import wa_pb2 as wa

AT = 1_700_000_000
Status = wa.WebMessageInfo.Status


class TaughtLink(ScriptedLink):
    """Remembers which LIDs it was taught."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.taught: list[tuple[Jid, Jid]] = []
        self.failures: list[Exception] = []

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taught += pairs


@dataclass
class Shelf:
    """The media hosts: encrypted files by their path; ``failures`` come first."""

    files: dict[str, bytes] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    tries: int = 0

    async def download_into(self, session: object, link: object, remote: Any, file: BinaryIO) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        file.write(self.files[remote.direct_path])


@dataclass
class Rig:
    world: World
    link: TaughtLink
    shelf: Shelf

    def reader(self) -> HistoryReader:
        world = self.world
        return HistoryReader(
            db=world.db,
            bus=world.bus,
            ring=world.ring,
            clock=world.clock,
            hosts=self.shelf,  # type: ignore[arg-type]
            backfill=Backfill(db=world.db, ring=world.ring, clock=world.clock, entropy=world.entropy),
            link_of=lambda session: self.link,
        )

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reader().run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def announce(self, history: wa.HistorySync, wa_id: str = "N1", *, inline: bool = True, **more: Any) -> None:
        await self.world.take_in(
            self.world.arrival(self.notice(history, inline), wa_id, **{"sender": SHOP.bare, **more})
        )

    def notice(self, history: wa.HistorySync, inline: bool = True) -> wa.Message:
        return self.of(zlib.compress(history.SerializeToString()), inline)

    def of(self, packed: bytes, inline: bool) -> wa.Message:
        message = wa.Message()
        notice = message.protocolMessage.historySyncNotification
        notice.syncType = wa.Message.HistorySyncType.RECENT
        if inline:
            notice.initialHistBootstrapInlinePayload = packed
            return message
        stored = encrypt(packed, MediaKind.HISTORY, entropy=self.world.entropy)
        notice.directPath, notice.mediaKey = f"/v/{len(self.shelf.files)}", stored.media_key
        notice.fileSha256, notice.fileEncSha256 = stored.file_sha256, stored.file_enc_sha256
        notice.fileLength = stored.file_length
        self.shelf.files[notice.directPath] = stored.body
        return message

    async def states(self) -> dict[str, tuple[ChunkState, str | None]]:
        chunks = store.history_chunks.c
        query = select(chunks.wa_id, chunks.state, chunks.reason).where(chunks.session_id == self.world.session.id)
        rows = await self.world.db.read(lambda tx: tx.execute(query).all())
        return {wa_id: (ChunkState(state), reason) for wa_id, state, reason in rows}

    async def reaches(self, state: ChunkState, wa_id: str = "N1") -> None:
        deadline = time.monotonic() + 20
        while (await self.states())[wa_id][0] is not state:
            assert time.monotonic() < deadline, f"{wa_id} never gets {state}"

    async def pass_time(self, seconds: float) -> None:
        await self.world.clock.advance(seconds)
        self.world.bus.publish(PENDING_TOPIC, self.world.session.id)

    async def was_tried(self, times: int, wa_id: str = "N1") -> None:
        """Wait until that many attempts at a chunk have failed and the next is planned."""
        query = select(store.history_chunks.c.attempts).where(store.history_chunks.c.wa_id == wa_id)
        deadline = time.monotonic() + 20
        while await self.world.db.read(lambda tx: tx.execute(query).scalar_one()) != times:
            assert time.monotonic() < deadline, f"{wa_id} is not tried {times} times"

    async def fails_each_time(self, wa_id: str = "N1") -> None:
        """Let all attempts at a chunk go by."""
        for times in (1, 2):
            await self.was_tried(times, wa_id)
            await self.pass_time(61)
        await self.reaches(ChunkState.FAILED, wa_id)
        assert self.shelf.tries == 3

    async def listed(self) -> list[Message]:
        world = self.world
        return await world.history.page(world.principal, world.session.id, Filters(), before_seq=None, limit=1000)


@pytest.fixture
def rig(world: World) -> Rig:
    return Rig(world, TaughtLink(world), Shelf())


@pytest.fixture
def both_rig(both: World) -> Rig:
    return Rig(both, TaughtLink(both), Shelf())


def history(*chats: wa.Conversation) -> wa.HistorySync:
    return wa.HistorySync(syncType=wa.HistorySync.HistorySyncType.RECENT, conversations=chats)


def chat(jid: Jid, *infos: wa.WebMessageInfo, pn: Jid | None = None) -> wa.Conversation:
    made = wa.Conversation(id=str(jid), messages=[wa.HistorySyncMsg(message=info) for info in infos])
    if pn is not None:
        made.pnJid = str(pn)
    return made


def old(wa_id: str, jid: Jid, text: str = "long ago", at: int = AT, *, mine: bool = False, **more: Any) -> Any:
    info = wa.WebMessageInfo(messageTimestamp=at, **more)
    info.key.id, info.key.remoteJid, info.key.fromMe = wa_id, str(jid), mine
    info.message.conversation = text
    return info


@pytest.mark.parametrize("inline", [True, False])
async def test_old_messages_become_rows_with_their_times_directions_and_states(both_rig: Rig, inline: bool) -> None:
    rig = both_rig
    infos = [
        old("A1", ADA_LID, "are you open?", AT, pushName="Ada"),
        old("A2", ADA_LID, "yes", AT + 60, mine=True, status=Status.READ),
        old("A3", ADA_LID, "sorry", AT + 120, mine=True, status=Status.ERROR),
        old("A4", ADA_LID, "on its way", AT + 180, mine=True, status=Status.PENDING),
    ]
    in_group = old("G1", GROUP, "hello all", AT + 30)
    in_group.key.participant = str(ADA_LID)
    await rig.announce(history(chat(ADA_LID, *infos, pn=ADA), chat(GROUP, in_group)), inline=inline)
    async with rig.reading():
        await rig.reaches(ChunkState.DONE)

    found = await rig.listed()
    assert [m.wa_id for m in found] == ["A3", "A2", "G1", "A1"], "newest first, and none that is still to be sent"
    by_id = {m.wa_id: m for m in found}
    first, second = by_id["A1"], by_id["A2"]
    assert (first.direction, first.chat, first.chat_lid, first.sender) == (Direction.IN, ADA, ADA_LID, ADA)
    assert (first.recipient, first.push_name, first.by_lid) == (SHOP.bare, "Ada", True)
    assert (first.status, int(first.timestamp.timestamp())) == (MessageStatus.DELIVERED, AT)
    assert (second.direction, second.from_me, second.status) == (Direction.OUT, True, MessageStatus.READ)
    assert (second.sender, second.recipient) == (SHOP.bare, ADA)
    assert (by_id["A3"].status, by_id["A3"].failure is not None) == (MessageStatus.FAILED, True)
    assert (by_id["G1"].chat, by_id["G1"].sender) == (GROUP, ADA)
    assert await rig.world.told() == []
    assert rig.link.taught == [(ADA, ADA_LID)]


async def test_a_later_chunk_may_call_a_chat_by_its_lid_alone(rig: Rig) -> None:
    first = history()
    first.phoneNumberToLidMappings.add(pnJid=str(ADA), lidJid=str(ADA_LID))
    await rig.announce(first, "N1")
    await rig.world.clock.advance(1)
    await rig.announce(history(chat(ADA_LID, old("A1", ADA_LID))), "N2")
    async with rig.reading():
        await rig.reaches(ChunkState.DONE, "N2")
    (message,) = await rig.listed()
    assert (message.chat, message.chat_lid) == (ADA, ADA_LID)


async def test_a_chunk_that_comes_again_and_what_is_there_already_change_nothing(both_rig: Rig) -> None:
    rig = both_rig
    live = rig.world.arrival(wa.Message(conversation="live"), "A1", sender=ADA, sender_lid=ADA_LID)
    await rig.world.take_in(live)
    told = await rig.world.told()
    chunk = history(chat(ADA_LID, old("A1", ADA_LID, "stale"), old("A2", ADA_LID)))
    async with rig.reading():
        for wa_id in ("N1", "N2"):
            await rig.announce(chunk, wa_id)
            await rig.announce(chunk, wa_id)
            await rig.reaches(ChunkState.DONE, wa_id)
    assert sorted((m.wa_id, m.text) for m in await rig.listed()) == [("A1", "live"), ("A2", "long ago")]
    assert await rig.world.told() == told


async def test_what_history_was_faster_to_show_is_told_when_it_comes_by_itself_and_once(rig: Rig) -> None:
    await rig.announce(history(chat(ADA, old("A1", ADA))))
    async with rig.reading():
        await rig.reaches(ChunkState.DONE)
    item = rig.world.arrival(wa.Message(conversation="live"), "A1", sender=ADA)
    await rig.world.take_in(item)
    await rig.world.take_in(item)
    (message,) = await rig.listed()
    assert message.text == "live"
    assert [e.type for e in await rig.world.told()] == ["message.received"]


async def test_new_messages_stand_before_old_ones_and_pages_go_through_both(rig: Rig) -> None:
    await rig.announce(history(chat(ADA, *(old(f"A{n}", ADA, at=AT + n // 3) for n in range(30)))))
    async with rig.reading():
        await rig.reaches(ChunkState.DONE)
    await rig.world.take_in(rig.world.arrival(wa.Message(conversation="live"), "NEW", sender=BOB))
    world = rig.world
    seen: list[Message] = []
    while page := await world.history.page(
        world.principal, world.session.id, Filters(), before_seq=seen[-1].seq if seen else None, limit=7
    ):
        seen += page
    assert seen[0].wa_id == "NEW"
    assert len({m.wa_id for m in seen}) == 31
    assert [m.timestamp for m in seen[1:]] == sorted((m.timestamp for m in seen[1:]), reverse=True)


@pytest.mark.parametrize("sender", [ADA, SHOP, SHOP_LID.bare.with_device(2)])
async def test_a_notice_that_is_not_the_own_phones_is_dropped(rig: Rig, sender: Jid) -> None:
    """Whoever could send one could invent chats."""
    await rig.announce(history(chat(ADA, old("A1", ADA))), sender=sender)
    assert await rig.states() == {}


async def test_what_is_no_message_between_people_is_left_out(rig: Rig) -> None:
    news, status = Jid("120", "newsletter"), Jid("status", "broadcast")
    stub = old("S1", ADA)
    stub.ClearField("message")
    unread = wa.Conversation(id=str(ADA))
    unread.messages.add().message.CopyFrom(old("", ADA))
    chunk = history(chat(news, old("A1", news)), chat(status, old("A2", status)), chat(ADA, stub, old("A3", ADA, at=0)))
    chunk.conversations.append(unread)
    await rig.announce(chunk)
    async with rig.reading():
        await rig.reaches(ChunkState.DONE)
    assert await rig.listed() == []


@pytest.mark.parametrize(
    "failure", [HostsUnavailable("away"), EngineUnavailable("closed")], ids=["hosts", "connection"]
)
async def test_what_can_not_be_had_now_is_fetched_later(rig: Rig, failure: Exception) -> None:
    if isinstance(failure, EngineUnavailable):
        rig.link.failures = [failure]
    else:
        rig.shelf.failures = [failure]
    await rig.announce(history(chat(ADA_LID, old("A1", ADA_LID), pn=ADA)), inline=False)
    async with rig.reading():
        await rig.was_tried(1)
        await rig.pass_time(6)
        await rig.reaches(ChunkState.DONE)
    assert len(await rig.listed()) == 1


BROKEN: dict[str, Callable[[Rig], wa.Message]] = {
    "not packed": lambda rig: rig.of(b"what is this", False),
    "cut": lambda rig: rig.of(zlib.compress(history(chat(ADA, old("A1", ADA))).SerializeToString())[:-5], False),
    "no protobuf": lambda rig: rig.of(zlib.compress(b"\xff" * 100), False),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_broken_chunk_is_tried_three_times_and_set_aside_and_what_is_behind_it_is_read(
    rig: Rig, how: str
) -> None:
    await rig.world.take_in(rig.world.arrival(BROKEN[how](rig), "N1", sender=SHOP.bare))
    await rig.announce(history(chat(ADA, old("A2", ADA))), "N2")
    async with rig.reading():
        await rig.reaches(ChunkState.DONE, "N2")
        await rig.fails_each_time()
    assert (await rig.states())["N1"] == (ChunkState.FAILED, "history_broken")
    assert [m.wa_id for m in await rig.listed()] == ["A2"]


async def test_nothing_is_taught_or_stored_of_a_file_whose_last_hash_is_wrong(rig: Rig) -> None:
    notice = rig.notice(history(chat(ADA_LID, old("A1", ADA_LID), pn=ADA)), inline=False)
    notice.protocolMessage.historySyncNotification.fileSha256 = bytes(32)
    await rig.world.take_in(rig.world.arrival(notice, "N1", sender=SHOP.bare))
    async with rig.reading():
        await rig.fails_each_time()
    assert (rig.link.taught, await rig.listed()) == ([], [])


async def test_a_file_that_is_gone_is_set_aside(rig: Rig) -> None:
    rig.shelf.failures = [RemoteFileBroken("gone") for _ in range(3)]
    await rig.announce(history(chat(ADA, old("A1", ADA))), inline=False)
    async with rig.reading():
        await rig.fails_each_time()


async def test_20_megabytes_are_read_in_little_memory_while_the_loop_goes_on(rig: Rig) -> None:
    """The goal is at most 15 MB for a link that reads 20 MB of history."""
    chats = [Jid(f"4917{n:08}") for n in range(20)]
    text = "word " * 800
    big = history(*(chat(jid, *(old(f"{jid.user}.{n}", jid, text, AT + n) for n in range(250))) for jid in chats))
    assert big.ByteSize() > 20_000_000
    await rig.announce(big, inline=False)
    del big
    longest = 0.0
    tracemalloc.start()
    async with rig.reading():
        count, before = 0, time.perf_counter()
        deadline = before + 120
        while (await rig.states())["N1"][0] is ChunkState.PENDING:
            now = time.perf_counter()
            assert now < deadline
            await asyncio.sleep(0)
            longest, before, count = max(longest, time.perf_counter() - now), now, count + 1
        assert count > 50
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sys.stdout.write(f"peak {peak / 1e6:.1f} MB, the loop was held {longest * 1000:.0f} ms at most\n")
    assert len(await rig.listed()) == 1000
    assert peak < 15_000_000
