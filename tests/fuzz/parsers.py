"""Every parser of what comes from outside: how a good sample is made and damaged, and what it may raise."""

import hashlib
import hmac
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from tests.fuzz.mutate import Mutator
from tests.fuzz.samples import STANZAS
from wagate.core import jsontext
from wagate.engine import protocol
from wagate.engine.native import endings
from wagate.engine.native.contents import media_type, only_distributes, stanza_type
from wagate.engine.native.device import Device
from wagate.engine.native.directory import read_bundle
from wagate.engine.native.records import AppStateKeys, Contact, OwnChain, StoredCollection
from wagate.engine.stanza import to_node, to_stanza
from wagate.messages import kinds
from wagate.wire import adv, appstate, cbc, ciphertext, media
from wagate.wire.certs import ChainRefused, issue_chain, verify_chain
from wagate.wire.codec import BadNode, decode, encode
from wagate.wire.framing import PROLOGUE, BadFrame, Deframer, frame, intro, read_intro
from wagate.wire.jid import Jid
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.node import Node
from wagate.wire.noise import BadFrameSeal, HandshakeRefused, Initiator, Responder, Transport
from wagate.wire.pairing import DeviceSide, PairingRefused, PhoneSide
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.ratchet import Bundle, PreKey, Session, SignedPreKey
from wagate.wire.senderkeys import ReceivedKeys, SenderKey
from wagate.wire.signal import SessionSet, SignalError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ENTROPY = random.Random(1).randbytes
ROOT, SERVER, CLIENT, OTHER = (KeyPair.generate(_ENTROPY) for _ in range(4))
CHAIN = issue_chain(ROOT, SERVER.public, NOW, _ENTROPY)


class Unsound(AssertionError):
    """A parser took something that it should not have, or changed what it should have left alone."""


@dataclass(frozen=True, slots=True)
class Parser:
    """``make`` draws one damaged input, ``parse`` is what a peer's bytes go through."""

    name: str
    make: Callable[[Mutator], bytes]
    parse: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()
    #: How much dearer one input is than a cheap parser's.
    cost: int = 1


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


# -- linking ----------------------------------------------------------------------------------------------------------


def _issued(entropy: Callable[[int], bytes]) -> adv.Issued:
    return adv.issue(SERVER, CLIENT.public, key_index=3, timestamp=1_700_000_000, adv_secret=bytes(32), entropy=entropy)


_BLOB = _issued(_ENTROPY).blob
_IDENTITY = adv.accept(_BLOB, bytes(32), CLIENT, _ENTROPY).identity
_REPLY = adv.accept(_BLOB, bytes(32), CLIENT, _ENTROPY).reply
_DETAILS = _issued(_ENTROPY).details


def _make_link_blob(m: Mutator) -> bytes:
    """Damaged from outside, or with a good HMAC, which whoever saw the QR text can make, over damaged details."""
    if m.rng.random() < 0.5:
        return m.some(_BLOB)
    details = m.some(wa.ADVSignedDeviceIdentityHMAC.FromString(_BLOB).details)
    return wa.ADVSignedDeviceIdentityHMAC(
        details=details, hmac=hmac.digest(bytes(32), details, "sha256")
    ).SerializeToString()


def _parse_link_blob(data: bytes) -> None:
    adv.accept(data, bytes(32), CLIENT, _ENTROPY)


def _parse_identity(data: bytes) -> None:
    adv.check_device(data, CLIENT.public, SERVER.public)


def _parse_own_identity(data: bytes) -> None:
    """As anybody can sign: under an account key of their own."""
    adv.check_device(data, CLIENT.public)


def _parse_reply(data: bytes) -> None:
    adv.check_reply(data, _DETAILS, SERVER.public, CLIENT.public)


_QR = adv.QrText(ref="2@ref", noise=bytes(32), identity=bytes(32), adv_secret=bytes(32)).build().encode()

_DEVICE_SIDE = DeviceSide.begin("ABCD1234", _ENTROPY)
_PHONE_SIDE = PhoneSide.answer("ABCD1234", _DEVICE_SIDE.wrapped, _ENTROPY)
_BUNDLE, _ = _DEVICE_SIDE.finish(_PHONE_SIDE.wrapped, SERVER.public, CLIENT, _ENTROPY)

