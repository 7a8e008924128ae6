"""A rotation, and what a key is still needed for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The re-wrapping of everything that is not sealed by the key ``key_id``.

    ``total`` counts values when it began, ``done`` those re-wrapped since. ``unreadable`` are values that open with no
    key where they stand; they are left as they are.
    """

    key_id: str
    started_at: datetime
    finished_at: datetime | None = None
    total: int = 0
    done: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A key of the ring. ``needed`` counts the values that it sealed, by where they are; places with none are left
    out.
    """

    id: str
    seals: bool
    needed: Mapping[str, int]
