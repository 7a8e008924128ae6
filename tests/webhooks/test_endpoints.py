"""What customers can do to endpoints, and what they cannot do to those of others."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.webhooks.names import ADA, BOB, HELP, HELPER, SHOP
from tests.webhooks.receiver import status
from tests.webhooks.rig import HOOK, Rig, on_one_database
from wagate.core.seal import SealBroken
from wagate.events.model import EventType
from wagate.webhooks import jobs
from wagate.webhooks.errors import (
    DeliveryNotFound,
    DeliveryPending,
    EndpointNotFound,
    HeaderRefused,
    SessionsOutOfReach,
    TooManyEndpoints,
)
from wagate.webhooks.model import MAX_ENDPOINTS, DeliveryStatus
from wagate.webhooks.service.secrets import Secrets


async def test_secrets_and_headers_are_stored_sealed_and_bound_to_their_endpoint(rig: Rig) -> None:
    endpoint, secret = await rig.endpoint(headers={"Authorization": "Bearer canary-value"})
    other, _ = await rig.endpoint()
    stored = await rig.db.read(lambda tx: tx.execute(text("SELECT * FROM webhook_endpoints")).all())
    for value in (part for row in stored for part in row):
        raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert b"canary" not in raw
        assert secret.removeprefix("whsec_").encode() not in raw
    assert rig.webhooks.headers_of(endpoint) == {"Authorization": "Bearer canary-value"}
    secrets = Secrets(rig.ring, bytes)
    with pytest.raises(SealBroken):
        secrets.open_secret(other.id, endpoint.sealed_secret)
    with pytest.raises(SealBroken):
        secrets.open_secret(endpoint.id, endpoint.sealed_headers)


async def test_another_account_can_do_nothing_to_an_endpoint(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.event()
    await rig.settle()
    (delivery,) = await rig.deliveries(endpoint)
    hooks = rig.webhooks
    for attempt in (
        lambda: hooks.get(BOB, endpoint.id),
        lambda: hooks.update(BOB, endpoint.id, {"url": "https://bob.example/"}),
        lambda: hooks.rotate(BOB, endpoint.id),
        lambda: hooks.delete(BOB, endpoint.id),
        lambda: hooks.test(BOB, endpoint.id),
        lambda: hooks.deliveries(BOB, endpoint.id, status=None, before=None, limit=10),
        lambda: hooks.replay(BOB, endpoint.id, delivery.event_id),
    ):
        with pytest.raises(EndpointNotFound):
            await attempt()
    with pytest.raises(DeliveryNotFound):
        await hooks.replay_delivery(BOB, delivery.id)
    assert await hooks.list(BOB, after=None, limit=10) == []
    assert await hooks.get(ADA, endpoint.id) == endpoint
    await rig.settle()
    assert len(rig.receivers.calls) == 1


async def test_a_key_bound_to_sessions_makes_and_sees_endpoints_for_those_only(rig: Rig) -> None:
    whole, _ = await rig.endpoint()
    shop, _ = await rig.endpoint(sessions=(SHOP,))
    both, _ = await rig.endpoint(sessions=(HELP, SHOP))
    own, _ = await rig.endpoint("https://helper.example/", principal=HELPER)
    assert own.sessions == (HELP,)
    assert await rig.webhooks.list(HELPER, after=None, limit=10) == [own]
    for endpoint in (whole, shop, both):
        with pytest.raises(EndpointNotFound):
            await rig.webhooks.get(HELPER, endpoint.id)
    with pytest.raises(SessionsOutOfReach):
        await rig.endpoint(principal=HELPER, sessions=(HELP, SHOP))
    with pytest.raises(SessionsOutOfReach):
        await rig.webhooks.update(HELPER, own.id, {"sessions": (SHOP,)})
    widened = await rig.webhooks.update(HELPER, own.id, {"sessions": None})
    assert widened.sessions == (HELP,)
    await rig.event(session=SHOP)
    await rig.event(EventType.CAMPAIGN_PROGRESS, session=None)
    await rig.settle()
    assert rig.receivers.at("https://helper.example/") == []


@on_one_database
async def test_an_account_has_a_bounded_number_of_endpoints(rig: Rig) -> None:
    for n in range(MAX_ENDPOINTS):
        await rig.endpoint(f"https://a.example/{n}")
    with pytest.raises(TooManyEndpoints):
        await rig.endpoint()
    await rig.endpoint(principal=BOB)


@on_one_database
@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,forged"},
        {"Webhook-Id": "x"},
        {"Host": "inside"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Proxy-Authorization": "x"},
        {"X-Bad\r\nInjected": "x"},
        {"X-Bad": "a\r\nInjected: b"},
        {"X-Bad": "naïve"},
        {"X-Bad": ""},
        {"": "x"},
        {"X-Long": "x" * 1025},
        {"x-twice": "1", "X-Twice": "2"},
        {f"X-{n}": "1" for n in range(21)},
    ],
)
async def test_headers_that_would_forge_or_break_a_request_are_refused(rig: Rig, headers: dict[str, str]) -> None:
    with pytest.raises(HeaderRefused):
        await rig.endpoint(headers=headers)
    endpoint, _ = await rig.endpoint()
    with pytest.raises(HeaderRefused):
        await rig.webhooks.update(ADA, endpoint.id, {"headers": headers})


async def test_a_test_is_signed_says_how_it_went_and_leaves_no_trace(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint(enabled=False)
    rig.receivers.behaviour[HOOK] = lambda _: status(500, b"no")
    result = await rig.webhooks.test(ADA, endpoint.id)
    assert (result.answer.accepted, result.answer.status, result.answer.error) == (False, 500, "HTTP 500: no")
    rig.receivers.works(HOOK)
    assert (await rig.webhooks.test(ADA, endpoint.id)).answer.accepted
    assert rig.receivers.calls[1].data["endpointId"] == endpoint.id
    assert await rig.deliveries(endpoint) == []
    assert await rig.log.head() == 0


# -- replay -----------------------------------------------------------------------------------------------------------


async def test_a_finished_delivery_begins_anew_with_the_same_ids(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    event = await rig.event()
    await rig.settle()
    (delivery,) = await rig.deliveries(endpoint)
    rig.receivers.fails(HOOK)

    again = await rig.webhooks.replay_delivery(ADA, delivery.id)
    assert (again.id, again.status, again.attempts) == (delivery.id, DeliveryStatus.PENDING, 0)
    with pytest.raises(DeliveryPending):
        await rig.webhooks.replay_delivery(ADA, delivery.id)
    await rig.pass_time()

    assert [call.event_id for call in rig.receivers.calls] == [event] * 11
    (dead,) = await rig.deliveries(endpoint)
    assert (dead.id, dead.status, dead.attempts) == (delivery.id, DeliveryStatus.DEAD, 10)


async def test_a_delivery_is_not_found_under_another_endpoint(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    other, _ = await rig.endpoint("https://other.example/")
    await rig.event()
    await rig.settle()
    (delivery,) = await rig.deliveries(endpoint)
    with pytest.raises(DeliveryNotFound):
        await rig.webhooks.replay_delivery(ADA, delivery.id, other.id)
    await rig.webhooks.replay_delivery(ADA, delivery.id, endpoint.id)


async def test_everything_since_an_event_is_told_again_in_order_whether_or_not_it_arrived(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint(events=("message.received",))
    await rig.event(EventType.SESSION_STATUS, n=-1)
    ids = await rig.events(700, chat="one")
    await rig.settle()
    assert len(rig.receivers.calls) == 700
    # What was not asked for then, but is now, counts as well.
    await rig.webhooks.update(ADA, endpoint.id, {"events": None})
    later = await rig.event(EventType.SESSION_STATUS, chat="one", n=700)
    rig.receivers.calls.clear()
    await rig.webhooks.replay(ADA, endpoint.id, ids[99])
    await rig.settle()
    told = [call.data["n"] for call in rig.receivers.calls if call.event_id != later]
    assert told == list(range(100, 700))
    assert len(await rig.deliveries(endpoint)) == 701

    rig.receivers.calls.clear()
    await rig.webhooks.replay(ADA, endpoint.id, rig.clock.now() - timedelta(days=1))
    await rig.settle()
    assert [call.data["n"] for call in rig.receivers.calls if call.data["n"] >= 0] == list(range(701))
    assert len([call for call in rig.receivers.calls if call.data["n"] == -1]) == 1


async def test_a_replay_goes_on_after_a_restart_and_does_not_repeat_what_waits(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    first = await rig.event(n=0)
    await rig.settle()
    rig.receivers.fails(HOOK)
    await rig.event(n=1)
    await rig.settle()
    rig.receivers.calls.clear()
    rig.receivers.works(HOOK)
    await rig.stop()
    await rig.webhooks.replay(ADA, endpoint.id, rig.clock.now() - timedelta(days=1))
    await rig.start()
    await rig.pass_time()
    assert sorted(call.data["n"] for call in rig.receivers.calls) == [0, 1]
    assert first in {call.event_id for call in rig.receivers.calls}


async def test_the_replay_of_a_deleted_endpoint_ends(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.events(3)
    await rig.settle()
    await rig.stop()
    await rig.webhooks.replay(ADA, endpoint.id, rig.clock.now() - timedelta(days=1))
    await rig.webhooks.delete(ADA, endpoint.id)
    await rig.start()
    await rig.settle()
    assert len(rig.receivers.calls) == 3


# -- forgetting -------------------------------------------------------------------------------------------------------


async def test_deliveries_are_kept_as_long_as_promised(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.events(5)
    await rig.settle()
    rig.receivers.fails(HOOK)
    await rig.events(3, chat=lambda n: str(n))
    await rig.pass_time()
    started = rig.clock.now()

    async def left() -> tuple[int, int]:
        await jobs.prune(rig.db, rig.clock, batch=1000)
        found = await rig.deliveries(endpoint)
        return sum(d.status is DeliveryStatus.DELIVERED for d in found), sum(
            d.status is DeliveryStatus.DEAD for d in found
        )

    assert await left() == (5, 3)
    await rig.stop()
    await rig.pass_while_down(timedelta(days=7))
    assert await left() == (0, 3)
    first = min(d.finished_at for d in await rig.deliveries(endpoint) if d.finished_at is not None)
    await rig.pass_while_down(first + timedelta(days=30) - rig.clock.now())
    assert await left() == (0, 3)
    await rig.pass_while_down(started + timedelta(days=30, seconds=1) - rig.clock.now())
    assert await left() == (0, 0)


async def test_the_deliveries_of_a_deleted_endpoint_go_with_the_next_sweep(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    await rig.events(5)
    await rig.settle()
    await rig.webhooks.delete(ADA, endpoint.id)
    await rig.settle()
    await rig.clock.advance(1)
    assert await jobs.prune(rig.db, rig.clock) == 5