# -- Signal -----------------------------------------------------------------------------------------------------------


class _PreKeys:
    def __init__(self) -> None:
        self.pairs = (KeyPair.generate(_ENTROPY), KeyPair.generate(_ENTROPY))

    def signed(self, key_id: int) -> KeyPair | None:
        return self.pairs[0] if key_id == 1 else None

    def one_time(self, key_id: int) -> KeyPair | None:
        return self.pairs[1] if key_id == 2 else None


_KEYS = _PreKeys()


def _chat() -> tuple[bytes, bytes, bytes, bytes]:
    """The writer's record, the reader's record, and the ``pkmsg`` and ``msg`` that the reader has not read yet."""
    signed, one_time = _KEYS.pairs
    bundle = Bundle(
        registration_id=1,
        identity=SERVER.public,
        signed_prekey=SignedPreKey(
            id=1, public=signed.public, signature=sign(SERVER.private, typed(signed.public), _ENTROPY)
        ),
        one_time=PreKey(id=2, public=one_time.public),
    )
    writer, reader = SessionSet(_ENTROPY), SessionSet(_ENTROPY)
    writer.start(CLIENT, bundle, 5)
    first = writer.encrypt(b"first").body
    reader.decrypt("pkmsg", first, identity=SERVER, prekeys=_KEYS)
    writer.decrypt("msg", reader.encrypt(b"answer").body, identity=CLIENT, prekeys=_KEYS)
    record = reader.to_record()
    second = writer.encrypt(b"second").body
    return writer.to_record(), record, first, second


_WRITER, _READER, _PKMSG, _MSG = _chat()
_EMPTY = SessionSet().to_record()


def _make_msg(m: Mutator) -> bytes:
    """Damaged from outside, or a protobuf of wild numbers."""
    if m.rng.random() < 0.5:
        return m.some(_MSG, _PKMSG)
    message = wa.WhisperMessage.FromString(_MSG[1:-8])
    message.counter = m.number() & 0xFFFF_FFFF
    if m.rng.random() < 0.5:
        message.ratchetKey = m.some(message.ratchetKey)
    return b"\x33" + message.SerializeToString() + _MSG[-8:]


def _make_pkmsg(m: Mutator) -> bytes:
    if m.rng.random() < 0.4:
        return m.some(_PKMSG, _MSG)
    outer = wa.PreKeyWhisperMessage.FromString(_PKMSG[1:])
    for name in ("message", "baseKey", "identityKey"):
        setattr(outer, name, m.maybe(getattr(outer, name)))
    if m.rng.random() < 0.5:
        outer.preKeyId = m.number() & 0xFFFF_FFFF
    return b"\x33" + outer.SerializeToString()


def _decrypting(kind: str, record: bytes) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        sessions = SessionSet.from_record(record, random.Random(5).randbytes)
        try:
            sessions.decrypt(kind, data, identity=SERVER, prekeys=_KEYS)
        except SignalError:
            if sessions.to_record() != record:
                raise Unsound("a message that can't be read has changed the session") from None
            raise
        if len(sessions.to_record()) > len(record) + 200_000:
            raise Unsound("one message has made the session large")

    return parse


def _group() -> tuple[bytes, bytes, SenderKey]:
    own = SenderKey.create(_ENTROPY)
    known = ReceivedKeys()
    distribution = own.distribution()
    known.accept(distribution)
    return known.to_record(), distribution, own


_CHAINS, _DISTRIBUTION, _OWN = _group()
_SKMSG = SenderKey.from_record(_OWN.to_record(), _ENTROPY).encrypt(b"to all")


def _make_skmsg(m: Mutator) -> bytes:
    """Damaged from outside, or signed properly by a member who means harm."""
    if m.rng.random() < 0.5:
        return m.some(_SKMSG)
    message = wa.SenderKeyMessage.FromString(_SKMSG[1:-64])
    if m.rng.random() < 0.5:
        message.iteration = m.number() & 0xFFFF_FFFF
    message.ciphertext = m.maybe(message.ciphertext)
    body = b"\x33" + m.maybe(message.SerializeToString())
    return body + sign(_OWN.state.signing_private, body, m.rng.randbytes)


