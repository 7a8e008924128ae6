"""When a delivery is attempted again, in virtual time: the whole schedule, and everything a receiver can say."""

import itertools
import random
from datetime import timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks.webhooks import Webhook

from tests.webhooks.names import ADA
from tests.webhooks.receiver import Call, status
from tests.webhooks.rig import HOOK, Rig, gaps, on_one_database
from wagate.events import jobs as event_jobs
from wagate.web.egress import EgressResponse
from wagate.webhooks import jobs, store
from wagate.webhooks.model import SCHEDULE, DeliveryStatus

DEAD = DeliveryStatus.DEAD


def test_the_schedule_is_the_recommended_one() -> None:
    assert len(SCHEDULE) + 1 == 10
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def assert_on_schedule(rig: Rig, calls: list[Call]) -> None:
    waits = gaps([call.at for call in calls])
    for wait, planned in zip(waits, SCHEDULE, strict=False):
        assert 0.8 * planned <= wait <= 1.2 * planned, (wait, planned)


async def test_ten_attempts_over_three_days_then_a_dead_letter(rig: Rig) -> None:
    endpoint, secret = await rig.endpoint()
    rig.receivers.fails(HOOK)
    event = await rig.event(text="hello")
    await rig.pass_time()

    calls = rig.receivers.calls
    assert len(calls) == 10
    assert_on_schedule(rig, calls)
    # Not all at the planned times: returning receivers are not met by a crowd.
    assert gaps([call.at for call in calls]) != list(SCHEDULE)
    assert {call.event_id for call in calls} == {event}
    assert len({call.body for call in calls}) == 1
    for call in calls:
        assert call.headers["webhook-signature"] == Webhook(secret).sign(event, call.at, call.body)
        assert call.headers["webhook-timestamp"] == str(int(call.at.timestamp()))
    (delivery,) = await rig.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DEAD, 10, 500)
    assert delivery.next_attempt_at is None


@pytest.mark.parametrize("down_for", [4, 60, 3600, 30 * 3600])
async def test_an_outage_loses_nothing(rig: Rig, down_for: float) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.refuses_connections(HOOK)
    await rig.events(30, chat=lambda n: str(n % 6))
    await rig.pass_time(timedelta(seconds=down_for))
    rig.receivers.works(HOOK)
    before = len(rig.receivers.calls)
    await rig.pass_time()
    accepted = [call.data["n"] for call in rig.receivers.calls[before:]]
    assert sorted(accepted) == list(range(30))
    assert {d.status for d in await rig.deliveries(endpoint)} == {DeliveryStatus.DELIVERED}


async def test_seven_days_of_outage_with_restarts_end_in_dead_letters_that_can_all_be_replayed(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK, 503)
    chance = random.Random(7)
    sent = 0
    for _ in range(28):
        await rig.events(2, chat=lambda n: str(n), batch=sent)
        sent += 2
        await rig.pass_time(timedelta(hours=6 * chance.random()))
        if chance.random() < 0.5:
            await rig.restart()
        else:
            await rig.crash()
            await rig.pass_while_down(timedelta(hours=6 * chance.random()))
            await rig.start()
    await rig.pass_time()

    deliveries = await rig.deliveries(endpoint)
    assert len(deliveries) == sent
    assert {d.status for d in deliveries} == {DEAD}
    for delivery in deliveries:
        assert delivery.attempts >= 10
    # Forgetting takes place meanwhile, and leaves what can be replayed.
    assert await event_jobs.prune(rig.log, rig.clock, keep=timedelta(0), still_needed=[store.still_needed]) == 0
    assert await jobs.prune(rig.db, rig.clock) == 0
    rig.receivers.works(HOOK)
    rig.receivers.calls.clear()
    for delivery in deliveries:
        await rig.webhooks.replay_delivery(ADA, delivery.id)
    await rig.pass_time()
    assert {call.event_id for call in rig.receivers.calls} == {d.event_id for d in deliveries}
    assert len(rig.receivers.calls) == sent


async def test_the_schedule_goes_on_across_restarts(rig: Rig) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.event()
    await rig.settle()
    while rig.dispatcher is not None and rig.dispatcher.next_due is not None:
        # Half of the waiting time in one life, the other half in the next.
        left = rig.dispatcher.next_due - rig.clock.now()
        await rig.pass_time(left / 2)
        await rig.restart()
        await rig.settle()
        await rig.pass_time(left / 2 + timedelta(seconds=1))
    assert len(rig.receivers.calls) == 10
    assert_on_schedule(rig, rig.receivers.calls)


