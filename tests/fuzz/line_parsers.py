"""Frames, the handshake, stanzas and addresses."""

import random
import zlib

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import CHAIN, CLIENT, NOW, ROOT, SERVER, Parser, Unsound
from tests.fuzz.samples import STANZAS
from wagate.engine.native import endings
from wagate.engine.stanza import to_node, to_stanza
from wagate.wire.certs import ChainRefused, verify_chain
from wagate.wire.codec import BadNode, decode, encode
from wagate.wire.framing import PROLOGUE, BadFrame, Deframer, frame, intro, read_intro
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.noise import BadFrameSeal, HandshakeRefused, Initiator, Responder, Transport

# -- frames, handshake, nodes -----------------------------------------------------------------------------------------


def _make_frames(m: Mutator) -> bytes:
    return m.some(b"".join(frame(m.rng.randbytes(m.rng.randrange(300))) for _ in range(3)))


def _parse_frames(data: bytes) -> None:
    deframer, found = Deframer(max_frame=1_000_000), 0
    for at in range(0, len(data), 7):
        found += sum(3 + len(part) for part in deframer.feed(data[at : at + 7]))
    if found > len(data):
        raise Unsound("more came out than went in")


def _make_intro(m: Mutator) -> bytes:
    return m.some(intro(m.rng.randbytes(m.rng.choice((0, 5, 300)))) + b"rest")


def _make_server_hello(m: Mutator) -> bytes:
    """Damaged from outside, or sealed properly around a damaged chain."""
    entropy = random.Random(2).randbytes
    client = Initiator(CLIENT, ROOT.public, NOW, entropy)
    inside = m.rng.random() < 0.5
    server = Responder(SERVER, m.some(CHAIN) if inside else CHAIN, entropy)
    hello = server.read_hello(PROLOGUE, client.hello())
    return hello if inside else m.some(hello)


def _parse_server_hello(data: bytes) -> None:
    Initiator(CLIENT, ROOT.public, NOW, random.Random(2).randbytes).read_hello(data, b"payload")


def _make_client_hello(m: Mutator) -> bytes:
    return m.some(Initiator(CLIENT, ROOT.public, NOW, m.rng.randbytes).hello())


def _parse_client_hello(data: bytes) -> None:
    Responder(SERVER, CHAIN, random.Random(3).randbytes).read_hello(PROLOGUE, data)


def _make_finish(m: Mutator) -> bytes:
    entropy = random.Random(4).randbytes
    client, server = Initiator(CLIENT, ROOT.public, NOW, entropy), Responder(SERVER, CHAIN, entropy)
    return m.some(client.read_hello(server.read_hello(PROLOGUE, client.hello()), b"payload"))


def _parse_finish(data: bytes) -> None:
    entropy = random.Random(4).randbytes
    client, server = Initiator(CLIENT, ROOT.public, NOW, entropy), Responder(SERVER, CHAIN, entropy)
    server.read_hello(PROLOGUE, client.hello())
    server.read_finish(data)


def _make_sealed(m: Mutator) -> bytes:
    return m.some(Transport(bytes(32), bytes(32)).seal(b"a frame"))


def _parse_sealed(data: bytes) -> None:
    transport = Transport(bytes(32), bytes(32))
    try:
        transport.open(data)
    except BadFrameSeal:
        # Nothing has been used up by what did not open.
        transport.open(Transport(bytes(32), bytes(32)).seal(b"a frame"))
        raise


def _parse_chain(data: bytes) -> None:
    verify_chain(data, ROOT.public, SERVER.public, NOW)


#: Larger ones only take longer. What becomes of very large ones, test_found.py says.
_LARGE_NODE = 100_000


def _make_node(m: Mutator) -> bytes:
    """A damaged frame, a frame of a damaged stanza, or either of them deflated."""
    node = m.rng.choice(STANZAS)
    try:
        plain = encode(m.node(node, STANZAS)) if m.rng.random() < 0.3 else m.some(encode(node), encode(STANZAS[0]))
    except ValueError:
        plain = m.some(encode(node))
    if len(plain) > _LARGE_NODE:
        plain = encode(node)
    if m.rng.random() < 0.2:
        return m.maybe(b"\2" + zlib.compress(plain[1:]))
    return plain


def _parse_node(data: bytes) -> None:
    node = decode(data, max_inflated=1_000_000)
    # What has been read can be answered: an acknowledgement repeats what it read, and must find its way out.
    if decode(encode(node)) != _as_written(node):
        raise Unsound("what was read is written as something else")
    to_node(to_stanza(node))
    str(node)


def _as_written(node: Node) -> Node:
    """Text content that is no token comes back as bytes, unless it packs."""
    return decode(encode(node))


def _parse_jid(data: bytes) -> None:
    jid = Jid.parse(data.decode("utf-8", "replace"))
    if Jid.parse(str(jid)) != jid:
        raise Unsound("an address that is not itself")


def _make_jid(m: Mutator) -> bytes:
    return m.some(m.rng.choice((b"491700000001:12@s.whatsapp.net", b"1203630@g.us", b"@s.whatsapp.net", b"1:1@lid")))


def _parse_ending(data: bytes) -> None:
    node = decode(data)
    endings.stream_error(node)
    endings.failure(node, NOW)


def _make_ending(m: Mutator) -> bytes:
    nodes = [
        Node("stream:error", {"code": "515"}),
        Node("stream:error", {"code": "401"}, [Node("conflict", {"type": "device_removed"})]),
        Node("failure", {"reason": "402", "expire": "3600", "message": "no"}),
    ]
    try:
        return encode(m.node(m.rng.choice(nodes), nodes))
    except ValueError:
        return encode(nodes[0])


LINE = (
    Parser("frames", _make_frames, _parse_frames, (BadFrame,)),
    Parser("intro", _make_intro, read_intro, (BadFrame,)),
    Parser("server-hello", _make_server_hello, _parse_server_hello, (HandshakeRefused,), cost=8),
    Parser("client-hello", _make_client_hello, _parse_client_hello, (HandshakeRefused,), cost=4),
    Parser("client-finish", _make_finish, _parse_finish, (HandshakeRefused,), cost=20),
    Parser("sealed-frame", _make_sealed, _parse_sealed, (BadFrameSeal,)),
    Parser("certificate-chain", lambda m: m.some(CHAIN), _parse_chain, (ChainRefused,), cost=2),
    Parser("node", _make_node, _parse_node, (BadNode,), cost=2),
    Parser("jid", _make_jid, _parse_jid, (ValueError,)),
    Parser("ending", _make_ending, _parse_ending),
)
