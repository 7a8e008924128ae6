"""The connection itself: a WebSocket, the Noise handshake, frames, nodes. It knows nothing of what they mean."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxyStatus, InvalidURI

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter
from wagate.engine.points import Reach
from wagate.engine.port import Endpoint
from wagate.engine.wirelog import RECEIVED, SENT, Tap
from wagate.wire.codec import BadNode, encode, inflated, read
from wagate.wire.framing import MAX_FRAME, BadFrame, Deframer, frame, intro
from wagate.wire.keys import Entropy, KeyPair
from wagate.wire.node import Node
from wagate.wire.noise import BadFrameSeal, HandshakeRefused, Initiator, Transport
from wagate.wire.proto import wa_pb2 as wa

#: WhatsApp's servers look at it, as at any browser's.
_ORIGIN = "https://web.whatsapp.com"
#: Reaching the server and its hello, each.
_OPEN_SECONDS = 20.0
#: After a stream error it is the client that closes; a server that does not answer gets this long.
_CLOSE_SECONDS = 2.0
#: So many frames at most go into one WebSocket message.
_BATCH = 64
#: The longest message that is taken: several of the longest frames. Without a limit the server fills our memory.
_MAX_MESSAGE = 4 * MAX_FRAME

#: What is left of a frame beside the tag of its encryption.
_MAX_PLAIN = MAX_FRAME - 16

_log = get_logger("engine.native")


_STANZAS = Counter("wagate_native_stanzas_total", "Stanzas of the native engine's connections.", ("direction",))


class Unreachable(Exception):
    """No connection could be made."""


class NoWayThroughProxy(Exception):
    """The session's proxy gave no connection; ``answer`` is its HTTP status."""

    def __init__(self, answer: int) -> None:
        super().__init__(f"the proxy answered {answer}")
        self.answer = answer


class NotWhatsApp(Exception):
    """The server could not prove that it is the one whose root key is pinned."""


class Broken(Exception):
    """What came breaks the protocol; the connection is beyond repair."""


class Stream:
    """One connection after its handshake."""

    __slots__ = (
        "_closing",
        "_deframer",
        "_outgoing",
        "_socket",
        "_transport",
        "_wake",
        "_writer",
        "on_sent",
        "size",
        "tap",
    )

    def __init__(self, socket: ClientConnection, transport: Transport, deframer: Deframer) -> None:
        self._socket = socket
        self._transport = transport
        self._deframer = deframer
        self._outgoing: deque[Node] = deque()
        #: Told of each stanza that has left, for tests.
        self.on_sent: Callable[[Node], None] | None = None
        #: The bytes of the stanza that came last.
        self.size = 0
        #: Told of each stanza, for the wire log.
        self.tap: Tap | None = None
        self._wake = asyncio.Event()
        self._closing = False
        self._writer = asyncio.get_running_loop().create_task(self._write())

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        trust: ssl.SSLContext | None,
        *,
        noise: KeyPair,
        payload: wa.ClientPayload,
        routing: bytes,
        proxy: str,
        clock: Clock,
        entropy: Entropy,
    ) -> "Stream":
        """Connect, check who the server is, and say who we are. Without ``proxy`` it connects directly, whatever the
        environment names.

        :raises Unreachable: if there is no way to it.
        :raises NoWayThroughProxy: if ``proxy`` says so.
        :raises NotWhatsApp: if it is not who it should be.
        """
        try:
            socket = await connect(
                endpoint.url,
                ssl=trust if endpoint.url.startswith("wss:") else None,
                origin=_ORIGIN,  # type: ignore[arg-type]  # a NewType of str
                proxy=proxy or None,
                compression=None,
                ping_interval=None,
                max_size=_MAX_MESSAGE,
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
            )
        except InvalidProxyStatus as error:
            raise NoWayThroughProxy(error.response.status_code) from None
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
            raise Unreachable(type(error).__name__) from error
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                transport, deframer = await _shake_hands(socket, endpoint, noise, payload, routing, clock, entropy)
        except BaseException as error:
            # Cancellation too: a connection that nobody gets would stay open.
            socket.transport.abort()
            if isinstance(error, (ConnectionClosed, TimeoutError)):
                raise Unreachable("the handshake ended early") from error
            if isinstance(error, (HandshakeRefused, BadFrame)):
                raise NotWhatsApp(str(error)) from error
            raise
        return cls(socket, transport, deframer)

    def post(self, node: Node) -> None:
        """Send after all that was posted before. What can't be sent any more is dropped."""
        self._outgoing.append(node)
        self._wake.set()

    async def nodes(self) -> AsyncIterator[Node]:
        """What comes, until the connection ends.

        :raises Broken: if it breaks the protocol.
        """
        try:
            async for data in self._socket:
                for part in self._deframer.feed(data if isinstance(data, bytes) else data.encode()):
                    body = inflated(self._transport.open(part))
                    self.size = len(body)
                    node = read(body)
                    _STANZAS.add("in")
                    if self.tap is not None:
                        self.tap(RECEIVED, node)
                    yield node
        except ConnectionClosed:
            return
        except (BadFrame, BadFrameSeal, BadNode) as error:
            raise Broken(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Send what was posted, then end the connection."""
        self._closing = True
        self._wake.set()
        try:
            await asyncio.wait((self._writer,), timeout=_CLOSE_SECONDS)
            await self._socket.close()
        finally:
            self.cut()

    def cut(self) -> None:
        """End the connection at once, letting nothing more out."""
        self._outgoing.clear()
        self._writer.cancel()
        self._socket.transport.abort()

    async def _write(self) -> None:
        try:
            while not self._closing:
                await self._wake.wait()
                self._wake.clear()
                while self._outgoing:
                    count = min(_BATCH, len(self._outgoing))
                    nodes = [self._outgoing.popleft() for _ in range(count)]
                    await self._socket.send(b"".join(self._frame(node) for node in nodes))
                    if self.on_sent is not None:
                        for node in nodes:
                            self.on_sent(node)
        except ConnectionClosed:
            return

    def _frame(self, node: Node) -> bytes:
        try:
            plain = encode(node)
            if len(plain) > _MAX_PLAIN:
                raise ValueError("the stanza is longer than a frame")
        except ValueError as error:
            # An answer repeats what the server sent, which may be what nobody can write. The line goes on without it.
            _log.error("a stanza can't be written", tag=node.tag[:40], reason=str(error))
            return b""
        _STANZAS.add("out")
        if self.tap is not None:
            self.tap(SENT, node)
        return frame(self._transport.seal(plain))


async def _shake_hands(
    socket: ClientConnection,
    endpoint: Endpoint,
    noise: KeyPair,
    payload: wa.ClientPayload,
    routing: bytes,
    clock: Clock,
    entropy: Entropy,
) -> tuple[Transport, Deframer]:
    handshake = Initiator(noise, endpoint.root_key, clock.now(), entropy)
    deframer = Deframer()
    await socket.send(intro(routing) + frame(handshake.hello()))
    frames: list[bytes] = []
    while not frames:
        frames = deframer.feed(await socket.recv(decode=False))
    if len(frames) != 1:
        raise HandshakeRefused("the server goes on before we have answered")
    await socket.send(frame(handshake.read_hello(frames[0], payload.SerializeToString())))
    return handshake.transport, deframer


def sent_points(reach: Reach) -> Callable[[Node], None]:
    """What tells ``reach`` that a message or a receipt has been written."""
    points = {"message": "written", "receipt": "receipted"}

    def sent(node: Node) -> None:
        if node.tag in points and node.get("type") != "retry":
            reach(points[node.tag])

    return sent