def _parse_skmsg(data: bytes) -> None:
    known = ReceivedKeys.from_record(_CHAINS)
    try:
        known.decrypt(data)
    except SignalError:
        if known.to_record() != _CHAINS:
            raise Unsound("a message that can't be read has changed the chain") from None
        raise


def _make_distribution(m: Mutator) -> bytes:
    if m.rng.random() < 0.5:
        return m.some(_DISTRIBUTION)
    message = wa.SenderKeyDistributionMessage.FromString(_DISTRIBUTION[1:])
    message.iteration = m.number() & 0xFFFF_FFFF
    return b"\x33" + message.SerializeToString()


def _parse_distribution(data: bytes) -> None:
    known = ReceivedKeys.from_record(_CHAINS)
    known.accept(data)
    if len(known.to_record()) > 200_000:
        raise Unsound("one distribution has made the record large")


def _make_inspected(m: Mutator) -> bytes:
    return m.some(m.rng.choice((_MSG, _PKMSG, _SKMSG)))


def _parse_inspected(data: bytes) -> None:
    for kind in ("msg", "pkmsg", "skmsg"):
        try:
            ciphertext.inspect(kind, data)
        except ciphertext.Malformed:
            continue


def _make_bundle(m: Mutator) -> bytes:
    keys = next(node for node in STANZAS if node.child("keys") is not None).child("keys")
    assert keys is not None
    try:
        return encode(m.node(keys, STANZAS))
    except ValueError:
        return encode(keys)


def _parse_bundle(data: bytes) -> None:
    bundle = read_bundle(decode(data))
    if bundle is not None:
        Session.outgoing(CLIENT, bundle, 1, _ENTROPY).encrypt(b"x")


# -- messages ---------------------------------------------------------------------------------------------------------


def _make_message(m: Mutator) -> bytes:
    message = wa.Message(conversation="hello")
    message.protocolMessage.type = wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE
    message.protocolMessage.appStateSyncKeyShare.keys.add(keyId=wa.Message.AppStateSyncKeyId(keyId=b"12"))
    image = wa.Message()
    image.viewOnceMessage.message.imageMessage.caption = "cap"
    image.viewOnceMessage.message.imageMessage.mediaKey = bytes(32)
    image.viewOnceMessage.message.imageMessage.fileLength = 2**63
    reaction = wa.Message()
    reaction.reactionMessage.key.id = "3EB0"
    reaction.reactionMessage.text = "x"
    contact = wa.Message()
    contact.contactMessage.vcard = "BEGIN:VCARD\nFN:Ada\nTEL;waid=1:+1\nEND:VCARD"
    poll = wa.Message()
    poll.pollCreationMessage.name = "?"
    location = wa.Message()
    location.locationMessage.degreesLatitude = float("nan")
    location.senderKeyDistributionMessage.groupId = "1@g.us"
    samples = [x.SerializeToString() for x in (message, image, reaction, contact, poll, location)]
    return m.some(m.rng.choice(samples), m.rng.choice(samples))


def _parse_message(data: bytes) -> None:
    reading = kinds.read(data)
    if reading is not None:
        jsontext.encode(reading.fields)
    message = wa.Message.FromString(data)
    only_distributes(message)
    stanza_type(message)
    media_type(message)


# -- app state --------------------------------------------------------------------------------------------------------

_STATE_KEY = appstate.Keys.expand(bytes(32))
_KEY_ID = b"\0\0\0\0\0\1"
_VALUE = wa.SyncActionValue(timestamp=1)
_PATCH, _ = appstate.write_patch(
    appstate.Collection(name="regular"),
    [
        appstate.Mutation(index=("mute", "1@s.whatsapp.net"), value=_VALUE),
        appstate.Mutation(index=("x",), value=_VALUE),
    ],
    key_id=_KEY_ID,
    keys=_STATE_KEY,
    entropy=_ENTROPY,
)
_SNAPSHOT, _ = appstate.write_snapshot(
    "regular", 7, [appstate.Mutation(index=("x",), value=_VALUE)], key_id=_KEY_ID, keys=_STATE_KEY, entropy=_ENTROPY
)


