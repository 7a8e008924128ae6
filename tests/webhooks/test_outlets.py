"""Lanes in memory: each in order and one at a time, none starved, whatever the sequence of happenings."""

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from wagate.core.ids import DeliveryId, EndpointId, EventId
from wagate.events.model import EventType
from wagate.webhooks.model import Delivery
from wagate.webhooks.service.outlets import Backlog, Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def task(number: int, lane: str) -> Task:
    delivery = Delivery(
        id=DeliveryId(f"whd_{number}"),
        endpoint_id=EndpointId("whe_1"),
        event_seq=number,
        event_id=EventId(f"evt_{number}"),
        event_type=EventType.MESSAGE_SENT,
        lane=lane,
        position=number,
        created_at=NOW,
    )
    return Task(delivery, "{}")


@given(st.lists(st.one_of(st.sampled_from("ABCD"), st.integers(0, 5), st.just("take"), st.just("timed"))))
def test_each_lane_gives_out_its_deliveries_in_order_and_one_at_a_time(happenings: list[str | int]) -> None:
    backlog = Backlog()
    added: defaultdict[str, list[int]] = defaultdict(list)
    taken: defaultdict[str, list[int]] = defaultdict(list)
    timed_added, timed_taken = 0, 0
    out: list[Task] = []

    def take() -> bool:
        nonlocal timed_taken
        ready = backlog.ready
        given = backlog.take()
        assert (given is not None) == ready
        if given is None:
            return False
        if given.body == "timed":
            timed_taken += 1
            return True
        assert given.delivery.lane not in {other.delivery.lane for other in out}
        taken[given.delivery.lane].append(given.delivery.position)
        out.append(given)
        return True

    for number, happening in enumerate(happenings):
        if happening == "take":
            take()
        elif happening == "timed":
            timed_added += 1
            backlog.add_timed(Task(task(number, "T").delivery, "timed"))
        elif isinstance(happening, str):
            added[happening].append(number)
            backlog.add(task(number, happening))
        elif happening < len(out):
            backlog.free(out.pop(happening).delivery.lane)
    while out or backlog.ready:
        if not take():
            backlog.free(out.pop().delivery.lane)
    assert taken == added
    assert timed_taken == timed_added
    assert backlog.fresh == backlog.timed == 0


def test_a_blocked_lane_gives_nothing_until_it_is_freed() -> None:
    backlog = Backlog()
    backlog.add(task(1, "A"))
    backlog.block("A")
    backlog.add(task(2, "A"))
    backlog.add(task(3, "B"))
    given_out = backlog.take()
    assert given_out is not None
    assert given_out.delivery.position == 3
    assert backlog.take() is None
    backlog.free("A")
    assert [t.delivery.position for t in (backlog.take(), backlog.take()) if t] == [1]


def test_repeats_and_new_events_take_turns() -> None:
    backlog = Backlog()
    for number in range(10):
        backlog.add(task(number, f"lane-{number}"))
        backlog.add_timed(Task(task(100 + number, "T").delivery, "timed"))
    order = [t.body for _ in range(20) if (t := backlog.take()) is not None]
    assert order == ["timed", "{}"] * 10
