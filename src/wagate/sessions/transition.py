"""One step of the state table, told to whoever listens."""

from datetime import datetime
from typing import Any

from wagate.core.ids import SessionId
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.sessions.codes import ShownCode
from wagate.sessions.model import Session, SessionStatus
from wagate.storage.bus import Bus
from wagate.storage.database import Tx

#: Wakes the supervisor: a session wants something.
WANTED = "sessions:wanted"


#: A session of this process has another status, or shows another code; the payload is the session and the code, if that
#: is what changed. In this process alone.
CHANGED_HERE = "sessions:changed"


def qr_topic(session: SessionId) -> str:
    """Wakes whoever waits for a QR code: there is one, or the session's status is another."""
    return f"qr:{session}"


class Journal:
    """Appends the events of sessions and wakes who waits for them, once the transaction is durable."""

    def __init__(self, events: EventLog, bus: Bus) -> None:
        self._events = events
        self._bus = bus

    def changed(self, tx: Tx, before: Session, after: Session) -> None:
        """Tell customers what is different, if anything is."""
        if after.tells_more_than(before):
            self.tell(tx, after, EventType("session.status"), after.resource())
        if after.status is not before.status:
            tx.after_commit(lambda: self._bus.publish(qr_topic(after.id)))
            tx.after_commit(lambda: self._bus.publish_here(CHANGED_HERE, (after, None)))

    def deleted(self, tx: Tx, before: Session, now: datetime) -> None:
        """Tell that a session is gone; it has no status of its own for that."""
        gone = {
            **before.unlinked().resource(),
            "status": SessionStatus.LOGGED_OUT.value,
            "statusReason": "deleted",
            "workerId": None,
        }
        self.tell(tx, before, EventType("session.status"), gone)
        tx.after_commit(lambda: self._bus.publish(qr_topic(before.id)))

    def tell(self, tx: Tx, session: Session, kind: EventType, data: dict[str, Any]) -> None:
        self._events.append(tx, account_id=session.account_id, session_id=session.id, type=kind, data=data)

    def wake_qr(self, tx: Tx, session: Session, shown: ShownCode) -> None:
        """A code is on show."""
        tx.after_commit(lambda: self._bus.publish(qr_topic(session.id)))
        tx.after_commit(lambda: self._bus.publish_here(CHANGED_HERE, (session, shown)))

    def wake_workers(self, tx: Tx) -> None:
        tx.after_commit(lambda: self._bus.publish(WANTED))
