"""Both ends of a handshake agree, and whatever stands between them is noticed."""

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.certs import ForgedChain, forge_chain, issue_chain
from wagate.wire.framing import PROLOGUE
from wagate.wire.keys import KeyPair
from wagate.wire.noise import BadFrameSeal, HandshakeRefused, Initiator, Responder
from wagate.wire.proto import wa_pb2 as wa

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT, SERVER, CLIENT = KeyPair.generate(), KeyPair.generate(), KeyPair.generate()
CHAIN = issue_chain(ROOT, SERVER.public, NOW, os.urandom)


def ends(chain: bytes = CHAIN, root: bytes = ROOT.public) -> tuple[Initiator, Responder]:
    return Initiator(CLIENT, root, NOW, os.urandom), Responder(SERVER, chain, os.urandom)


def shake(client: Initiator, server: Responder, payload: bytes = b"payload") -> tuple[bytes, bytes]:
    return server.read_finish(client.read_hello(server.read_hello(PROLOGUE, client.hello()), payload))


def test_the_server_learns_the_clients_key_and_payload() -> None:
    assert shake(*ends()) == (CLIENT.public, b"payload")


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=10))
@settings(max_examples=20)
def test_frames_pass_both_ways_independently(frames: list[tuple[bool, bytes]]) -> None:
    client, server = ends()
    shake(client, server)
    for to_server, data in frames:
        sender, receiver = (client, server) if to_server else (server, client)
        assert receiver.transport.open(sender.transport.seal(data)) == data


def test_a_frame_altered_lost_or_repeated_is_noticed_and_leaves_the_transport_as_it_was() -> None:
    client, server = ends()
    shake(client, server)
    first, second = client.transport.seal(b"1"), client.transport.seal(b"2")
    for wrong in (second, first[:-1] + bytes((first[-1] ^ 1,)), b"", b"short"):
        with pytest.raises(BadFrameSeal):
            server.transport.open(wrong)
    assert server.transport.open(first) == b"1"
    with pytest.raises(BadFrameSeal):
        server.transport.open(first)
    assert server.transport.open(second) == b"2"


@pytest.mark.parametrize("kind", ForgedChain)
def test_a_client_refuses_each_forged_chain_and_sends_nothing(kind: ForgedChain) -> None:
    client, server = ends(forge_chain(kind, ROOT, SERVER.public, NOW, os.urandom))
    with pytest.raises(HandshakeRefused):
        client.read_hello(server.read_hello(PROLOGUE, client.hello()), b"payload")
    with pytest.raises(HandshakeRefused):
        _ = client.transport


def test_another_prologue_is_another_handshake() -> None:
    client, server = ends()
    with pytest.raises(HandshakeRefused):
        client.read_hello(server.read_hello(b"WA\x06\x02", client.hello()), b"payload")


def test_a_finish_of_another_handshake_is_refused() -> None:
    client, server = ends()
    other, other_server = ends()
    server.read_hello(PROLOGUE, client.hello())
    finish = other.read_hello(other_server.read_hello(PROLOGUE, other.hello()), b"payload")
    with pytest.raises(HandshakeRefused):
        server.read_finish(finish)


def test_messages_out_of_turn_are_refused() -> None:
    _, server = ends()
    with pytest.raises(HandshakeRefused):
        server.read_finish(b"")
    with pytest.raises(HandshakeRefused):
        _ = server.transport


@pytest.mark.parametrize("ephemeral", [b"", bytes(32), bytes(31), b"\1" + bytes(31)])
def test_a_hello_without_a_usable_key_is_refused(ephemeral: bytes) -> None:
    hello = wa.HandshakeMessage()
    hello.clientHello.ephemeral = ephemeral
    _, server = ends()
    with pytest.raises(HandshakeRefused):
        server.read_hello(PROLOGUE, hello.SerializeToString())


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_by_both_ends(data: bytes) -> None:
    client, server = ends()
    with pytest.raises(HandshakeRefused):
        server.read_hello(PROLOGUE, data)
    with pytest.raises(HandshakeRefused):
        client.read_hello(data, b"payload")
