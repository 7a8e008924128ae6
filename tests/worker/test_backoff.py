"""Delays stay in their bounds and use all of them; attempts come one after the other."""

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


async def test_a_thousand_at_once_take_turns() -> None:
    pacer = Pacer(20.0, ManualClock())
    turns = [pacer.reserve() for _ in range(1000)]
    assert turns[0] == 0
    for start in range(980):
        assert turns[start + 20] - turns[start] >= 1.0 - 1e-9, "never more than 20 within a second"
    assert turns[-1] < 50


async def test_a_pacer_that_rested_does_not_make_up_for_it_in_a_burst() -> None:
    clock = ManualClock()
    pacer = Pacer(10.0, clock)
    pacer.reserve()
    await clock.advance(60)
    assert pacer.reserve() == 0
    assert pacer.reserve() == pytest.approx(0.1)
