"""What a worker does to sessions: claim them, keep them, record what became of them, let go.

Each call is one transaction, and each that writes a session is refused with ``StaleEpoch`` once the lease is lost.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from wagate.core.clock import Clock
from wagate.core.ids import SessionId, WorkerId
from wagate.core.seal import KeyRing
from wagate.engine.port import Identity, Records
from wagate.events.model import EventType
from wagate.sessions import store
from wagate.sessions.codes import Codes, ShownCode, announced
from wagate.sessions.model import LEASE_SECONDS, Desired, Lease, Session, SessionStatus, Trigger
from wagate.sessions.transition import Journal
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now

#: What time it is for leases: by the database's clock, on which all processes agree.
LeaseClock = Callable[[Tx, Clock], datetime]

#: With these the wish has come to its end, too; otherwise a restart would bring the session back.
_END_THE_WISH = frozenset({Trigger.LINK_EXPIRED, Trigger.REVOKED, Trigger.LOGOUT})


class Keys(Protocol):
    """The part of engine.store.KeyStore that ends a link for good, or gives it other keys."""

    async def rewriting(self, session: SessionId, rewrite: Callable[[Records], Records]) -> Callable[[Tx], None]:
        """What replaces the keys of a session, within the transaction that it is called with."""
        ...

    def wipe(self, tx: Tx, session: SessionId) -> None:
        """Delete every key of the session; what arrived stays to be taken in."""
        ...

    def erase(self, tx: Tx, session: SessionId) -> None:
        """Delete all that is kept for the session."""
        ...


class Hosting:
    """The sessions as a worker sees them."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        codes: Codes,
        keys: Keys,
        ring: KeyRing,
        clock: Clock,
        lease_clock: LeaseClock = database_now,
    ) -> None:
        self._db = db
        self._journal = journal
        self._codes = codes
        self._keys = keys
        self._ring = ring
        self._clock = clock
        self._lease_clock = lease_clock

    async def claim(
        self, worker: WorkerId, *, limit: int, alone: bool = False, fresh: bool = False
    ) -> list[tuple[Lease, Session]]:
        """Take sessions that want a worker and have none; see :func:`wagate.sessions.store.claim`."""

        def work(tx: Tx) -> list[Session]:
            now, until = self._term(tx)
            return store.claim(tx, worker, now=now, until=until, limit=limit, alone=alone, fresh=fresh)

        taken = await self._db.write(work)
        return [(Lease(session=session.id, worker=worker, epoch=session.epoch), session) for session in taken]

    async def held(self, worker: WorkerId) -> list[tuple[Lease, Session]]:
        """What ``worker`` holds, as its placer gave it."""
        held = await self._db.read(lambda tx: store.held_by(tx, worker, now=self._lease_clock(tx, self._clock)))
        return [(Lease(session=session.id, worker=worker, epoch=session.epoch), session) for session in held]

    async def renew(self, worker: WorkerId) -> dict[SessionId, int]:
        """Prolong all leases of ``worker`` in one statement; the epochs of what it still holds."""
        return await self._db.write(lambda tx: store.renew(tx, worker, until=self._term(tx)[1]))

    async def wishes(self, worker: WorkerId) -> list[Session]:
        """The sessions of ``worker`` that are to be disconnected or reconnected."""
        return await self._db.read(lambda tx: store.wishes(tx, worker))

    async def release(self, lease: Lease) -> None:
        """Give up one lease; nothing happens if it is lost already."""

        def work(tx: Tx) -> None:
            store.release(tx, lease)
            self._journal.wake_workers(tx)

        await self._db.write(work)

    async def release_all(self, worker: WorkerId) -> None:
        """Give up everything that ``worker`` still holds."""
        await self._db.write(lambda tx: store.release_all(tx, worker))

    async def proxy(self, lease: Lease) -> str:
        """The URL of the proxy to connect through, empty for none.

        :raises SealBroken: if it was sealed with a key that is gone.
        """
        sealed = await self._db.read(lambda tx: store.sealed_proxy(tx, lease))
        return "" if sealed is None else self._ring.open(sealed, store.proxy_aad(lease.session)).decode()

    async def record(
        self,
        lease: Lease,
        trigger: Trigger,
        *,
        reason: str | None = None,
        retry_at: datetime | None = None,
        identity: Identity | None = None,
        wipe: bool = False,
        release: bool = False,
    ) -> Session:
        """Take one step of the state table, tell it, and with ``release`` give up the lease in the same transaction.

        :raises StaleEpoch: if the lease is lost.
        :raises ForbiddenTransition: if the table has no such step.
        """
        now = self._clock.now()

        def work(tx: Tx) -> tuple[Session, Session]:
            before = store.leased(tx, lease)
            after = before.moved(trigger, now, reason=reason, retry_at=retry_at)
            return before, self._write(tx, lease, before, after, trigger, identity, wipe=wipe, release=release)

        before, session = await self._db.write(work)
        await self._clear_codes(before, session)
        return session

    async def finish(self, lease: Lease, *, reason: str | None = None) -> Session:
        """Record that nothing is connected any more, and release. A customer who asked for that may have changed their
        mind meanwhile; then the session is left to the next worker that looks.

        :raises StaleEpoch: if the lease is lost.
        """
        now = self._clock.now()

        def work(tx: Tx) -> tuple[Session, Session]:
            before = store.leased(tx, lease)
            stays = before.desired is Desired.CONNECTED
            trigger = Trigger.RELEASED if stays else Trigger.DISCONNECT
            after = before.moved(trigger, now, reason=reason if stays else "disconnected_by_customer")
            return before, self._write(tx, lease, before, after, trigger, None, wipe=False, release=True)

        before, session = await self._db.write(work)
        await self._clear_codes(before, session)
        return session

    async def show_qr(self, lease: Lease, shown: ShownCode) -> Session:
        """Put a QR code on show and tell that there is one.

        :raises StaleEpoch: if the lease is lost.
        """
        now = self._clock.now()
        # Before the event, so that whoever is told of the code finds it.
        await self._codes.show_qr(lease.session, shown)

        def work(tx: Tx) -> Session:
            before = store.leased(tx, lease)
            after = before.moved(Trigger.QR_ISSUED, now)
            after = self._write(tx, lease, before, after, Trigger.QR_ISSUED, None, wipe=False, release=False)
            self._journal.tell(tx, after, EventType("session.qr"), {**after.resource(), **announced(shown)})
            self._journal.wake_qr(tx, after, shown)
            return after

        return await self._db.write(work)

    async def show_passkey(self, lease: Lease, shown: ShownCode) -> Session:
        """Put WhatsApp's question for a passkey on show and tell that there is one.

        :raises StaleEpoch: if the lease is lost.
        """
        now = self._clock.now()
        await self._codes.show_passkey(lease.session, shown)

        def work(tx: Tx) -> Session:
            before = store.leased(tx, lease)
            after = before.moved(Trigger.QR_ISSUED, now, reason="passkey_required")
            after = self._write(tx, lease, before, after, Trigger.QR_ISSUED, None, wipe=False, release=False)
            self._journal.tell(tx, after, EventType("session.passkey"), {**after.resource(), **announced(shown)})
            self._journal.wake_qr(tx, after, shown)
            return after

        return await self._db.write(work)

    async def _clear_codes(self, before: Session, after: Session) -> None:
        # Others have none, and many that connect at once need not ask Redis three times each.
        if before.status is SessionStatus.QR_REQUIRED and after.status is not SessionStatus.QR_REQUIRED:
            await self._codes.clear(after.id)

    def _term(self, tx: Tx) -> tuple[datetime, datetime]:
        """Now, and until when a lease taken now holds."""
        return lease_term(self._lease_clock(tx, self._clock))

    def _write(
        self,
        tx: Tx,
        lease: Lease,
        before: Session,
        after: Session,
        trigger: Trigger,
        identity: Identity | None,
        *,
        wipe: bool,
        release: bool,
    ) -> Session:
        if identity is not None:
            after = replace(after, jid=identity.jid, lid=identity.lid, push_name=identity.push_name or before.push_name)
        if trigger is Trigger.LINKED:
            after = replace(after, linked_at=after.updated_at)
        if trigger in _END_THE_WISH:
            after = replace(after, desired=Desired.DISCONNECTED)
        if trigger is Trigger.OPENING or release:
            after = replace(after, reconnect_asked=False)
        if release:
            after = replace(after, worker_id=None, lease_until=None)
        if wipe:
            after = after.unlinked()
            self._keys.wipe(tx, after.id)
        if after != before:
            store.save_leased(tx, lease, after)
            self._journal.changed(tx, before, after)
        if release and after.desired is Desired.CONNECTED:
            self._journal.wake_workers(tx)
        return after


def lease_term(now: datetime) -> tuple[datetime, datetime]:
    """Now, and until when a lease taken now holds."""
    return now, now + timedelta(seconds=LEASE_SECONDS)
