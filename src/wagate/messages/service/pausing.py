"""When WhatsApp refuses a message because of the number that sends it, the number had better be quiet for a while.

A message that is refused so was one too many; the next hundred would be taken for what they then are. So sending
pauses: a minute at first, each time longer if the first message after the pause is refused, too.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from wagate.core.clock import Clock
from wagate.sessions.model import PauseReason, Session
from wagate.sessions.waiting import within
from wagate.wire.jid import Jid

#: How long to be quiet, by how often in a row. Users report restrictions of minutes first, of a day at last.
PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 6 * 60))
#: WhatsApp does not tell for how long it takes no new chats. After an hour one message finds out.
RESTRICTION: Final = timedelta(hours=1)

#: WhatsApp's codes of refused messages that mean the number. 402 and 403 are those of a ban when a connection ends.
_REASONS: Final = MappingProxyType(
    {
        402: PauseReason.REFUSED,
        403: PauseReason.REFUSED,
        429: PauseReason.TOO_FAST,
        463: PauseReason.NEW_CHATS_RESTRICTED,
    }
)


def pause_for(server_code: int, chat: Jid) -> PauseReason | None:
    """Why sending has to pause after this refusal; ``None`` if it was about this message or this chat alone."""
    reason = _REASONS.get(server_code)
    if reason is PauseReason.REFUSED and not (chat.is_pn or chat.is_lid):
        # A group in which only admins write refuses others with 403.
        return None
    return reason


@dataclass(frozen=True, slots=True)
class Pause:
    """Why and until when."""

    reason: PauseReason
    until: datetime


class Pausing:
    """The pause of one session's sending, by the clock; the outbox asks how much may be on the way."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self._pause: Pause | None = None
        self._strikes = 0
        #: Nothing was acknowledged since the last pause of everything.
        self._on_trial = False
        if session.pause_reason is not None and session.paused_until is not None:
            self._pause = Pause(session.pause_reason, session.paused_until)
            self._on_trial = self._stops_all

    @property
    def restricted(self) -> bool:
        """Whether first messages to strangers are not to be tried."""
        return self._pause is not None and self._pause.reason is PauseReason.NEW_CHATS_RESTRICTED

    def window(self, usual: int) -> int:
        """How many messages may be on the way: none in a pause, one after it until that one is acknowledged."""
        if self._stops_all:
            return 0
        return 1 if self._on_trial else usual

    def begin(self, reason: PauseReason) -> None:
        """A message was refused for ``reason``. Of many that were on the way together, the first begins the pause."""
        if self._pause is not None and (self._stops_all or reason is PauseReason.NEW_CHATS_RESTRICTED):
            return
        if reason is PauseReason.NEW_CHATS_RESTRICTED:
            length = RESTRICTION
        else:
            length = PAUSES[min(self._strikes, len(PAUSES) - 1)]
            self._strikes += 1
            self._on_trial = True
        self._pause = Pause(reason, self._clock.now() + length)
        self._changed.set()

    def succeeded(self) -> None:
        """A message was acknowledged."""
        if not self._stops_all:
            self._on_trial = False
            self._strikes = 0

    async def next(self) -> Pause | None:
        """The pause that just began, or ``None`` when one is over."""
        while True:
            if self._changed.is_set():
                self._changed.clear()
                return self._pause
            if self._pause is None:
                await self._changed.wait()
                continue
            left = (self._pause.until - self._clock.now()).total_seconds()
            if left <= 0:
                self._pause = None
                return None
            try:
                await within(self._clock, left, self._changed.wait())
            except TimeoutError:
                continue

    @property
    def _stops_all(self) -> bool:
        return self._pause is not None and self._pause.reason is not PauseReason.NEW_CHATS_RESTRICTED
