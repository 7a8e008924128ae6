"""How questions about usage fail."""

from wagate.core.errors import BadRequest


class BadRange(BadRequest):
    """The range ends before it begins, or is longer than 366 days."""

    code = "bad_range"
