"""Socket.IO, over WebSocket alone.

A client says who it is, and perhaps what it saw last, in its first packet; nothing of that stands in a URL. From then
on it is told events as streams are, by a cursor on the log. It may only say which sessions it wants to hear of.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from wagate.core.clock import Clock
from wagate.core.errors import Forbidden, Unauthorized, WagateError
from wagate.core.ids import EventId, SessionId
from wagate.core.logging import get_logger
from wagate.events.api import parse_types
from wagate.realtime import packets
from wagate.realtime.api.streams import event_id
from wagate.realtime.errors import EmitUnknown, NamespaceUnknown, SocketDataInvalid, WebSocketOnly
from wagate.realtime.model import Rooms
from wagate.realtime.packets import Kind, Packet, PacketMalformed
from wagate.realtime.service import KEEP_ALIVE_SECONDS, Feed
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.service import Sessions
from wagate.web.auth import CredentialMissing, principal_by
from wagate.web.limits import check_again
from wagate.web.principal import Principal, Scope
from wagate.web.problems import problem, problem_body, retry_after
from wagate.web.routing import MAX_MESSAGE_BYTES

#: Where clients look unless told otherwise, and the same as people write it.
PATHS: Final = ("/socket.io/", "/socket.io")
#: The name under which a client learns from where to come back if it has not seen an event, and why it was cut off.
READY: Final = "ready"
PROBLEM: Final = "problem"

#: Codes of RFC 6455.
_GOOD_BYE: Final = 1000
_BROKE_THE_RULES: Final = 1008

Said = TypeVar("Said")

_log = get_logger("wagate.realtime")


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends as ``auth``. ``after`` is the last event it saw; it joins ``sessions`` at once."""

    token: str = ""
    after: str | None = None
    types: str | None = None
    sessions: list[str] = []


