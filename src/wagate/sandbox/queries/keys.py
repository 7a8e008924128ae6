"""Pre-keys (namespace ``encrypt``). Every signature that comes in is checked."""

from wagate.sandbox.model import Device
from wagate.sandbox.queries.request import Handler, Refuse, Request
from wagate.wire.keys import KEY_BYTES, typed, verify
from wagate.wire.node import Node
from wagate.wire.signal import Bundle, SignedPreKey

#: More than Baileys (812) or whatsmeow (50 to 812) ever keep on the server.
_MAX_PREKEYS = 5000

_TYPE = Node("type", {}, b"\x05")


def _count(request: Request) -> list[Node]:
    return [Node("count", {"value": str(len(request.device.prekeys))})]


def _digest(request: Request) -> list[Node]:
    device = request.device
    ids = [Node("id", {}, key_id.to_bytes(3, "big")) for key_id in device.prekeys]
    children = [
        Node("registration", {}, device.registration_id.to_bytes(4, "big")),
        _TYPE,
        Node("identity", {}, device.identity),
        _signed(device.signed_prekey),
        Node("list", {}, ids),
    ]
    return [Node("digest", {}, children)]


def _fetch(request: Request) -> list[Node]:
    users: list[Node] = []
    for user in request.body.all("user"):
        jid = user.jid("jid")
        bundle = request.world.bundle(jid) if jid is not None else None
        if jid is None or bundle is None:
            problem = Node("error", {"code": "404", "text": "item-not-found"})
            users.append(Node("user", {"jid": user.attrs.get("jid", "")}, [problem]))
        else:
            # Under the address that was asked for: Baileys asks by LID even in a chat by number, and drops others.
            users.append(Node("user", {"jid": jid}, _bundle(bundle)))
    return [Node("list", {}, users)]


def _upload(request: Request) -> None:
    node, device = request.node, request.device
    listed, signed, identity = node.child("list"), node.child("skey"), node.child("identity")
    if listed is None or signed is None or identity is None:
        raise ValueError("an upload has list, skey and identity")
    if identity.data != device.identity:
        request.world.complain("pre-keys of another identity", str(device.jid))
        raise Refuse(406, "not-acceptable")
    _take_signed(request, device, signed)
    keys = dict(_key(key) for key in listed.all("key"))
    if len(device.prekeys) + len(keys) > _MAX_PREKEYS:
        raise Refuse(413, "request-entity-too-large")
    device.prekeys.update(keys)
    device.asked_for_prekeys = False


def _rotate(request: Request) -> None:
    signed = request.body.child("skey")
    if signed is None:
        raise ValueError("a rotation has skey")
    _take_signed(request, request.device, signed)


def _take_signed(request: Request, device: Device, node: Node) -> None:
    key_id, public = _key(node)
    signature = node.child("signature")
    if signature is None or not verify(device.identity, typed(public), signature.data):
        request.world.complain("a falsely signed pre-key", str(device.jid))
        raise Refuse(406, "not-acceptable")
    device.signed_prekey = SignedPreKey(id=key_id, public=public, signature=signature.data)


def _key(node: Node) -> tuple[int, bytes]:
    key_id, value = node.child("id"), node.child("value")
    if key_id is None or value is None or len(value.data) != KEY_BYTES:
        raise ValueError("a key has an id and 32 bytes")
    return int.from_bytes(key_id.data, "big"), value.data


def _bundle(bundle: Bundle) -> list[Node]:
    children = [
        Node("registration", {}, bundle.registration_id.to_bytes(4, "big")),
        _TYPE,
        Node("identity", {}, bundle.identity),
        _signed(bundle.signed_prekey),
    ]
    if (one := bundle.one_time) is not None:
        parts = [Node("id", {}, one.id.to_bytes(3, "big")), Node("value", {}, one.public)]
        children.append(Node("key", {}, parts))
    return children


def _signed(key: SignedPreKey) -> Node:
    parts = [
        Node("id", {}, key.id.to_bytes(3, "big")),
        Node("value", {}, key.public),
        Node("signature", {}, key.signature),
    ]
    return Node("skey", {}, parts)


TABLE: dict[tuple[str, str, str], Handler] = {
    ("encrypt", "get", "count"): _count,
    ("encrypt", "get", "digest"): _digest,
    ("encrypt", "get", "key"): _fetch,
    ("encrypt", "set", "rotate"): _rotate,
    ("encrypt", "set", "*"): _upload,
}
