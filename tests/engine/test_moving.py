"""The records of one engine as those of the other, and back: nothing is lost on the way, and nothing is made up."""

import base64
import hmac
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.engine.moving import convert, engine_of, to_baileys, to_native
from wagate.engine.moving.libsignal import read_sessions, write_sessions
from wagate.engine.moving.records import Names, address_of, device_of
from wagate.engine.moving.senderkeys import read_sender_keys, write_chains, write_own
from wagate.engine.native.device import Device
from wagate.engine.native.records import (
    APP_STATE_KEYS,
    CHAINS,
    COLLECTION,
    CONTACT,
    DEVICE,
    FORMER_SIGNED,
    LID_OF,
    ONE_TIME,
    OWN_CHAIN,
    RATCHETS,
    AppStateKeys,
    Contact,
    OneTime,
    OwnChain,
    StoredCollection,
    Text,
    chain_key,
)
from wagate.engine.native.vault import Kind, Record
from wagate.engine.port import KeysUnreadable
from wagate.wire import cbc
from wagate.wire.adv import accept, issue
from wagate.wire.appstate import Collection
from wagate.wire.ciphertext import VERSION, TooFarAhead
from wagate.wire.jid import LID, Jid
from wagate.wire.keys import Entropy, KeyPair, hkdf, sign, typed
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.ratchet import MAX_CHAINS, Bundle, PreKey, Session, SignedPreKey, State, read_states, write_states
from wagate.wire.senderkeys import NoSenderKey, ReceivedKeys, SenderKey
from wagate.wire.signal import Ciphertext, SessionSet, SignalError

PN, OWN_LID = "491700000001:3@s.whatsapp.net", "900000000000001:3@lid"
ADA, ADA_PN, ADA_LID = "491700000002", Jid("491700000002"), Jid("800000000000001", LID)
GROUP = "120363000000000001@g.us"


class Peer:
    """One device of a chat: it keeps its sessions as one of the engines does, changing every now and then."""

    def __init__(self, entropy: Entropy) -> None:
        self.entropy = entropy
        self.identity, self.signed_pair = KeyPair.generate(entropy), KeyPair.generate(entropy)
        self.one_times = {n: KeyPair.generate(entropy) for n in range(1, 60)}
        self.next_one_time = 1
        self.sessions = SessionSet(entropy)

    def signed(self, key_id: int) -> KeyPair | None:
        return self.signed_pair

    def one_time(self, key_id: int) -> KeyPair | None:
        return self.one_times.get(key_id)

    def bundle(self) -> Bundle:
        self.next_one_time += 1
        signature = sign(self.identity.private, typed(self.signed_pair.public), self.entropy)
        return Bundle(
            registration_id=5,
            identity=self.identity.public,
            signed_prekey=SignedPreKey(id=1, public=self.signed_pair.public, signature=signature),
            one_time=PreKey(id=self.next_one_time, public=self.one_times[self.next_one_time].public),
        )

    def read(self, sealed: Ciphertext) -> bytes:
        return self.sessions.decrypt(sealed.kind, sealed.body, identity=self.identity, prekeys=self).plaintext

    @property
    def states(self) -> list[State]:
        return [s.state for s in self.sessions._sessions]

    def move(self) -> None:
        """To the other engine and back; what is kept is what libsignal's record holds."""
        before = self.states
        record = write_sessions(before)
        after = read_sessions(record, self.identity.public, 7)
        assert after == before
        self.sessions = SessionSet.from_record(write_states(after), self.entropy)


def chat(seed: int, steps: list[str], *, moving: bool) -> list[object]:
    """What comes of a chat. Small letters write, capitals read something that is on its way, in any order."""
    chance = random.Random(seed)
    ada, bob = Peer(random.Random(seed + 1).randbytes), Peer(random.Random(seed + 2).randbytes)
    ada.sessions.start(ada.identity, bob.bundle(), 7)
    on_the_way: dict[str, list[Ciphertext]] = {"a": [], "b": []}
    came: list[object] = []
    for step in [*steps, *"AB" * len(steps)]:
        writer, reader = (ada, bob) if step in "aA" else (bob, ada)
        waiting = on_the_way["a" if step in "aA" else "b"]
        try:
            if step in "ab":
                waiting.append(writer.sessions.encrypt(chance.randbytes(16)))
                came.append(waiting[-1])
            elif step in "AB" and waiting:
                came.append(reader.read(waiting.pop(chance.randrange(len(waiting)))))
            elif step in "rs" and len(ada.states) + len(bob.states) < 12:
                # Somebody begins anew; the former session is archived, with all that is on the way in it.
                one, other = (ada, bob) if step == "r" else (bob, ada)
                one.sessions.start(one.identity, other.bundle(), 7)
        except SignalError as error:
            came.append(type(error))
        if step == "m" and moving:
            ada.move()
            bob.move()
    return came


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from("aaAbbBmmrs"), min_size=5, max_size=80))
def test_a_chat_is_the_same_to_the_byte_whether_its_ends_move_or_not(seed: int, steps: list[str]) -> None:
    assert chat(seed, steps, moving=True) == chat(seed, steps, moving=False)


