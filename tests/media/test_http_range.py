"""Which bytes a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.media.http_range import Span, Unsatisfiable, span_of


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-", Span(0, 10)),
        ("bytes=3-5", Span(3, 6)),
        ("bytes=3-500", Span(3, 10)),
        ("bytes=-4", Span(6, 10)),
        ("bytes=-400", Span(0, 10)),
        # Not understood, or several: the whole file is a fair answer.
        ("bytes=5-3", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
    ],
)
def test_ranges_of_ten_bytes(header: str | None, span: Span | None) -> None:
    assert span_of(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_what_lies_beyond_the_end_cannot_be_given(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        span_of(header, 10)


@given(header=st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True), size=st.integers(0, 1000))
def test_a_span_is_never_empty_and_never_outside(header: str, size: int) -> None:
    try:
        span = span_of(header, size)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size
