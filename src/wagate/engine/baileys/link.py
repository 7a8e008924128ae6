"""One open connection as the host sees it: the engine session behind the port, and the answers to its bridge."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from wagate.core.clock import Clock
from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine import protocol
from wagate.engine.lease import StaleEpoch
from wagate.engine.port import (
    Arrived,
    Closed,
    EngineUnavailable,
    EventSink,
    Faults,
    Identity,
    InboxKind,
    Linked,
    Online,
    PasskeyAssertion,
    PasskeyUnsupported,
    QrIssued,
    QueryFailed,
    RecipientUnknown,
    RelayImpossible,
    RelayRefused,
    RelayUnknown,
    SentMessage,
    Vitals,
)
from wagate.engine.proxies.failures import ending as proxy_ending
from wagate.engine.stanza import to_node, to_stanza
from wagate.engine.store import KeyChange, KeyStore, NewArrival
from wagate.engine.teller import Teller
from wagate.engine.wirelog import RECEIVED, SENT, Tap
from wagate.wire.jid import Jid
from wagate.wire.node import Node

_log = get_logger("bridge")

_NOTHING: Mapping[str, str] = MappingProxyType({})
_QUERY_TIMEOUT = 60.0
_PAIRING_TIMEOUT = 30.0
#: Mappings in one commit: few enough for others' changes not to wait.
_LEARNT_AT_ONCE = 500
#: What the host waits longer than the bridge does, so that the bridge's answer is the one that counts.
_MARGIN = 10.0


class BaileysSession:
    """One open connection of one device. Made by :class:`~wagate.engine.baileys.engine.BaileysEngine`."""

    def __init__(
        self,
        number: int,
        session: SessionId,
        epoch: int,
        *,
        proxy: str,
        sink: EventSink,
        keys: KeyStore,
        clock: Clock,
        send: Callable[[protocol.ToBridge], None],
        sent_message: SentMessage | None,
        faults: Faults | None,
        tap: Tap | None,
        on_gone: Callable[["BaileysSession"], None],
    ) -> None:
        self.number = number
        self.session = session
        self.proxy = proxy
        self.links_by_passkey = False
        self._epoch = epoch
        self._teller = Teller(session, sink)
        self._keys = keys
        self._clock = clock
        self._send = send
        self._sent_message = sent_message
        self._faults = faults
        self._tap = tap
        self._on_gone = on_gone
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._next_call = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False
        self._verdict: Closed | None = None
        self._last_frame_at: datetime | None = None
        self._ping_ms: float | None = None

    # -- the port -------------------------------------------------------------------------------------------------

    async def relay(
        self,
        to: Jid,
        message: bytes,
        message_id: str,
        attributes: Mapping[str, str] = _NOTHING,
        recipients: Collection[Jid] = (),
    ) -> datetime:
        if to.is_status and not recipients:
            raise RelayImpossible("a status is for somebody")
        answer = await self._call(
            lambda call: protocol.Relay(
                link=self.number,
                call=call,
                to=str(to),
                message=message,
                message_id=message_id,
                attributes=dict(attributes),
                recipients=[str(jid.bare) for jid in recipients],
            ),
            lost=RelayUnknown(),
        )
        match answer:
            case protocol.Acked(at=at):
                return datetime.fromtimestamp(at, UTC) if at else self._clock.now()
            case protocol.NotSent(cause="refused", code=code, detail=detail):
                raise RelayRefused(code, detail)
            case protocol.NotSent(cause="recipient", detail=detail):
                raise RecipientUnknown(detail)
            case protocol.NotSent(cause="impossible", detail=detail):
                raise RelayImpossible(detail)
            case _:
                raise RelayUnknown()

    async def query(self, node: Node, timeout: float = _QUERY_TIMEOUT) -> Node:
        frame_of = to_stanza(node)
        answer = await self._call(
            lambda call: protocol.Query(link=self.number, call=call, node=frame_of, timeout_ms=int(timeout * 1000)),
            lost=QueryFailed(428, "the connection closed"),
            timeout=timeout + _MARGIN,
        )
        if isinstance(answer, protocol.Answered):
            return to_node(answer.node)
        raise _query_failed(answer)

    async def send(self, node: Node) -> None:
        stanza = to_stanza(node)
        answer = await self._call(
            lambda call: protocol.Send(link=self.number, call=call, node=stanza),
            lost=EngineUnavailable("the connection closed"),
        )
        if not isinstance(answer, protocol.Done):
            raise _query_failed(answer)

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        for start in range(0, len(pairs), _LEARNT_AT_ONCE):
            part = [protocol.LidOfPn(str(pn.bare), str(lid.bare)) for pn, lid in pairs[start : start + _LEARNT_AT_ONCE]]

            def frame_of(call: int, part: list[protocol.LidOfPn] = part) -> protocol.ToBridge:
                return protocol.LearnLids(link=self.number, call=call, pairs=part)

            answer = await self._call(frame_of, lost=EngineUnavailable("the connection closed"))
            if not isinstance(answer, protocol.Done):
                raise EngineUnavailable("the connection is closed")

    async def request_pairing_code(self, phone: str) -> str:
        answer = await self._call(
            lambda call: protocol.AskPairingCode(link=self.number, call=call, phone=phone),
            lost=EngineUnavailable("the connection closed"),
            timeout=_PAIRING_TIMEOUT,
        )
        if isinstance(answer, protocol.PairingCode):
            return answer.code
        raise _query_failed(answer)

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        raise PasskeyUnsupported

    async def logout(self) -> None:
        await self._call(
            lambda call: protocol.Logout(link=self.number, call=call),
            lost=EngineUnavailable("the connection closed"),
            timeout=_PAIRING_TIMEOUT,
        )

    async def close(self) -> None:
        if not self._over:
            self._send(protocol.Close(link=self.number))
        await self._teller.finished()

    def vitals(self) -> Vitals:
        return Vitals(last_frame_at=self._last_frame_at, ping_ms=self._ping_ms)

    # -- what the bridge says ---------------------------------------------------------------------------------------

    def handle(self, frame: protocol.FromBridge) -> None:
        """Take one frame of this link."""
        match frame:
            case protocol.Commit():
                self._last_frame_at = self._clock.now()
                self._spawn(self._commit(frame))
            case protocol.Acked() | protocol.NotSent() | protocol.Answered():
                self._last_frame_at = self._clock.now()
                self._answer(frame.call, frame)
            case protocol.PairingCode() | protocol.Done() | protocol.Failed():
                self._answer(frame.call, frame)
            case protocol.Load():
                self._spawn(self._load(frame))
            case protocol.Find():
                self._spawn(self._find(frame))
            case protocol.FetchSent():
                self._spawn(self._fetch_sent(frame))
            case protocol.Qr():
                expires_at = self._clock.now() + timedelta(milliseconds=frame.lifetime_ms)
                self._teller.tell(QrIssued(code=frame.code, expires_at=expires_at))
            case protocol.Paired():
                self._teller.tell(Linked(identity=_identity(frame)))
            case protocol.Online():
                self._teller.tell(Online(identity=_identity(frame)))
            case protocol.Pulse():
                if frame.last_frame_at is not None:
                    self._last_frame_at = datetime.fromtimestamp(frame.last_frame_at, UTC)
                self._ping_ms = frame.ping_ms
            case protocol.Closed():
                retry_at = None if frame.retry_at is None else datetime.fromtimestamp(frame.retry_at, UTC)
                self.end(Closed(code=frame.code, reason=frame.reason, retry_at=retry_at))
            case protocol.ProxyAnswered():
                self._verdict = proxy_ending(frame.status)
            case protocol.Wire():
                if self._tap is not None:
                    self._tap(SENT if frame.sent else RECEIVED, to_node(frame.node))
            case protocol.Note() | protocol.Ready():
                pass

    def end(self, closed: Closed) -> None:
        """The connection is over, by the bridge's word or because there is no bridge any more."""
        if self._over:
            return
        self._over = True
        for future in self._calls.values():
            if not future.done():
                future.set_result(None)
        self._calls.clear()
        self._teller.tell(self._verdict or closed)
        self._on_gone(self)

    # -- answers to the bridge --------------------------------------------------------------------------------------

    async def _commit(self, frame: protocol.Commit) -> None:
        try:
            await self._reach("before_commit")
            await self._keys.commit(
                self.session,
                frame.epoch,
                [KeyChange(kind=c.kind, key=c.key, value=c.value) for c in frame.changes],
                [
                    NewArrival(
                        kind=InboxKind(a.kind),
                        wa_id=a.wa_id,
                        digest=a.digest,
                        stanza=a.stanza,
                        plaintext=a.plaintext,
                        hidden=a.hidden,
                    )
                    for a in frame.arrivals
                ],
            )
            await self._reach("after_commit_before_reply")
        except StaleEpoch:
            self._verdict = Closed(code=440, reason="lease_lost")
            self._send(protocol.Committed(link=self.number, commit=frame.commit, ok=False))
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing may leave that depends on it
            _log.warning("commit failed", session_id=self.session, error=type(error).__name__)
            self._verdict = Closed(code=428, reason="store_unavailable")
            self._send(protocol.Committed(link=self.number, commit=frame.commit, ok=False))
        else:
            self._send(protocol.Committed(link=self.number, commit=frame.commit, ok=True))
            if any(not a.hidden for a in frame.arrivals):
                self._teller.tell(Arrived())

    async def _load(self, frame: protocol.Load) -> None:
        try:
            values = await self._keys.load(self.session, frame.kind, frame.keys)
        except Exception as error:  # noqa: BLE001 - an unreadable key must end this session and no other
            _log.warning("keys could not be read", session_id=self.session, error=type(error).__name__)
            self._give_up()
        else:
            self._send(protocol.Loaded(link=self.number, call=frame.call, values=values))

    async def _find(self, frame: protocol.Find) -> None:
        try:
            plaintext = await self._keys.plaintext_of(self.session, frame.digest)
        except Exception as error:  # noqa: BLE001 - as above
            _log.warning("inbox could not be read", session_id=self.session, error=type(error).__name__)
            self._give_up()
        else:
            self._send(protocol.Found(link=self.number, call=frame.call, plaintext=plaintext))

    async def _fetch_sent(self, frame: protocol.FetchSent) -> None:
        message: bytes | None = None
        if self._sent_message is not None:
            try:
                message = await self._sent_message(self.session, frame.message_id)
            except Exception as error:  # noqa: BLE001 - the recipient will ask again
                _log.warning("sent message not found", session_id=self.session, error=type(error).__name__)
        self._send(protocol.Sent(link=self.number, call=frame.call, message=message))

    def _give_up(self) -> None:
        self._verdict = Closed(code=428, reason="store_unavailable")
        self._send(protocol.Close(link=self.number))

    async def _reach(self, point: str) -> None:
        if self._faults is not None:
            await self._faults(point, self.session)

    # -- plumbing ---------------------------------------------------------------------------------------------------

    async def _call(
        self,
        frame_of: Callable[[int], protocol.ToBridge],
        *,
        lost: Exception,
        timeout: float | None = None,
    ) -> object:
        if self._over:
            raise (
                EngineUnavailable("the connection is closed")
                if not isinstance(lost, RelayUnknown)
                else (RelayImpossible("the connection is closed"))
            )
        self._next_call += 1
        call = self._next_call
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[call] = future
        try:
            self._send(frame_of(call))
            async with asyncio.timeout(timeout):
                answer = await future
        except TimeoutError:
            raise QueryFailed(408, "no answer in time") from None
        finally:
            self._calls.pop(call, None)
        if answer is None:
            raise lost
        return answer

    def _answer(self, call: int, frame: object) -> None:
        future = self._calls.get(call)
        if future is not None and not future.done():
            future.set_result(frame)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _identity(frame: protocol.Paired | protocol.Online) -> Identity:
    return Identity(
        jid=Jid.parse(frame.jid),
        lid=Jid.parse(frame.lid) if frame.lid else None,
        push_name=frame.push_name,
    )


def _query_failed(answer: object) -> QueryFailed:
    if isinstance(answer, protocol.Failed):
        return QueryFailed(answer.code, answer.detail)
    return QueryFailed(0, "the bridge gave another answer")
