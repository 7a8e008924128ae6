"""Frames come out as they went in, however the stream is cut, and never larger than allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.framing import PROLOGUE, BadFrame, Deframer, Intro, frame, intro, read_intro


@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_frames_survive_any_cutting_of_the_stream(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, payloads))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    deframer = Deframer()
    out: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        out += deframer.feed(stream[start:end])
    assert out == payloads


def test_a_frame_too_large_is_refused_before_it_has_come() -> None:
    with pytest.raises(BadFrame):
        Deframer(max_frame=1000).feed((1001).to_bytes(3, "big"))


def test_no_frame_is_written_that_its_length_cannot_say() -> None:
    with pytest.raises(ValueError, match="16777215"):
        frame(bytes(1 << 24))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_an_intro_is_read_back_with_its_routing_and_the_rest(routing: bytes, rest: bytes) -> None:
    assert read_intro(intro(routing) + rest) == Intro(routing, rest)


@pytest.mark.parametrize("routing", [b"", b"route"])
def test_an_intro_in_parts_asks_for_more(routing: bytes) -> None:
    whole = intro(routing)
    assert [read_intro(whole[:n]) for n in range(len(whole))] == [None] * len(whole)


@pytest.mark.parametrize("data", [b"GET / HTTP", b"WA\x06\x02", b"ED\x00\x02", b"ED\x00\x01\xff\xff\xff" + PROLOGUE])
def test_any_other_opening_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        read_intro(data)