async def test_what_came_due_while_nobody_was_there_is_attempted_at_once(rig: Rig) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.event()
    await rig.settle()
    await rig.stop()
    await rig.pass_while_down(timedelta(hours=2))
    rig.receivers.works(HOOK)
    await rig.start()
    await rig.settle()
    assert len(rig.receivers.calls) == 2


# -- what a receiver can say ------------------------------------------------------------------------------------------


@on_one_database
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 400, 401, 403, 404, 418, 429, 500, 502, 503, 504])
async def test_everything_but_success_is_attempted_again(rig: Rig, code: int) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK, code, location="https://elsewhere.example/")
    await rig.event()
    await rig.pass_time(timedelta(seconds=10))
    (delivery,) = await rig.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DeliveryStatus.PENDING, 2, code)
    assert {call.url for call in rig.receivers.calls} == {HOOK}


@on_one_database
@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_every_2xx_is_success(rig: Rig, code: int) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK, code)
    await rig.event()
    await rig.pass_time()
    (delivery,) = await rig.deliveries(endpoint)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 1)


async def test_gone_disables_the_endpoint_and_its_event_is_a_dead_letter(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.endpoint("https://other.example/")
    rig.receivers.fails(HOOK, 410)
    await rig.events(20, chat="one")
    await rig.settle()
    await rig.event(n=20)
    await rig.pass_time()

    now = await rig.webhooks.get(ADA, endpoint.id)
    assert (now.enabled, now.disabled_reason) == (False, "gone")
    assert len(rig.receivers.at(HOOK)) == 1
    assert len(rig.receivers.at("https://other.example/")) == 21
    first, *others = await rig.deliveries(endpoint)
    assert (first.status, first.last_status) == (DEAD, 410)
    assert {d.status for d in others} == {DeliveryStatus.PENDING}

    rig.receivers.works(HOOK)
    await rig.webhooks.update(ADA, endpoint.id, {"enabled": True})
    await rig.settle()
    assert (await rig.webhooks.get(ADA, endpoint.id)).disabled_reason is None
    assert [call.data["n"] for call in rig.receivers.at(HOOK)[1:]] == list(range(1, 20))


@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_rests_the_whole_endpoint_and_costs_no_attempt(rig: Rig, code: int) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.endpoint("https://other.example/")
    rig.receivers.fails(HOOK, code, retry_after="90")
    begun = rig.clock.now()
    await rig.events(3, chat="one")
    await rig.settle()
    await rig.events(3, chat="two")
    await rig.pass_time(timedelta(seconds=89))
    assert len(rig.receivers.at(HOOK)) == 1
    assert len(rig.receivers.at("https://other.example/")) == 6
    # Also after a restart.
    await rig.restart()
    await rig.settle()
    assert len(rig.receivers.at(HOOK)) == 1
    # It goes on asking for patience more often than there are attempts in the schedule.
    await rig.pass_time(timedelta(seconds=90 * 20))
    rig.receivers.works(HOOK)
    before = len(rig.receivers.at(HOOK))
    await rig.pass_time()
    told = rig.receivers.at(HOOK)[before:]
    assert [c.data["n"] for c in told if c.data["chat"] == "one"] == [0, 1, 2]
    assert [c.data["n"] for c in told if c.data["chat"] == "two"] == [0, 1, 2]
    assert {d.status for d in await rig.deliveries(endpoint)} == {DeliveryStatus.DELIVERED}
    rounds = [call.at for call in rig.receivers.at(HOOK)[:before]]
    assert all(
        later - earlier == timedelta(0) or later - earlier >= timedelta(seconds=90)
        for earlier, later in itertools.pairwise([begun, *rounds])
    )


async def test_retry_after_may_be_a_date(rig: Rig) -> None:
    await rig.endpoint()
    later = rig.clock.now() + timedelta(minutes=10)
    rig.receivers.fails(HOOK, 503, retry_after=format_datetime(later, usegmt=True))
    await rig.event()
    await rig.settle()
    rig.receivers.works(HOOK)
    await rig.pass_time()
    assert [call.at for call in rig.receivers.calls] == [later - timedelta(minutes=10), later]


async def test_nobody_can_ask_for_patience_for_ever(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK, 429, retry_after="999999999999")
    await rig.event()
    await rig.pass_time()
    (delivery,) = await rig.deliveries(endpoint)
    assert delivery.status is DEAD
    assert gaps([call.at for call in rig.receivers.calls]) == [timedelta(hours=24)] * 4


@on_one_database
@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "Fri, 99 Foo 2026", "²"])
async def test_nonsense_in_retry_after_is_an_ordinary_failure(rig: Rig, value: str) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK, 503, retry_after=value)
    await rig.event()
    await rig.pass_time(timedelta(seconds=6.5))
    assert len(rig.receivers.calls) == 2
    assert_on_schedule(rig, rig.receivers.calls)