def _record(m: Mutator) -> wa.SyncdRecord:
    """One setting, sealed properly around something odd."""
    keys, iv = _STATE_KEY, m.rng.randbytes(16)
    index = m.rng.choice((b'["x"]', b"[" * 5_000, b"1", b'["x",{"a":[1e999]}]', b"\xff", b"[" + b"9" * 5_000 + b"]"))
    index = m.maybe(index)
    data = m.maybe(wa.SyncActionData(index=index, value=_VALUE, version=1).SerializeToString())
    sealed = iv + cbc.encrypt(keys.value_encryption, iv, data)
    length = (1 + len(_KEY_ID)).to_bytes(8, "big")
    mac = hmac.digest(keys.value_mac, b"\x01" + _KEY_ID + sealed + length, "sha512")[:32]
    return wa.SyncdRecord(
        index=wa.SyncdIndex(blob=hmac.digest(keys.index, index, "sha256")),
        value=wa.SyncdValue(blob=sealed + mac),
        keyId=wa.KeyId(id=_KEY_ID),
    )


def _make_patch(m: Mutator) -> bytes:
    if m.rng.random() < 0.5:
        return m.some(_PATCH.SerializeToString(), _SNAPSHOT.SerializeToString())
    patch = wa.SyncdPatch(keyId=wa.KeyId(id=_KEY_ID), version=wa.SyncdVersion(version=1))
    patch.mutations.add(operation=appstate.SET, record=_record(m))
    macs = b"".join(x.record.value.blob[-32:] for x in patch.mutations)
    covered = patch.snapshotMac + macs + (1).to_bytes(8, "big") + b"regular"
    patch.patchMac = hmac.digest(_STATE_KEY.patch_mac, covered, "sha256")
    return patch.SerializeToString()


def _keys_of(key_id: bytes) -> appstate.Keys | None:
    return _STATE_KEY if key_id == _KEY_ID else None


def _parse_patch(data: bytes) -> None:
    answer = Node("collection", {"name": "regular"}, [Node("patches", {}, [Node("patch", {}, data)])])
    _read_state(answer)


def _parse_snapshot(data: bytes) -> None:
    _read_state(Node("collection", {"name": "regular"}, [Node("snapshot", {}, data)]))


def _read_state(answer: Node) -> None:
    from wagate.engine.native.appstate import _read

    _read(appstate.Collection(name="regular"), answer, {_KEY_ID: bytes(32)})


def _make_snapshot(m: Mutator) -> bytes:
    return m.some(_SNAPSHOT.SerializeToString(), _PATCH.SerializeToString())


# -- what is stored, moved, or comes over the bridge's socket ---------------------------------------------------------

_DEVICE = Device.generate(0, _ENTROPY)


def _make_records(m: Mutator) -> bytes:
    records = (_READER, _CHAINS, _OWN.to_record(), _DEVICE.to_record(), Contact(1, b"t", 2).to_record())
    return m.some(m.rng.choice(records), m.rng.choice(records))


def _parse_records(data: bytes) -> None:
    readers: tuple[Callable[[bytes], Any], ...] = (
        *(SessionSet.from_record, SenderKey.from_record, ReceivedKeys.from_record, Device.from_record),
        *(Contact.from_record, OwnChain.from_record, AppStateKeys.from_record, StoredCollection.from_record),
    )
    for read in readers:
        try:
            read(data)
        except (msgspec.MsgspecError, ValueError):
            continue


_frames = msgspec.msgpack.Decoder(protocol.FromBridge)
_FRAMES = [
    msgspec.msgpack.encode(x)
    for x in (
        protocol.Ready(version=1, pid=1, baileys="7", node="24"),
        protocol.Qr(link=1, code="2@x", lifetime_ms=60_000),
        protocol.Answered(link=1, call=2, node=to_stanza(STANZAS[0])),
        protocol.Commit(
            link=1,
            commit=1,
            epoch=1,
            changes=[protocol.Change("creds", "", b"x")],
            arrivals=[protocol.Arrival("message", "3EB0", bytes(32), to_stanza(STANZAS[1]), b"p", False)],
        ),
        protocol.Load(link=1, call=1, kind="session", keys=["1.0"]),
    )
]


