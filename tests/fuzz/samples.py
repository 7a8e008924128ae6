"""Real stanzas of every kind that the dispatcher knows, to be damaged."""

from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

ADA, ADA_LID, GROUP = Jid("491700000002"), Jid("200000000000002", "lid"), Jid("120363000000000001", "g.us")
SHOP = Jid("491700000001")

_KEY = [Node("id", {}, b"\0\0\1"), Node("value", {}, bytes(range(32)))]
_KEYS = [
    Node("type", {}, b"\5"),
    Node("identity", {}, bytes(range(32))),
    Node("key", {}, _KEY),
    Node("skey", {}, [*_KEY, Node("signature", {}, bytes(64))]),
    Node("device-identity", {}, b"\n\x02\x08\x01"),
]

STANZAS: tuple[Node, ...] = (
    Node(
        "message",
        {"from": ADA, "id": "3EB0A1", "type": "text", "t": "1700000000", "notify": "Ada"},
        [
            Node("enc", {"v": "2", "type": "msg"}, b"\x33" + bytes(60)),
        ],
    ),
    Node(
        "message",
        {"from": ADA_LID.with_device(3), "sender_pn": ADA, "id": "3EB0A2", "type": "media", "t": "1"},
        [
            Node("enc", {"v": "2", "type": "pkmsg", "mediatype": "image"}, b"\x33" + bytes(90)),
            Node("device-identity", {}, b"\n\x02\x08\x01"),
        ],
    ),
    Node(
        "message",
        {"from": GROUP, "participant": ADA_LID, "id": "3EB0A3", "type": "text", "addressing_mode": "lid"},
        [
            Node("enc", {"v": "2", "type": "skmsg"}, b"\x33" + bytes(90)),
        ],
    ),
    Node("message", {"from": ADA, "id": "3EB0A4", "type": "text"}, [Node("unavailable", {"type": "view_once"})]),
    Node("message", {"from": ADA, "id": "3EB0A5", "type": "text"}, [Node("plaintext", {}, b"\n\x02hi")]),
    Node(
        "receipt",
        {"from": ADA, "id": "3EB0B1", "type": "read", "t": "1700000000"},
        [
            Node("list", {}, [Node("item", {"id": "3EB0B2"}), Node("item", {"id": "3EB0B3"})]),
        ],
    ),
    Node(
        "receipt",
        {"from": ADA.with_device(2), "id": "3EB0B4", "type": "retry", "recipient": SHOP},
        [
            Node("retry", {"count": "1", "id": "3EB0B4", "t": "1", "v": "1"}),
            Node("registration", {}, b"\0\0\0\1"),
            Node("keys", {}, _KEYS),
        ],
    ),
    Node("notification", {"from": SERVER, "id": "1", "type": "encrypt"}, [Node("count", {"value": "3"})]),
    Node("notification", {"from": ADA, "id": "2", "type": "encrypt"}, [Node("identity")]),
    Node(
        "notification",
        {"from": ADA, "lid": ADA_LID, "id": "3", "type": "devices"},
        [
            Node("remove", {"device_hash": "2:abcd"}, [Node("device", {"jid": ADA.with_device(4), "key-index": "2"})]),
        ],
    ),
    Node(
        "notification",
        {"from": GROUP, "participant": ADA, "id": "4", "type": "w:gp2", "notify": "Ada"},
        [
            Node("add", {}, [Node("participant", {"jid": ADA_LID, "phone_number": ADA})]),
        ],
    ),
    Node(
        "notification",
        {"from": ADA, "sender_lid": ADA_LID, "id": "5", "type": "privacy_token"},
        [
            Node("tokens", {}, [Node("token", {"type": "trusted_contact", "t": "1700000000"}, b"token")]),
        ],
    ),
    Node(
        "notification",
        {"from": SERVER, "id": "6", "type": "server_sync"},
        [
            Node("collection", {"name": "critical_block", "version": "3"}),
        ],
    ),
    Node(
        "notification",
        {"from": SERVER, "id": "7", "type": "link_code_companion_reg"},
        [
            Node(
                "link_code_companion_reg",
                {"stage": "primary_hello"},
                [
                    Node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, bytes(80)),
                    Node("primary_identity_pub", {}, bytes(32)),
                    Node("link_code_pairing_ref", {}, b"ref"),
                ],
            ),
        ],
    ),
    Node("notification", {"from": ADA, "id": "8", "type": "picture"}, [Node("set", {"jid": ADA, "id": "1"})]),
    Node("call", {"from": ADA, "id": "C1"}, [Node("offer", {"call-id": "X", "call-creator": ADA}, [Node("audio")])]),
    Node("ack", {"class": "message", "from": ADA, "id": "3EB0C1", "t": "1700000000", "phash": "2:abcd"}),
    Node("ack", {"class": "message", "from": GROUP, "id": "3EB0C2", "error": "421"}),
    Node("iq", {"from": SERVER, "type": "get", "xmlns": "urn:xmpp:ping", "id": "p1"}),
    Node("iq", {"from": SERVER, "type": "result", "id": "q1"}, [Node("count", {"value": "30"})]),
    Node("iq", {"from": SERVER, "type": "error", "id": "q2"}, [Node("error", {"code": "404", "text": "no"})]),
    Node(
        "iq",
        {"from": SERVER, "type": "set", "id": "q3"},
        [
            Node("pair-device", {}, [Node("ref", {}, b"2@abc"), Node("ref", {}, b"2@def")]),
        ],
    ),
    Node(
        "iq",
        {"from": SERVER, "type": "set", "id": "q4"},
        [
            Node(
                "pair-success",
                {},
                [
                    Node("device-identity", {}, b"\n\x02\x08\x01"),
                    Node("device", {"jid": SHOP.with_device(3), "lid": ADA_LID.with_device(3)}),
                    Node("biz", {"name": "Shop"}),
                ],
            ),
        ],
    ),
    Node("ib", {"from": SERVER}, [Node("dirty", {"type": "groups", "timestamp": "1700000000"})]),
    Node("ib", {"from": SERVER}, [Node("edge_routing", {}, [Node("routing_info", {}, b"routing")])]),
    Node("ib", {"from": SERVER}, [Node("offline", {"count": "3"})]),
    Node("success", {"lid": ADA_LID, "display_name": "Shop", "t": "1700000000"}),
    Node("presence", {"from": ADA, "type": "unavailable", "last": "1700000000"}),
    Node("chatstate", {"from": ADA}, [Node("composing")]),
)
