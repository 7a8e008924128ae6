"""A client that speaks the protocol and nothing more, and a phone that only keeps what it is given."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from wagate.core.clock import Clock
from wagate.core.ids import Entropy
from wagate.sandbox.model import Account, CodeLink, Device
from wagate.sandbox.sandbox import Sandbox
from wagate.wire import adv
from wagate.wire.codec import decode, encode
from wagate.wire.framing import Deframer, frame, intro
from wagate.wire.jid import SERVER, Jid
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.node import Attr, Node
from wagate.wire.noise import Initiator, Transport
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import Bundle, SignedPreKey

#: What does not come within this many real seconds does not come.
PATIENCE = 10.0
NUMBER = "15550001"


class KeepingPhone:
    """Implements ``PhonePort``: signs what it is asked to, and keeps every stanza."""

    def __init__(self, account: Account, entropy: Entropy) -> None:
        self.account, self._entropy = account, entropy
        self.identity, self.signed = KeyPair.generate(entropy), KeyPair.generate(entropy)
        self.messages: list[Node] = []
        self.receipts: list[Node] = []
        self.others: list[Node] = []
        self.linked: list[int] = []
        self.online: list[tuple[int, bool]] = []
        self.finished: list[bytes] = []
        self.state_versions: list[tuple[str, int]] = []

    def bundle(self) -> Bundle:
        signature = sign(self.identity.private, typed(self.signed.public), self._entropy)
        signed = SignedPreKey(id=1, public=self.signed.public, signature=signature)
        return Bundle(registration_id=7, identity=self.identity.public, signed_prekey=signed)

    def receive(self, stanza: Node) -> None:
        self.messages.append(stanza)

    def receive_receipt(self, stanza: Node) -> None:
        self.receipts.append(stanza)

    def receive_other(self, stanza: Node) -> None:
        self.others.append(stanza)

    def on_device_linked(self, device: Device) -> None:
        self.linked.append(device.number)

    def on_device_online(self, device: Device, first: bool) -> None:
        self.online.append((device.number, first))

    def finish_code(self, pending: CodeLink, wrapped_bundle: bytes, device_identity: bytes) -> None:
        self.finished.append(wrapped_bundle)

    def app_state(self, name: str, version: int, snapshot: bool) -> Node:
        self.state_versions.append((name, version))
        return Node("collection", {"name": name, "version": "0", "type": "result"})

    def app_state_patch(self, name: str, version: int, patch: bytes) -> Node:
        return Node("collection", {"name": name, "version": str(version + 1), "type": "result"})

    def issue(self, device_identity: bytes, secret: bytes) -> Callable[[int], adv.Issued]:
        return lambda number: adv.issue(
            self.identity,
            device_identity,
            key_index=number,
            timestamp=1,
            adv_secret=secret,
            entropy=self._entropy,
        )


@dataclass
class Keys:
    """What a device keeps from one connection to the next."""

    noise: KeyPair
    identity: KeyPair
    signed: KeyPair
    secret: bytes
    jid: Jid | None = None
    device_identity: bytes = b""

    @classmethod
    def make(cls, entropy: Entropy) -> "Keys":
        return cls(*(KeyPair.generate(entropy) for _ in range(3)), entropy(32))


@dataclass
class Client:
    """One connection."""

    socket: ClientConnection
    transport: Transport
    keys: Keys
    deframer: Deframer
    #: Everything that came and was not taken by :meth:`expect` yet.
    waiting: list[Node] = field(default_factory=list)
    closed: bool = False
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    async def send(self, node: Node) -> None:
        await self.socket.send(frame(self.transport.seal(encode(node))))

    async def read_all(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.socket:
                assert isinstance(data, bytes)
                for part in self.deframer.feed(data):
                    self.waiting.append(decode(self.transport.open(part)))
                self._arrived.set()
        self.closed = True
        self._arrived.set()

    async def expect(self, what: Callable[[Node], bool] | str) -> Node:
        """The next stanza of that tag, or for which ``what`` holds."""
        wanted = (lambda n: n.tag == what) if isinstance(what, str) else what
        async with asyncio.timeout(PATIENCE):
            while True:
                for node in self.waiting:
                    if wanted(node):
                        self.waiting.remove(node)
                        return node
                assert not self.closed, "the server closed the connection"
                self._arrived.clear()
                await self._arrived.wait()

    async def until_closed(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()

    async def query(self, xmlns: str, kind: str, *content: Node, to: Jid = SERVER, **attrs: str) -> Node:
        """Send an iq; its answer, whatever it is."""
        self._count += 1
        iq_id = f"q{self._count}"
        base: dict[str, Attr] = {"to": to, "id": iq_id, "type": kind, "xmlns": xmlns, **attrs}
        await self.send(Node("iq", base, list(content) or None))
        return await self.expect(lambda n: n.tag == "iq" and n.get("id") == iq_id)

    async def settled(self) -> None:
        """Wait until the server has handled all that was sent before."""
        assert (await self.query("w:p", "get")).get("type") == "result"

    def take(self, tag: str) -> list[Node]:
        """All stanzas of that tag that came so far."""
        found = [node for node in self.waiting if node.tag == tag]
        self.waiting = [node for node in self.waiting if node.tag != tag]
        return found


class Rig:
    """A running sandbox and the clients that were opened with it."""

    def __init__(self, sandbox: Sandbox, clock: Clock, entropy: Entropy) -> None:
        self.sandbox, self.world, self.clock, self.entropy = sandbox, sandbox.world, clock, entropy
        self._readers: list[asyncio.Task[None]] = []
        self._sockets: list[ClientConnection] = []

    def phone(self, number: str = NUMBER, name: str = "Alice") -> KeepingPhone:
        made: list[KeepingPhone] = []

        def make(account: Account) -> KeepingPhone:
            made.append(KeepingPhone(account, self.entropy))
            return made[0]

        self.world.add_account(number, name, make)
        return made[0]

    async def open(
        self, keys: Keys, payload: wa.ClientPayload, *, routing: bytes = b"", root: bytes | None = None
    ) -> Client:
        """Connect, shake hands and send ``payload``."""
        socket = await connect(self.sandbox.websocket_url, compression=None, ping_interval=None, max_size=None)
        self._sockets.append(socket)
        noise = Initiator(keys.noise, root or self.sandbox.root_public_key, self.clock.now(), self.entropy)
        deframer = Deframer()
        await socket.send(intro(routing) + frame(noise.hello()))
        answer = await socket.recv(decode=False)
        (hello,) = deframer.feed(bytes(answer))
        await socket.send(frame(noise.read_hello(hello, payload.SerializeToString())))
        client = Client(socket, noise.transport, keys, deframer)
        self._readers.append(asyncio.create_task(client.read_all()))
        return client

    async def register(self, keys: Keys, *, signature: bytes | None = None) -> Client:
        return await self.open(keys, registration(keys, self.entropy, signature))

    async def log_in(self, keys: Keys) -> Client:
        """Log in and wait for ``<success>``."""
        client = await self.open(keys, login(keys))
        await client.expect("success")
        return client

    async def link(self, phone: KeepingPhone) -> Keys:
        """Link a new device by QR; what it keeps."""
        keys = Keys.make(self.entropy)
        client = await self.register(keys)
        attempt = self.world.pending_links[await first_ref(client)].pair(
            phone.account, phone.issue(keys.identity.public, keys.secret)
        )
        await accept(client, keys)
        await attempt.outcome()
        await client.expect("stream:error")
        await client.socket.close()
        return keys

    async def linked(self, number: str = NUMBER, name: str = "Alice") -> tuple[KeepingPhone, Client]:
        """A phone with one device, logged in and done with the backlog."""
        phone = self.phone(number, name)
        client = await self.log_in(await self.link(phone))
        await client.expect(lambda n: n.tag == "ib" and n.child("offline") is not None)
        return phone, client

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await asyncio.gather(*self._readers)
        await self.sandbox.stop()


@contextlib.asynccontextmanager
async def running(clock: Clock, entropy: Entropy) -> AsyncIterator[Rig]:
    sandbox = Sandbox(clock, entropy)
    await sandbox.start()
    rig = Rig(sandbox, clock, entropy)
    try:
        yield rig
    finally:
        await rig.close()


def registration(keys: Keys, entropy: Entropy, signature: bytes | None = None) -> wa.ClientPayload:
    payload = wa.ClientPayload()
    data = payload.devicePairingData
    data.eRegid, data.eKeytype, data.eIdent = (0xCE4256F1).to_bytes(4, "big"), b"\x05", keys.identity.public
    data.eSkeyId, data.eSkeyVal = b"\0\0\1", keys.signed.public
    data.eSkeySig = signature or sign(keys.identity.private, typed(keys.signed.public), entropy)
    return payload


def login(keys: Keys) -> wa.ClientPayload:
    assert keys.jid is not None
    return wa.ClientPayload(username=int(keys.jid.user), device=keys.jid.device, passive=True)


async def first_ref(client: Client) -> str:
    """Answer ``pair-device`` as clients do; the first ref."""
    iq = await client.expect(lambda n: n.child("pair-device") is not None)
    assert iq.attrs["from"] == SERVER, "whatsmeow ignores it from anything but the server's JID"
    await client.send(Node("iq", {"to": SERVER, "type": "result", "id": iq.get("id")}))
    ref = iq.child("pair-device", "ref")
    assert ref is not None
    return ref.text


async def accept(client: Client, keys: Keys) -> Node:
    """Check and answer ``pair-success``; the iq."""
    iq = await client.expect(lambda n: n.child("pair-success") is not None)
    blob, device = iq.child("pair-success", "device-identity"), iq.child("pair-success", "device")
    assert blob is not None
    assert device is not None
    accepted = adv.accept(blob.data, keys.secret, keys.identity)
    keys.jid, keys.device_identity = device.jid("jid"), accepted.identity
    reply = Node("device-identity", {"key-index": str(accepted.key_index)}, accepted.reply)
    answer = Node("pair-device-sign", {}, [reply])
    await client.send(Node("iq", {"to": SERVER, "type": "result", "id": iq.get("id")}, [answer]))
    return iq


def message(to: Jid, message_id: str, targets: dict[Jid, Node], **attrs: Attr) -> Node:
    """A message as a device sends it."""
    participants = [Node("to", {"jid": jid}, [enc]) for jid, enc in targets.items()]
    base: dict[str, Attr] = {"to": to, "id": message_id, "type": "text", **attrs}
    return Node("message", base, [Node("participants", {}, participants)])


def enc(body: bytes, kind: str = "msg") -> Node:
    return Node("enc", {"v": "2", "type": kind}, body)


def whisper(ratchet: bytes, counter: int) -> bytes:
    """The outside of a ciphertext; the inside is noise."""
    inner = wa.WhisperMessage(ratchetKey=typed(ratchet), counter=counter, previousCounter=0, ciphertext=bytes(16))
    return b"\x33" + inner.SerializeToString() + bytes(8)