def _make_bridge_frame(m: Mutator) -> bytes:
    data = m.some(m.rng.choice(_FRAMES), m.rng.choice(_FRAMES))
    if m.rng.random() < 0.05:
        data = _FRAMES[2].replace(b"\xa4node", b"\xa4node" + b"\x93\xa1a\x80\x91" * m.rng.choice((10, 5_000)))
    return data


def _make_file(m: Mutator) -> bytes:
    body = media.encrypt(b"x" * 100, media.MediaKind.IMAGE, bytes(32)).body
    return m.some(body)


def _parse_file(data: bytes) -> None:
    digest = hashlib.sha256(data).digest()
    media.decrypt(data, media.MediaKind.IMAGE, bytes(32), file_sha256=b"", file_enc_sha256=digest)


PARSERS = (
    Parser("frames", _make_frames, _parse_frames, (BadFrame,)),
    Parser("intro", _make_intro, read_intro, (BadFrame,)),
    Parser("server-hello", _make_server_hello, _parse_server_hello, (HandshakeRefused,), cost=8),
    Parser("client-hello", _make_client_hello, _parse_client_hello, (HandshakeRefused,), cost=4),
    Parser("client-finish", _make_finish, _parse_finish, (HandshakeRefused,), cost=20),
    Parser("sealed-frame", _make_sealed, _parse_sealed, (BadFrameSeal,)),
    Parser("certificate-chain", lambda m: m.some(CHAIN), _parse_chain, (ChainRefused,), cost=2),
    Parser("node", _make_node, _parse_node, (BadNode,), cost=2),
    Parser("jid", _make_jid, _parse_jid, (ValueError,)),
    Parser("ending", _make_ending, _parse_ending, (BadNode,)),
    Parser("link-blob", _make_link_blob, _parse_link_blob, (adv.IdentityRefused,), cost=2),
    Parser("device-identity", lambda m: m.some(_IDENTITY), _parse_identity, (adv.IdentityRefused,), cost=2),
    Parser("strangers-identity", lambda m: m.some(_IDENTITY), _parse_own_identity, (adv.IdentityRefused,), cost=2),
    Parser("link-reply", lambda m: m.some(_REPLY), _parse_reply, (adv.IdentityRefused,), cost=2),
    Parser("qr-text", lambda m: m.some(_QR), lambda d: adv.QrText.parse(d.decode("utf-8", "replace")), (ValueError,)),
    Parser(
        "code-bundle",
        lambda m: m.some(_BUNDLE),
        lambda d: _PHONE_SIDE.open(d, CLIENT.public, SERVER),
        (PairingRefused,),
        cost=2,
    ),
    Parser(
        "code-hello",
        lambda m: m.some(_PHONE_SIDE.wrapped),
        lambda d: _DEVICE_SIDE.finish(d, SERVER.public, CLIENT),
        (PairingRefused,),
        cost=400,
    ),
    Parser("msg", _make_msg, _decrypting("msg", _READER), (SignalError,), cost=10),
    Parser("pkmsg", _make_pkmsg, _decrypting("pkmsg", _READER), (SignalError,), cost=6),
    Parser("first-pkmsg", _make_pkmsg, _decrypting("pkmsg", _EMPTY), (SignalError,), cost=6),
    Parser("skmsg", _make_skmsg, _parse_skmsg, (SignalError,), cost=6),
    Parser("distribution", _make_distribution, _parse_distribution, (SignalError,), cost=3),
    Parser("inspected", _make_inspected, _parse_inspected),
    Parser("key-bundle", _make_bundle, _parse_bundle, (SignalError, BadNode), cost=6),
    Parser("message", _make_message, _parse_message, (DecodeError,), cost=2),
    Parser("patch", _make_patch, _parse_patch, (appstate.AppStateBroken,), cost=2),
    Parser("snapshot", _make_snapshot, _parse_snapshot, (appstate.AppStateBroken,), cost=2),
    Parser("records", _make_records, _parse_records, cost=2),
    # Named are those that the channel takes for a broken bridge.
    Parser(
        "bridge-frame", _make_bridge_frame, _frames.decode, (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
    ),
    Parser("file", _make_file, _parse_file, (media.MediaBroken,)),
)
