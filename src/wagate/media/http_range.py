"""The part of a file that a ``Range`` header asks for (RFC 9110, 14.2)."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to but not including ``end``."""

    start: int
    end: int


class Unsatisfiable(ValueError):
    """The range lies beyond the end of the file."""


def span_of(header: str | None, size: int) -> Span | None:
    """The one span asked for; ``None`` for the whole file, also if the header can't be read or asks for several.

    :raises Unsatisfiable: if nothing of the file is in it.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        # The last so many bytes.
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - int(last)), size)
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, end)