def test_a_moved_chat_reads_something_at_all() -> None:
    came = chat(1, list("aAmmbBbAmbabmABBAaammA"), moving=True)
    assert [what for what in came if isinstance(what, bytes)]
    assert not [what for what in came if isinstance(what, type)]


# -- what libsignal does otherwise


def talked(seed: int = 1) -> tuple[Peer, Peer]:
    """Two that have answered each other over six ratchet steps, with one message missing."""
    ada, bob = Peer(random.Random(seed).randbytes), Peer(random.Random(seed + 1).randbytes)
    ada.sessions.start(ada.identity, bob.bundle(), 7)
    for turn in range(6):
        writer, reader = (ada, bob) if turn % 2 == 0 else (bob, ada)
        sealed = [writer.sessions.encrypt(b"%d" % n) for n in range(3)]
        for one in (sealed[0], sealed[2]):
            reader.read(one)
    return ada, bob


def as_json(record: bytes) -> dict[str, Any]:
    return msgspec.msgpack.decode(record, type=dict[str, Any])


def test_the_counter_of_a_chain_is_that_of_the_last_key_there_and_of_the_next_key_here() -> None:
    ada, _ = talked()
    (session,) = as_json(write_sessions(ada.states))["_sessions"].values()
    chains = {c["chainType"]: c for c in session["_chains"].values()}
    state = ada.states[0]
    newest = session["_chains"][session["currentRatchet"]["lastRemoteEphemeralKey"]]
    assert newest["chainKey"]["counter"] == state.chains[-1].next - 1 == 2
    assert list(newest["messageKeys"]) == ["1"]
    assert chains[1]["chainKey"]["counter"] == state.send_next - 1
    assert session["indexInfo"]["closed"] == -1


def test_a_first_message_stays_one() -> None:
    ada, bob = Peer(random.Random(1).randbytes), Peer(random.Random(2).randbytes)
    ada.sessions.start(ada.identity, bob.bundle(), 7)
    ada.sessions.encrypt(b"0")
    (session,) = as_json(write_sessions(ada.states))["_sessions"].values()
    assert session["pendingPreKey"] == {
        "signedKeyId": 1,
        "baseKey": session["indexInfo"]["baseKey"],
        "preKeyId": 2,
    }
    assert session["indexInfo"]["baseKeyType"] == 1
    ada.move()
    sealed = ada.sessions.encrypt(b"1")
    assert sealed.kind == "pkmsg"
    assert bob.read(sealed) == b"1"


def closed(record: bytes) -> bytes:
    """The record with its latest receiving chain closed, as libsignal does at the peer's next ratchet step."""
    whole = as_json(record)
    (session,) = whole["_sessions"].values()
    del session["_chains"][session["currentRatchet"]["lastRemoteEphemeralKey"]]["chainKey"]["key"]
    return msgspec.msgpack.encode(whole)


def test_a_closed_chain_gives_its_kept_keys_and_nothing_that_anybody_could_forge() -> None:
    ada, bob = talked()
    record = closed(write_sessions(ada.states))
    states = read_sessions(record, ada.identity.public, 7)
    assert write_sessions(states) == record
    state = states[0]
    assert (state.chains[-1].key, list(state.chains[-1].skipped)) == (b"", [1])
    late = bob.states[0]
    late.send_next = 5
    with pytest.raises(TooFarAhead):
        Session(state, ada.entropy).decrypt(bob.sessions.encrypt(b"later").body)

    # The message key that an empty chain key would give is known to everybody.
    keys = hkdf(hmac.digest(b"", b"\x01", "sha256"), 80, b"", b"WhisperMessageKeys")
    body = (
        VERSION
        + wa.WhisperMessage(
            ratchetKey=typed(state.chains[-1].ratchet),
            counter=state.chains[-1].next,
            previousCounter=0,
            ciphertext=cbc.encrypt(keys[:32], keys[64:], b"forged"),
        ).SerializeToString()
    )
    mac = hmac.digest(keys[32:64], b"\x05" + state.remote + b"\x05" + state.local + body, "sha256")
    with pytest.raises(TooFarAhead):
        Session(state, ada.entropy).decrypt(body + mac[:8])


