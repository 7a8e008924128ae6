"""What customers ask of their sessions.

A wish is one transaction that says what is wanted; a worker makes it so and records what is. ``status`` therefore
changes here only where nothing is connected that would have to be closed first.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import AccountId, Entropy, SessionId
from wagate.core.logging import get_logger
from wagate.core.seal import KeyRing
from wagate.core.settings import EngineName
from wagate.engine.port import Mover, PasskeyAssertion, Records, Vitals
from wagate.events.service import EventLog
from wagate.plans.tally import admit_session
from wagate.sessions import store
from wagate.sessions.codes import Codes, ShownCode
from wagate.sessions.errors import SessionNotFound, SessionsOutOfReach
from wagate.sessions.hosting import Hosting, Keys, LeaseClock
from wagate.sessions.linking import Linking, PasskeyOnShow, QrOnShow
from wagate.sessions.links import Links
from wagate.sessions.model import Desired, Session, SessionStatus, Trigger
from wagate.sessions.moving import Moving
from wagate.sessions.phone import international
from wagate.sessions.proxy import DestinationCheck, checked
from wagate.sessions.transition import Journal, qr_topic
from wagate.sessions.waiting import within
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now
from wagate.web.principal import Principal

#: A customer who deletes a session does not wait for WhatsApp longer than that.
GOODBYE_SECONDS: Final = 5.0
#: Sessions of an account that are looked at together.
_BATCH: Final = 200
_LOGGED_AS: Final = {
    Trigger.CONNECT: Action.SESSION_CONNECTED,
    Trigger.DISCONNECT: Action.SESSION_DISCONNECTED,
    Trigger.RECONNECT: Action.SESSION_RECONNECTED,
}

_log = get_logger("sessions")


class _Unchanged:
    """Says that a change leaves a field as it is, where ``None`` empties it."""


UNCHANGED: Final = _Unchanged()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New values for some fields of a session."""

    name: str | _Unchanged = UNCHANGED
    phone: str | _Unchanged | None = UNCHANGED
    purpose: str | _Unchanged | None = UNCHANGED
    proxy: str | _Unchanged | None = UNCHANGED
    metadata: Mapping[str, Any] | _Unchanged = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A session and its evidence of life."""

    session: Session
    vitals: Vitals
    send_stalled: bool


class Sessions:
    """The sessions of every account. Workers go through :attr:`hosting`."""

    def __init__(
        self,
        *,
        db: Database,
        events: EventLog,
        bus: Bus,
        codes: Codes,
        clock: Clock,
        keys: Keys,
        ring: KeyRing,
        links: Links,
        mover: Mover,
        proxies: DestinationCheck,
        engine: EngineName = "baileys",
        entropy: Entropy = os.urandom,
        lease_clock: LeaseClock = database_now,
    ) -> None:
        """``proxies`` checks where a proxy leads. ``engine`` is that of new sessions that name none."""
        self.codes = codes
        self._db = db
        self._bus = bus
        self._links = links
        self._clock = clock
        self._keys = keys
        self._ring = ring
        self._check_proxy = proxies
        self._default_engine = engine
        self._entropy = entropy
        self._journal = Journal(events, bus)
        self.hosting = Hosting(
            db=db, journal=self._journal, codes=codes, keys=keys, ring=ring, clock=clock, lease_clock=lease_clock
        )
        self._moving = Moving(db=db, journal=self._journal, keys=keys, mover=mover, clock=clock, entropy=entropy)
        self._linking = Linking(db=db, journal=self._journal, codes=codes, links=links, bus=bus, clock=clock)

    # -- the card

    async def create(
        self,
        principal: Principal,
        *,
        name: str,
        phone: str | None = None,
        purpose: str | None = None,
        proxy: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        engine: EngineName | None = None,
    ) -> Session:
        """A new session, not connected.

        :raises SessionsOutOfReach: if the key is bound to other sessions.
        :raises InvalidPhone: if ``phone`` is none. :raises InvalidProxy: if ``proxy`` is none.
        :raises Unprocessable: if the gateway may not connect to ``proxy``.
        :raises PlanLimit: if the account has as many as its plan allows.
        """
        if principal.sessions is not None:
            raise SessionsOutOfReach
        now = self._clock.now()
        session = Session(
            id=SessionId.new(now, self._entropy),
            account_id=principal.account_id,
            name=name,
            phone=None if phone is None else international(phone),
            purpose=purpose,
            metadata=metadata or {},
            engine=engine or self._default_engine,
            since=now,
            created_at=now,
            updated_at=now,
            created_by=principal.user_id or principal.key_id,
        )
        sealed = await self._sealed(session.id, proxy)

        def work(tx: Tx) -> None:
            admit_session(tx, session.account_id, lambda: store.count(tx, session.account_id))
            store.insert(tx, session, sealed)
            audit.append(tx, principal, Action.SESSION_CREATED, session.id, now=now)

        await self._db.write(work)
        return session

    async def get(self, principal: Principal, session_id: SessionId) -> Session:
        """:raises SessionNotFound: also if it is out of the principal's reach."""
        account = _reach(principal, session_id)
        return await self._db.read(lambda tx: store.find(tx, account, session_id))

    async def page(self, principal: Principal, *, before: SessionId | None, limit: int) -> list[Session]:
        """Sessions within reach, newest first, older than ``before``."""
        return await self._db.read(
            lambda tx: store.page(tx, principal.account_id, before=before, limit=limit, only=principal.sessions)
        )

    async def update(self, principal: Principal, session_id: SessionId, change: Change) -> Session:
        """Change the card. A new proxy is used from the next connection on.

        :raises SessionNotFound, InvalidPhone, InvalidProxy: and what :meth:`create` says of a proxy.
        """
        account = _reach(principal, session_id)
        await self.get(principal, session_id)
        fields: dict[str, Any] = {
            field: value
            for field in ("name", "phone", "purpose", "metadata")
            if (value := getattr(change, field)) is not UNCHANGED
        }
        if fields.get("phone") is not None:
            fields["phone"] = international(fields["phone"])
        extra: dict[str, object] = {}
        if not isinstance(change.proxy, _Unchanged):
            extra["proxy"] = await self._sealed(session_id, change.proxy)
        now = self._clock.now()

        def work(tx: Tx) -> Session:
            before = store.find_to_change(tx, account, session_id)
            after = replace(before, **fields, updated_at=now)
            store.save(tx, after, **extra)
            self._journal.changed(tx, before, after)
            detail = {"fields": [*fields, *extra]}
            audit.append(tx, principal, Action.SESSION_UPDATED, session_id, now=now, detail=detail)
            return after

        return await self._db.write(work)

    async def delete(self, principal: Principal, session_id: SessionId) -> None:
        """Unlink the device as far as WhatsApp can be told in time, wipe its keys, and forget the session.

        :raises SessionNotFound: if there is none within reach.
        """
        account = _reach(principal, session_id)
        session = await self.get(principal, session_id)
        await self._say_goodbye(session)
        now = self._clock.now()

        def work(tx: Tx) -> None:
            before = store.find_to_change(tx, account, session_id)
            self._keys.erase(tx, session_id)
            store.remove(tx, account, session_id)
            self._journal.deleted(tx, before, now)
            audit.append(tx, principal, Action.SESSION_DELETED, session_id, now=now)
            self._journal.wake_workers(tx)

        await self._db.write(work)
        await self._after_the_end(session)

    # -- wishes

    async def connect(self, principal: Principal, session_id: SessionId) -> Session:
        """Want the session connected. :raises SessionNotFound: if there is none within reach."""
        return await self._wish(principal, session_id, Trigger.CONNECT, Desired.CONNECTED)

    async def disconnect(self, principal: Principal, session_id: SessionId) -> Session:
        """Want the session disconnected; its link stays. :raises SessionNotFound: if there is none within reach."""
        return await self._wish(principal, session_id, Trigger.DISCONNECT, Desired.DISCONNECTED)

    async def reconnect(self, principal: Principal, session_id: SessionId) -> Session:
        """Want a new connection at once. :raises SessionNotFound: if there is none within reach."""
        return await self._wish(principal, session_id, Trigger.RECONNECT, Desired.CONNECTED)

    async def logout(self, principal: Principal, session_id: SessionId) -> Session:
        """Unlink the device and wipe its keys. If WhatsApp could not be told, the phone goes on listing a device that
        nobody has the keys of; the reason says so.

        :raises SessionNotFound: if there is none within reach.
        """
        account = _reach(principal, session_id)
        session = await self.get(principal, session_id)
        told = await self._say_goodbye(session)
        reason = "logged_out" if told or session.jid is None else "logged_out_unconfirmed"
        now = self._clock.now()

        def work(tx: Tx) -> Session:
            before = store.find_to_change(tx, account, session_id)
            after = before.moved(Trigger.LOGOUT, now, reason=reason).unlinked()
            # A new epoch fences off a worker that has not noticed yet.
            after = replace(
                after,
                desired=Desired.DISCONNECTED,
                reconnect_asked=False,
                worker_id=None,
                lease_until=None,
                epoch=before.epoch + 1,
            )
            self._keys.wipe(tx, session_id)
            store.save(tx, after)
            self._journal.changed(tx, before, after)
            audit.append(tx, principal, Action.SESSION_LOGGED_OUT, session_id, now=now)
            self._journal.wake_workers(tx)
            return after

        after = await self._db.write(work)
        await self._after_the_end(session)
        return after

    def disconnect_all(self, tx: Tx, account: AccountId, now: datetime) -> None:
        """Want every session of an account disconnected, in the transaction that disables it; their links stay."""
        last: SessionId | None = None
        while found := store.page(tx, account, before=last, limit=_BATCH, only=None):
            for session in found:
                before = store.find_to_change(tx, account, session.id)
                after = _wished(before, Trigger.DISCONNECT, Desired.DISCONNECTED, now)
                if after != before:
                    self._save_wish(tx, before, after)
            last = found[-1].id

    # -- engines

    async def change_engine(self, principal: Principal, session_id: SessionId, engine: EngineName) -> Session:
        """Go on with another engine, without a new scan. A session that is connected connects anew.

        :raises SessionNotFound: if there is none within reach.
        :raises KeysUnreadable: if a key is not what it should be; nothing is changed then.
        """
        before = await self.get(principal, session_id)
        after = await self._moving.change_engine(principal, before, engine)
        if after.epoch != before.epoch:
            await self._after_the_end(before)
        return after

    async def give_keys(
        self,
        account: AccountId,
        session_id: SessionId,
        rewrite: Callable[[Records], Records],
        linked: Callable[[Session], Session],
        *,
        by: Principal | None = None,
    ) -> Session:
        """Other keys for a session, see :meth:`wagate.sessions.moving.Moving.give_keys`; whoever holds it lets go."""
        after = await self._moving.give_keys(account, session_id, rewrite, linked, by=by)
        await self._after_the_end(after)
        return after

    async def take_over(
        self, principal: Principal, *, name: str, files: Mapping[str, object], engine: EngineName | None = None
    ) -> Session:
        """A new session out of a Baileys program's auth folder; see :meth:`wagate.sessions.moving.Moving.take_over`."""
        return await self._moving.take_over(principal, name=name, files=files, engine=engine or self._default_engine)

    # -- linking

    async def qr(self, principal: Principal, session_id: SessionId, wait: float = 0.0) -> QrOnShow:
        """The QR code on show; see :meth:`wagate.sessions.linking.Linking.qr`."""
        return await self._linking.qr(lambda: self.get(principal, session_id), session_id, wait)

    async def pairing_code(self, principal: Principal, session_id: SessionId, phone: str) -> ShownCode:
        """Connect if need be, and ask for a code; see :meth:`wagate.sessions.linking.Linking.pairing_code`."""
        international(phone)
        session = await self.connect(principal, session_id)
        return await self._linking.pairing_code(session, phone)

    async def passkey(self, principal: Principal, session_id: SessionId) -> PasskeyOnShow:
        """WhatsApp's question for a passkey; see :meth:`wagate.sessions.linking.Linking.passkey`."""
        return await self._linking.passkey(await self.get(principal, session_id))

    async def answer_passkey(self, principal: Principal, session_id: SessionId, assertion: PasskeyAssertion) -> Session:
        """Answer it; see :meth:`wagate.sessions.linking.Linking.answer_passkey`. The session, on its way."""
        session = await self.get(principal, session_id)
        await self._linking.answer_passkey(session, assertion)
        return session

    async def report(self, principal: Principal, session_id: SessionId) -> Report:
        """:raises SessionNotFound: if there is none within reach."""
        session = await self.get(principal, session_id)
        condition = await self._links.condition(session_id, self._clock.now())
        return Report(session=session, vitals=condition.vitals, send_stalled=condition.send_stalled)

    # -- within

    async def _wish(self, principal: Principal, session_id: SessionId, trigger: Trigger, desired: Desired) -> Session:
        account = _reach(principal, session_id)
        now = self._clock.now()

        def work(tx: Tx) -> Session:
            before = store.find_to_change(tx, account, session_id)
            after = _wished(before, trigger, desired, now)
            if after != before:
                self._save_wish(tx, before, after)
                audit.append(tx, principal, _LOGGED_AS[trigger], session_id, now=now)
            return after

        return await self._db.write(work)

    def _save_wish(self, tx: Tx, before: Session, after: Session) -> None:
        store.save(tx, after)
        self._journal.changed(tx, before, after)
        self._journal.wake_workers(tx)

    async def _sealed(self, session: SessionId, proxy: str | None) -> bytes | None:
        if proxy is None:
            return None
        return self._ring.seal((await checked(proxy, self._check_proxy)).encode(), store.proxy_aad(session))

    async def _say_goodbye(self, session: Session) -> bool:
        """Have the open connection, if there is one, unlink the device; whether WhatsApp was told.

        The worker is left the time to take in what arrived before and to record the end itself.
        """
        link = await self._links.find(session.id)
        if link is None or session.jid is None:
            return False
        with self._bus.subscribe(qr_topic(session.id)) as news:
            try:
                await within(self._clock, GOODBYE_SECONDS, link.session.logout())
            except (WagateError, TimeoutError):
                _log.warning("WhatsApp could not be told of a logout", session_id=session.id)
                return False
            deadline = self._clock.monotonic() + GOODBYE_SECONDS
            while (left := deadline - self._clock.monotonic()) > 0:
                if await self._is_over(session):
                    break
                await news.next(left)
        return True

    async def _is_over(self, session: Session) -> bool:
        try:
            now = await self._db.read(lambda tx: store.find(tx, session.account_id, session.id))
        except SessionNotFound:
            return True
        return now.status not in (SessionStatus.CONNECTED, SessionStatus.CONNECTING)

    async def _after_the_end(self, session: Session) -> None:
        await self.codes.clear(session.id)
        link = await self._links.find(session.id)
        if link is None:
            return
        try:
            await within(self._clock, GOODBYE_SECONDS, link.session.close())
        except (WagateError, TimeoutError):
            # The worker has lost the lease and closes it at its next renewal.
            _log.warning("a connection did not close", session_id=session.id)


def _reach(principal: Principal, session_id: SessionId) -> AccountId:
    if not principal.may_see(session_id):
        raise SessionNotFound
    return principal.account_id


def _wished(before: Session, trigger: Trigger, desired: Desired, now: datetime) -> Session:
    hosted = before.worker_id is not None
    if trigger is Trigger.DISCONNECT and hosted:
        # Its worker closes the connection first.
        return replace(before, desired=desired)
    after = replace(
        before.moved(trigger, now, reason="disconnected_by_customer" if trigger is Trigger.DISCONNECT else None),
        desired=desired,
    )
    if hosted and after.status is not SessionStatus.BANNED:
        afresh = trigger is Trigger.RECONNECT or after.status is not before.status
        after = replace(after, reconnect_asked=before.reconnect_asked or afresh)
    return after
