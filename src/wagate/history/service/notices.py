"""Writes down what a phone announces, in the transaction that takes its message off the inbox."""

from typing import Final

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing
from wagate.engine.port import InboxItem
from wagate.history import store
from wagate.history.model import notice_of
from wagate.sessions.model import Session
from wagate.storage.bus import Bus
from wagate.storage.database import Tx

#: Published when a notice was taken; the payload is the session.
PENDING_TOPIC: Final = "history:pending"

_MAX_WA_ID: Final = 128

_log = get_logger("history.notices")


class Notices:
    """Takes notices from messages that are nothing else."""

    def __init__(self, *, bus: Bus, ring: KeyRing, clock: Clock) -> None:
        self._bus = bus
        self._ring = ring
        self._clock = clock

    def take(self, tx: Tx, session: Session, item: InboxItem) -> None:
        """Write the notice down that this message is, if it is one and comes from the account's own phone: anybody
        can send such a message, and what it announces becomes chats of this account.
        """
        notice, wa_id = notice_of(item.plaintext), item.stanza.get("id")
        if notice is None or not 0 < len(wa_id) <= _MAX_WA_ID:
            return
        sender = item.stanza.jid("participant") or item.stanza.jid("from")
        own = {jid.bare for jid in (session.jid, session.lid) if jid is not None}
        if sender is None or sender.device or sender.bare not in own:
            _log.warning("a notice of history from somebody else was dropped", session_id=session.id)
            return
        if store.insert(tx, self._ring, session.id, wa_id, notice, self._clock.now()):
            tx.after_commit(lambda: self._bus.publish_here(PENDING_TOPIC, session.id))
