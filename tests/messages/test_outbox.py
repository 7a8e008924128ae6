"""Sending: in order, once, under the lease, whatever fails in between."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.messages.world import ADA, BOB, Acks, Relayed, World, asleep, quiet
from wagate.engine.lease import StaleEpoch
from wagate.engine.port import (
    EngineUnavailable,
    RecipientUnknown,
    RelayImpossible,
    RelayRefused,
    RelayUnknown,
)
from wagate.media.errors import HostsUnavailable
from wagate.messages.kinds import SENDABLE
from wagate.messages.model import Failure, Message, MessageStatus
from wagate.messages.service.outbox import PAUSES, STORE_PATIENCE, STORE_PAUSE, WINDOW
from wagate.storage.database import Tx
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.wire.media import MediaKind

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ffd5"
    "3b5c6e0000000049454e44ae426082"
)


async def test_messages_of_a_chat_leave_in_the_order_they_were_accepted(both: World) -> None:
    accepted = [await both.send(f"line {n}", to=(ADA, BOB)[n % 2]) for n in range(10)]
    async with both.sending():
        for message in accepted:
            await both.reaches(message, "sent")
        later = await both.send("and one more")
        await both.reaches(later, "sent")
    sent = await both.told("message.sent")
    for chat in (ADA, BOB):
        expected = [m for m in (*accepted, later) if m.chat == chat]
        assert [relayed.wa_id for relayed in both.link.relayed if relayed.to == chat] == [m.wa_id for m in expected]
        assert [event.data["id"] for event in sent if event.chat == str(chat)] == [m.id for m in expected]
    assert sent[0].data["status"] == "sent"
    assert sent[0].data["statusAt"]["sent"] is not None


async def test_it_wakes_up_for_a_new_message_without_time_passing(world: World) -> None:
    async with world.sending():
        await world.reaches(await world.send("first"), "sent")
        await world.reaches(await world.send("second"), "sent")
    assert world.clock.monotonic() == 0


async def test_many_are_on_the_way_at_once_but_no_more_than_the_window(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    first = await world.send("warms the chat up")
    rest = [await world.send(f"line {n}") for n in range(WINDOW + 8)]
    async with world.sending():
        await asleep(lambda: len(world.link.relayed) == 1)
        acks.ack(first.wa_id)
        await asleep(lambda: len(world.link.relayed) == 1 + WINDOW)
        await quiet(world)
        assert len(world.link.relayed) == 1 + WINDOW
        # Answers may come in any order; each makes room for one.
        acks.ack(rest[3].wa_id)
        await asleep(lambda: len(world.link.relayed) == 2 + WINDOW)
        while not await done(world, rest):
            for wa_id in list(acks.waiting):
                acks.ack(wa_id)
    assert [relayed.wa_id for relayed in world.link.relayed] == [m.wa_id for m in (first, *rest)]


async def test_the_first_message_to_a_chat_travels_alone(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    to_ada = await world.send("to Ada", to=ADA)
    await world.send("again to Ada", to=ADA)
    async with world.sending():
        await asleep(lambda: len(world.link.relayed) == 1)
        await quiet(world)
        assert len(world.link.relayed) == 1
        acks.ack(to_ada.wa_id)
        await asleep(lambda: len(world.link.relayed) == 2)


async def test_a_chat_whose_first_message_gets_no_answer_holds_up_no_other(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    slow, behind = await world.send("1", to=ADA), await world.send("2", to=ADA)
    for text in ("3", "4"):
        await world.send(text, to=BOB)
    async with world.sending():
        await asleep(lambda: len(acks.waiting) == 2)
        acks.ack(world.link.relayed[1].wa_id)
        await asleep(lambda: len(world.link.relayed) == 3)
        acks.fail(slow.wa_id, RelayImpossible())
        await quiet(world)
        await world.clock.advance(PAUSES[0])
        await asleep(lambda: slow.wa_id in acks.waiting)
        acks.ack(slow.wa_id)
        await asleep(lambda: behind.wa_id in acks.waiting)
    assert [relayed.text for relayed in world.link.relayed] == ["1", "3", "4", "1", "2"]


async def test_messages_to_different_new_chats_do_not_wait_for_each_other(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    for to in (ADA, BOB):
        await world.send(to=to)
    async with world.sending():
        await asleep(lambda: len(world.link.relayed) == 2)


# -- failures


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (RelayRefused(479), "stale_address", 422),
        (RelayRefused(421), "stale_group", 422),
        (RelayRefused(500), "refused_by_whatsapp", 422),
        (RecipientUnknown(), "not_on_whatsapp", 422),
    ],
)
async def test_a_refused_message_failed_for_certain_and_the_next_goes_on(
    world: World, error: Exception, code: str, status: int
) -> None:
    world.link.answer = failing_once(world, error)
    refused, fine = await world.send("refused"), await world.send("fine")
    async with world.sending():
        failed = await world.reaches(refused, "failed")
        await world.reaches(fine, "sent")
    assert failed.failure == Failure(code=code, certain=True)
    (event,) = await world.told("message.failed")
    assert event.data["error"] == {"code": code, "certain": True}


async def test_whoever_waits_is_told_of_the_failure(world: World) -> None:
    world.link.answer = failing_once(world, RecipientUnknown())
    waiting = asyncio.create_task(world.send(wait=10))
    async with world.sending():
        message = await waiting
    assert message.status is MessageStatus.FAILED
    assert message.failure == Failure(code="not_on_whatsapp", certain=True)


async def test_what_cannot_leave_is_tried_again_and_its_chat_waits_for_it(world: World) -> None:
    world.link.answer = failing_once(world, RelayImpossible())
    stuck, behind, other = await world.send("1", to=ADA), await world.send("2", to=ADA), await world.send("3", to=BOB)
    async with world.sending():
        await world.reaches(other, "sent")
        assert [relayed.text for relayed in world.link.relayed] == ["1", "3"]
        assert (await world.now(behind)).status is not MessageStatus.SENT
        late = await world.send("4", to=ADA)
        await quiet(world)
        await world.clock.advance(PAUSES[0])
        await world.reaches(late, "sent")
    assert [relayed.text for relayed in world.link.relayed] == ["1", "3", "1", "2", "4"]
    assert {relayed.wa_id for relayed in world.link.relayed if relayed.text == "1"} == {stuck.wa_id}


async def test_two_of_a_chat_that_cannot_leave_keep_their_order(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    warm = await world.send("warm")
    first, second, third = [await world.send(text) for text in ("1", "2", "3")]
    async with world.sending():
        await asleep(lambda: warm.wa_id in acks.waiting)
        acks.ack(warm.wa_id)
        await asleep(lambda: third.wa_id in acks.waiting)
        acks.fail(second.wa_id, RelayImpossible())
        acks.fail(first.wa_id, RelayImpossible())
        acks.ack(third.wa_id)
        world.link.answer = world.link.acknowledge
        await quiet(world)
        await world.clock.advance(PAUSES[0])
        await world.reaches(second, "sent")
    assert [relayed.text for relayed in world.link.relayed] == ["warm", "1", "2", "3", "1", "2"]


async def test_what_can_never_leave_is_given_up_after_some_attempts(world: World) -> None:
    async def never(relayed: Relayed) -> datetime:
        raise RelayImpossible

    world.link.answer = never
    message = await world.send()
    async with world.sending():
        for attempt, pause in enumerate(PAUSES, start=1):
            await asleep(lambda attempt=attempt: len(world.link.relayed) == attempt)
            await quiet(world)
            await world.clock.advance(pause)
        failed = await world.reaches(message, "failed")
    assert failed.failure == Failure(code="not_sent", certain=True)
    assert len(world.link.relayed) == len(PAUSES) + 1


@pytest.mark.parametrize("error", [RelayUnknown(), EngineUnavailable()])
async def test_without_an_answer_it_ends_and_the_next_run_sends_the_same_id_first(
    both: World, error: Exception
) -> None:
    acks = Acks(both.clock)
    both.link.answer = acks
    uncertain, also = await both.send("1", to=ADA), await both.send("2", to=BOB)
    async with both.sending() as run:
        await asleep(lambda: len(acks.waiting) == 2)
        acks.fail(uncertain.wa_id, error)
        acks.ack(also.wa_id)
        await run
    assert (await both.now(uncertain)).status is MessageStatus.SENDING
    assert (await both.now(also)).status is MessageStatus.SENT
    behind = await both.send("3", to=ADA)

    both.link.answer = both.link.acknowledge
    async with both.sending():
        await both.reaches(behind, "sent")

    assert [relayed.text for relayed in both.link.relayed] == ["1", "2", "1", "3"]
    assert both.link.relayed[2].wa_id == uncertain.wa_id
    assert len(await both.told("message.sent")) == 3


async def test_what_a_claim_may_have_marked_leaves_first_though_nobody_was_told_so(
    both: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, unknown = both.db.write, [True]

    async def write_and_hear_nothing(work: Callable[[Tx], Any]) -> Any:
        found = await write(work)
        if unknown:
            unknown.clear()
            raise OutcomeUnknown("the connection broke in the commit")
        return found

    claimed = await both.send("1", to=ADA)
    monkeypatch.setattr(both.db, "write", write_and_hear_nothing)
    async with both.sending() as run:
        await run
    assert (await both.now(claimed)).status is MessageStatus.SENDING
    behind = await both.send("2", to=ADA)
    async with both.sending():
        await both.reaches(behind, "sent")

    assert [relayed.wa_id for relayed in both.link.relayed] == [claimed.wa_id, behind.wa_id]


async def test_a_run_that_is_killed_leaves_what_the_next_one_finishes(both: World) -> None:
    both.link.answer = Acks(both.clock)
    messages = [await both.send(f"{n}", to=(ADA, BOB)[n % 2]) for n in range(6)]
    async with both.sending():
        await asleep(lambda: len(both.link.relayed) == 2)
    assert {(await both.now(m)).status for m in messages} == {MessageStatus.SENDING}

    both.link.answer = both.link.acknowledge
    async with both.sending():
        for message in messages:
            await both.reaches(message, "sent")

    for chat in (ADA, BOB):
        after_restart = [relayed.wa_id for relayed in both.link.relayed[2:] if relayed.to == chat]
        assert after_restart == [m.wa_id for m in messages if m.chat == chat]


# -- the lease


async def test_a_lost_lease_ends_the_run_and_writes_nothing_more(both: World) -> None:
    acks = Acks(both.clock)
    both.link.answer = acks
    message = await both.send()
    async with both.sending() as run:
        await asleep(lambda: message.wa_id in acks.waiting)
        await both.restore_epoch(2)
        acks.ack(message.wa_id)
        with pytest.raises(StaleEpoch):
            await run
    assert (await both.now(message)).status is MessageStatus.SENDING
    assert await both.told("message.sent") == []


async def test_an_old_owner_takes_no_new_messages_on(both: World) -> None:
    await both.restore_epoch(2)
    message = await both.send()
    async with both.sending() as run:
        with pytest.raises(StaleEpoch):
            await run
    assert both.link.relayed == []
    assert (await both.now(message)).status is MessageStatus.QUEUED


async def test_it_sends_its_own_sessions_messages_only(world: World) -> None:
    own, other = world.session, await world.new_session()
    world.session = other
    elsewhere = await world.send("elsewhere")
    world.session = own
    here = await world.send("here")
    async with world.sending():
        await world.reaches(here, "sent")
    assert [relayed.text for relayed in world.link.relayed] == ["here"]
    assert (await world.now(elsewhere)).status is MessageStatus.QUEUED


async def test_a_receipt_that_overtook_the_acknowledgement_is_not_undone_by_it(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    message = await world.send()
    async with world.sending():
        await asleep(lambda: message.wa_id in acks.waiting)
        await world.take_in(world.receipt(message.wa_id, type="read"))
        acks.ack(message.wa_id)
        await world.reaches(await world.send("x", to=BOB), "sending")
        await asleep(lambda: len(acks.waiting) == 1)
        acks.ack(next(iter(acks.waiting)))
        await quiet(world)
    now = await world.now(message)
    assert now.status is MessageStatus.READ
    assert now.status_at.sent is not None
    told = [event.type for event in await world.told() if event.data["id"] == message.id]
    assert told == ["message.queued", "message.sent", "message.read"]


# -- files


async def document(world: World, to: str = str(ADA), **body: object) -> Message:
    media = {"base64": "aGVsbG8=", "filename": "a.txt"}
    parsed = SENDABLE["document"].body.model_validate({"to": to, "type": "document", "media": media, **body})
    return await world.messages.send(world.principal, world.session.id, parsed, wait=0)


async def test_a_file_is_uploaded_when_its_message_leaves_and_named_in_it(both: World) -> None:
    message = await document(both)
    assert both.hosts.uploads == []
    async with both.sending():
        await both.reaches(message, "sent")
    assert message.attachment is not None
    assert both.hosts.uploads == [(message.attachment.id, MediaKind.DOCUMENT)]
    sent = both.link.relayed[0].message.documentMessage
    assert (sent.directPath, sent.fileName, sent.fileLength) == ("/v/1?x=1", "a.txt", 5)
    assert sent.mediaKeyTimestamp == int(both.clock.now().timestamp())
    kept = await both.messages.sent_message(both.session.id, message.wa_id)
    assert kept == both.link.relayed[0].message.SerializeToString()


async def test_a_long_upload_holds_back_its_chat_and_no_other(world: World) -> None:
    world.hosts.gate = asyncio.Event()
    picture, behind, other = await document(world), await world.send("behind"), await world.send("other", to=BOB)
    async with world.sending():
        await world.reaches(other, "sent")
        assert (await world.now(behind)).status is MessageStatus.SENDING
        world.hosts.gate.set()
        await world.reaches(behind, "sent")
    assert [relayed.wa_id for relayed in world.link.relayed] == [m.wa_id for m in (other, picture, behind)]


async def test_a_failed_upload_is_tried_again_and_given_up_in_the_end(world: World) -> None:
    world.hosts.failure = HostsUnavailable()
    message, behind = await document(world), await world.send("behind")
    async with world.sending():
        for attempt, pause in enumerate(PAUSES, start=1):
            await asleep(lambda attempt=attempt: len(world.hosts.uploads) == attempt)
            await quiet(world)
            await world.clock.advance(pause)
        failed = await world.reaches(message, "failed")
        await world.reaches(behind, "sent")
    assert failed.failure == Failure(code="media_unavailable", certain=True)
    assert [relayed.text for relayed in world.link.relayed] == ["behind"]


async def test_a_file_that_is_gone_fails_its_message_at_once(world: World) -> None:
    message = await document(world)
    assert message.attachment is not None
    item = await world.library.find(world.principal, message.attachment.id)
    await world.library.discard(item)
    async with world.sending():
        failed = await world.reaches(message, "failed")
    assert failed.failure == Failure(code="media_unavailable", certain=True)


async def test_a_file_whose_store_is_away_waits_with_its_chat_alone_and_leaves_when_it_is_back(both: World) -> None:
    both.hosts.failure = StorageUnavailable()
    picture, behind, other = await document(both), await both.send("behind"), await both.send("other", to=BOB)
    async with both.sending():
        await both.reaches(other, "sent")
        for attempt in range(1, 11):
            await asleep(lambda attempt=attempt: len(both.hosts.uploads) == attempt)
            await quiet(both)
            await both.clock.advance(STORE_PAUSE)
        assert (await both.now(picture)).status is MessageStatus.SENDING
        # As good as an outage of twenty minutes.
        await both.clock.advance(1200)
        both.hosts.failure = None
        for _ in range(3):
            await quiet(both)
            await both.clock.advance(STORE_PAUSE)
        await both.reaches(behind, "sent")
    assert [relayed.wa_id for relayed in both.link.relayed] == [m.wa_id for m in (other, picture, behind)]


async def test_a_store_that_stays_away_costs_the_message_and_not_the_chat(world: World) -> None:
    world.hosts.failure = StorageUnavailable()
    message, behind = await document(world), await world.send("behind")
    async with world.sending():
        await asleep(lambda: len(world.hosts.uploads) == 1)
        await quiet(world)
        await world.clock.advance(STORE_PATIENCE)
        failed = await world.reaches(message, "failed")
        await world.reaches(behind, "sent")
    assert failed.failure == Failure(code="media_unavailable", certain=True)


async def test_texts_pass_the_files_of_a_campaign_that_cannot_leave(
    both: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wagate.messages.service.outbox.MOST_HELD", 5)
    monkeypatch.setattr("wagate.messages.service.outbox._BATCH", 5)
    both.hosts.failure = StorageUnavailable()
    files = [await document(both, to=f"4915100{n:05}@s.whatsapp.net") for n in range(20)]
    behind = await both.send("behind a file", to=files[-1].chat)
    text = await both.send("to somebody else", to=BOB)
    async with both.sending():
        await both.reaches(text, "sent")
        states = [(await both.now(message)).status for message in (*files, behind)]
        assert states.count(MessageStatus.SENDING) == 5
        assert states.count(MessageStatus.QUEUED) == 16
        both.hosts.failure = None
        for _ in range(20):
            await quiet(both)
            await both.clock.advance(STORE_PAUSE)
        for message in (*files, behind):
            await both.reaches(message, "sent")
    order = [relayed.wa_id for relayed in both.link.relayed]
    assert order.index(files[-1].wa_id) < order.index(behind.wa_id)


async def test_a_resend_uploads_again_only_when_the_upload_is_old(world: World) -> None:
    acks = Acks(world.clock)
    world.link.answer = acks
    await document(world)
    for hours, uploads in ((0, 1), (1, 1), (12, 2)):
        await world.clock.advance(hours * 3600)
        async with world.sending() as run:
            await asleep(lambda: bool(acks.waiting))
            acks.lose_all()
            await run
        assert len(world.hosts.uploads) == uploads


# -- helpers


def failing_once(world: World, error: Exception) -> Callable[[Relayed], object]:
    failed: list[str] = []

    async def answer(relayed: Relayed) -> datetime:
        if not failed:
            failed.append(relayed.wa_id)
            raise error
        return await world.link.acknowledge(relayed)

    return answer


async def done(world: World, messages: list[Message]) -> bool:
    return all([(await world.now(m)).status is MessageStatus.SENT for m in messages])
