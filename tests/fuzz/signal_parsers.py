"""Ciphertexts: what cannot be read leaves everything as it was."""

import random
from collections.abc import Callable

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import CLIENT, ENTROPY, SERVER, Parser, Unsound
from tests.fuzz.samples import STANZAS
from wagate.engine.native.directory import read_bundle
from wagate.wire import ciphertext
from wagate.wire.codec import BadNode, decode, encode
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.ratchet import Bundle, PreKey, Session, SignedPreKey
from wagate.wire.senderkeys import ReceivedKeys, SenderKey
from wagate.wire.signal import SessionSet, SignalError

# -- Signal -----------------------------------------------------------------------------------------------------------


class _PreKeys:
    def __init__(self) -> None:
        self.pairs = (KeyPair.generate(ENTROPY), KeyPair.generate(ENTROPY))

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
            id=1, public=signed.public, signature=sign(SERVER.private, typed(signed.public), ENTROPY)
        ),
        one_time=PreKey(id=2, public=one_time.public),
    )
    writer, reader = SessionSet(ENTROPY), SessionSet(ENTROPY)
    writer.start(CLIENT, bundle, 5)
    first = writer.encrypt(b"first").body
    reader.decrypt("pkmsg", first, identity=SERVER, prekeys=_KEYS)
    writer.decrypt("msg", reader.encrypt(b"answer").body, identity=CLIENT, prekeys=_KEYS)
    record = reader.to_record()
    second = writer.encrypt(b"second").body
    return writer.to_record(), record, first, second


_WRITER, READER, _PKMSG, _MSG = _chat()
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
    own = SenderKey.create(ENTROPY)
    known = ReceivedKeys()
    distribution = own.distribution()
    known.accept(distribution)
    return known.to_record(), distribution, own


CHAINS, _DISTRIBUTION, OWN = _group()
_SKMSG = SenderKey.from_record(OWN.to_record(), ENTROPY).encrypt(b"to all")


def _make_skmsg(m: Mutator) -> bytes:
    """Damaged from outside, or signed properly by a member who means harm."""
    if m.rng.random() < 0.5:
        return m.some(_SKMSG)
    message = wa.SenderKeyMessage.FromString(_SKMSG[1:-64])
    if m.rng.random() < 0.5:
        message.iteration = m.number() & 0xFFFF_FFFF
    message.ciphertext = m.maybe(message.ciphertext)
    body = b"\x33" + m.maybe(message.SerializeToString())
    return body + sign(OWN.state.signing_private, body, m.rng.randbytes)


def _parse_skmsg(data: bytes) -> None:
    known = ReceivedKeys.from_record(CHAINS)
    try:
        known.decrypt(data)
    except SignalError:
        if known.to_record() != CHAINS:
            raise Unsound("a message that can't be read has changed the chain") from None
        raise


def _make_distribution(m: Mutator) -> bytes:
    if m.rng.random() < 0.5:
        return m.some(_DISTRIBUTION)
    message = wa.SenderKeyDistributionMessage.FromString(_DISTRIBUTION[1:])
    message.iteration = m.number() & 0xFFFF_FFFF
    return b"\x33" + message.SerializeToString()


def _parse_distribution(data: bytes) -> None:
    known = ReceivedKeys.from_record(CHAINS)
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
        Session.outgoing(CLIENT, bundle, 1, ENTROPY).encrypt(b"x")


SIGNAL = (
    Parser("msg", _make_msg, _decrypting("msg", READER), (SignalError,), cost=10),
    Parser("pkmsg", _make_pkmsg, _decrypting("pkmsg", READER), (SignalError,), cost=6),
    Parser("first-pkmsg", _make_pkmsg, _decrypting("pkmsg", _EMPTY), (SignalError,), cost=6),
    Parser("skmsg", _make_skmsg, _parse_skmsg, (SignalError,), cost=6),
    Parser("distribution", _make_distribution, _parse_distribution, (SignalError,), cost=3),
    Parser("inspected", _make_inspected, _parse_inspected),
    Parser("key-bundle", _make_bundle, _parse_bundle, (SignalError, BadNode), cost=6),
)