def test_of_chains_that_can_read_nothing_only_the_last_ones_are_kept() -> None:
    ada, _ = talked()
    whole = as_json(write_sessions(ada.states))
    (session,) = whole["_sessions"].values()
    for n in range(20):
        old = base64.b64encode(typed(bytes([n]) * 32)).decode()
        keys = {"4": base64.b64encode(bytes(32)).decode()} if n == 3 else {}
        chain = {"chainKey": {"counter": 7, "key": None}, "chainType": 2, "messageKeys": keys}
        session["_chains"] = {old: chain, **session["_chains"]}
    (state,) = read_sessions(msgspec.msgpack.encode(whole), ada.identity.public, 7)
    assert len(state.chains) == MAX_CHAINS + 1
    assert (state.chains[0].ratchet, list(state.chains[0].skipped)) == (bytes([3]) * 32, [4])
    assert state.chains[-3:] == ada.states[0].chains


def test_the_session_that_is_written_with_comes_first_and_then_the_latest_used() -> None:
    ada, _ = talked()
    whole = as_json(write_sessions(ada.states))
    (session,) = whole["_sessions"].values()
    whole["_sessions"] = {}
    for n, (is_open, used) in enumerate([(-1234.0, 5), (-1, 1), (99, 7.0)]):
        base = base64.b64encode(typed(bytes([n]) * 32)).decode()
        index = {**session["indexInfo"], "baseKey": base, "closed": is_open, "used": used}
        whole["_sessions"][base] = {**session, "indexInfo": index}
    states = read_sessions(msgspec.msgpack.encode(whole), ada.identity.public, 7)
    assert [state.base[0] for state in states] == [1, 2, 0]


# -- sender keys


def test_our_own_chain_goes_on_with_the_next_counter(entropy: Entropy) -> None:
    own, reader = SenderKey.create(entropy), ReceivedKeys()
    reader.accept(own.distribution())
    for n in range(6):
        assert reader.decrypt(own.encrypt(b"%d" % n)) == b"%d" % n
        moved = read_sender_keys(write_own(own.state)).own
        assert moved == own.state
        own = SenderKey(moved, entropy)


def test_overtaken_messages_of_a_group_are_read_after_the_move(entropy: Entropy) -> None:
    owner, reader = SenderKey.create(entropy), ReceivedKeys()
    reader.accept(owner.distribution())
    sealed = [owner.encrypt(b"%d" % n) for n in range(5)]
    assert reader.decrypt(sealed[3]) == b"3"
    moved = read_sender_keys(write_chains(reader.chains))
    assert moved.own is None
    assert moved.chains == reader.chains
    reader.chains = moved.chains
    assert [reader.decrypt(sealed[n]) for n in (1, 4, 0, 2)] == [b"1", b"4", b"0", b"2"]


@pytest.mark.parametrize("by_baileys", [False, True])
def test_what_was_before_a_chain_was_told_is_asked_for_after_the_move_too(entropy: Entropy, by_baileys: bool) -> None:
    owner, reader = SenderKey.create(entropy), ReceivedKeys()
    early = owner.encrypt(b"early")
    reader.accept(owner.distribution())
    record = write_chains(reader.chains)
    if by_baileys:
        # Baileys does not keep from which message on a chain was told.
        states = msgspec.msgpack.decode(record)
        for state in states:
            del state["first"]
        record = msgspec.msgpack.encode(states)
    reader.chains = read_sender_keys(record).chains
    with pytest.raises(NoSenderKey):
        reader.decrypt(early)
    assert reader.decrypt(owner.encrypt(b"later")) == b"later"


def test_of_a_chain_that_was_told_twice_the_one_in_use_is_taken(entropy: Entropy) -> None:
    owner, reader = SenderKey.create(entropy), ReceivedKeys()
    reader.accept(owner.distribution())
    for n in range(3):
        reader.decrypt(owner.encrypt(b"%d" % n))
    again = ReceivedKeys()
    again.accept(owner.distribution())
    again.chains[0].iteration += 4
    record = write_chains([*again.chains, *reader.chains])
    assert read_sender_keys(record).chains == reader.chains


