"""What was in a ciphertext, the app state, files, and what is stored or comes from the bridge."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import ENTROPY, Parser
from tests.fuzz.samples import STANZAS
from tests.fuzz.signal_parsers import CHAINS, OWN, READER
from wagate.core import jsontext
from wagate.engine import protocol
from wagate.engine.native.contents import media_type, only_distributes, stanza_type
from wagate.engine.native.device import Device
from wagate.engine.native.records import AppStateKeys, Contact, OwnChain, StoredCollection
from wagate.engine.native.steps import KeyBook, steps_of
from wagate.engine.port import BlobBroken, BlobUnavailable
from wagate.engine.stanza import to_stanza
from wagate.messages import kinds
from wagate.wire import appstate, cbc, media
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.senderkeys import ReceivedKeys, SenderKey
from wagate.wire.signal import SessionSet

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
    entropy=ENTROPY,
)
_SNAPSHOT, _ = appstate.write_snapshot(
    "regular", 7, [appstate.Mutation(index=("x",), value=_VALUE)], key_id=_KEY_ID, keys=_STATE_KEY, entropy=ENTROPY
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


def _parse_patch(data: bytes) -> None:
    _read_state(Node("collection", {"name": "regular"}, [Node("patches", {}, [Node("patch", {}, data)])]))


def _parse_snapshot(data: bytes) -> None:
    _read_state(Node("collection", {"name": "regular"}, [Node("snapshot", {}, data)]))


def _read_state(answer: Node) -> None:
    async def read() -> None:
        book = KeyBook({_KEY_ID: bytes(32)})
        async for step in steps_of(answer, None):
            if not book.missing(step):
                await step.read(appstate.Collection(name="regular"), book)

    asyncio.run(read())


_STATE_REFUSALS = (appstate.AppStateBroken, BlobBroken, BlobUnavailable)


def _make_snapshot(m: Mutator) -> bytes:
    return m.some(_SNAPSHOT.SerializeToString(), _PATCH.SerializeToString())


# -- what is stored, moved, or comes over the bridge's socket ---------------------------------------------------------

_DEVICE = Device.generate(0, ENTROPY)


def _make_records(m: Mutator) -> bytes:
    records = (READER, CHAINS, OWN.to_record(), _DEVICE.to_record(), Contact(1, b"t", 2).to_record())
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


CONTENT = (
    Parser("message", _make_message, _parse_message, (DecodeError,), cost=2),
    Parser("patch", _make_patch, _parse_patch, _STATE_REFUSALS, cost=2),
    Parser("snapshot", _make_snapshot, _parse_snapshot, _STATE_REFUSALS, cost=2),
    Parser("records", _make_records, _parse_records, cost=2),
    # Named are those that the channel takes for a broken bridge.
    Parser(
        "bridge-frame", _make_bridge_frame, _frames.decode, (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
    ),
    Parser("file", _make_file, _parse_file, (media.MediaBroken,)),
)
