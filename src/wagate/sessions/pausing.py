"""Sending is paused when WhatsApp says that it wants no more of it for now; the session stays connected.

A pause is written down, so that a restart or another worker does not knock at once again.
"""

from dataclasses import replace
from datetime import datetime

from wagate.core.ids import SessionId
from wagate.events.service import EventLog
from wagate.sessions import store
from wagate.sessions.model import PauseReason
from wagate.sessions.transition import Journal
from wagate.storage.bus import Bus
from wagate.storage.database import Tx


class Pauses:
    """The pauses of sending, as the one who sends finds them."""

    def __init__(self, events: EventLog, bus: Bus) -> None:
        self._journal = Journal(events, bus)

    def begin(
        self, tx: Tx, session: SessionId, epoch: int, *, reason: PauseReason, until: datetime, now: datetime
    ) -> None:
        """Pause, or prolong a pause, and tell the customer.

        :raises StaleEpoch: if another worker has the session.
        """
        self._write(tx, session, epoch, reason, until, now)

    def end(self, tx: Tx, session: SessionId, epoch: int, *, now: datetime) -> None:
        """Go on sending, and tell the customer.

        :raises StaleEpoch: if another worker has the session.
        """
        self._write(tx, session, epoch, None, None, now)

    def _write(
        self, tx: Tx, session: SessionId, epoch: int, reason: PauseReason | None, until: datetime | None, now: datetime
    ) -> None:
        before = store.hosted(tx, session, epoch)
        after = replace(before, pause_reason=reason, paused_until=until, updated_at=now)
        store.save(tx, after)
        self._journal.changed(tx, before, after)