# -- whole sessions


def native_records(entropy: Entropy) -> dict[tuple[str, str], bytes]:
    """Something of every kind."""
    account, pair = KeyPair.generate(entropy), KeyPair.generate
    fresh = Device.generate(1_700_000_000, entropy)
    identity = KeyPair.from_private(fresh.identity)
    issued = issue(account, identity.public, key_index=3, timestamp=1, adv_secret=fresh.adv_secret, entropy=entropy)
    accepted = accept(issued.blob, fresh.adv_secret, identity, entropy)
    device = msgspec.structs.replace(
        fresh,
        jid=PN,
        lid=OWN_LID,
        push_name="Corner Shop",
        device_identity=accepted.identity,
        account_key=accepted.account_key,
        next_prekey=813,
        routing=b"route",
    )
    ada, _ = talked()
    for state in ada.states:
        state.local = identity.public
    received = ReceivedKeys()
    received.accept(SenderKey.create(entropy).distribution())
    collection = Collection(name="critical_block", version=4, hash=entropy(128), value_macs={entropy(32): entropy(32)})
    records: dict[tuple[str, str], bytes] = {}

    def put(kind: Kind[Any], key: str, record: Record) -> None:
        records[kind.name, key] = record.to_record()

    put(DEVICE, "", device)
    put(RATCHETS, str(ADA_LID), SessionSet.from_record(write_states(ada.states)))
    put(RATCHETS, "491700000009:2@s.whatsapp.net", SessionSet.from_record(write_states(talked(5)[0].states[:1])))
    put(ONE_TIME, "812", OneTime(pair(entropy)))
    put(FORMER_SIGNED, "1", OneTime(pair(entropy)))
    put(OWN_CHAIN, GROUP, OwnChain(SenderKey.create(entropy), {str(ADA_LID), "800000000000001:4@lid"}))
    put(CHAINS, chain_key(GROUP, str(ADA_LID.with_device(4))), received)
    put(LID_OF, "491700000001", Text("900000000000001"))
    put(LID_OF, ADA, Text(ADA_LID.user))
    put(CONTACT, str(ADA_LID), Contact(1_700_000_001, b"token", 1_700_000_002))
    put(CONTACT, "491700000009@s.whatsapp.net", Contact(1_700_000_003))
    put(APP_STATE_KEYS, "", AppStateKeys({b"\x00\x01": entropy(32)}))
    put(COLLECTION, "critical_block", StoredCollection(collection))
    for key in [key for key in records if key[0] == RATCHETS.name]:
        # Only the device's own identity may stand in its sessions.
        sessions = SessionSet.from_record(records[key])
        for session in sessions._sessions:
            session.state.local = identity.public
            session.state.pending = None
        put(RATCHETS, key[1], sessions)
    return records


def test_to_baileys_and_back_nothing_is_lost_but_where_the_app_state_stood(entropy: Entropy) -> None:
    records = native_records(entropy)
    theirs = to_baileys(records)
    assert ("app-state-sync-version", "critical_block") in theirs
    assert convert(records, "native") == records
    # It is fetched whole, so that whoever reads the settings is told them from the beginning.
    del records[COLLECTION.name, "critical_block"]
    assert engine_of(theirs) == "baileys"
    assert not [kind for kind, _ in theirs if kind.startswith("native/")]
    assert to_native(theirs) == records
    assert convert(convert(records, "baileys"), "native") == records


