"""Stanzas survive their binary form, agree with Baileys' bytes, and no bytes whatever make the reader do harm."""

import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.codec import MAX_DEPTH, BadNode, decode, encode
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node
from wagate.wire.tokens import DOUBLE, ENCODED, SINGLE

#: What lib/WABinary/encode.js of Baileys 7.0.0-rc14 makes of the same stanzas.
BAILEYS = [
    (
        Node(
            "iq",
            {"to": SERVER, "type": "get", "xmlns": "encrypt", "id": "12.34-5"},
            [Node("count")],
        ),
        "00f80a1911fa0003042916cb08ff8412b34a5ff801f80141",
    ),
    (
        Node(
            "message",
            {"to": Jid.parse("15550001:12@s.whatsapp.net"), "id": "3EB0AABBCCDDEEFF0", "type": "text"},
            [Node("enc", {"v": "2", "type": "pkmsg"}, bytes((1, 2, 3, 4, 5)))],
        ),
        "00f8081311f7000cff041555000108fb893eb0aabbccddeeff0f0438f801f8061d51450453fc050102030405",
    ),
    (
        Node("presence", {"name": "Zoë 🙂", "type": "available", "t": ""}),
        "00f8071f89fc095a6fc3ab20f09f998204881afc00",
    ),
    (
        Node(
            "receipt",
            {"id": "F" * 127, "to": Jid.parse("9155:3@lid"), "participant": Jid.parse("120363@g.us")},
            b"hello world",
        ),
        "00f8080708fbc0" + "f" * 128 + "11f70103ff02915505faff031203631cfc0b68656c6c6f20776f726c64",
    ),
    (
        Node("xyz", {"a": "1.5-", "b": "ABC", "c": "abc"}, []),
        "00f808fc0378797afc0161ff021b5afc0162fb82abcfee25fc0361626300",
    ),
]

names = st.text(min_size=1, max_size=20) | st.sampled_from([t for t in SINGLE if t])
strings = (
    st.text(max_size=300)
    | st.sampled_from(list(ENCODED))
    | st.text("0123456789-.", max_size=140)
    | st.text("0123456789ABCDEF", max_size=140)
)
users = st.text(min_size=1, max_size=20).filter(lambda u: "@" not in u and ":" not in u)
jids = (
    st.builds(Jid, users, st.sampled_from(["g.us", "broadcast", "newsletter", "call", "bot"]))
    | st.builds(
        Jid,
        users,
        st.sampled_from(["s.whatsapp.net", "lid", "hosted", "hosted.lid"]),
        st.integers(0, 255),
    )
    | st.builds(Jid, users, st.just("msgr"), st.integers(0, 65535))
    | st.builds(lambda n, u, d: Jid(f"{n}-{u}", "interop", d), st.integers(0, 65535), users, st.integers(1, 9))
    | st.just(SERVER)
)
attributes = st.dictionaries(names, strings | jids, max_size=6)
leaves = st.builds(
    Node,
    names,
    attributes,
    st.none() | st.binary(max_size=400) | jids | st.sampled_from([t for t in ENCODED if t]),
)
nodes = st.recursive(
    leaves, lambda inner: st.builds(Node, names, attributes, st.lists(inner, max_size=4)), max_leaves=12
)


@given(nodes)
def test_a_node_survives_its_binary_form_with_every_type(node: Node) -> None:
    assert decode(encode(node)) == node


@given(nodes)
def test_a_deflated_node_is_the_same_node(node: Node) -> None:
    assert decode(b"\x02" + zlib.compress(encode(node)[1:])) == node


@given(strings)
def test_text_content_keeps_its_text_though_not_its_type(text: str) -> None:
    assert decode(encode(Node("body", {}, text))).text == text


@pytest.mark.parametrize(("node", "expected"), BAILEYS)
def test_the_bytes_are_those_of_baileys(node: Node, expected: str) -> None:
    assert encode(node).hex() == expected
    assert decode(bytes.fromhex(expected)) == node


@pytest.mark.parametrize("size", [0, 255, 256, (1 << 20) - 1, 1 << 20])
def test_each_length_of_length_holds_its_content(size: int) -> None:
    assert decode(encode(Node("a", {}, bytes(size)))).data == bytes(size)


