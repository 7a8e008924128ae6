"""Numbers are counted for next to nothing, and each is declared once."""

import time

import pytest

from wagate.core.clock import ManualClock
from wagate.core.looplag import watch
from wagate.core.metrics import Counter, Gauge, Histogram, families

THINGS = Counter("wagate_test_things_total", "Things.", ("kind",))
SIZES = Histogram("wagate_test_sizes", "Sizes.", bounds=(1, 10))
LEVEL = Gauge("wagate_test_level", "A level.", ("place",))


def test_a_counter_rises_by_what_happened() -> None:
    THINGS.add("round")
    THINGS.add("round", by=2)
    THINGS.add("square")
    assert THINGS.values == {("round",): 3, ("square",): 1}


def test_a_histogram_counts_a_bound_into_its_own_bucket_and_nothing_below_zero() -> None:
    for value in (-5.0, 1.0, 1.5, 10.0, 11.0):
        SIZES.observe(value)
    series = SIZES.series[()]
    assert (series.counts, series.sum) == ([2, 2, 1], 23.5)


def test_a_gauge_adds_its_readers_to_what_was_measured_until_they_leave() -> None:
    LEVEL.replace({("here",): 1.0, ("there",): 5.0})
    leave = LEVEL.follow(lambda: 2.0, "here")
    assert LEVEL.read() == {("here",): 3.0, ("there",): 5.0}
    leave()
    leave()
    LEVEL.replace({("here",): 4.0})
    assert LEVEL.read() == {("here",): 4.0}


@pytest.mark.parametrize(
    ("name", "why"),
    [("wagate_test_level", "declared twice"), ("other_level", "no name of a metric"), ("wagate_Test", "no name")],
)
def test_a_name_is_ours_and_taken_once(name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Gauge(name, "Again.")


def test_a_counter_says_by_its_name_that_it_is_one() -> None:
    with pytest.raises(ValueError, match="_total"):
        Counter("wagate_test_other", "Other.")
    assert "wagate_test_other" not in {family.name for family in families()}


def test_counting_costs_about_a_microsecond_and_never_ten() -> None:
    """A message is counted some ten times on its way, and takes some 500 µs."""
    times = 20_000
    begun = time.process_time()
    for _ in range(times):
        THINGS.add("round")
        SIZES.observe(3.0)
    assert (time.process_time() - begun) / times / 2 < 10e-6


async def test_a_late_loop_is_seen(clock: ManualClock) -> None:
    import asyncio

    lag = next(family for family in families() if family.name == "wagate_loop_lag_seconds")
    assert isinstance(lag, Histogram)
    before = sum(lag.series[()].counts)
    watching = asyncio.create_task(watch(clock))
    await clock.advance(0.25)
    # The clock stood still for the sleeper until it was this late.
    await clock.advance(3.0)
    watching.cancel()
    assert sum(lag.series[()].counts) - before >= 2