# -- rotation ---------------------------------------------------------------------------------------------------------


async def test_both_secrets_sign_for_a_day_after_rotation(rig: Rig) -> None:
    endpoint, old = await rig.endpoint()
    rotated, new = await rig.webhooks.rotate(ADA, endpoint.id)
    assert rotated.previous_until == rig.clock.now() + timedelta(hours=24)

    async def signatures() -> tuple[list[str], str, str]:
        event = await rig.event()
        await rig.settle()
        call = rig.receivers.calls[-1]
        assert call.event_id == event
        return (
            call.headers["webhook-signature"].split(),
            Webhook(new).sign(event, call.at, call.body),
            Webhook(old).sign(event, call.at, call.body),
        )

    found, by_new, by_old = await signatures()
    assert found == [by_new, by_old]
    await rig.pass_time(timedelta(hours=23, minutes=59, seconds=59))
    found, by_new, by_old = await signatures()
    assert found == [by_new, by_old]
    await rig.pass_time(timedelta(seconds=1))
    found, by_new, _ = await signatures()
    assert found == [by_new]


# -- order and isolation ----------------------------------------------------------------------------------------------


async def test_a_short_failure_reorders_nothing(rig: Rig) -> None:
    await rig.endpoint()
    rig.receivers.refuses_connections(HOOK)
    await rig.events(40, chat=lambda n: str(n % 4))
    await rig.pass_time(timedelta(seconds=3))
    rig.receivers.works(HOOK)
    before = len(rig.receivers.calls)
    await rig.events(40, chat=lambda n: str(n % 4), later=True)
    await rig.pass_time()
    for chat in "0123":
        told = [
            (bool(call.data.get("later")), call.data["n"])
            for call in rig.receivers.calls[before:]
            if call.data["chat"] == chat
        ]
        assert told == sorted(told)
        assert len(told) == 20


async def test_what_always_fails_delays_its_chat_for_seconds_and_other_chats_not_at_all(rig: Rig) -> None:
    await rig.endpoint()

    def behave(call: Call) -> EgressResponse:
        return status(500 if call.data["n"] == 0 else 204)

    rig.receivers.behaviour[HOOK] = behave
    begun = rig.clock.now()
    await rig.events(6, chat=lambda n: str(n % 2))
    await rig.settle()
    assert sorted(call.data["n"] for call in rig.receivers.calls) == [0, 1, 3, 5]
    await rig.pass_time(timedelta(seconds=6))
    assert [call.data["n"] for call in rig.receivers.calls[4:]] == [0, 2, 4]
    assert rig.receivers.calls[4].at - begun <= timedelta(seconds=6)
    await rig.pass_time()
    assert len([call for call in rig.receivers.calls if call.data["n"] == 0]) == 10


async def test_a_held_lane_is_held_after_a_restart(rig: Rig) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.events(3, chat="one")
    await rig.settle()
    assert [call.data["n"] for call in rig.receivers.calls] == [0]
    await rig.restart()
    rig.receivers.works(HOOK)
    await rig.pass_time()
    assert [call.data["n"] for call in rig.receivers.calls] == [0, 0, 1, 2]


async def test_one_endpoint_that_hangs_delays_nobody_else(rig: Rig) -> None:
    await rig.endpoint()
    others = [f"https://other.example/{n}" for n in range(5)]
    for url in others:
        await rig.endpoint(url)
    release = rig.receivers.hangs(HOOK)
    await rig.events(2000, chat=lambda n: str(n % 50))
    while any(len(rig.receivers.at(url)) < 2000 for url in others):
        await rig.event_loop_turn()
    assert len(rig.receivers.at(HOOK)) == 8
    assert rig.receivers.most[HOOK] == 8
    # Memory holds a window of what waits for it, not all of it.
    assert rig.dispatcher is not None
    assert max(outlet.backlog.fresh for outlet in rig.dispatcher._outlets.values()) <= 256
    release.set()
    rig.receivers.works(HOOK)
    await rig.settle()
    for chat in range(50):
        told = [call.data["n"] for call in rig.receivers.at(HOOK) if call.data["chat"] == str(chat)]
        assert told == list(range(chat, 2000, 50))


async def test_an_endpoint_that_fails_is_met_by_fewer_attempts_until_it_works(rig: Rig) -> None:
    await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.events(64, chat=lambda n: str(n))
    await rig.settle()
    rig.receivers.most.clear()
    await rig.pass_time(timedelta(seconds=6))
    assert rig.receivers.most[HOOK] == 1
    rig.receivers.works(HOOK)
    await rig.pass_time()
    assert len(rig.receivers.calls) == 64 * 3
