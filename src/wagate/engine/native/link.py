"""One open connection behind the port, from its first frame to :class:`Closed`. It reconnects nothing by itself."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from wagate.core.logging import get_logger
from wagate.engine.lease import StaleEpoch
from wagate.engine.native import client, endings, prekeys
from wagate.engine.native.appstate import AppState
from wagate.engine.native.cipher import Cipher
from wagate.engine.native.device import Device
from wagate.engine.native.directory import Directory
from wagate.engine.native.groups import GroupBook
from wagate.engine.native.journal import Journal, Refused
from wagate.engine.native.line import QUERY_SECONDS, Line
from wagate.engine.native.linking import NOTIFICATIONS, Linking
from wagate.engine.native.phone import OwnPhone
from wagate.engine.native.placeholders import Placeholders
from wagate.engine.native.receiving import Receiver
from wagate.engine.native.redelivery import Redelivery
from wagate.engine.native.retries import Retries
from wagate.engine.native.sending import Sender
from wagate.engine.native.shared import Shared
from wagate.engine.native.stream import Broken, NotWhatsApp, NoWayThroughProxy, Stream, Unreachable, sent_points
from wagate.engine.native.trust import Trust
from wagate.engine.native.vault import Vault
from wagate.engine.port import (
    Arrived,
    Closed,
    EngineUnavailable,
    EventSink,
    Online,
    OpenRequest,
    PasskeyAssertion,
    PasskeyNotWanted,
    QueryFailed,
    RelayImpossible,
    Vitals,
)
from wagate.engine.proxies.failures import ending as proxy_ending
from wagate.engine.store import KeyChange, NewArrival
from wagate.engine.teller import Teller
from wagate.wire.jid import SERVER, Jid
from wagate.wire.keys import KeyPair
from wagate.wire.node import Attr, Node

#: After so much silence the server is asked for a sign of life, and given up after so much more: a dead line is found
#: within 30 s. whatsmeow asks every 20 to 30 s.
PING_SECONDS = 18.0
DEAF_SECONDS = 10.0
#: Stanzas and changes that may wait in memory before reading stops: what is not read, WhatsApp's server keeps.
TOO_MUCH = 1_000
#: Bytes of stanzas that may. As nodes they take the same for ciphertexts, and fifty times that if they mean harm.
TOO_HEAVY = 16 * 1024 * 1024
#: While an answer is waited for, reading goes on beyond that; here it ends with the link. What a gateway that was away
#: for weeks finds is less, and the next login goes on where this one stopped.
FAR_TOO_MUCH = 50_000
FAR_TOO_HEAVY = 4 * TOO_HEAVY
#: An unlinking that the server does not answer is over all the same.
_LOGOUT_SECONDS = 10.0

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ORDERED = frozenset(("message", "receipt", "notification", "call"))

_log = get_logger("engine.native")


class NativeSession:
    """One connection of one device. Made by :class:`~wagate.engine.native.engine.NativeEngine`."""

    def __init__(
        self,
        number: int,
        request: OpenRequest,
        device: Device,
        trust: ssl.SSLContext | None,
        *,
        sink: EventSink,
        shared: Shared,
        on_gone: Callable[["NativeSession"], None],
    ) -> None:
        self.number = number
        self.links_by_passkey = True
        self.session = request.session
        self._request = request
        self._trust_context = trust
        self._shared = shared
        self._teller = Teller(request.session, sink)
        self._on_gone = on_gone
        self._clock = shared.clock
        self._journal = Journal(
            self._commit,
            on_refused=self._refused,
            on_arrived=lambda: self._teller.tell(Arrived()),
            reach=shared.reach,
        )
        vault = Vault(number, request.session, shared.keys, shared.memory, self._journal)
        self._line = line = Line(device, self._journal, vault, shared.clock, shared.entropy)
        self._directory = directory = Directory(number, line, shared.devices)
        groups = GroupBook(number, line, shared.groups)
        cipher = Cipher(line, directory)
        trust_tokens = Trust(line, directory)
        self._linking = Linking(line, self._teller.tell, self._codes_ran_out)
        self._redelivery = Redelivery(line, cipher)
        self._sender = Sender(line, directory, groups, cipher, trust_tokens, self._redelivery)
        own_phone = OwnPhone(line, self._sender)
        fetch = shared.fetch_blob
        self._app_state = AppState(
            line,
            on_name=self._named,
            ask_phone=own_phone.ask_for_keys,
            fetch=None if fetch is None else lambda blob: fetch(request.session, self, blob),
        )
        self._retries = Retries(request.session, line, directory, cipher, self._redelivery, shared.sent_message)
        self._placeholders = Placeholders(line, own_phone.ask_for_messages)
        self._receiver = Receiver(
            request.session,
            line,
            shared.keys,
            directory=directory,
            groups=groups,
            cipher=cipher,
            retries=self._retries,
            placeholders=self._placeholders,
            trust=trust_tokens,
            app_state=self._app_state,
            is_available=lambda: self._available,
        )
        #: What waits for its turn, with its bytes, and the bytes of all of it.
        self._waiting: deque[tuple[Node, int]] = deque()
        self._heavy = 0
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        line.on_query = self._room.set
        self._online = False
        self._available = False
        self._over = False
        self._verdict: Closed | None = None
        self._last_frame_at: datetime | None = None
        self._heard = shared.clock.monotonic()
        self._pinged: float | None = None
        self._seemed_deaf = False
        self._begun = False
        self._life = asyncio.create_task(self._live(), name=f"link {request.session}")

    # -- the port --------------------------------------------------------------------------------------------------

    @property
    def proxy(self) -> str:
        return self._request.proxy

    async def relay(
        self,
        to: Jid,
        message: bytes,
        message_id: str,
        attributes: Mapping[str, str] = _NOTHING,
        recipients: Collection[Jid] = (),
    ) -> datetime:
        if not self._online:
            raise RelayImpossible("not connected")
        return await self._sender.relay(to, message, message_id, attributes, recipients)

    async def query(self, node: Node, timeout: float = QUERY_SECONDS) -> Node:
        if not self._online:
            raise QueryFailed(endings.LOST, "not connected")
        return await self._line.query(node, timeout)

    async def send(self, node: Node) -> None:
        if not self._online or self._over:
            raise EngineUnavailable("the connection is closed")
        self._line.post(node)

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        if not self._online or self._over:
            raise EngineUnavailable("the connection is closed")
        try:
            await self._directory.learn_all(pairs)
            await self._journal.settled()
        except Refused:
            raise EngineUnavailable("the connection is closed") from None

    async def request_pairing_code(self, phone: str) -> str:
        if self._over or self._line.device.linked:
            raise EngineUnavailable("no device waits to be linked")
        asking = asyncio.ensure_future(self._linking.request_code(phone))
        await asyncio.wait((asking, self._life), return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            raise EngineUnavailable("the connection closed")
        return asking.result()

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        if self._over:
            raise PasskeyNotWanted
        await self._linking.passkey.answer(assertion)

    async def logout(self) -> None:
        if not self._online:
            raise EngineUnavailable("the connection is closed")
        removal = Node("remove-companion-device", {"jid": self._line.device.pn, "reason": "user_initiated"})
        try:
            await self._line.query(Node("iq", {"to": SERVER, "type": "set", "xmlns": "md"}, [removal]), _LOGOUT_SECONDS)
        except QueryFailed as error:
            # Whoever unlinks a device may well end its connection before the answer.
            _log.info("unlinking was not answered", session_id=self.session, code=error.server_code)
        self._end(Closed(code=endings.LOGGED_OUT, reason="logged out"))
        await self._teller.finished()

    async def close(self) -> None:
        self._end(Closed(code=0, reason="closed"))
        await self._teller.finished()

    def vitals(self) -> Vitals:
        return Vitals(
            last_frame_at=self._last_frame_at,
            ping_ms=self._line.ping_ms,
            unreadable_settings=self._app_state.stopped,
        )

    # -- life ------------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Connect, read until the end, and say how it ended."""
        ended = Closed(code=endings.LOST, reason="connection lost")
        stream: Stream | None = None
        work: asyncio.Task[None] | None = None
        self._begun = True
        try:
            if self._over:
                raise asyncio.CancelledError
            stream = await self._connect()
            self._line.stream = stream
            work = asyncio.create_task(self._take_in_turn())
            async for node in stream.nodes():
                self._heard, self._pinged = self._clock.monotonic(), None
                self._last_frame_at = self._clock.now()
                closed = self._on_node(node)
                if closed is not None:
                    ended = closed
                    break
                if len(self._waiting) + self._line.working > FAR_TOO_MUCH or self._heavy > FAR_TOO_HEAVY:
                    ended = Closed(code=endings.LOST, reason="more came than can be handled")
                    break
                # An answer that is waited for comes behind what is in the way.
                if self._is_too_much() and not self._line.is_asking:
                    self._room.clear()
                    # Whoever makes room may have nothing to do: settings come many at a time, and by themselves.
                    self._more.set()
                    await self._room.wait()
        except Unreachable as error:
            ended = Closed(code=endings.LOST, reason=str(error))
        except NoWayThroughProxy as error:
            ended = proxy_ending(error.answer)
        except NotWhatsApp as error:
            ended = Closed(code=endings.CHAIN_REFUSED, reason=str(error))
        except Broken as error:
            ended = Closed(code=endings.BAD_SESSION, reason=str(error))
        except asyncio.CancelledError:
            # It has had its effect. Left to stand it would also end what only takes its time below (Python 3.11.2).
            self._life.uncancel()
            ended = self._verdict or Closed(code=0, reason="closed")
        except Exception as error:  # noqa: BLE001 - one session's trouble must not become its neighbours'
            _log.error("a connection failed", session_id=self.session, exc_info=True)
            ended = Closed(code=endings.BAD_SESSION, reason=type(error).__name__)
        await self._wind_up(self._verdict or ended, stream, work)

    async def _connect(self) -> Stream:
        device, shared = self._line.device, self._shared
        if device.linked:
            payload = client.login(device, shared.version)
        else:
            payload = client.registration(device, shared.version, self._request.device_name)
        stream = await Stream.open(
            self._request.endpoint,
            self._trust_context,
            noise=KeyPair.from_private(device.noise),
            payload=payload,
            routing=device.routing,
            proxy=self._request.proxy,
            clock=shared.clock,
            entropy=shared.entropy,
        )
        if shared.wire_log is not None:
            stream.tap = shared.wire_log.tap(self.session)
        if shared.reach is not None:
            stream.on_sent = sent_points(shared.reach)
        return stream

    async def _wind_up(self, closed: Closed, stream: Stream | None, work: asyncio.Task[None] | None) -> None:
        self._over, self._online = True, False
        self._verdict = closed
        self._sender.end()
        if work is not None:
            work.cancel()
        self._line.end()
        # What was recorded is right whether or not anybody will hear of it: the link, for one, before its 515.
        try:
            await self._journal.settled_or_else(self._clock, (lambda: None) if stream is None else stream.cut)
        except Refused:
            closed = self._verdict
        self._journal.end()
        self._line.vault.close()
        if stream is not None:
            await stream.close()
        self._teller.tell(closed)
        self._on_gone(self)

    def _end(self, closed: Closed) -> None:
        if not self._over:
            self._over = True
            self._verdict = closed
            self._interrupt()

    def _interrupt(self) -> None:
        # A task that is cancelled before its first step takes none, and nobody would be told of the end.
        if self._begun:
            self._life.cancel()

    # -- stanzas ---------------------------------------------------------------------------------------------------

    def _on_node(self, node: Node) -> Closed | None:
        """Take one stanza; how the connection ends, if this one ends it."""
        match node.tag:
            case "iq":
                self._on_iq(node)
            case "ack" if node.get("class") == "message":
                if not self._redelivery.acknowledged(node):
                    self._sender.acknowledged(node)
            case "success":
                self._logged_in(node)
            case "ib":
                self._on_ib(node)
            case "stream:error":
                return endings.stream_error(node)
            case "failure":
                return endings.failure(node, self._clock.now())
            case "xmlstreamend":
                return Closed(code=endings.LOST, reason="the server ended the stream")
            case tag if tag in _ORDERED:
                if tag == "notification" and node.get("type") in NOTIFICATIONS:
                    self._linking.notified(node)
                else:
                    size = self._line.stream.size if self._line.stream is not None else 0
                    self._waiting.append((node, size))
                    self._heavy += size
                    self._more.set()
            case _:
                pass
        return None

    async def _take_in_turn(self) -> None:
        """What wants an acknowledgement, one thing after the other in the order of the server."""
        try:
            while True:
                while self._waiting:
                    node, size = self._waiting.popleft()
                    await self._receiver.take(node)
                    self._heavy -= size
                    if not self._room.is_set():
                        await self._have_room()
                self._more.clear()
                if not self._room.is_set():
                    await self._have_room()
                    self._room.set()
                await self._more.wait()
        except Refused:
            return
        except Exception as error:  # noqa: BLE001 - without this work the link would seem alive and take nothing in
            _log.error("incoming stanzas can't be handled any more", session_id=self.session, exc_info=True)
            self._end(Closed(code=endings.BAD_SESSION, reason=type(error).__name__))

    def _is_too_much(self) -> bool:
        return len(self._waiting) + self._journal.backlog > TOO_MUCH or self._heavy > TOO_HEAVY

    async def _have_room(self) -> None:
        if len(self._waiting) + self._journal.backlog <= TOO_MUCH // 2 and self._heavy <= TOO_HEAVY // 2:
            self._room.set()
        elif self._journal.backlog > TOO_MUCH // 2:
            await self._journal.settled()

    def _on_iq(self, node: Node) -> None:
        if node.get("type") in ("result", "error"):
            self._line.answered(node)
        elif node.child("pair-device") is not None:
            self._linking.offered(node)
        elif node.child("pair-success") is not None:
            self._linking.succeeded(node)
        elif node.get("xmlns") == "urn:xmpp:ping":
            self._line.post(Node("iq", {"to": SERVER, "type": "result", "id": node.get("id")}))

    def _on_ib(self, node: Node) -> None:
        routing = node.child("edge_routing", "routing_info")
        if routing is not None and routing.data != self._line.device.routing:
            self._line.change(routing=routing.data)
        for dirty in node.all("dirty"):
            clean = Node("clean", {name: dirty.get(name) for name in ("type", "timestamp") if name in dirty.attrs})
            attrs: dict[str, Attr] = {"to": SERVER, "type": "set", "xmlns": "urn:xmpp:whatsapp:dirty"}
            self._line.post(Node("iq", {**attrs, "id": self._line.new_id()}, [clean]))

    # -- login -----------------------------------------------------------------------------------------------------

    def _logged_in(self, node: Node) -> None:
        lid, name = node.jid("lid"), node.get("display_name")
        device = self._line.device
        changes = {}
        if lid is not None and lid.is_lid and lid.user and str(lid) != device.lid:
            changes["lid"] = str(lid)
        if name and not device.push_name:
            changes["push_name"] = name
        if changes:
            self._line.change(**changes)
        self._line.spawn(self._come_online, "login")

    async def _come_online(self) -> None:
        line = self._line
        try:
            await prekeys.at_login(line)
            await line.ask("passive", "set", Node("active"))
            line.post(client.unified_session(line.clock.now()))
        except QueryFailed as error:
            self._end(Closed(code=error.server_code or endings.LOST, reason="login was not answered"))
            return
        except Exception as error:
            # Whatever it was: a link that neither comes online nor ends would wait for ever.
            if not isinstance(error, Refused):
                self._end(Closed(code=endings.BAD_SESSION, reason=type(error).__name__))
            raise
        self._online = True
        self._teller.tell(Online(identity=line.device.port_identity))
        self._announce()
        await self._placeholders.ask_anew()
        await self._app_state.begin()
        await prekeys.rotate_signed(line)

    def _announce(self) -> None:
        """Say that we are there; without a name WhatsApp does not take it."""
        name = self._line.device.push_name
        if name and self._online:
            self._available = True
            self._line.post(client.unified_session(self._clock.now()))
            self._line.post(Node("presence", {"name": name, "type": "available"}))

    def _named(self, name: str) -> None:
        if name and name != self._line.device.push_name:
            self._line.change(push_name=name)
            self._announce()

    def _codes_ran_out(self) -> None:
        self._end(Closed(code=endings.TIMED_OUT, reason="nobody scanned the code"))

    # -- evidence of life ------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Called every second or so with the monotonic clock: ask a silent server for a sign, give up a dead line."""
        if self._over or self._line.stream is None or not self._room.is_set():
            return
        silent = now - self._heard
        if self._pinged is None:
            if silent >= PING_SECONDS and self._line.device.linked:
                self._pinged = now
                self._line.spawn(self._ping, "ping")
            return
        deaf = now - self._pinged >= DEAF_SECONDS
        # Not at first sight: if it was this process that stood still, what came meanwhile is read before the next tick.
        if deaf and self._seemed_deaf:
            self._end(Closed(code=endings.TIMED_OUT, reason="no answer"))
        self._seemed_deaf = deaf

    async def _ping(self) -> None:
        await self._line.ask("w:p", "get")

    # -- storing ---------------------------------------------------------------------------------------------------

    async def _commit(self, changes: Sequence[KeyChange], arrivals: Sequence[NewArrival]) -> None:
        faults = self._shared.faults
        if faults is not None:
            await faults("before_commit", self.session)
        await self._shared.keys.commit(self.session, self._request.epoch, changes, arrivals)
        if faults is not None:
            await faults("after_commit_before_reply", self.session)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, StaleEpoch):
            verdict = Closed(code=endings.REPLACED, reason="lease_lost")
        else:
            _log.warning("commit failed", session_id=self.session, error=type(error).__name__)
            verdict = Closed(code=endings.LOST, reason="store_unavailable")
        if self._line.stream is not None:
            self._line.stream.cut()
        self._verdict = verdict
        if not self._over:
            self._over = True
            self._interrupt()
