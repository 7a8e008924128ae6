"""One connection: the handshake, then registration or login, then stanzas both ways until somebody ends it."""

import asyncio
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wagate.sandbox import queries
from wagate.sandbox.faults import FaultKind, failure
from wagate.sandbox.model import Device
from wagate.sandbox.record import Direction
from wagate.sandbox.registration import Registration, RegistrationRefused
from wagate.wire.certs import forge_chain, issue_chain
from wagate.wire.codec import BadNode, decode, encode
from wagate.wire.framing import PROLOGUE, BadFrame, Deframer, frame, read_intro
from wagate.wire.keys import KeyPair
from wagate.wire.node import Node
from wagate.wire.noise import BadFrameSeal, HandshakeRefused, Responder, Transport
from wagate.wire.proto import wa_pb2 as wa

if TYPE_CHECKING:
    from wagate.sandbox.world import World

#: How long a client may take to close after its last stanza; whatsmeow drops an unhandled 515 on an early close.
GRACE_SECONDS = 3.0

#: So many stanzas at most go into one WebSocket message.
_BATCH = 64
_MAX_INTRO = 8192


class ServerKeys:
    """Who the server is: the root that clients pin, and the static key that it vouches for."""

    def __init__(self, world: "World") -> None:
        self.root = KeyPair.generate(world.entropy)
        self.static = KeyPair.generate(world.entropy)
        self.chain = issue_chain(self.root, self.static.public, world.clock.now(), world.entropy)


