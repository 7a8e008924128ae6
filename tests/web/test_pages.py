"""Cursors come back as they were given, and nothing else is a cursor."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.ids import KeyId
from wagate.web.pages import CursorInvalid, decode_cursor, encode_cursor, page_of

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(parts=st.lists(TEXT, min_size=1, max_size=4))
def test_a_cursor_comes_back(parts: list[str]) -> None:
    cursor = encode_cursor(*parts)
    assert decode_cursor(cursor, len(parts)) == tuple(parts)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


def test_ids_make_cursors() -> None:
    made = KeyId.new(datetime(2026, 1, 1, tzinfo=UTC))
    assert decode_cursor(encode_cursor(made)) == (made,)


@given(text=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_anything_else_is_refused_and_nothing_worse(text: str) -> None:
    try:
        (part,) = decode_cursor(text)
    except CursorInvalid:
        return
    assert "\0" not in part


@pytest.mark.parametrize("cursor", ["", "x", "W10", encode_cursor("a", "b"), encode_cursor("a\0b"), "WzFd", "ü"])
def test_cursors_of_another_shape_are_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        decode_cursor(cursor)


@given(count=st.integers(0, 30), limit=st.integers(1, 10))
def test_walking_the_pages_shows_everything_once(count: int, limit: int) -> None:
    rows = [f"{number:02}" for number in range(count)]
    shown: list[str] = []
    after = ""
    for _ in range(count + 1):
        found = [row for row in rows if row > after][: limit + 1]
        page = page_of(found, limit, str, str)
        assert len(page.items) <= limit
        shown += page.items
        if page.next is None:
            break
        (after,) = decode_cursor(page.next)
    assert shown == rows
