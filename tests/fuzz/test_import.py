"""Whatever the files of a folder hold, it is read, or the file is named that is not what it should be."""

import json
import os
import random

import pytest

from tests.engine.test_authfolder import folder_of
from tests.engine.test_moving import native_records
from tests.fuzz.mutate import Mutator
from wagate.engine.moving import convert, read_folder, to_baileys
from wagate.engine.port import AuthFolderUnreadable, KeysUnreadable

SEED = os.environ.get("FUZZ_SEED", "1")
LONG_INPUTS = int(os.environ.get("FUZZ_INPUTS", "100000")) // 10


def _try(inputs: int) -> int:
    """So many folders with a file that was damaged; how many were read."""
    good = folder_of(
        {
            place: value
            for place, value in to_baileys(native_records(random.Random(1).randbytes)).items()
            if place[0] != "signed-pre-key"
        }
    )
    read = 0
    for number in range(inputs):
        m = Mutator(random.Random(f"{SEED}/folder/{number}"))
        name = m.rng.choice(list(good))
        broken = m.value(good[name])
        for _ in range(m.rng.choice((0, 0, 1, 3))):
            broken = m.value(broken)
        try:
            read_folder({**good, name: broken}, m.rng.choice(("native", "baileys")))
            read += 1
        except AuthFolderUnreadable:
            pass
        except Exception as error:  # noqa: BLE001 - whatever else it was, that is the finding
            pytest.fail(
                f"{type(error).__name__}: {error}\nFUZZ_SEED={SEED}, {number}: {name} {json.dumps(broken)[:2000]}"
            )
    return read


def test_a_folder_with_a_damaged_file_is_read_or_refused() -> None:
    assert 0 < _try(300) < 300


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_very_many_folders_are_read_or_refused() -> None:
    _try(LONG_INPUTS)


def _try_records(engine: str, other: str, inputs: int) -> None:
    native = native_records(random.Random(1).randbytes)
    good = native if engine == "native" else to_baileys(native)
    for number in range(inputs):
        m = Mutator(random.Random(f"{SEED}/{engine}/{number}"))
        place = m.rng.choice(list(good))
        broken = m.some(good[place], good[m.rng.choice(list(good))])
        try:
            convert({**good, place: broken}, other)
        except KeysUnreadable:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            pytest.fail(f"{type(error).__name__}: {error}\nFUZZ_SEED={SEED}, {number}: {place} {broken[:2000].hex()}")


@pytest.mark.parametrize(("engine", "other"), [("native", "baileys"), ("baileys", "native")])
def test_a_damaged_record_moves_or_is_named(engine: str, other: str) -> None:
    _try_records(engine, other, 300)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(("engine", "other"), [("native", "baileys"), ("baileys", "native")])
def test_very_many_damaged_records_move_or_are_named(engine: str, other: str) -> None:
    _try_records(engine, other, LONG_INPUTS)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(2**70, id="a number of more than 64 bits"),
        pytest.param({"a": json.loads("[" * 900 + "]" * 900)}, id="lists in lists without end"),
        pytest.param({"type": "Buffer", "data": [256]}, id="a byte that is none"),
        pytest.param({"1": 0, "²": 1}, id="an index in superscript"),
    ],
)
def test_found_by_the_fuzzer_and_refused_since(broken: object) -> None:
    good = folder_of(
        {
            place: value
            for place, value in to_baileys(native_records(random.Random(1).randbytes)).items()
            if place[0] != "signed-pre-key"
        }
    )
    name = next(name for name in good if name.startswith("session-"))
    with pytest.raises(AuthFolderUnreadable, match="session-"):
        read_folder({**good, name: broken}, "native")


def test_a_time_that_is_none_names_its_file() -> None:
    """It became a number that no record holds."""
    good = folder_of(
        {
            place: value
            for place, value in to_baileys(native_records(random.Random(1).randbytes)).items()
            if place[0] != "signed-pre-key"
        }
    )
    name = next(name for name in good if name.startswith("tctoken-") and "__index" not in name)
    broken = {"token": {"type": "Buffer", "data": "dG9rZW4="}, "timestamp": 1e308, "senderTimestamp": 1e308}
    with pytest.raises(AuthFolderUnreadable, match="tctoken-"):
        read_folder({**good, name: broken}, "native")


def test_a_member_that_was_told_a_chain_and_is_none_names_the_record() -> None:
    native = native_records(random.Random(1).randbytes)
    place = next(place for place in native if place[0] == "native/own-chain")
    broken = native[place].replace(b"@lid", b"@l\x02d", 1)
    assert broken != native[place]
    with pytest.raises(KeysUnreadable) as caught:
        convert({**native, place: broken}, "baileys")
    assert caught.value.record == place


def test_a_counter_that_no_message_can_carry_names_its_file() -> None:
    """It was taken, and the first message of that session could not have been written."""
    good = folder_of(to_baileys(native_records(random.Random(1).randbytes)))
    name = next(name for name in good if name.startswith("session-"))
    broken = json.loads(json.dumps(good[name]))
    (session, *_) = broken["_sessions"].values()
    next(iter(session["_chains"].values()))["chainKey"]["counter"] = 2**32
    with pytest.raises(AuthFolderUnreadable, match="session-"):
        read_folder({**good, name: broken}, "native")
