"""What goes back in time sends with nothing that it may have sent with."""

import os

import msgspec
import pytest

from wagate.engine.moving import to_baileys
from wagate.engine.moving.burning import burnt, kept
from wagate.engine.native.device import Device
from wagate.engine.native.records import CHAINS, DEVICE, LID_OF, ONE_TIME, OWN_CHAIN, RATCHETS, OneTime, OwnChain, Text
from wagate.engine.port import KeysUnreadable, Records
from wagate.wire.keys import KeyPair
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.senderkeys import KnownChain, ReceivedKeys, SenderKey

GROUP = "120363000000000001@g.us"
THEIRS = f"{GROUP} 800000000000001@lid"


@pytest.fixture
def native() -> Records:
    device = msgspec.structs.replace(
        Device.generate(1_700_000_000),
        jid="491700000001:3@s.whatsapp.net",
        lid="900000000000001:3@lid",
        device_identity=wa.ADVSignedDeviceIdentity(details=b"x").SerializeToString(),
        account_key=os.urandom(32),
        next_prekey=813,
    )
    chains = ReceivedKeys()
    chains.chains = [KnownChain(7, 3, os.urandom(32), KeyPair.generate().public, {}, 0)]
    return {
        (DEVICE.name, ""): device.to_record(),
        (RATCHETS.name, "800000000000001@lid"): b"whatever",
        (OWN_CHAIN.name, GROUP): OwnChain(SenderKey.create(), {"800000000000001@lid"}).to_record(),
        (CHAINS.name, THEIRS): chains.to_record(),
        (ONE_TIME.name, "5"): OneTime(KeyPair.generate()).to_record(),
        (LID_OF.name, "491700000002"): Text("800000000000001").to_record(),
    }


@pytest.fixture
def baileys(native: Records) -> Records:
    """The same device as Baileys keeps it, with a session's record of its own."""
    others = {place: value for place, value in native.items() if place[0] != RATCHETS.name}
    return {**to_baileys(others), ("session", "491700000002.0"): b"whatever"}


def test_natively_every_ratchet_and_own_chain_is_gone_and_all_else_is_as_it_was(native: Records) -> None:
    left = burnt(native)
    assert {place: left[place] for place in left if place[0] != DEVICE.name} == {
        place: value for place, value in native.items() if place[0] not in (RATCHETS.name, OWN_CHAIN.name, DEVICE.name)
    }
    before, after = (Device.from_record(records[DEVICE.name, ""]) for records in (native, left))
    assert after.next_prekey > before.next_prekey + 50_000
    assert after.upload_due
    assert msgspec.structs.replace(after, next_prekey=before.next_prekey, upload_due=False) == before


def test_for_baileys_the_own_sender_key_goes_and_those_of_others_stay(baileys: Records) -> None:
    own, others = f"{GROUP}::900000000000001_1::3", f"{GROUP}::800000000000001_1::0"
    assert {("sender-key", own), ("sender-key", others), ("sender-key-memory", GROUP)} <= set(baileys)
    left = burnt(baileys)
    gone = {("sender-key", own), ("sender-key-memory", GROUP), ("session", "491700000002.0")}
    assert set(baileys) - set(left) == gone
    before, after = (msgspec.msgpack.decode(records["creds", ""]) for records in (baileys, left))
    assert after["nextPreKeyId"] == after["firstUnuploadedPreKeyId"] > before["nextPreKeyId"] + 50_000
    for creds in (before, after):
        del creds["nextPreKeyId"], creds["firstUnuploadedPreKeyId"]
    assert after == before


def test_ids_of_pre_keys_jump_again_each_time_and_never_leave_their_three_bytes(native: Records) -> None:
    seen, records = set(), native
    for _ in range(400):
        records = burnt(records)
        key_id = Device.from_record(records[DEVICE.name, ""]).next_prekey
        assert 0 < key_id <= 0xFFFFFF
        seen.add(key_id)
    assert len(seen) == 400


def test_a_backup_holds_nothing_that_sends(native: Records, baileys: Records) -> None:
    for records in (native, baileys):
        assert burnt(kept(records)) == burnt(records)
        assert kept(kept(records)) == kept(records)
    assert kept(native)[DEVICE.name, ""] == native[DEVICE.name, ""], "what did not change needs no new backup"


def test_no_device_is_nothing_and_a_damaged_record_is_named(native: Records, baileys: Records) -> None:
    assert burnt({}) == {}
    for records, place in ((native, (DEVICE.name, "")), (baileys, ("creds", "")), (baileys, ("sender-key", "a::b::0"))):
        with pytest.raises(KeysUnreadable) as refused:
            burnt({**records, place: b"\xc1"})
        assert refused.value.record == place
