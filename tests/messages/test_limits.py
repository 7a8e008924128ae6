"""Plans, first contacts and pauses as whoever sends meets them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.conftest import import_stores
from tests.messages.world import ADA, ADA_LID, BOB, GROUP, Relayed, World, asleep
from wagate.accounts.store import accounts
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy
from wagate.core.seal import KeyRing
from wagate.engine.port import RelayRefused
from wagate.messages.errors import FirstContactBudget, NewChatsRestricted
from wagate.messages.model import Failure
from wagate.messages.service.pausing import PAUSES, RESTRICTION
from wagate.messages.service.send import Messages
from wagate.messages.service.sources import FileSources
from wagate.messages.warmup import first_contacts
from wagate.plans import store as plans
from wagate.plans.errors import PlanLimit
from wagate.plans.model import Plan
from wagate.sessions import store as sessions
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx, metadata
from wagate.wire.jid import LID, Jid
from wagate.wire.proto import wa_pb2 as wa


async def give(world: World, plan: Plan) -> None:
    account = world.principal.account_id

    def work(tx: Tx) -> None:
        tx.execute(insert(accounts).values(id=account, name="x", created_at=world.clock.now()))
        plans.save(tx, account, plan)

    await world.db.write(work)


def protected(world: World, most: int) -> None:
    """Bound the first contacts of every number."""
    world.messages = Messages(
        db=world.db,
        events=world.events,
        bus=world.bus,
        clock=world.clock,
        ring=world.ring,
        sources=FileSources(world.library),
        first_contacts_per_day=most,
        entropy=world.entropy,
    )


def stranger(number: int) -> Jid:
    return Jid(f"49170{2000000 + number}")


# -- plans


async def test_messages_beyond_the_plan_are_refused_and_leave_nothing(both: World) -> None:
    await give(both, Plan(messages_per_day=2))
    await both.send()
    first = await both.send(idempotency_key="again")
    again = await both.send(idempotency_key="again")
    assert again.id == first.id, "an answer that is given again is not counted again"
    with pytest.raises(PlanLimit):
        await both.send()
    assert len(await both.told("message.queued")) == 2
    await both.clock.advance(86400)
    await both.send()


@pytest.mark.postgres
async def test_gateways_together_accept_exactly_what_the_plan_allows(
    new_postgres_database: Callable[[], str],
    clock: ManualClock,
    ring: KeyRing,
    blobs: Blobs,
    entropy: Entropy,
) -> None:
    import_stores()
    url = new_postgres_database()
    dbs = [await Database.open(url), await Database.open(url)]
    try:
        await dbs[0].write(lambda tx: metadata.create_all(tx.connection))
        worlds = [await World.on(db, clock, Bus(clock), ring, blobs, entropy) for db in dbs]
        worlds[1].principal, worlds[1].session = worlds[0].principal, worlds[0].session
        await give(worlds[0], Plan(messages_per_month=25, first_contacts_per_day=10))
        await worlds[0].send(to=ADA)
        sends = [worlds[n % 2].send(to=ADA if n % 4 < 2 else stranger(n)) for n in range(80)]
        answers = await asyncio.gather(*sends, return_exceptions=True)
        accepted = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(accepted) == 24
        assert sum(message.chat != ADA for message in accepted) <= 9
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(answer, PlanLimit | FirstContactBudget) for answer in refused), refused
    finally:
        for db in dbs:
            await db.close()


# -- first contacts


@pytest.mark.parametrize(("days", "allowed"), [(0, 20), (1, 30), (2, 45), (5, 151), (9, 500), (4000, 500)])
def test_a_link_may_write_to_half_more_strangers_each_day(days: int, allowed: int, clock: ManualClock) -> None:
    assert first_contacts(500, clock.now(), clock.now() + timedelta(days=days, hours=1)) == allowed


def test_a_clock_that_was_set_back_makes_no_link_younger_than_new(clock: ManualClock) -> None:
    assert first_contacts(500, clock.now() + timedelta(days=3), clock.now()) == 20


async def test_strangers_beyond_the_budget_are_refused_with_when_to_try_again(both: World) -> None:
    protected(both, 3)
    for number in range(3):
        await both.send(to=stranger(number))
    with pytest.raises(FirstContactBudget) as refused:
        await both.send(to=stranger(3))
    assert (refused.value.status, refused.value.retry_after) == (429, 86400)
    assert refused.value.members() == {"limit": 3, "used": 3, "resetsAt": "2026-01-02T00:00:00Z"}
    await both.clock.advance(86400)
    await both.send(to=stranger(3))


async def test_known_chats_answers_and_groups_need_no_budget(world: World) -> None:
    protected(world, 1)
    await world.take_in(world.arrival(wa.Message(conversation="hello"), sender=ADA, sender_lid=ADA_LID))
    await world.send(to=BOB)
    await world.send(to=BOB)
    await world.send(to=ADA)
    await world.send(to=ADA_LID)
    await world.send(to=GROUP)
    assert world.session.jid is not None
    await world.send(to=world.session.jid.bare)
    with pytest.raises(FirstContactBudget):
        await world.send(to=Jid("900000000000077", LID))


async def test_a_new_link_begins_small_whatever_the_age_of_its_card(world: World) -> None:
    protected(world, 1000)
    young = replace(world.session, linked_at=world.clock.now())
    await world.db.write(lambda tx: sessions.save(tx, young))
    for number in range(20):
        await world.send(to=stranger(number))
    with pytest.raises(FirstContactBudget):
        await world.send(to=stranger(20))


async def test_a_plan_says_more_than_the_setting(world: World) -> None:
    protected(world, 1)
    await give(world, Plan(first_contacts_per_day=0))
    for number in range(5):
        await world.send(to=stranger(number))


# -- when WhatsApp refuses


def refusing(world: World, code: int, chats: Callable[[Jid], bool] = lambda _: True) -> list[Relayed]:
    """WhatsApp refuses what goes to these chats; what it was asked."""
    asked: list[Relayed] = []

    async def answer(relayed: Relayed) -> datetime:
        asked.append(relayed)
        if chats(relayed.to):
            raise RelayRefused(code)
        return world.clock.now()

    world.link.answer = answer
    return asked


async def status_reason(world: World) -> object:
    found = await world.db.read(lambda tx: sessions.find(tx, world.principal.account_id, world.session.id))
    world.session = found
    return found.resource()["statusReason"]


async def told_reason(world: World, reason: str | None) -> None:
    for _ in range(400):
        if await status_reason(world) == reason:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the reason stays {await status_reason(world)}")


@pytest.fixture
async def chatting(world: World) -> AsyncIterator[World]:
    """ADA and BOB wrote before."""
    for sender in (ADA, BOB):
        await world.take_in(world.arrival(wa.Message(conversation="hi"), wa_id=f"IN{sender.user}", sender=sender))
    yield world


async def test_a_number_that_whatsapp_refuses_is_quiet_and_says_why(chatting: World) -> None:
    world = chatting
    asked = refusing(world, 403)
    first = await world.send(to=ADA)
    async with world.sending():
        failed = await world.reaches(first, "failed")
        assert failed.failure is not None
        assert failed.failure.code == "refused_by_whatsapp"
        await told_reason(world, "sending_refused")
        later = [await world.send(to=BOB) for _ in range(5)]
        await world.clock.advance(PAUSES[0].total_seconds() - 2)
        assert len(asked) == 1, "nothing is tried in the pause"
        await world.clock.advance(5)
        await world.reaches(later[0], "failed")
        await told_reason(world, "sending_refused")
        await world.clock.advance(PAUSES[1].total_seconds() - 10)
        assert len(asked) == 2, "one message finds out whether it is over, and the next pause is longer"
        refusing(world, 403, lambda _: False)
        await world.clock.advance(20)
        for message in later[1:]:
            await world.reaches(message, "sent")
        await told_reason(world, None)
    reasons = [event.data["statusReason"] for event in await world.told("session.status")]
    assert reasons == ["sending_refused", None, "sending_refused", None]


async def test_a_pause_outlives_the_process(chatting: World) -> None:
    world = chatting
    asked = refusing(world, 402)
    first = await world.send(to=ADA)
    async with world.sending():
        await world.reaches(first, "failed")
        await told_reason(world, "sending_refused")
    later = await world.send(to=BOB)
    async with world.sending():
        await world.clock.advance(30)
        assert len(asked) == 1
        refusing(world, 402, lambda _: False)
        await world.clock.advance(31)
        await world.reaches(later, "sent")


async def test_what_was_sent_too_fast_is_sent_after_the_pause(chatting: World) -> None:
    world = chatting
    refusing(world, 429)
    message = await world.send(to=ADA)
    async with world.sending():
        await told_reason(world, "sending_too_fast")
        refusing(world, 429, lambda _: False)
        await world.clock.advance(PAUSES[0].total_seconds() + 1)
        await world.reaches(message, "sent")


async def test_a_group_that_refuses_stops_nobody_else(chatting: World) -> None:
    world = chatting
    refusing(world, 403, lambda chat: chat == GROUP)
    message, other = await world.send(to=GROUP), await world.send(to=ADA)
    async with world.sending():
        await world.reaches(message, "failed")
        await world.reaches(other, "sent")
    assert await status_reason(world) is None


async def test_a_number_that_may_start_no_chats_goes_on_in_those_it_has(chatting: World) -> None:
    world = chatting
    asked = refusing(world, 463, lambda chat: chat not in (ADA, BOB))
    cold = await world.send(to=stranger(1))
    async with world.sending():
        refusal = await world.reaches(cold, "failed")
        assert refusal.failure == Failure(code="account_restricted", certain=True)
        await told_reason(world, "new_chats_restricted")
        with pytest.raises(NewChatsRestricted) as refused:
            await world.send(to=stranger(2))
        assert refused.value.retry_after == RESTRICTION.total_seconds()
        known = await world.send(to=ADA)
        await world.reaches(known, "sent")
        again = await world.send(to=stranger(1))
        failed = await world.reaches(again, "failed")
        assert failed.failure is not None
        assert failed.failure.code == "account_restricted"
        assert [relayed.to for relayed in asked] == [stranger(1), ADA], "no second stranger is tried"
        await world.clock.advance(RESTRICTION.total_seconds() + 1)
        await told_reason(world, None)
        await world.send(to=stranger(2))
        await asleep(lambda: asked[-1].to == stranger(2))
