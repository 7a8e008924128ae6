"""Linking a phone: the QR code to scan, the code to type, and the passkey that some accounts want besides."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from wagate.core.clock import Clock
from wagate.core.ids import AccountId, SessionId
from wagate.engine.port import PasskeyAssertion, PasskeyNotWanted, PasskeyUnsupported, QueryFailed
from wagate.events.model import EventType
from wagate.sessions import store
from wagate.sessions.codes import Codes, ShownCode, announced
from wagate.sessions.errors import AlreadyConnected, LinkingNotReady, QrNotAvailable
from wagate.sessions.links import Link, Links, Stage
from wagate.sessions.model import PASSKEY_UNSUPPORTED, Session, SessionStatus
from wagate.sessions.phone import international
from wagate.sessions.transition import Journal, qr_topic
from wagate.sessions.waiting import within
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx

#: Connecting to WhatsApp until it offers to link takes a second; a minute would outlast most HTTP clients.
READY_SECONDS: Final = 30.0
#: whatsmeow's documentation of PairPhone: nobody knows how long a pairing code holds, but the connection it belongs to
#: is closed when the QR codes run out, 160 seconds after the first.
PAIRING_SECONDS: Final = 160.0
#: A wake-up may get lost on its way between processes: whoever waits for a code looks at least this often.
LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QrOnShow:
    """The QR code of a session and the session it belongs to."""

    session: Session
    shown: ShownCode


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyOnShow:
    """WhatsApp's question for a passkey: WebAuthn's ``PublicKeyCredentialRequestOptions`` as JSON."""

    session: Session
    options: dict[str, Any]
    expires_at: datetime


class Linking:
    """What a customer needs to link a phone."""

    def __init__(self, *, db: Database, journal: Journal, codes: Codes, links: Links, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._codes = codes
        self._links = links
        self._bus = bus
        self._clock = clock

    async def qr(self, find: Callable[[], Awaitable[Session]], session_id: SessionId, wait: float) -> QrOnShow:
        """The QR code on show, waiting up to ``wait`` seconds for one; ``find`` reads the session.

        :raises AlreadyConnected: if there is nothing to scan any more.
        :raises QrNotAvailable: if none came.
        """
        deadline = self._clock.monotonic() + wait
        with self._bus.subscribe(qr_topic(session_id)) as news:
            while True:
                # What comes from here on wakes the wait below, so nothing falls between looking and waiting.
                news.drain()
                session = await find()
                if session.status is SessionStatus.CONNECTED:
                    raise AlreadyConnected
                shown = await self._codes.qr(session_id)
                if shown is not None and session.status is SessionStatus.QR_REQUIRED:
                    return QrOnShow(session=session, shown=shown)
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    raise QrNotAvailable
                await news.next(min(left, LOOK_SECONDS))

    async def pairing_code(self, session: Session, phone: str) -> ShownCode:
        """A code to type into the phone of that number; ``session`` is wanted connected.

        :raises InvalidPhone: if ``phone`` is none.
        :raises AlreadyConnected: if the session is, or turns out to be, linked.
        :raises LinkingNotReady: if WhatsApp does not offer to link in time.
        :raises QueryFailed: if WhatsApp refuses that number.
        """
        number = international(phone)
        if session.status is SessionStatus.CONNECTED:
            raise AlreadyConnected
        if session.status is SessionStatus.BANNED:
            raise LinkingNotReady("The session is banned for now", retry_after=self._seconds_until(session.retry_at))
        try:
            link = await within(self._clock, READY_SECONDS, self._links.ready(session.id))
            if link.stage is Stage.ONLINE:
                raise AlreadyConnected
            asked = link.session.request_pairing_code(number.removeprefix("+"))
            code = await within(self._clock, READY_SECONDS, asked)
        except TimeoutError:
            raise LinkingNotReady(retry_after=5) from None
        shown = ShownCode(code=f"{code[:4]}-{code[4:]}", expires_at=link.since + timedelta(seconds=PAIRING_SECONDS))
        await self._codes.show_pairing(session.id, shown)
        await self._db.write(lambda tx: self._tell(tx, session.account_id, session.id, shown))
        return shown

    async def passkey(self, session: Session) -> PasskeyOnShow:
        """WhatsApp's question for the passkey of the account that scanned the code.

        :raises PasskeyUnsupported: if the session's engine can't ask it.
        :raises AlreadyConnected: if the session is linked. :raises PasskeyNotWanted: if there is no question now.
        """
        if session.status is SessionStatus.CONNECTED:
            raise AlreadyConnected
        shown = await self._codes.passkey(session.id)
        if shown is None:
            raise _no_passkey(session, await self._links.find(session.id))
        return PasskeyOnShow(session=session, options=msgspec.json.decode(shown.code), expires_at=shown.expires_at)

    async def answer_passkey(self, session: Session, assertion: PasskeyAssertion) -> None:
        """Hand on what the passkey's holder answered; linking goes on with that.

        :raises PasskeyUnsupported, PasskeyNotWanted, PasskeyExpired, PasskeyAnswered: as
            :meth:`wagate.engine.port.EngineSession.answer_passkey`.
        :raises AlreadyConnected: if the session is linked.
        :raises QueryFailed: if WhatsApp refuses the answer, or gives none in time.
        """
        if session.status is SessionStatus.CONNECTED:
            raise AlreadyConnected
        link = await self._links.find(session.id)
        if link is None:
            raise _no_passkey(session, None)
        try:
            await within(self._clock, READY_SECONDS, link.session.answer_passkey(assertion))
        except TimeoutError:
            raise QueryFailed(408, "WhatsApp did not answer in time") from None

    def _tell(self, tx: Tx, account: AccountId, session_id: SessionId, shown: ShownCode) -> None:
        session = store.find(tx, account, session_id)
        data = {**session.resource(), **announced(shown)}
        self._journal.tell(tx, session, EventType("session.pairing_code"), data)

    def _seconds_until(self, moment: datetime | None) -> int | None:
        return None if moment is None else max(1, int((moment - self._clock.now()).total_seconds()))


def _no_passkey(session: Session, link: Link | None) -> PasskeyUnsupported | PasskeyNotWanted:
    cant = session.status_reason == PASSKEY_UNSUPPORTED or (link is not None and not link.session.links_by_passkey)
    return PasskeyUnsupported() if cant else PasskeyNotWanted()
