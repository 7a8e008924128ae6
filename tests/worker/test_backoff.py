"""Delays stay in their bounds and use all of them; attempts come one after the other."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.clock import ManualClock
from wagate.worker.backoff import Pacer, full_jitter


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_a_delay_is_between_nothing_and_its_doubling_or_45_seconds(attempt: int, random: Random) -> None:
    assert 0 <= full_jitter(attempt, random) <= min(45, 2 ** min(attempt, 10))


@pytest.mark.parametrize(("attempt", "ceiling"), [(0, 1), (3, 8), (5, 32), (6, 45), (20, 45)])
def test_delays_are_spread_over_the_whole_range(attempt: int, ceiling: float) -> None:
    random = Random(7)
    delays = sorted(full_jitter(attempt, random) for _ in range(4000))
    quarters = [sum(ceiling * q / 4 <= d < ceiling * (q + 1) / 4 for d in delays) for q in range(4)]
    assert all(900 < count < 1100 for count in quarters)
    assert delays[-1] > 0.99 * ceiling


def turns_of(pacer: Pacer, count: int) -> list[float]:
    return [pacer.left(turn) for turn in [pacer.take() for _ in range(count)]]


async def test_a_thousand_at_once_take_turns() -> None:
    turns = turns_of(Pacer(20.0, ManualClock()), 1000)
    assert turns[0] == 0
    for start in range(980):
        assert turns[start + 20] - turns[start] >= 1.0 - 1e-9, "never more than 20 within a second"
    assert turns[-1] < 50


async def test_a_pacer_that_rested_does_not_make_up_for_it_in_a_burst() -> None:
    clock = ManualClock()
    pacer = Pacer(10.0, clock)
    pacer.take()
    await clock.advance(60)
    assert turns_of(pacer, 2) == [0, pytest.approx(0.1)]


async def attempts_of(clock: ManualClock, pacers: list[Pacer], waiting: list[list[int]], seconds: float) -> list[float]:
    """When each of the turns that came within so many seconds came; it is looked at every millisecond."""
    came: list[float] = []
    for _ in range(int(seconds * 1000)):
        await clock.advance(0.001)
        for pacer, turns in zip(pacers, waiting, strict=True):
            while turns and pacer.left(turns[0]) == 0 and pacer.begin() == 0:
                turns.pop(0)
                came.append(clock.monotonic())
    return came


def most_within_a_second(moments: list[float]) -> int:
    """What is looked at every millisecond is seen up to so much later than it came."""
    return max(sum(start <= moment < start + 0.998 for moment in moments) for start in moments)


async def test_workers_that_share_a_rate_keep_to_it_while_they_come_and_go() -> None:
    """Two hundred wait on the first worker when others join it, and go again."""
    clock = ManualClock()
    pacers = [Pacer(18.0, clock) for _ in range(7)]
    waiting: list[list[int]] = [[pacers[0].take() for _ in range(200)], *([] for _ in range(6))]
    came = await attempts_of(clock, pacers, waiting, 1.53)
    for live in (2, 3, 7, 1, 5):
        for place in range(live):
            pacers[place].share(place, live)
            if not waiting[place]:
                waiting[place] = [pacers[place].take() for _ in range(100)]
        for gone in range(live, 7):
            waiting[gone].clear()
        came += await attempts_of(clock, pacers, waiting, 1.53)
    assert most_within_a_second(came) <= 20
    assert len(came) >= 6 * 1.53 * 18 - 6 * 7, "and the rate is made use of"


@pytest.mark.parametrize("workers", [1, 3])
async def test_attempts_that_were_held_up_together_do_not_begin_together(workers: int) -> None:
    """Each worker stands still for a second in which its turns come, and wakes with all of them."""
    clock = ManualClock()
    pacers = [Pacer(18.0, clock) for _ in range(workers)]
    for place, pacer in enumerate(pacers):
        pacer.share(place, workers)
    waiting = [[pacer.take() for _ in range(60 // workers)] for pacer in pacers]
    await clock.advance(1)
    came = await attempts_of(clock, pacers, waiting, 4)
    assert len(came) == 60
    assert most_within_a_second(came) <= 20
    assert max(came) < 60 / 18 + 1, "what was held up is not lost"


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30), st.floats(0, 3)), min_size=1, max_size=20))
def test_turns_keep_their_order_and_distance_whatever_the_shares(steps: list[tuple[int, int, float]]) -> None:
    clock = Steps()
    pacer = Pacer(20.0, clock)
    turns: list[int] = []
    came: list[float] = []
    for workers, wanted, seconds in steps:
        pacer.share(workers // 2, workers)
        turns += [pacer.take() for _ in range(wanted)]
        end = clock.elapsed + seconds
        while turns and pacer.left(turns[0]) <= end - clock.elapsed:
            clock.elapsed += pacer.left(turns.pop(0))
            came.append(clock.elapsed)
        clock.elapsed = end
    assert all(later - sooner >= 1 / 20 - 1e-4 for sooner, later in pairwise(came))
    left = [pacer.left(turn) for turn in turns]
    assert left == sorted(left)


async def test_a_wall_clock_that_is_set_keeps_nobody_waiting() -> None:
    clock = Steps()
    pacer = Pacer(20.0, clock)
    turn = [pacer.take() for _ in range(3)][-1]
    clock.set_back = 3600.0
    assert pacer.left(turn) <= 0.1
    pacer.share(0, 1)
    assert pacer.left(turn) <= 0.15


class Steps(ManualClock):
    """A clock that is moved without an event loop, and whose wall clock may be set back."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self.set_back = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.elapsed - self.set_back)

    def monotonic(self) -> float:
        return self.elapsed
