"""Lists answer one page at a time: ``{items, next}``, where ``next`` is a cursor that means nothing to the caller."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from fastapi import Query

from wagate.core.errors import BadRequest
from wagate.web.models import ApiModel

T = TypeVar("T")
R = TypeVar("R")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_MAX_CURSOR_LENGTH = 500

#: How many items a page may have.
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items a page may have.")]
#: Where the page starts. Give it the default ``None``.
Cursor = Annotated[
    str | None,
    Query(max_length=_MAX_CURSOR_LENGTH, description="`next` of the page before; leave it out for the first page."),
]


class CursorInvalid(BadRequest):
    """The cursor is not one that this list gave out."""

    code = "invalid_cursor"


class Page(ApiModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = None
    """Cursor of the next page; null on the last."""


def encode_cursor(*parts: str) -> str:
    """Make a cursor of the sort key of the last item shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode([str(part) for part in parts])).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int = 1) -> tuple[str, ...]:
    """Read back what :func:`encode_cursor` was given.

    :raises CursorInvalid: if it is not a cursor of so many parts.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = msgspec.json.decode(raw, type=tuple[str, ...])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise CursorInvalid from error
    if len(values) != parts or any("\0" in value for value in values):
        raise CursorInvalid
    return values


def page_of(
    rows: Sequence[R], limit: int, item: Callable[[R], T], key: Callable[[R], str | tuple[str, ...]]
) -> Page[T]:
    """The page of the first ``limit`` rows. Ask the store for ``limit + 1``: the extra one says that there are more.

    ``key`` gives the sort key of a row, from which the cursor is made.
    """
    shown = rows[:limit]
    cursor = None
    if len(rows) > limit:
        last = key(shown[-1])
        cursor = encode_cursor(last) if isinstance(last, str) else encode_cursor(*last)
    return Page(items=[item(row) for row in shown], next=cursor)
