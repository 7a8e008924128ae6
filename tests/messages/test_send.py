"""Accepting: exactly one message for one request, however often and at once it is made; nothing for one refused."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.messages.world import ADA, BOB, GROUP, SHOP, World, quiet
from wagate.core.ids import MessageId, SessionId
from wagate.messages import payload
from wagate.messages.errors import (
    BadIdempotencyKey,
    IdempotencyMismatch,
    InvalidRecipient,
    MessageNotFound,
    ReplyNotFound,
    SessionLoggedOut,
    SessionNotLinked,
    TextTooLong,
)
from wagate.messages.model import Message, MessageStatus
from wagate.messages.service.send import Messages
from wagate.messages.service.sources import FileSources
from wagate.messages.service.topics import outbox_topic
from wagate.messages.store import messages as table
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.model import SessionStatus
from wagate.storage.database import Tx
from wagate.web.principal import Principal, Scope
from wagate.wire.proto import wa_pb2 as wa


async def test_an_accepted_message_is_stored_queued_and_told_in_one_transaction(both: World) -> None:
    with both.bus.subscribe(outbox_topic(both.session.id)) as woken:
        message = await both.send("Your order is ready.")
        assert await woken.next(0) is not None

    stored = await both.now(message)
    assert stored.status is MessageStatus.QUEUED
    assert (stored.text, stored.chat, stored.sender) == ("Your order is ready.", ADA, SHOP.bare)
    (event,) = await both.told()
    assert (event.type, event.data["id"], event.data["status"]) == ("message.queued", message.id, "queued")
    assert event.chat == str(ADA)


async def test_the_whatsapp_id_looks_like_a_web_clients_and_is_chosen_at_acceptance(world: World) -> None:
    message = await world.send()
    assert message.wa_id.startswith("3EB0")
    assert len(message.wa_id) == 22
    assert message.wa_id == message.wa_id.upper()


async def test_the_protobuf_at_rest_is_sealed_and_bound_to_its_message(world: World) -> None:
    secret = "the plaintext that nobody may find in a protobuf"
    first, second = await world.send(secret), await world.send("another")

    def sealed(tx: Tx, message: Message) -> bytes:
        row = tx.execute(table.select().where(table.c.id == message.id)).one()
        return bytes(row.payload)

    blob = await world.db.read(lambda tx: sealed(tx, first))
    assert secret.encode() not in blob
    opened = payload.unseal(world.ring, world.session.id, first.wa_id, blob)
    assert wa.Message.FromString(opened).conversation == secret
    with pytest.raises(Exception, match="does not open"):
        payload.unseal(world.ring, world.session.id, second.wa_id, blob)
    assert await world.messages.sent_message(world.session.id, first.wa_id) == opened
    assert await world.messages.sent_message(world.session.id, "3EB0UNKNOWN") is None


# -- idempotency


async def test_the_same_key_and_body_give_the_same_message_and_send_nothing(both: World) -> None:
    first = await both.send("once", idempotency_key="order-1")
    again = await both.send("once", idempotency_key="order-1")

    assert again.id == first.id
    assert len(await both.told("message.queued")) == 1


async def test_the_same_key_with_another_body_is_refused(both: World) -> None:
    await both.send("once", idempotency_key="order-1")
    for other in ({"text": "twice"}, {"to": BOB}, {"body": {"linkPreview": False}}):
        options = {"text": "once", **other}
        with pytest.raises(IdempotencyMismatch):
            await both.send(idempotency_key="order-1", **options)
    assert len(await both.told("message.queued")) == 1


async def test_a_hundred_racing_requests_with_one_key_make_exactly_one_message(both: World) -> None:
    answers = await asyncio.gather(*(both.send("once", idempotency_key="race") for _ in range(100)))

    assert len({message.id for message in answers}) == 1
    assert len({message.wa_id for message in answers}) == 1
    assert len(await both.told("message.queued")) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b"])), min_size=1, max_size=12))
async def test_any_race_of_keys_and_bodies_makes_one_message_a_key(
    world: World, requests: list[tuple[int, str]]
) -> None:
    race = world.entropy(8).hex()
    before = len(await world.told("message.queued"))
    answers = await asyncio.gather(
        *(world.send(text, idempotency_key=f"{race}-{key}") for key, text in requests), return_exceptions=True
    )
    made: dict[int, set[tuple[str, str | None]]] = {}
    for (key, text), answer in zip(requests, answers, strict=True):
        if isinstance(answer, Message):
            assert answer.text == text
            made.setdefault(key, set()).add((answer.id, answer.text))
        else:
            assert isinstance(answer, IdempotencyMismatch)
    assert {key: len(messages) for key, messages in made.items()} == {key: 1 for key, _ in requests}
    assert len(await world.told("message.queued")) - before == len(made)


async def test_racing_gateways_on_one_database_make_exactly_one_message(both: World) -> None:
    """Two processes share no memory: each has its own database connection, bus and randomness."""
    second = type(both.db)
    other_db = await second.open(both.db.url)
    try:
        there = Messages(
            db=other_db,
            events=both.events,
            bus=both.bus,
            clock=both.clock,
            ring=both.ring,
            sources=FileSources(both.library),
        )
        elsewhere = replace_messages(both, there)
        answers = await asyncio.gather(
            *(side.send("once", idempotency_key="race") for _ in range(10) for side in (both, elsewhere))
        )
    finally:
        await other_db.close()
    assert len({message.id for message in answers}) == 1


def replace_messages(world: World, messages: Messages) -> World:
    other = World(**{name: getattr(world, name) for name in World.__slots__})
    other.messages = messages
    return other


async def test_racing_requests_wait_for_one_outcome_and_get_one_answer(world: World) -> None:
    racing = [asyncio.create_task(world.send("once", idempotency_key="race", wait=10)) for _ in range(20)]
    async with world.sending():
        answers = await asyncio.gather(*racing)
    assert {(message.id, message.status) for message in answers} == {(answers[0].id, MessageStatus.SENT)}
    assert len(world.link.relayed) == 1


async def test_a_key_outlives_the_process_that_took_it(both: World) -> None:
    first = await both.send("once", idempotency_key="order-1")
    restarted = await World.on(both.db, both.clock, both.bus, both.ring, both.library._blobs, both.entropy)
    restarted.principal, restarted.session = both.principal, both.session

    again = await restarted.send("once", idempotency_key="order-1")

    assert (again.id, again.wa_id) == (first.id, first.wa_id)


async def test_a_key_is_forgotten_after_a_day_and_belongs_to_one_account(both: World) -> None:
    first = await both.send("once", idempotency_key="order-1")
    await both.clock.advance(23 * 3600)
    assert (await both.send("once", idempotency_key="order-1")).id == first.id
    await both.clock.advance(3600)
    later = await both.send("something else", idempotency_key="order-1")
    assert later.id != first.id

    stranger = await World.on(both.db, both.clock, both.bus, both.ring, both.library._blobs, both.entropy)
    assert (await stranger.send("once", idempotency_key="order-1")).id not in (first.id, later.id)


@pytest.mark.parametrize("key", ["", " ", "a\nb", "ü", "x" * 256, " padded "])
async def test_a_key_that_is_no_key_is_refused(world: World, key: str) -> None:
    with pytest.raises(BadIdempotencyKey):
        await world.send(idempotency_key=key)


# -- refusals leave nothing behind


async def test_who_can_never_send_is_told_so(world: World) -> None:
    cases = [
        (await world.new_session(status=SessionStatus.LOGGED_OUT, jid=None), SessionLoggedOut),
        (await world.new_session(status=SessionStatus.DISCONNECTED, jid=None), SessionNotLinked),
        (await world.new_session(status=SessionStatus.QR_REQUIRED, jid=None), SessionNotLinked),
    ]
    for session, error in cases:
        world.session = session
        with pytest.raises(error):
            await world.send()
    assert await world.told() == []


@pytest.mark.parametrize("status", ["disconnected", "connecting", "conflict", "banned", "error"])
async def test_a_linked_session_takes_messages_in_any_other_state(world: World, status: str) -> None:
    world.session = await world.new_session(status=SessionStatus(status))
    assert (await world.send()).status is MessageStatus.QUEUED


async def test_sessions_out_of_reach_do_not_exist(world: World) -> None:
    own, body = world.session, {}
    world.session = replace(own, id=SessionId.new(world.clock.now(), world.entropy))
    with pytest.raises(SessionNotFound):
        await world.send(body=body)
    world.session = own
    stranger = await World.on(world.db, world.clock, world.bus, world.ring, world.library._blobs, world.entropy)
    stranger.session = own
    with pytest.raises(SessionNotFound):
        await stranger.send()
    world.principal = replace(world.principal, sessions=frozenset())
    with pytest.raises(SessionNotFound):
        await world.send()
    assert await world.told() == []


async def test_what_is_no_recipient_is_refused_and_nothing_is_stored(world: World) -> None:
    for bad in ("nobody", "12345", "status@broadcast", "x@g.us"):
        with pytest.raises(InvalidRecipient):
            await world.send(body={"to": bad})
    assert await world.told() == []


async def test_a_text_may_have_65536_characters_and_no_more(world: World) -> None:
    longest = "é" * 65_536
    assert (await world.now(await world.send(longest))).text == longest
    with pytest.raises(TextTooLong, match="65537 characters"):
        await world.send(longest + "x")


# -- replies


async def test_a_reply_quotes_the_message_without_its_own_quote(both: World) -> None:
    question = await both.send("When do you close?")
    answer = await both.send("At six.", body={"replyTo": question.id})
    thanks = await both.send("Thanks!", body={"replyTo": answer.id})

    sent = await both.messages.sent_message(both.session.id, thanks.wa_id)
    assert sent is not None
    context = wa.Message.FromString(sent).extendedTextMessage.contextInfo
    assert (context.stanzaId, context.participant) == (answer.wa_id, str(SHOP.bare))
    assert context.quotedMessage.extendedTextMessage.text == "At six."
    assert not context.quotedMessage.extendedTextMessage.contextInfo.HasField("quotedMessage")
    assert not context.HasField("remoteJid")
    assert (await both.now(thanks)).reply_to == answer.id


async def test_a_reply_in_another_chat_says_where_the_message_is_from(world: World) -> None:
    asked = await world.send("to all", to=GROUP)
    reply = await world.send("in private", body={"replyTo": asked.id})
    sent = await world.messages.sent_message(world.session.id, reply.wa_id)
    assert sent is not None
    assert wa.Message.FromString(sent).extendedTextMessage.contextInfo.remoteJid == str(GROUP)


async def test_a_reply_to_an_unknown_message_is_refused(world: World) -> None:
    elsewhere = await world.new_session()
    own, world.session = world.session, elsewhere
    other_session = await world.send("elsewhere")
    world.session = own
    unknown = MessageId.new(world.clock.now(), world.entropy)
    for target in (unknown, other_session.id, "3EB0123"):
        with pytest.raises(ReplyNotFound):
            await world.send(body={"replyTo": target})


async def test_mentions_are_resolved_and_carried(world: World) -> None:
    message = await world.send("hi @491700000003", to=GROUP, body={"mentions": ["+49 170 0000003"]})
    sent = await world.messages.sent_message(world.session.id, message.wa_id)
    assert sent is not None
    assert list(wa.Message.FromString(sent).extendedTextMessage.contextInfo.mentionedJid) == [str(BOB)]
    assert (await world.now(message)).fields["mentions"] == [str(BOB)]


# -- waiting


async def test_when_the_process_is_about_to_end_whoever_waits_is_answered_with_what_is_known(world: World) -> None:
    waiting = asyncio.create_task(world.send(wait=10))
    await quiet(world)
    assert not waiting.done()
    world.messages.answer_now()
    assert (await waiting).status is MessageStatus.QUEUED
    assert (await world.send("another", wait=10)).status is MessageStatus.QUEUED


async def test_the_wait_ends_when_the_message_is_sent(world: World) -> None:
    waiting = asyncio.create_task(world.send(wait=10))
    async with world.sending():
        assert (await waiting).status is MessageStatus.SENT


async def test_the_wait_ends_with_its_time_and_tells_the_state(world: World) -> None:
    waiting = asyncio.create_task(world.send(wait=10))
    await quiet(world)
    await world.clock.advance(9.9)
    assert not waiting.done()
    await world.clock.advance(0.2)
    assert (await waiting).status is MessageStatus.QUEUED


async def test_nobody_can_wait_for_anothers_message(world: World) -> None:
    message = await world.send()
    stranger = Principal(account_id=world.principal.account_id, scopes=frozenset(Scope), sessions=frozenset())
    with pytest.raises(MessageNotFound):
        await world.messages.wait_for(stranger, message.id, 0)
