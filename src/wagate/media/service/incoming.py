"""Files that others sent: announced by a message, fetched afterwards."""

import os
from datetime import timedelta
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, Entropy, MediaId, SessionId
from wagate.core.seal import KeyRing
from wagate.media import store
from wagate.media.model import Media, MediaState, RemoteFile
from wagate.media.sealing import seal_remote
from wagate.media.service.library import safe_name
from wagate.media.sniff import UNKNOWN, normalised
from wagate.storage.bus import Bus
from wagate.storage.database import Tx

#: Published when a file was announced; the payload is the session.
PENDING_TOPIC: Final = "media:pending"


class IncomingFiles:
    """Writes announced files down so that the fetcher finds them."""

    def __init__(self, *, bus: Bus, ring: KeyRing, clock: Clock, entropy: Entropy = os.urandom) -> None:
        self._bus = bus
        self._ring = ring
        self._clock = clock
        self._entropy = entropy

    def announce(self, tx: Tx, account: AccountId, session: SessionId, remote: RemoteFile) -> Media:
        """Store a ``pending`` file in the caller's transaction; it is fetched once that is durable."""
        now = self._clock.now()
        item = Media(
            id=MediaId.new(now, self._entropy),
            account_id=account,
            session_id=session,
            mimetype=normalised(remote.mimetype) or UNKNOWN,
            size=min(remote.size, 2**62),
            sha256=remote.sha256.hex(),
            filename=safe_name(remote.filename),
            state=MediaState.PENDING,
            created_at=now,
        )
        # A moment earlier, so that a clock stepping back does not make it wait.
        at = now - timedelta(seconds=1)
        store.insert(tx, item, remote=seal_remote(self._ring, item.id, remote), next_attempt_at=at)
        tx.after_commit(lambda: self._bus.publish_here(PENDING_TOPIC, session))
        return item
