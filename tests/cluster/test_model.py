"""Who is given how many sessions, and when loads are uneven enough to move one."""

from hypothesis import given
from hypothesis import strategies as st

from wagate.cluster.model import imbalance, shares
from wagate.core.ids import WorkerId

A, B, C = WorkerId("a"), WorkerId("b"), WorkerId("c")


def test_the_least_loaded_are_filled_first() -> None:
    assert shares(4, {A: (10, 100), B: (0, 100), C: (2, 100)}) == {B: 3, C: 1}


def test_equal_workers_are_given_equally_many() -> None:
    assert shares(7, {A: (0, 100), B: (0, 100), C: (0, 100)}) == {A: 3, B: 2, C: 2}


def test_nobody_is_given_more_than_fits_and_the_rest_waits() -> None:
    assert shares(10, {A: (0, 2), B: (5, 6)}) == {A: 2, B: 1}
    assert shares(3, {A: (5, 5)}) == {}
    assert shares(3, {}) == {}


loads = st.dictionaries(
    st.sampled_from([WorkerId(name) for name in "abcdef"]), st.tuples(st.integers(0, 50), st.integers(0, 50))
)


@given(waiting=st.integers(0, 200), room=loads)
def test_all_that_fits_is_given_and_ends_up_as_even_as_can_be(
    waiting: int, room: dict[WorkerId, tuple[int, int]]
) -> None:
    given_ = shares(waiting, room)
    free = sum(max(0, capacity - held) for held, capacity in room.values())
    assert sum(given_.values()) == min(waiting, free)
    after = {worker: held + given_.get(worker, 0) for worker, (held, _) in room.items()}
    for worker in given_:
        assert after[worker] <= room[worker][1]
        # Whoever was given something has at most one more than anybody who still had room.
        assert all(after[worker] <= after[other] + 1 for other in room if after[other] < room[other][1])


def test_a_small_difference_moves_nothing() -> None:
    assert imbalance({A: 2, B: 0}) is None
    assert imbalance({A: 100, B: 90}) is None
    assert imbalance({A: 5}) is None


def test_a_large_difference_moves_from_the_fullest_to_the_emptiest() -> None:
    assert imbalance({A: 3, B: 0}) == (A, B)
    assert imbalance({A: 100, B: 40, C: 89}) == (A, B)
