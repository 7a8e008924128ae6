"""How many people a number may write to that it never had to do with.

WhatsApp restricts and bans numbers for that above all: users report restrictions after 15 to 20 unsolicited messages a
day from young links, and after 400 new conversations in two hours from one of seven months. So a link begins with few,
and what it may grows by half a day until it reaches what the operator set.
"""

from datetime import datetime
from typing import Final

#: Of the first day. What was reported to be punished begins here.
FIRST_DAY: Final = 20
_DAILY_GROWTH: Final = 1.5
#: By then the curve has passed every ceiling; a larger exponent would only overflow.
_GROWN_DAYS: Final = 60


def first_contacts(ceiling: int, linked_at: datetime, now: datetime) -> int:
    """First messages that a number may send on the day of ``now``: 20, 30, 45 … up to ``ceiling``."""
    days = min(max((now - linked_at).days, 0), _GROWN_DAYS)
    return min(ceiling, int(FIRST_DAY * _DAILY_GROWTH**days))
