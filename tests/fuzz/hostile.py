"""A server that means harm: its handshake is right, and from then on as little as its seed wants."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.fuzz.mutate import Mutator
from tests.fuzz.samples import ADA, ADA_LID, GROUP, STANZAS
from wagate.core.clock import SystemClock
from wagate.engine.port import Endpoint
from wagate.wire.certs import issue_chain
from wagate.wire.codec import decode, encode
from wagate.wire.framing import PROLOGUE, Deframer, frame, read_intro
from wagate.wire.jid import SERVER, Jid
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.node import Node
from wagate.wire.noise import Responder
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.ratchet import Bundle
from wagate.wire.signal import SessionSet, pad

#: What ends a connection by the rules of the protocol; a session that is over at once would try little else.
_ENDS = ("stream:error", "failure", "xmlstreamend")


class Hostile:
    """Listens until left. ``peer`` writes real ciphertexts of damaged messages, once it has a bundle."""

    def __init__(self, seed: str) -> None:
        self.m = Mutator(random.Random(seed))
        entropy = self.m.rng.randbytes
        self.root, self.static = KeyPair.generate(entropy), KeyPair.generate(entropy)
        self.chain = issue_chain(self.root, self.static.public, SystemClock().now(), entropy)
        self.identity, self.signed = KeyPair.generate(entropy), KeyPair.generate(entropy)
        self.endpoint = Endpoint()
        #: How often an answer to a query is damaged, and whether frames themselves are.
        self.lies = 0.3
        self.breaks_frames = False
        self.sent = 0
        #: What an acknowledgement of a message says besides, in place of what the seed wants.
        self.ack: dict[str, str] | None = None
        self._peer: SessionSet | None = None

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Hostile"]:
        async with serve(self._serve, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.endpoint = Endpoint(url=f"ws://127.0.0.1:{port}", root_key=self.root.public)
            yield self

    def learn(self, bundle: Bundle) -> None:
        """The keys of the device that is attacked."""
        self._peer = SessionSet(self.m.rng.randbytes)
        self._peer.start(self.identity, bundle, 1)

    async def _serve(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await _Attack(self, socket).run()

    async def next_stanza(self) -> Node:
        """The next one of the flood."""
        if self.m.rng.random() < 0.05:
            await asyncio.sleep(0.005)
        return self._stanza()

    def _stanza(self) -> Node:
        if self._peer is not None and self.m.rng.random() < 0.3:
            return self._ciphertext(self._peer)
        while True:
            node = self.m.node(self.m.rng.choice(STANZAS), STANZAS)
            if node.tag not in _ENDS or self.m.rng.random() < 0.02:
                return node

    def _ciphertext(self, peer: SessionSet) -> Node:
        m, message = self.m, wa.Message(conversation="hello")
        message.protocolMessage.type = wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE
        message.protocolMessage.appStateSyncKeyShare.keys.add()
        message.senderKeyDistributionMessage.groupId = str(GROUP)
        message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage = b"\x33\x08\x01"
        plain = m.maybe(message.SerializeToString())
        kind, body = peer.encrypt(plain if m.rng.random() < 0.1 else pad(plain, m.rng.randbytes))
        enc = Node("enc", {"v": "2", "type": kind}, m.maybe(body) if m.rng.random() < 0.3 else body)
        stanza = Node("message", {"from": ADA, "sender_lid": ADA_LID, "id": m.rng.randbytes(6).hex(), "t": "1"}, [enc])
        return m.node(stanza, STANZAS) if m.rng.random() < 0.3 else stanza

    def answer(self, query: Node) -> Node:
        """What a good server would say, or something near it."""
        children = [self._result(child, query) for child in query.children] or []
        made = Node("iq", {"from": SERVER, "type": "result", "id": query.attrs["id"]}, children or None)
        # A login that fails shows nothing of what comes after it.
        lies = self.lies / 20 if query.child("count") or query.child("active") else self.lies
        if self.m.rng.random() >= lies:
            return made
        broken = self.m.node(made, STANZAS)
        # With its id it reaches whoever asked.
        return Node(
            "iq",
            {**broken.attrs, "type": self.m.rng.choice(("result", "error")), "id": query.attrs["id"]},
            broken.content,
        )

    def _result(self, child: Node, query: Node) -> Node:
        match child.tag:
            case "count":
                return Node("count", {"value": "30"})
            case "usync":
                devices = [Node("device", {"id": str(n), "key-index": "1"}) for n in (0, 2)]
                found = child.child("list")
                users = [
                    Node(
                        "user",
                        {"jid": user.attrs["jid"]},
                        [
                            Node("devices", {}, [Node("device-list", {}, devices)]),
                            Node("lid", {"val": ADA_LID}),
                            Node("contact", {"type": "in"}),
                        ],
                    )
                    for user in (found.children if found is not None else ())
                    if "jid" in user.attrs
                ]
                return Node("usync", {}, [Node("list", {}, users)])
            case "key":
                users = [Node("user", {"jid": user.attrs["jid"]}, self._bundle()) for user in child.children]
                return Node("list", {}, users)
            case "query":
                members = [Node("participant", {"jid": jid}) for jid in (ADA_LID, Jid("200000000000009", "lid"))]
                return Node("group", {"addressing_mode": "lid", "id": GROUP.user}, members)
            case "sync":
                return Node(
                    "sync",
                    {},
                    [
                        Node(
                            "collection",
                            {"name": "critical_block"},
                            [
                                Node("patches", {}, [Node("patch", {}, self.m.rng.randbytes(40))]),
                            ],
                        )
                    ],
                )
            case _:
                return Node(child.tag)

    def _bundle(self) -> list[Node]:
        key = [Node("id", {}, b"\0\0\1"), Node("value", {}, self.signed.public)]
        signature = sign(self.identity.private, typed(self.signed.public), self.m.rng.randbytes)
        return [
            Node("registration", {}, b"\0\0\0\1"),
            Node("identity", {}, self.identity.public),
            Node("skey", {}, [*key, Node("signature", {}, signature)]),
        ]


class _Attack:
    """One connection."""

    def __init__(self, server: Hostile, socket: ServerConnection) -> None:
        self._server, self._socket = server, socket
        self._deframer = Deframer()

    async def run(self) -> None:
        opening = await self._receive()
        intro = read_intro(opening)
        assert intro is not None
        responder = Responder(self._server.static, self._server.chain, self._server.m.rng.randbytes)
        frames = self._deframer.feed(intro.rest)
        while not frames:
            frames = self._deframer.feed(await self._receive())
        await self._socket.send(frame(responder.read_hello(PROLOGUE, frames[0])))
        frames = []
        while not frames:
            frames = self._deframer.feed(await self._receive())
        responder.read_finish(frames[0])
        self._transport = responder.transport
        await self._send(encode(Node("success", {"lid": Jid("200000000000001", "lid", 1), "t": "1"})))
        flood = asyncio.create_task(self._flood())
        try:
            while True:
                for part in self._deframer.feed(await self._receive()):
                    await self._heard(decode(self._transport.open(part)))
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)

    async def _heard(self, node: Node) -> None:
        if node.tag == "iq" and node.get("type") in ("get", "set"):
            await self._post(self._server.answer(node))
        elif node.tag == "message":
            ack = Node("ack", {"class": "message", "id": node.attrs["id"], "from": node.attrs["to"], "t": "1700000000"})
            if self._server.ack is not None:
                ack = Node("ack", {**ack.attrs, **self._server.ack})
            elif self._server.m.rng.random() < self._server.lies:
                ack = Node("ack", {**ack.attrs, "t": self._server.m.text(), "error": self._server.m.text()})
            await self._post(ack)

    async def _flood(self) -> None:
        while True:
            await self._post(await self._server.next_stanza())

    async def _post(self, node: Node) -> None:
        try:
            plain = encode(node)
        except ValueError:
            return
        m = self._server.m
        if self._server.breaks_frames and m.rng.random() < 0.02:
            plain = m.some(plain)
        await self._send(plain)
        self._server.sent += 1

    async def _send(self, plain: bytes) -> None:
        m = self._server.m
        sealed = frame(self._transport.seal(plain))
        if self._server.breaks_frames and m.rng.random() < 0.01:
            sealed = m.some(sealed)
        await self._socket.send(sealed)

    async def _receive(self) -> bytes:
        return bytes(await self._socket.recv(decode=False))
