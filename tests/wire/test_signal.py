"""One-to-one encryption: whatever order messages come in, each is read once, and nothing else changes anything."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.keys import KeyPair, sign, typed
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import (
    MAX_ARCHIVED,
    MAX_SKIPPED,
    BadBundle,
    BadMac,
    Bundle,
    Ciphertext,
    DuplicateMessage,
    Malformed,
    NoPreKey,
    NoSession,
    PreKey,
    Session,
    SessionSet,
    SignalError,
    SignedPreKey,
    TooFarAhead,
    inspect,
    pad,
    sender_of,
    unpad,
)


@dataclass
class Device:
    """One end, with its pre-keys and all it has with the other end; every use passes through the record."""

    identity: KeyPair = field(default_factory=KeyPair.generate)
    signed_pair: KeyPair = field(default_factory=KeyPair.generate)
    one_times: dict[int, KeyPair] = field(default_factory=lambda: {7: KeyPair.generate()})
    record: bytes = field(default_factory=lambda: SessionSet().to_record())

    def bundle(self, *, one_time: bool = True) -> Bundle:
        key = next(iter(self.one_times.items()), None) if one_time else None
        return Bundle(
            registration_id=0xCE4256F1,
            identity=self.identity.public,
            signed_prekey=SignedPreKey(
                id=3,
                public=self.signed_pair.public,
                signature=sign(self.identity.private, typed(self.signed_pair.public)),
            ),
            one_time=PreKey(id=key[0], public=key[1].public) if key else None,
        )

    def signed(self, key_id: int) -> KeyPair | None:
        return self.signed_pair if key_id == 3 else None

    def one_time(self, key_id: int) -> KeyPair | None:
        return self.one_times.get(key_id)

    def start(self, bundle: Bundle) -> None:
        sessions = SessionSet.from_record(self.record)
        sessions.start(self.identity, bundle, 0x1234)
        self.record = sessions.to_record()

    def write(self, text: bytes) -> Ciphertext:
        sessions = SessionSet.from_record(self.record)
        sealed = sessions.encrypt(text)
        self.record = sessions.to_record()
        return sealed

    def read(self, sealed: Ciphertext) -> bytes:
        """Read; a failure must leave the record as it was."""
        sessions = SessionSet.from_record(self.record)
        try:
            opened = sessions.decrypt(sealed.kind, sealed.body, identity=self.identity, prekeys=self)
        except SignalError:
            assert sessions.to_record() == self.record
            raise
        if opened.used_prekey is not None:
            self.one_times.pop(opened.used_prekey, None)
        self.record = sessions.to_record()
        return opened.plaintext


def pair(*, one_time: bool = True) -> tuple[Device, Device]:
    alice, bob = Device(), Device()
    alice.start(bob.bundle(one_time=one_time))
    return alice, bob


@pytest.mark.parametrize("one_time", [True, False])
def test_a_first_message_opens_a_session_in_both_directions(one_time: bool) -> None:
    alice, bob = pair(one_time=one_time)
    first = alice.write(b"one")
    assert first.kind == "pkmsg"
    assert sender_of(first.body) == (alice.identity.public, 0x1234)
    assert bob.read(first) == b"one"
    assert bob.one_times == ({} if one_time else bob.one_times)
    answer = bob.write(b"two")
    assert answer.kind == "msg"
    assert alice.read(answer) == b"two"
    assert alice.write(b"three").kind == "msg"


def test_every_message_is_a_pkmsg_until_the_peer_has_answered() -> None:
    alice, bob = pair()
    sent = [alice.write(str(n).encode()) for n in range(5)]
    assert {m.kind for m in sent} == {"pkmsg"}
    assert [bob.read(m) for m in reversed(sent)] == [b"4", b"3", b"2", b"1", b"0"]


def test_the_wire_form_is_whatsapps() -> None:
    alice, bob = pair()
    sealed = alice.write(b"hi")
    outer = wa.PreKeyWhisperMessage.FromString(sealed.body[1:])
    assert sealed.body[:1] == outer.message[:1] == b"\x33"
    assert (outer.preKeyId, outer.signedPreKeyId, outer.registrationId) == (7, 3, 0x1234)
    assert outer.identityKey == typed(alice.identity.public)
    assert inspect("pkmsg", sealed.body) == inspect("msg", outer.message)
    assert inspect("msg", outer.message)[1] == 0
    bob.read(sealed)


Step = tuple[str, int]
_steps = st.lists(
    st.tuples(st.sampled_from(["write", "write", "deliver", "deliver", "drop", "repeat", "spoil"]), st.integers(0, 99)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(steps=_steps)
def test_any_order_of_delivery_reads_each_message_exactly_once(steps: list[Step]) -> None:
    """Two ends write, the network reorders, drops, repeats and spoils; no key is used twice, no state is lost."""
    alice, bob = pair()
    ends = (alice, bob)
    bob.read(alice.write(b"hello"))
    flying: list[tuple[int, Ciphertext, bytes]] = []
    arrived: list[tuple[int, Ciphertext]] = []
    used: set[tuple[int, bytes, int]] = set()
    for number, (action, choice) in enumerate(steps):
        if action == "write":
            side = choice % 2
            text = b"%d" % number
            sealed = ends[side].write(text)
            position = (side, *inspect(sealed.kind, sealed.body))
            assert position not in used
            used.add(position)
            flying.append((1 - side, sealed, text))
        elif action == "repeat" and arrived:
            side, sealed = arrived[0]
            with pytest.raises(DuplicateMessage):
                ends[side].read(sealed)
        elif flying:
            side, sealed, text = flying[choice % len(flying)]
            if action == "spoil":
                with pytest.raises(SignalError):
                    ends[side].read(_spoiled(sealed))
                continue
            flying.remove((side, sealed, text))
            if action == "deliver" and _still_readable(ends[side], sealed):
                assert ends[side].read(sealed) == text
                arrived = [(side, sealed)]


def _spoiled(sealed: Ciphertext) -> Ciphertext:
    if sealed.kind == "pkmsg":
        outer = wa.PreKeyWhisperMessage.FromString(sealed.body[1:])
        outer.message = outer.message[:-1] + bytes([outer.message[-1] ^ 1])
        return Ciphertext("pkmsg", b"\x33" + outer.SerializeToString())
    return Ciphertext("msg", sealed.body[:-1] + bytes([sealed.body[-1] ^ 1]))


def _still_readable(end: Device, sealed: Ciphertext) -> bool:
    """Chains older than the last five are forgotten on purpose; their messages are lost, as with libsignal."""
    copy = replace(end)
    try:
        copy.read(sealed)
    except BadMac:
        ratchet, _ = inspect(sealed.kind, sealed.body)
        sessions = SessionSet.from_record(end.record)
        assert sessions.open is not None
        assert not sessions.open.knows(ratchet)
        assert len(sessions.open.state.chains) == 5
        return False
    return True


def test_a_long_dialogue_turns_the_ratchet_and_keeps_the_record_small() -> None:
    alice, bob = pair()
    keys = set()
    for number in range(40):
        sender, receiver = (alice, bob) if number % 2 == 0 else (bob, alice)
        sealed = sender.write(b"%d" % number)
        keys.add(inspect(sealed.kind, sealed.body)[0])
        assert receiver.read(sealed) == b"%d" % number
    assert len(keys) == 40
    assert max(len(alice.record), len(bob.record)) < 700


def test_skipped_keys_are_bounded() -> None:
    alice, bob = pair()
    bob.read(alice.write(b"0"))
    alice.read(bob.write(b"0"))
    session = SessionSet.from_record(alice.record)
    sent = [session.encrypt(b"x") for _ in range(MAX_SKIPPED + 3)]
    with pytest.raises(TooFarAhead):
        bob.read(sent[-1])
    assert bob.read(sent[MAX_SKIPPED]) == b"x"
    assert bob.read(sent[-1]) == b"x"
    with pytest.raises(DuplicateMessage):
        bob.read(sent[0])
    assert bob.read(sent[5]) == b"x"


def test_archived_sessions_still_read_late_messages_and_are_bounded() -> None:
    alice, bob = pair()
    late = alice.write(b"late")
    for _ in range(MAX_ARCHIVED):
        alice.start(bob.bundle(one_time=False))
        assert bob.read(alice.write(b"x")) == b"x"
    with pytest.raises(BadMac):
        bob.read(Ciphertext("msg", wa.PreKeyWhisperMessage.FromString(late.body[1:]).message))
    assert bob.read(late) == b"late"
    for _ in range(5):
        alice.start(bob.bundle(one_time=False))
        bob.read(alice.write(b"x"))
    assert len(SessionSet.from_record(bob.record)) == MAX_ARCHIVED + 1


def test_both_begin_at_once_and_still_understand_each_other() -> None:
    alice, bob = Device(), Device()
    alice.start(bob.bundle())
    bob.start(alice.bundle())
    crossing = alice.write(b"from alice"), bob.write(b"from bob")
    assert bob.read(crossing[0]) == b"from alice"
    assert alice.read(crossing[1]) == b"from bob"
    for number in range(6):
        sender, receiver = (alice, bob) if number % 2 == 0 else (bob, alice)
        assert receiver.read(sender.write(b"%d" % number)) == b"%d" % number


def test_a_bundle_with_a_false_signature_is_refused() -> None:
    bob = Device()
    bundle = bob.bundle()
    forged = replace(bundle, signed_prekey=replace(bundle.signed_prekey, public=KeyPair.generate().public))
    unsigned = replace(bundle, signed_prekey=replace(bundle.signed_prekey, signature=bytes(64)))
    other = replace(bundle, identity=KeyPair.generate().public)
    for bad in (forged, unsigned, other):
        with pytest.raises(BadBundle):
            Session.outgoing(KeyPair.generate(), bad)


def test_unknown_pre_keys_are_named() -> None:
    alice, bob = pair()
    sealed = alice.write(b"hi")
    bob.one_times.clear()
    with pytest.raises(NoPreKey, match="one-time pre-key 7"):
        bob.read(sealed)


def test_a_message_without_a_session_is_refused() -> None:
    alice, bob = pair()
    bob.read(alice.write(b"x"))
    with pytest.raises(NoSession):
        Device().read(bob.write(b"y"))
    with pytest.raises(NoSession):
        SessionSet().encrypt(b"z")


@given(kind=st.sampled_from(["msg", "pkmsg", "skmsg", "other"]), body=st.binary(max_size=120))
def test_noise_is_malformed_and_never_anything_worse(kind: str, body: bytes) -> None:
    alice, bob = pair()
    bob.read(alice.write(b"x"))
    with pytest.raises(SignalError):
        bob.read(Ciphertext(kind, body))  # type: ignore[arg-type]


def test_a_message_of_someone_else_does_not_pass() -> None:
    alice, bob = pair()
    mallory, victim = pair()
    bob.read(alice.write(b"x"))
    victim.read(mallory.write(b"x"))
    with pytest.raises(BadMac):
        bob.read(victim.write(b"y"))


@given(record=st.binary(max_size=80))
def test_a_foreign_record_is_refused(record: bytes) -> None:
    for read in (Session.from_record, SessionSet.from_record):
        with pytest.raises(Malformed):
            read(record)


def test_a_single_session_survives_its_record() -> None:
    bob = Device()
    session = Session.outgoing(KeyPair.generate(), bob.bundle(), 5)
    copy = Session.from_record(session.to_record())
    assert copy.encrypt(b"x") == session.encrypt(b"x")
    assert copy.base_key == session.base_key


@given(st.binary(max_size=100), st.integers(0, 255))
def test_padding_comes_off_again(plaintext: bytes, choice: int) -> None:
    padded = pad(plaintext, lambda n: bytes([choice]) * n)
    assert 1 <= len(padded) - len(plaintext) <= 16
    assert unpad(padded) == plaintext


@pytest.mark.parametrize("wrong", [b"", b"abc\x00", b"\x05", b"abc\x01\x02"])
def test_wrong_padding_is_refused(wrong: bytes) -> None:
    with pytest.raises(Malformed):
        unpad(wrong)