class Room(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes with ``join`` and ``leave``."""

    session: str


@dataclass(frozen=True, slots=True)
class Guest:
    """A client that was let in, and what it wants to hear."""

    principal: Principal
    token: str
    rooms: Rooms


def router(feed: Feed, sessions: Sessions, clock: Clock) -> APIRouter:
    """The one place, for sockets and for those who do not know yet that it takes only them."""
    routes = APIRouter()

    async def talk(websocket: WebSocket) -> None:
        asked = websocket.query_params
        if asked.get("EIO") != "4" or asked.get("transport") != "websocket" or "sid" in asked:
            await websocket.send_denial_response(problem(WebSocketOnly(), websocket))
            return
        await websocket.accept()
        await Conversation(websocket, feed, sessions, clock).run()

    async def refuse_polling() -> None:
        raise WebSocketOnly

    for path in PATHS:
        routes.add_api_websocket_route(path, talk, name="socket")
        routes.add_api_route(path, refuse_polling, methods=["GET", "POST"], include_in_schema=False)
    return routes


class Conversation:
    """One client, from the opening of its WebSocket to the end."""

    #: A client that does not say who it is holds a place for nothing.
    greeting_seconds: ClassVar[float] = 10.0
    #: A client that takes nothing for so long is cut off. What it has not read is in the log, and not in memory.
    patience_seconds: ClassVar[float] = 10.0

    def __init__(self, websocket: WebSocket, feed: Feed, sessions: Sessions, clock: Clock) -> None:
        self._websocket = websocket
        self._feed = feed
        self._sessions = sessions
        self._clock = clock
        self._sid = packets.new_sid(os.urandom)
        self._answered_ping = True

    async def run(self) -> None:
        """Return when it is over, whoever ended it."""
        code = _GOOD_BYE
        try:
            await self._send(self._opening())
            async with asyncio.timeout(self.greeting_seconds):
                hello = await self._greeting()
            await self._serve(hello)
        except PacketMalformed:
            code = _BROKE_THE_RULES
        except WebSocketDisconnect:
            return
        except TimeoutError:
            # It takes nothing, so it would not take a good-bye either.
            _log.info("socket ended", code="socket_too_slow")
            return
        await self._close(code)

    def _opening(self) -> str:
        return packets.opening(self._sid, ping_seconds=KEEP_ALIVE_SECONDS, max_bytes=MAX_MESSAGE_BYTES)

    async def _greeting(self) -> Packet:
        """The packet by which the client wants in."""
        while True:
            packet = await self._receive()
            if packet.kind is not Kind.CONNECT:
                raise PacketMalformed
            if packet.namespace == "/":
                return packet
            await self._refuse(NamespaceUnknown(), packet.namespace)

    async def _serve(self, packet: Packet) -> None:
        try:
            hello = _read({} if packet.data is None else packet.data, Hello)
            if not hello.token:
                raise CredentialMissing("Send an API key or the token of a log-in as `auth: {token}`")
            principal = await principal_by(self._websocket, hello.token)
            _check_reads(principal)
            with self._feed.place(principal.account_id):
                guest = Guest(principal, hello.token, Rooms(principal.sessions, parse_types(hello.types)))
                await self._join(guest, hello.sessions)
                after = event_id(hello.after) or await self._feed.newest(principal.account_id, principal.sessions)
                await self._send(packets.connected(self._sid))
                await self._send(packets.emitted(READY, {"after": after}))
                await self._talk(guest, after)
        except WagateError as error:
            await self._refuse(error)

    async def _talk(self, guest: Guest, after: EventId) -> None:
        """Both ways at once, until one of them ends.

        :raises WebSocketDisconnect: :raises PacketMalformed: :raises TimeoutError: if the client is gone, or has to go.
        """
        ways = [asyncio.create_task(work) for work in (self._tell(guest, after), self._listen(guest), self._beat())]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            way.result()

    async def _tell(self, guest: Guest, after: EventId) -> None:
        rooms = guest.rooms

        async def still_allowed() -> None:
            _check_reads(await self._websocket.app.state.authenticate(guest.token))

        batches = self._feed.batches(
            guest.principal.account_id, last_seen=after, wanted=lambda: rooms.wanted, still_allowed=still_allowed
        )
        try:
            async with aclosing(batches):
                async for found in batches:
                    for event in found:
                        # It may have left a room since they were read.
                        if rooms.wanted.includes(event):
                            await self._send(packets.told(event))
        except WagateError as error:
            _log.info("socket ended", code=error.code)
            if isinstance(error, Unauthorized | Forbidden):
                await self._send(packets.emitted(PROBLEM, self._problem(error)))
                await self._send(packets.DISCONNECT)

    async def _listen(self, guest: Guest) -> None:
        while True:
            packet = await self._receive()
            if packet.kind is Kind.PONG:
                self._answered_ping = True
            elif packet.kind is Kind.EVENT and packet.namespace == "/":
                answer = await self._answer(guest, packet.data)
                if packet.number:
                    await self._send(packets.acknowledged(packet.number, answer))
            elif packet.kind is Kind.CONNECT and packet.namespace != "/":
                await self._refuse(NamespaceUnknown(), packet.namespace)
            elif packet.kind in (Kind.DISCONNECT, Kind.CLOSE):
                return
            else:
                raise PacketMalformed

    async def _beat(self) -> None:
        """Ping, and notice who does not answer: many a client that is gone never says so."""
        while True:
            await self._clock.sleep(KEEP_ALIVE_SECONDS)
            if not self._answered_ping:
                raise TimeoutError
            self._answered_ping = False
            await self._send(packets.PING)

    async def _answer(self, guest: Guest, emitted: list[Any]) -> dict[str, Any]:
        try:
            name, *arguments = emitted
            if name not in ("join", "leave"):
                raise EmitUnknown
            room = _read(arguments[0] if len(arguments) == 1 else None, Room)
            if name == "leave":
                guest.rooms.leave(_session(room.session))
            elif guest.rooms.lacks(_session(room.session)):
                await check_again(self._websocket, guest.principal)
                await self._join(guest, [room.session])
        except WagateError as error:
            return {"ok": False, **self._problem(error)}
        return {"ok": True}

    async def _join(self, guest: Guest, sessions: Sequence[str]) -> None:
        """:raises SessionNotFound: if one does not exist, or is out of reach. :raises TooManyRooms:"""
        wanted = [_session(session) for session in sessions]
        guest.rooms.check_room(wanted)
        for session in wanted:
            await self._sessions.get(guest.principal, session)
        guest.rooms.join(wanted)

    async def _refuse(self, error: WagateError, namespace: str = "/") -> None:
        await self._send(packets.refused(namespace, error.title(), self._problem(error)))

    def _problem(self, error: WagateError) -> dict[str, Any]:
        body = problem_body(error, HTTPConnection(self._websocket.scope), error.status)
        # Where an answer has a header.
        return {**body, "retryAfter": retry_after(error)} if error.status in (429, 503) else body

    async def _receive(self) -> Packet:
        """The next packet.

        :raises WebSocketDisconnect: if there is none, since the client has gone.
        :raises PacketMalformed: if it is none.
        """
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", _GOOD_BYE))
        text = message.get("text")
        if text is None:
            raise PacketMalformed
        return packets.parse(text)

    async def _send(self, packet: str) -> None:
        """Return once there is room for more.

        :raises TimeoutError: if there was none for too long.
        :raises WebSocketDisconnect: if the client has gone.
        """
        async with asyncio.timeout(self.patience_seconds):
            await self._websocket.send_text(packet)

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(self.patience_seconds):
                await self._websocket.close(code)
        except (TimeoutError, WebSocketDisconnect):
            # Then it ends without one.
            return


def _check_reads(principal: Principal) -> None:
    if not principal.allows(Scope.READ):
        raise Forbidden(f"Sockets need a key with the scope `{Scope.READ}`")


def _session(text: str) -> SessionId:
    try:
        return SessionId.parse(text)
    except ValueError:
        # What can't be an id names nothing.
        raise SessionNotFound from None


def _read(value: Any, kind: type[Said]) -> Said:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        # Its sentence names fields and types, and no value.
        raise SocketDataInvalid(str(error)) from None
