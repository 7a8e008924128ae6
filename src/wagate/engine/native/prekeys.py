"""Own pre-keys: uploading, topping up, looking up, replacing the signed one."""

from wagate.engine.native.line import Line
from wagate.engine.native.records import FORMER_SIGNED, ONE_TIME, OneTime
from wagate.wire.ciphertext import PreKeyMessage
from wagate.wire.jid import SERVER
from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.node import Node
from wagate.wire.signal import SignedPreKey

#: What WhatsApp's clients upload first.
FIRST_UPLOAD = 812
#: Below this the server asks for more, and so do we at login (Baileys and whatsmeow use the same number).
FEW = 5
#: What is added then (whatsmeow).
REFILL = 50
#: How long a signed pre-key is used; libsignal's clients replace it about monthly.
SIGNED_SECONDS = 30 * 24 * 3600

#: One-time keys of which we keep the private half, newest first. The server hands one out to whoever asks, and most of
#: those askers may never write; of what is older than this, WhatsApp's server has forgotten the message long since.
KEPT = 5_000
#: Signed pre-keys kept besides the one in use: a message waits at the server for 30 days at most, and each key is used
#: as long.
FORMER_KEPT = 3

_MAX_ID = 0xFFFFFF
_TYPE = Node("type", {}, b"\x05")


class Found:
    """The pre-keys that one ``pkmsg`` names. Implements :class:`wagate.wire.signal.OwnPreKeys`."""

    __slots__ = ("_one_time", "_signed")

    def __init__(self, signed: dict[int, KeyPair], one_time: dict[int, KeyPair]) -> None:
        self._signed = signed
        self._one_time = one_time

    def signed(self, key_id: int) -> KeyPair | None:
        return self._signed.get(key_id)

    def one_time(self, key_id: int) -> KeyPair | None:
        return self._one_time.get(key_id)


async def find(line: Line, outer: PreKeyMessage) -> Found:
    """Our keys that a ``pkmsg`` was made for, as far as we (still) have them."""
    device = line.device
    signed: dict[int, KeyPair] = {}
    if outer.signed_prekey == device.signed_id:
        signed[device.signed_id] = KeyPair.from_private(device.signed)
    else:
        former = await line.vault.load_one(FORMER_SIGNED, str(outer.signed_prekey))
        if former is not None:
            signed[outer.signed_prekey] = former.pair
    one_time: dict[int, KeyPair] = {}
    if outer.one_time is not None:
        key = await line.vault.load_one(ONE_TIME, str(outer.one_time))
        if key is not None:
            one_time[outer.one_time] = key.pair
    return Found(signed, one_time)


async def keep_up(line: Line, count: int) -> None:
    """Upload more if the server has only ``count`` left.

    :raises QueryFailed: if the server does not take them.
    """
    if count >= FEW:
        return
    fresh = _generate(line, FIRST_UPLOAD if line.device.next_prekey == 1 else REFILL)
    device = line.device
    listed = [_node("key", key_id, pair.public) for key_id, pair in fresh.items()]
    await line.ask(
        "encrypt",
        "set",
        Node("registration", {}, device.registration_id.to_bytes(4, "big")),
        _TYPE,
        Node("identity", {}, line.identity.public),
        Node("list", {}, listed),
        _signed_node(device.signed_prekey()),
    )


async def at_login(line: Line) -> None:
    """Upload more if the server has few, or none that we have the private halves of.

    :raises QueryFailed: if the server does not say, or does not take them.
    """
    if line.device.upload_due:
        await keep_up(line, 0)
        line.change(upload_due=False)
    else:
        await keep_up(line, await count(line))


async def count(line: Line) -> int:
    """How many one-time keys the server has left.

    :raises QueryFailed: if it does not say.
    """
    answer = await line.query(
        Node("iq", {"to": SERVER, "type": "get", "xmlns": "encrypt"}, [Node("count")]),
    )
    told = answer.child("count")
    return (told.number("value") or 0) if told is not None else 0


async def rotate_signed(line: Line) -> None:
    """Replace the signed pre-key if it is old. The former one is kept: messages under way were made for it.

    :raises QueryFailed: if the server does not take it.
    """
    device = line.device
    if line.now() - device.signed_at < SIGNED_SECONDS:
        return
    pair, key_id = KeyPair.generate(line.entropy), device.signed_id % _MAX_ID + 1
    signature = sign(device.identity, typed(pair.public), line.entropy)
    line.vault.put(FORMER_SIGNED, str(device.signed_id), OneTime(KeyPair.from_private(device.signed)))
    if device.signed_id > FORMER_KEPT:
        line.vault.delete(FORMER_SIGNED, str(device.signed_id - FORMER_KEPT))
    line.change(signed_id=key_id, signed=pair.private, signature=signature, signed_at=line.now())
    fresh = SignedPreKey(id=key_id, public=pair.public, signature=signature)
    await line.ask("encrypt", "set", Node("rotate", {}, [_signed_node(fresh)]))


def bundle_for_retry(line: Line) -> list[Node]:
    """What a retry receipt carries so that the sender can begin a new session at once: ``<keys>``."""
    ((key_id, pair),) = _generate(line, 1).items()
    parts = [
        _TYPE,
        Node("identity", {}, line.identity.public),
        _node("key", key_id, pair.public),
        _signed_node(line.device.signed_prekey()),
        Node("device-identity", {}, line.device.device_identity),
    ]
    return [Node("keys", {}, parts)]


def _generate(line: Line, number: int) -> dict[int, KeyPair]:
    """New one-time keys, recorded; what is posted after this waits until they are stored."""
    fresh: dict[int, KeyPair] = {}
    key_id = line.device.next_prekey
    for _ in range(number):
        fresh[key_id] = KeyPair.generate(line.entropy)
        line.journal.put(ONE_TIME.name, str(key_id), fresh[key_id].private)
        if key_id > KEPT:
            line.vault.delete(ONE_TIME, str(key_id - KEPT))
        key_id = key_id % _MAX_ID + 1
    line.change(next_prekey=key_id)
    return fresh


def _node(tag: str, key_id: int, public: bytes) -> Node:
    return Node(tag, {}, [Node("id", {}, key_id.to_bytes(3, "big")), Node("value", {}, public)])


def _signed_node(key: SignedPreKey) -> Node:
    node = _node("skey", key.id, key.public)
    return Node("skey", {}, [*node.children, Node("signature", {}, key.signature)])