class Connection:
    """Implements :class:`~wagate.sandbox.model.Line`."""

    def __init__(self, world: "World", keys: ServerKeys, socket: ServerConnection, routing: bytes) -> None:
        self._world, self._keys, self._socket, self._routing = world, keys, socket, routing
        self._number = world.next_connection()
        self._device: Device | None = None
        self._registration: Registration | None = None
        self._transport: Transport | None = None
        self._outgoing: list[Node] = []
        self._wake = asyncio.Event()
        self._ended = False
        self._deframer = Deframer()
        self._frames: list[bytes] = []

    @property
    def session(self) -> str:
        """The JID of the device, once it has logged in."""
        return str(self._device.jid) if self._device is not None else ""

    # -- what the rest of the server does with a connection

    def post(self, node: Node) -> None:
        """See :class:`~wagate.sandbox.model.Line`."""
        if self._world.faults.none:
            self._send(node)
        elif not self._world.faults.lasting(FaultKind.SILENCE, self.session):
            self._world.faults.pass_through(node, Direction.OUT, self.session, lambda: self._send(node), close=self.end)

    def end(self, last: Node | None) -> None:
        """See :class:`~wagate.sandbox.model.Line`."""
        if last is None:
            self._socket.transport.abort()
        if self._ended:
            return
        if last is not None:
            self._send(last)
        self._ended = True
        self._detach()
        self._wake.set()

    # -- life

    async def run(self) -> None:
        """Serve until the client or the server ends it."""
        self._world.connections.add(self)
        self._world.record.event("", "connected", connection=self._number)
        why = ""
        writer: asyncio.Task[None] | None = None
        try:
            payload, noise_key = await self._shake_hands()
            writer = asyncio.create_task(self._write())
            self._enter(payload, noise_key)
            while True:
                self._on_node(await self._read())
        except ConnectionClosed:
            why = "closed"
        except (HandshakeRefused, BadFrame, BadFrameSeal, BadNode, DecodeError) as error:
            why = f"{type(error).__name__}: {error}"
            self._world.complain(type(error).__name__, self.session)
        finally:
            session = self.session
            self._ended = True
            self._detach()
            if self._registration is not None:
                self._registration.gone()
            self._world.connections.discard(self)
            self._world.record.event(session, "disconnected", why, self._number)
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)

    async def _shake_hands(self) -> tuple[wa.ClientPayload, bytes]:
        opening = b""
        while (intro := read_intro(opening)) is None:
            if len(opening) > _MAX_INTRO:
                raise BadFrame("the intro does not end")
            opening += await self._receive()
        self._frames = self._deframer.feed(intro.rest)
        chain = self._keys.chain
        forged = self._world.faults.strike(FaultKind.FORGE_CHAIN)
        if forged is not None and forged.chain is not None:
            now = self._world.clock.now()
            chain = forge_chain(forged.chain, self._keys.root, self._keys.static.public, now, self._world.entropy)
        responder = Responder(self._keys.static, chain, self._world.entropy)
        await self._socket.send(frame(responder.read_hello(PROLOGUE, await self._next_frame())))
        noise_key, payload = responder.read_finish(await self._next_frame())
        self._transport = responder.transport
        return wa.ClientPayload.FromString(payload), noise_key

    def _enter(self, payload: wa.ClientPayload, noise_key: bytes) -> None:
        if payload.HasField("username"):
            self._log_in(payload, noise_key)
            return
        try:
            self._registration = Registration(self._world, self, noise_key, payload)
        except RegistrationRefused as error:
            self._world.complain(str(error))
            self.end(failure(400))
        else:
            self._registration.begin()

    def _log_in(self, payload: wa.ClientPayload, noise_key: bytes) -> None:
        world = self._world
        account = world.account(str(payload.username))
        device = account.devices.get(payload.device) if account is not None else None
        name = f"{payload.username}:{payload.device}@s.whatsapp.net"
        if (fault := world.faults.strike(FaultKind.REFUSE_LOGIN, name)) is not None:
            world.record.event(name, "refused", str(fault.code), self._number)
            self.end(failure(fault.code))
            return
        if account is None or device is None or device.noise_key != noise_key:
            world.record.event(name, "refused", "401", self._number)
            self.end(failure(401))
            return
        if device.line is not None:
            device.line.end(Node("stream:error", {}, [Node("conflict", {"type": "replaced"})]))
        self._device, device.line = device, self
        world.record.event(self.session, "login", connection=self._number)
        now = world.seconds()
        self.post(
            Node(
                "success",
                {
                    "t": now,
                    "props": "27",
                    "location": "rva",
                    "lid": device.lid_jid,
                    "display_name": account.name,
                    "creation": now,
                },
            )
        )
        route = Node("routing_info", {}, self._routing)
        self.post(Node("ib", {}, [Node("edge_routing", {}, [route])]))
        for stanza in world.router.backlog(device):
            self.post(stanza)
        first, device.seen_online = not device.seen_online, True
        account.phone.on_device_online(device, first)

    def _detach(self) -> None:
        device = self._device
        if device is not None and device.line is self:
            device.line = None
            device.available = False

    # -- stanzas in

    def _on_node(self, node: Node) -> None:
        world = self._world
        world.record.stanza(self.session, Direction.IN, node, self._number)
        if self._ended:
            return
        if world.faults.none:
            self._handle(node)
        elif not world.faults.lasting(FaultKind.SILENCE, self.session):
            world.faults.pass_through(node, Direction.IN, self.session, lambda: self._handle(node), close=self.end)

    def _handle(self, node: Node) -> None:
        if self._ended:
            return
        if node.tag == "iq":
            if node.get("type") in ("get", "set"):
                self._answer(node)
            elif self._registration is not None:
                self._registration.answered(node)
        elif self._device is not None:
            self._world.router.from_device(self._device, node)

    def _answer(self, node: Node) -> None:
        if self._registration is not None:
            known = self._registration.query(node)
            self.post(known if known is not None else queries.refuse(node, 401, "not-authorized"))
        elif self._device is not None:
            for stanza in queries.answer(self._world, self._device, node):
                self.post(stanza)

    async def _read(self) -> Node:
        assert self._transport is not None
        return decode(self._transport.open(await self._next_frame()))

    async def _next_frame(self) -> bytes:
        while not self._frames:
            self._frames = self._deframer.feed(await self._receive())
        return self._frames.pop(0)

    async def _receive(self) -> bytes:
        data = await self._socket.recv(decode=False)
        return bytes(data)

    # -- stanzas out

    def _send(self, node: Node) -> None:
        if self._ended:
            return
        self._world.record.stanza(self.session, Direction.OUT, node, self._number)
        self._outgoing.append(node)
        self._wake.set()

    async def _write(self) -> None:
        assert self._transport is not None
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outgoing:
                    batch, self._outgoing = self._outgoing[:_BATCH], self._outgoing[_BATCH:]
                    await self._socket.send(b"".join(frame(self._transport.seal(encode(n))) for n in batch))
                if self._ended:
                    await self._world.clock.sleep(GRACE_SECONDS)
                    await self._socket.close()
                    return
        except ConnectionClosed:
            return