def test_a_second_time_there_it_is_the_same_as_the_first(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    again = dict(to_baileys(to_native(theirs)))
    creds = [msgspec.msgpack.decode(one.pop(("creds", "")), type=dict[str, Any]) for one in (theirs, again)]
    for one in creds:
        # Made anew for each linking by code, and never used by a linked device.
        del one["pairingEphemeralKeyPair"]
    assert creds[0] == creds[1]
    del theirs["app-state-sync-version", "critical_block"]
    assert theirs == again


def test_a_session_is_found_by_number_or_lid_under_the_lid_with_the_lids_own_first(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    by_lid = theirs["session", address_of(ADA_LID)]
    by_number = write_sessions(talked(9)[0].states)
    theirs["session", address_of(ADA_PN)] = by_number
    records = to_native(theirs)
    bases = [state.base for state in read_states(records[RATCHETS.name, str(ADA_LID)])]
    assert bases == [read_sessions(record, b"", 0)[0].base for record in (by_lid, by_number)]
    assert (RATCHETS.name, str(ADA_PN)) not in records


def test_our_chain_under_two_names_is_told_anew(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    theirs["sender-key", f"{GROUP}::491700000001::3"] = write_own(SenderKey.create(entropy).state)
    own = OwnChain.from_record(to_native(theirs)[OWN_CHAIN.name, GROUP])
    lid = read_sender_keys(theirs["sender-key", f"{GROUP}::900000000000001_1::3"]).own
    assert (own.key.state, own.told) == (lid, set())


def test_who_was_told_by_baileys_is_known_by_lid_and_our_own_device_is_not_among_them(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    told = {str(ADA_PN): True, OWN_LID: True, PN: True, "491700000009@s.whatsapp.net": True, "7@lid": False}
    theirs["sender-key-memory", GROUP] = msgspec.msgpack.encode(told)
    own = OwnChain.from_record(to_native(theirs)[OWN_CHAIN.name, GROUP])
    assert own.told == {str(ADA_LID), "491700000009@s.whatsapp.net"}


def test_what_has_no_device_is_no_link_and_two_devices_are_one_too_many(entropy: Entropy) -> None:
    assert convert({("pre-key", "1"): b""}, "native") == {}
    records = native_records(entropy)
    with pytest.raises(KeysUnreadable, match="two engines"):
        convert({**records, **to_baileys(records)}, "native")


@pytest.mark.parametrize("kind", [kind.name for kind in (DEVICE, RATCHETS, ONE_TIME, OWN_CHAIN, CHAINS, COLLECTION)])
def test_a_record_of_ours_that_is_not_what_it_should_be_stops_the_move(kind: str, entropy: Entropy) -> None:
    records = native_records(entropy)
    place = next(place for place in records if place[0] == kind)
    with pytest.raises(KeysUnreadable) as refused:
        to_baileys({**records, place: b"\xc1"})
    assert refused.value.record == place


@pytest.mark.parametrize(
    "kind",
    [
        "creds",
        "session",
        "pre-key",
        "sender-key",
        "sender-key-memory",
        "lid-mapping",
        "tctoken",
        "app-state-sync-key",
        "app-state-sync-version",
    ],
)
def test_a_record_of_baileys_that_is_not_what_it_should_be_stops_the_move(kind: str, entropy: Entropy) -> None:
    theirs = to_baileys(native_records(entropy))
    place = next(place for place in theirs if place[0] == kind)
    with pytest.raises(KeysUnreadable) as refused:
        to_native({**theirs, place: b"\xc1"})
    assert refused.value.record == place


@pytest.mark.parametrize(
    "jid", [PN, OWN_LID, str(ADA_LID), "491700000002@s.whatsapp.net", "1:99@hosted", "2@hosted.lid"]
)
def test_an_address_leads_back_to_its_device(jid: str) -> None:
    assert str(device_of(address_of(Jid.parse(jid)))) == jid


@pytest.mark.parametrize("address", ["", "1", "1.x", ".0", "1_7.0"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        device_of(address)


def test_names_of_an_account_without_a_lid_stay_numbers() -> None:
    names = Names(PN, "", {})
    assert names.canonical(Jid.parse(PN)) == Jid.parse(PN)
    assert names.is_own_device(Jid.parse(PN))
    assert names.other(ADA_LID) is None


def test_a_members_chains_under_both_names_are_one_record_with_the_lids_first(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    by_lid, by_number = f"{GROUP}::800000000000001_1::4", f"{GROUP}::491700000002::4"
    (known,) = read_sender_keys(theirs["sender-key", by_lid]).chains
    behind = msgspec.structs.replace(known, iteration=known.iteration + 9)
    another = msgspec.structs.replace(known, id=known.id ^ 1)
    theirs["sender-key", by_number] = write_chains([another, behind])
    received = ReceivedKeys.from_record(to_native(theirs)[CHAINS.name, chain_key(GROUP, "800000000000001:4@lid")])
    assert received.chains == [known, another]


def test_a_lid_without_its_device_is_completed(entropy: Entropy) -> None:
    theirs = dict(to_baileys(native_records(entropy)))
    creds = as_json(theirs["creds", ""])
    creds["me"]["lid"] = "900000000000001@lid"
    records = to_native({**theirs, ("creds", ""): msgspec.msgpack.encode(creds)})
    assert records == to_native(theirs)
