"""App state: two devices that read the same patches agree, and every forged byte is noticed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.appstate import (
    AppStateBroken,
    Collection,
    Fault,
    Keys,
    Mutation,
    read_patch,
    read_snapshot,
    write_patch,
    write_snapshot,
)
from wagate.wire.proto import wa_pb2 as wa

KEY_ID = b"\x00\x00\x00\x01\x00\x02"
KEYS = Keys.expand(bytes(range(32)))
NAME = "regular_high"


def keys_of(key_id: bytes) -> Keys | None:
    return KEYS if key_id == KEY_ID else None


def mute(chat: str, *, remove: bool = False, until: int = 7) -> Mutation:
    value = wa.SyncActionValue(timestamp=1_700_000_000_000)
    value.muteAction.muted = True
    value.muteAction.muteEndTimestamp = until
    return Mutation(index=("mute", chat), value=value, version=2, remove=remove)


def write(collection: Collection, *mutations: Mutation) -> tuple[wa.SyncdPatch, Collection]:
    return write_patch(collection, mutations, key_id=KEY_ID, keys=KEYS)


def test_a_reader_sees_what_was_written_and_agrees_on_the_state() -> None:
    patch, writer = write(Collection(name=NAME), mute("a"), mute("ü"))
    mutations, reader = read_patch(Collection(name=NAME), patch, keys_of)
    assert [m.index for m in mutations] == [("mute", "a"), ("mute", "ü")]
    assert mutations[0].value.muteAction.muteEndTimestamp == 7
    assert mutations[0].version == 2
    assert reader == writer
    assert writer.version == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=4), max_size=6))
def test_any_history_of_patches_ends_in_the_state_of_a_snapshot(history: list[list[tuple[int, bool]]]) -> None:
    writer = reader = Collection(name=NAME)
    settled: dict[int, bool] = {}
    for step in history:
        mutations = []
        for chat, remove in step:
            if remove and chat not in settled:
                continue
            mutations.append(mute(str(chat), remove=remove))
            if remove:
                del settled[chat]
            else:
                settled[chat] = True
        patch, writer = write(writer, *mutations)
        _, reader = read_patch(reader, patch, keys_of)
        assert reader == writer
    assert len(writer.value_macs) == len(settled)
    assert (writer.hash == bytes(128)) == (not settled)


def test_a_snapshot_begins_a_collection_that_patches_continue() -> None:
    snapshot, writer = write_snapshot(NAME, 9, [mute("a"), mute("b")], key_id=KEY_ID, keys=KEYS)
    mutations, reader = read_snapshot(NAME, snapshot, keys_of)
    assert [m.index for m in mutations] == [("mute", "a"), ("mute", "b")]
    assert reader == writer
    patch, writer = write(writer, mute("a", remove=True))
    _, reader = read_patch(reader, patch, keys_of)
    assert (reader, reader.version) == (writer, 10)


def refusal(patch: wa.SyncdPatch, collection: Collection | None = None) -> AppStateBroken:
    with pytest.raises(AppStateBroken) as caught:
        read_patch(collection or Collection(name=NAME), patch, keys_of)
    return caught.value


def test_every_forgery_of_a_patch_is_noticed() -> None:
    def fresh() -> wa.SyncdPatch:
        return write(Collection(name=NAME), mute("a"))[0]

    patch = fresh()
    patch.patchMac = bytes(32)
    assert refusal(patch).fault is Fault.PATCH_MAC

    patch = fresh()
    patch.snapshotMac = bytes(32)
    assert refusal(patch).fault is Fault.PATCH_MAC

    patch = fresh()
    blob = bytearray(patch.mutations[0].record.value.blob)
    blob[20] ^= 1
    patch.mutations[0].record.value.blob = bytes(blob)
    assert refusal(patch).fault is Fault.VALUE_MAC

    patch = fresh()
    patch.mutations[0].record.index.blob = bytes(32)
    assert refusal(patch).fault is Fault.INDEX_MAC

    patch = fresh()
    patch.mutations[0].operation = wa.SyncdMutation.SyncdOperation.REMOVE
    assert refusal(patch).fault is Fault.VALUE_MAC

    patch = fresh()
    patch.keyId.id = b"other"
    missing = refusal(patch)
    assert (missing.fault, missing.key_id) == (Fault.MISSING_KEY, b"other")


def test_a_patch_fits_only_its_version_and_its_collection() -> None:
    first, after = write(Collection(name=NAME), mute("a"))
    second, _ = write(after, mute("b"))
    assert refusal(second).fault is Fault.VERSION
    assert refusal(first, Collection(name="regular")).fault is Fault.PATCH_MAC


def test_a_reader_that_lost_a_setting_notices_by_the_hash() -> None:
    _, after = write(Collection(name=NAME), mute("a"))
    patch, _ = write(after, mute("a", remove=True))
    forgetful = Collection(name=NAME, version=1, hash=after.hash)
    assert refusal(patch, forgetful).fault is Fault.SNAPSHOT_MAC


def test_a_forged_snapshot_is_noticed() -> None:
    snapshot, _ = write_snapshot(NAME, 9, [mute("a")], key_id=KEY_ID, keys=KEYS)
    snapshot.version.version = 10
    with pytest.raises(AppStateBroken) as caught:
        read_snapshot(NAME, snapshot, keys_of)
    assert caught.value.fault is Fault.SNAPSHOT_MAC


def test_removing_what_is_not_set_is_refused_at_the_writer() -> None:
    with pytest.raises(AppStateBroken) as caught:
        write(Collection(name=NAME), mute("a", remove=True))
    assert caught.value.fault is Fault.UNKNOWN_INDEX
