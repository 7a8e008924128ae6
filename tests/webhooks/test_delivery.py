"""From the log to the receiver: everything, once, in order, to those who asked for it."""

import json

from standardwebhooks.webhooks import Webhook

from tests.webhooks.names import ADA, ADA_ID, BOB, BOB_ID, HELP, SHOP
from tests.webhooks.receiver import status
from tests.webhooks.rig import HOOK, Rig
from wagate.events.model import EventType
from wagate.webhooks.model import DeliveryStatus


async def test_an_event_reaches_its_endpoint_signed_and_is_noted_as_delivered(rig: Rig) -> None:
    endpoint, secret = await rig.endpoint(headers={"X-Tenant": "ada"})
    event = await rig.event(EventType.MESSAGE_SENT, text="grüße")
    await rig.settle()

    (call,) = rig.receivers.calls
    assert call.url == HOOK
    assert json.loads(call.body) == {
        "type": "message.sent",
        "timestamp": "2026-01-01T00:00:00Z",
        "data": {"text": "grüße"},
    }
    assert call.headers["webhook-id"] == event
    assert call.headers["webhook-timestamp"] == str(int(rig.clock.now().timestamp()))
    assert call.headers["webhook-signature"] == Webhook(secret).sign(event, rig.clock.now(), call.body)
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Tenant"] == "ada"
    (delivery,) = await rig.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DeliveryStatus.DELIVERED, 1, 204)
    assert delivery.finished_at == rig.clock.now()


async def test_endpoints_are_told_what_they_asked_for(rig: Rig) -> None:
    await rig.endpoint("https://a.example/all")
    await rig.endpoint("https://a.example/types", events=("message.*", "session.status"))
    await rig.endpoint("https://a.example/session", sessions=(HELP,))
    await rig.endpoint("https://a.example/off", enabled=False)
    await rig.endpoint("https://b.example/", principal=BOB)
    await rig.event(EventType.SESSION_QR, n=1)
    await rig.event(EventType.MESSAGE_SENT, n=2)
    await rig.event(EventType.MESSAGE_SENT, session=HELP, n=3)
    await rig.event(EventType.CAMPAIGN_PROGRESS, session=None, n=4)
    await rig.event(EventType.SESSION_STATUS, account=BOB_ID, session=SHOP, n=5)
    await rig.settle()

    def told(url: str) -> list[int]:
        return sorted(call.data["n"] for call in rig.receivers.at(url))

    assert told("https://a.example/all") == [1, 2, 3, 4]
    assert told("https://a.example/types") == [2, 3]
    assert told("https://a.example/session") == [3]
    assert told("https://a.example/off") == []
    assert told("https://b.example/") == [5]


async def test_an_endpoint_is_told_nothing_from_before_it_was_made(rig: Rig) -> None:
    await rig.stop()
    await rig.event(n=1)
    await rig.endpoint()
    await rig.event(n=2)
    await rig.start()
    await rig.settle()
    assert [call.data["n"] for call in rig.receivers.calls] == [2]


async def test_events_of_one_transaction_with_the_endpoint_are_not_passed_over(rig: Rig) -> None:
    # The fan-out knows the endpoints by heart; one that is new must not miss its first event.
    for n in range(20):
        url = f"https://a.example/{n}"
        await rig.endpoint(url)
        await rig.event(n=n)
    await rig.settle()
    for n in range(20):
        told = [call.data["n"] for call in rig.receivers.at(f"https://a.example/{n}")]
        assert told == list(range(n, 20))