def test_a_list_longer_than_a_byte_counts_keeps_its_order() -> None:
    node = Node("list", {}, [Node("user", {"n": str(i)}) for i in range(300)])
    assert [child.get("n") for child in decode(encode(node)).children] == [str(i) for i in range(300)]


def test_text_that_looks_like_a_jid_stays_a_string() -> None:
    name = decode(encode(Node("message", {"notify": "me@home.example"}))).attrs["notify"]
    assert type(name) is str


@pytest.mark.parametrize(
    "jid",
    [
        Jid("a@b"),
        Jid("a:1"),
        Jid("a", ""),
        Jid("a", "x@y"),
        Jid("a", "lid", 256),
        Jid("", "lid", 1),
        Jid("a", "g.us", 1),
    ],
)
def test_a_jid_that_no_peer_could_read_is_not_written(jid: Jid) -> None:
    with pytest.raises(ValueError, match="JID"):
        encode(Node("iq", {"to": jid}))


@pytest.mark.parametrize("node", [Node(""), Node("a", {"": "b"}), Node("a", {}, [Node("b")] * 65536)])
def test_what_has_no_binary_form_is_not_written(node: Node) -> None:
    with pytest.raises(ValueError, match=r"empty|items"):
        encode(node)


@given(st.binary(max_size=200))
@settings(max_examples=400)
def test_any_bytes_are_a_node_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except BadNode:
        return


@given(nodes, st.data())
def test_a_node_with_one_altered_byte_is_a_node_or_refused(node: Node, data: st.DataObject) -> None:
    encoded = bytearray(encode(node))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(encoded), max_inflated=10_000)
    except BadNode:
        return


@given(nodes, st.data())
def test_a_node_cut_short_is_refused(node: Node, data: st.DataObject) -> None:
    encoded = encode(node)
    with pytest.raises(BadNode):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("nothing", ""),
        ("no node", "00"),
        ("a list of nothing", "0000"),
        ("a node of size 0", "00f800"),
        ("no tag", "00f801fc00"),
        ("a JID as the tag", "00f801faff0112031c"),
        ("a JID inside a JID", "00f80219fafaff0112030303"),
        ("a JID without a server", "00f80219faff0112fc00"),
        ("an unknown domain", "00f80219f74c01ff0112"),
        ("a device without a user", "00f80219f70001fc00"),
        ("an attribute twice", "00f805190441" + "0441"),
        ("a nibble beyond the digits", "00f80219ff01cc"),
        ("trailing bytes", "00f8011900"),
        ("a list tag as an attribute", "00f8031904f801"),
        ("deflated garbage", "02deadbeef"),
    ],
)
def test_each_malformed_form_is_refused(what: str, data: str) -> None:
    with pytest.raises(BadNode):
        decode(bytes.fromhex(data))


def test_nesting_is_bounded_on_both_sides() -> None:
    deep = Node("a")
    for _ in range(MAX_DEPTH - 1):
        deep = Node("a", {}, [deep])
    assert decode(encode(deep)) == deep
    with pytest.raises(ValueError, match="deep"):
        encode(Node("a", {}, [deep]))
    with pytest.raises(BadNode, match="deep"):
        decode(b"\0" + b"\xf8\x02\x19\xf8\x01" * 100_000 + b"\xf8\x01\x19")


def test_a_deflate_bomb_is_refused_before_it_grows() -> None:
    bomb = b"\x02" + zlib.compress(bytes(50_000_000), 9)
    started = time.perf_counter()
    with pytest.raises(BadNode, match="limit"):
        decode(bomb, max_inflated=100_000)
    assert time.perf_counter() - started < 1


def test_a_deflated_frame_that_is_cut_short_or_goes_on_is_refused() -> None:
    deflated = b"\x02" + zlib.compress(encode(Node("iq", {"id": "1"}))[1:])
    for altered in (deflated[:-1], deflated + b"x"):
        with pytest.raises(BadNode):
            decode(altered)


def test_a_name_cut_inside_a_character_does_not_cost_the_stanza() -> None:
    assert decode(bytes.fromhex("00f8031989fc02c3c3")).get("name") == "\N{REPLACEMENT CHARACTER}" * 2


def test_the_dictionary_is_whole_and_unambiguous() -> None:
    assert (len(SINGLE), [len(d) for d in DOUBLE]) == (236, [256] * 4)
    assert len(ENCODED) == 235 + 4 * 256
