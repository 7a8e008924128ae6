"""The frames: one source, two languages."""

import importlib.util
import re
import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.engine import protocol
from wagate.engine.points import CrashPoint
from wagate.engine.protocol import Stanza
from wagate.engine.stanza import to_node, to_stanza
from wagate.wire.jid import GROUP, LID, PN, SERVER, Jid
from wagate.wire.node import Node

ROOT = Path(__file__).parents[2]


def generator() -> typing.Any:
    spec = importlib.util.spec_from_file_location("gen_protocol", ROOT / "scripts" / "gen_protocol.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_typescript_is_what_the_python_says() -> None:
    made = (ROOT / "bridge" / "src" / "protocol.gen.ts").read_text()

    assert made == generator().generate(), "run scripts/gen_protocol.py"


def test_every_frame_belongs_to_one_direction() -> None:
    down, up = (set(typing.get_args(union)) for union in (protocol.ToBridge, protocol.FromBridge))
    frames = {
        value
        for value in vars(protocol).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__struct_config__.tag
    } - {protocol._Frame}

    assert down & up == set()
    assert down | up == frames


def test_the_bridge_knows_the_same_crash_points() -> None:
    source = (ROOT / "bridge" / "src" / "faults.ts").read_text()

    assert set(re.findall(r"^  \| '(\w+)'", source, re.MULTILINE)) == set(CrashPoint)


def test_a_frame_of_an_unknown_type_or_shape_is_refused() -> None:
    decode = msgspec.msgpack.Decoder(protocol.FromBridge).decode

    for nonsense in ({"t": "NoSuchFrame"}, {"t": "Acked", "link": 1, "call": "one", "at": 0}, [1, 2], None):
        with pytest.raises(msgspec.ValidationError):
            decode(msgspec.msgpack.encode(nonsense))


JIDS = st.builds(
    Jid, st.text("0123456789", min_size=1, max_size=15), st.sampled_from([PN, LID, GROUP]), st.integers(0, 99)
)
ATTRS = st.dictionaries(st.sampled_from(["to", "from", "participant", "sender_lid", "recipient_pn"]), JIDS)
LEAVES = st.builds(Node, st.sampled_from(["enc", "item"]), ATTRS, st.none() | st.binary(max_size=20))
NODES = st.recursive(LEAVES, lambda inner: st.builds(Node, st.just("list"), ATTRS, st.lists(inner, max_size=3)))


@given(NODES)
def test_a_node_survives_the_way_through_a_frame(node: Node) -> None:
    encoded = msgspec.msgpack.encode(to_stanza(node))

    assert to_node(msgspec.msgpack.decode(encoded, type=Stanza)) == node


def test_what_looks_like_an_address_stays_text_where_texts_stand() -> None:
    stanza = Stanza("message", {"from": "1@lid", "notify": "me@lid", "id": "x@s.whatsapp.net", "to": "@s.whatsapp.net"})

    node = to_node(stanza)

    assert node.attrs == {"from": Jid("1", LID), "notify": "me@lid", "id": "x@s.whatsapp.net", "to": SERVER}


def test_what_is_no_address_stays_text_where_addresses_stand() -> None:
    attrs = {"from": "somebody@home.example", "to": "a@b@lid", "participant": "x"}

    assert to_node(Stanza("message", attrs)).attrs == attrs


@pytest.mark.parametrize("content", ["1@lid", Jid("1", LID)], ids=["text", "jid"])
def test_text_content_is_written_as_bytes(content: str | Jid) -> None:
    assert to_stanza(Node("subject", {}, content)) == Stanza("subject", {}, b"1@lid")