async def test_changed_filters_and_addresses_hold_for_what_comes_next(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint(events=("message.sent",))
    await rig.event(EventType.MESSAGE_READ, n=1)
    await rig.settle()
    await rig.webhooks.update(ADA, endpoint.id, {"events": ("message.read",), "url": "https://new.example/"})
    await rig.event(EventType.MESSAGE_READ, n=2)
    await rig.event(EventType.MESSAGE_SENT, n=3)
    await rig.settle()
    assert [(call.url, call.data["n"]) for call in rig.receivers.calls] == [("https://new.example/", 2)]


async def test_what_was_waiting_goes_on_when_an_endpoint_is_enabled_again(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.events(3, chat=lambda n: str(n))
    await rig.settle()
    await rig.webhooks.update(ADA, endpoint.id, {"enabled": False})
    await rig.settle()
    calls = len(rig.receivers.calls)
    await rig.event(n=3)
    rig.receivers.works(HOOK)
    await rig.pass_time()
    assert len(rig.receivers.calls) == calls

    await rig.webhooks.update(ADA, endpoint.id, {"enabled": True})
    await rig.event(n=4)
    await rig.pass_time()
    assert sorted(call.data["n"] for call in rig.receivers.calls[calls:]) == [0, 1, 2, 4]
    assert {d.status for d in await rig.deliveries(endpoint)} == {DeliveryStatus.DELIVERED}


async def test_a_deleted_endpoint_is_left_alone(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.fails(HOOK)
    await rig.events(5)
    await rig.settle()
    await rig.webhooks.delete(ADA, endpoint.id)
    await rig.settle()
    calls = len(rig.receivers.calls)
    await rig.event()
    await rig.pass_time()
    assert len(rig.receivers.calls) == calls


async def test_many_events_arrive_once_each_and_in_the_order_of_their_chat(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    # More than fits into memory, so that part of it goes through the database.
    await rig.events(1500, chat=lambda n: f"chat-{n % 7}")
    await rig.settle()
    by_chat: dict[str, list[int]] = {}
    for call in rig.receivers.calls:
        by_chat.setdefault(call.data["chat"], []).append(call.data["n"])
    assert by_chat == {f"chat-{c}": list(range(c, 1500, 7)) for c in range(7)}
    assert len(await rig.deliveries(endpoint, status=DeliveryStatus.DELIVERED)) == 1500
    assert rig.receivers.most[HOOK] <= 8


async def test_one_chat_is_told_one_at_a_time(rig: Rig) -> None:
    await rig.endpoint()
    release = rig.receivers.hangs(HOOK)
    await rig.events(5, chat="one")
    while not rig.receivers.calls:
        await rig.event_loop_turn()
    assert rig.receivers.open[HOOK] == 1
    release.set()
    await rig.settle()
    assert [call.data["n"] for call in rig.receivers.calls] == [0, 1, 2, 3, 4]
    assert rig.receivers.most[HOOK] == 1


async def test_nothing_is_lost_or_repeated_by_an_orderly_restart(rig: Rig) -> None:
    await rig.endpoint()
    for round in range(5):
        await rig.events(50, round=round, chat=lambda n: str(n % 5))
        await rig.restart()
    await rig.settle()
    told = [(call.data["round"], call.data["n"]) for call in rig.receivers.calls]
    assert sorted(told) == [(round, n) for round in range(5) for n in range(50)]


async def test_what_was_under_way_at_a_crash_is_attempted_again_with_the_same_id(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.hangs(HOOK)
    event = await rig.event()
    while not rig.receivers.calls:
        await rig.event_loop_turn()
    await rig.crash()
    rig.receivers.works(HOOK)
    await rig.start()
    await rig.settle()
    assert [call.event_id for call in rig.receivers.calls] == [event, event]
    (delivery,) = await rig.deliveries(endpoint)
    assert delivery.status is DeliveryStatus.DELIVERED


async def test_the_first_words_of_a_refusal_are_kept(rig: Rig) -> None:
    endpoint, _ = await rig.endpoint()
    rig.receivers.behaviour[HOOK] = lambda _: status(422, b"bad\r\n\x00 signature " + b"x" * 5000)
    await rig.event()
    await rig.settle()
    (delivery,) = await rig.deliveries(endpoint)
    assert delivery.last_error is not None
    assert delivery.last_error.startswith("HTTP 422: bad signature xxx")
    assert len(delivery.last_error) <= 220


async def test_an_endpoint_that_the_key_ring_does_not_open_stops_nobody_else(rig: Rig) -> None:
    await rig.endpoint("https://a.example/good")
    bad, _ = await rig.endpoint("https://a.example/bad")
    from sqlalchemy import update

    from wagate.webhooks import store

    await rig.stop()
    await rig.db.write(
        lambda tx: (
            tx.execute(
                update(store.endpoints).where(store.endpoints.c.id == bad.id).values(sealed_secret=b"garbage")
            ).rowcount
        )
    )
    await rig.start()
    await rig.event(n=1)
    await rig.settle()
    assert [call.url for call in rig.receivers.calls] == ["https://a.example/good"]
    assert bad.account_id == ADA_ID
