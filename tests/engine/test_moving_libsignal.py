"""Our ratchets against libsignal itself: a chat whose ends are now one and now the other, step by step."""

import base64
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.test_moving import Peer
from wagate.engine.baileys.process import node_executable
from wagate.engine.moving.libsignal import read_sessions, write_sessions
from wagate.wire.keys import KeyPair, typed
from wagate.wire.ratchet import State, write_states
from wagate.wire.signal import Ciphertext, SessionSet

pytestmark = pytest.mark.bridge

SCRIPT = Path(__file__).with_name("libsignal.mjs")
BRIDGE = Path(__file__).parents[2] / "bridge"
REGISTRATION = 7


class Libsignal:
    """The library in a Node process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def encrypt(self, peer: Peer, plaintext: bytes) -> Ciphertext:
        answer = self._step(peer, {"encrypt": text(plaintext)})
        return Ciphertext(answer["kind"], base64.b64decode(answer["body"]))

    def decrypt(self, peer: Peer, sealed: Ciphertext) -> bytes:
        answer = self._step(peer, {"decrypt": {"kind": sealed.kind, "body": text(sealed.body)}})
        return base64.b64decode(answer["plaintext"])

    def _step(self, peer: Peer, what: dict[str, Any]) -> dict[str, Any]:
        """Have libsignal do it on the peer's sessions, and take back what it made of them."""
        record = msgspec.msgpack.decode(write_sessions(peer.states)) if peer.states else None
        keys = {
            "identity": pair(peer.identity),
            "signed": pair(peer.signed_pair),
            "oneTimes": {str(n): pair(key) for n, key in peer.one_times.items()},
            "registrationId": REGISTRATION,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"record": record, **keys, **what}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        states = read_sessions(msgspec.msgpack.encode(answer["record"]), peer.identity.public, REGISTRATION)
        peer.sessions = SessionSet.from_record(write_states(states), peer.entropy)
        return answer


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def pair(keys: KeyPair) -> list[str]:
    return [text(keys.private), text(typed(keys.public))]


@pytest.fixture(scope="module")
def libsignal() -> Iterator[Libsignal]:
    command = [str(node_executable()), str(SCRIPT), str(BRIDGE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Libsignal(process)
        process.kill()


@pytest.mark.parametrize("seed", range(12))
def test_a_chat_whose_ends_are_now_ours_and_now_libsignal_loses_nothing_and_uses_no_key_twice(
    libsignal: Libsignal, seed: int
) -> None:
    chance = random.Random(seed)
    ada, bob = Peer(chance.randbytes), Peer(chance.randbytes)
    ada.sessions.start(ada.identity, bob.bundle(), REGISTRATION)
    on_the_way: dict[Peer, list[tuple[bytes, Ciphertext]]] = {ada: [], bob: []}
    used: set[tuple[bytes, int]] = set()
    read = kinds = 0
    for _ in range(150):
        writer, reader = (ada, bob) if chance.random() < 0.5 else (bob, ada)
        theirs = chance.random() < 0.5
        waiting = on_the_way[writer]
        # So few may be under way that nobody takes five ratchet steps beyond one of them.
        if chance.random() < 0.5 and len(waiting) < 3 and writer.states and writer.states[0].send_key:
            state: State = writer.states[0]
            key = (state.ratchet_public, state.send_next)
            assert key not in used
            used.add(key)
            plaintext = chance.randbytes(chance.randrange(1, 40))
            sealed = libsignal.encrypt(writer, plaintext) if theirs else writer.sessions.encrypt(plaintext)
            kinds += sealed.kind == "pkmsg"
            waiting.append((plaintext, sealed))
        elif waiting:
            plaintext, sealed = waiting.pop(chance.randrange(len(waiting)))
            assert (libsignal.decrypt(reader, sealed) if theirs else reader.read(sealed)) == plaintext
            read += 1
    assert read > 30
    assert kinds


def test_libsignal_goes_on_with_first_messages_that_we_began(libsignal: Libsignal) -> None:
    ada, bob = Peer(random.Random(1).randbytes), Peer(random.Random(2).randbytes)
    ada.sessions.start(ada.identity, bob.bundle(), REGISTRATION)
    sealed = [ada.sessions.encrypt(b"0"), libsignal.encrypt(ada, b"1"), ada.sessions.encrypt(b"2")]
    sealed.append(libsignal.encrypt(ada, b"3"))
    assert {one.kind for one in sealed} == {"pkmsg"}
    assert len(ada.states) == 1
    assert [bob.read(one) for one in reversed(sealed)] == [b"3", b"2", b"1", b"0"]
    assert libsignal.decrypt(ada, bob.sessions.encrypt(b"hello")) == b"hello"
    assert ada.states[0].pending is None
    assert libsignal.encrypt(ada, b"4").kind == "msg"
