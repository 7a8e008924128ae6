"""The folder of a Baileys program: what is read of it, and what is said of one that is not what it should be."""

import base64
import json
from pathlib import Path

import msgspec
import pytest

from tests.engine.test_moving import GROUP, native_records
from wagate.cli.importing import read_files
from wagate.core.ids import Entropy
from wagate.engine.moving import read_folder, to_baileys, to_native
from wagate.engine.port import AuthFolderUnreadable, Records
from wagate.wire.proto import wa_pb2 as wa


def as_json(value: object) -> object:
    """A value as BufferJSON writes it."""
    if isinstance(value, bytes):
        return {"type": "Buffer", "data": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value


def numbered(value: object) -> object:
    """The same as older versions write it: a list of numbers."""
    if isinstance(value, bytes):
        return {"type": "Buffer", "data": list(value)}
    if isinstance(value, dict):
        return {key: numbered(item) for key, item in value.items()}
    return [numbered(item) for item in value] if isinstance(value, list) else value


def folder_of(records: Records) -> dict[str, object]:
    """The files of a program that has these records."""
    files: dict[str, object] = {}
    for (kind, key), record in records.items():
        if kind == "app-state-sync-key":
            data = wa.Message.AppStateSyncKeyData.FromString(record)
            content: object = {"keyData": base64.b64encode(data.keyData).decode(), "timestamp": "1700000000"}
        elif kind == "sender-key":
            states = json.dumps(numbered(msgspec.msgpack.decode(record))).encode()
            content = as_json(states)
        else:
            content = as_json(msgspec.msgpack.decode(record))
        name = f"{kind}-{key}" if key else kind
        files[name.replace("/", "__").replace(":", "-") + ".json"] = content
    return files


@pytest.fixture
def records(entropy: Entropy) -> Records:
    """What a program has, whose keys the native engine began; the signed pre-keys it replaced are not Baileys'."""
    made = to_baileys(native_records(entropy))
    return {place: record for place, record in made.items() if place[0] != "signed-pre-key"}


def test_a_folder_is_read_to_the_last_key(records: Records) -> None:
    device = read_folder(folder_of(records), "native")
    assert device.records == to_native(records)
    assert (str(device.identity.jid), device.identity.push_name) == ("491700000001:3@s.whatsapp.net", "Corner Shop")


def test_for_baileys_it_is_what_our_bridge_keeps(records: Records) -> None:
    device = read_folder(folder_of(records), "baileys")
    assert set(device.records) == set(records)
    assert to_native(device.records) == to_native(records)


def test_bytes_may_be_numbers_and_keys_may_hold_what_file_names_cannot(records: Records) -> None:
    key_id = base64.b64encode(b"\xff\xff\xfe\x01").decode()
    assert "/" in key_id
    files = folder_of(records)
    files["creds.json"] = numbered(msgspec.msgpack.decode(records["creds", ""]))
    files[f"app-state-sync-key-{key_id.replace('/', '__')}.json"] = {"keyData": {str(n): n for n in range(32)}}
    files["session-1.0.json"] = None
    files["something-else.json"] = {"of": "another version"}
    native = read_folder(files, "native").records
    baileys = read_folder(files, "baileys").records
    assert ("app-state-sync-key", key_id) in baileys
    assert bytes(range(32)) in native["native/app-state-keys", ""]
    assert ("sender-key", f"{GROUP}::800000000000001_1::4") in baileys


def test_a_folder_without_credentials_is_none() -> None:
    with pytest.raises(AuthFolderUnreadable, match=r"no creds\.json"):
        read_folder({"pre-key-1.json": {}}, "native")


def test_a_device_that_is_not_linked_is_refused(records: Records) -> None:
    files = folder_of(records)
    creds = files["creds.json"]
    assert isinstance(creds, dict)
    with pytest.raises(AuthFolderUnreadable, match=r"creds\.json is of a device that no phone has accepted"):
        read_folder({**files, "creds.json": {**creds, "account": None}}, "native")


@pytest.mark.parametrize("engine", ["native", "baileys"])
@pytest.mark.parametrize("kind", ["creds", "session", "pre-key", "sender-key", "tctoken", "app-state-sync-key"])
def test_the_file_that_is_wrong_is_named_and_nothing_that_is_in_it(kind: str, engine: str, records: Records) -> None:
    files = folder_of(records)
    name = next(name for name in files if name.startswith(kind))
    for wrong in ("c2VjcmV0", {"private": "c2VjcmV0"}, {"type": "Buffer", "data": "c2VjcmV0!"}, [1], {"token": 7}):
        with pytest.raises(AuthFolderUnreadable) as refused:
            read_folder({**files, name: wrong}, engine)
        assert refused.value.detail.startswith(f"{name} is not what Baileys writes")
        assert "c2VjcmV0" not in refused.value.detail


def test_a_key_pair_whose_halves_differ_is_refused(records: Records) -> None:
    files = folder_of(records)
    files["pre-key-812.json"] = {"private": as_json(bytes(32)), "public": as_json(bytes(32))}
    with pytest.raises(AuthFolderUnreadable, match=r"pre-key-812\.json"):
        read_folder(files, "native")


def test_files_are_read_from_disk_by_name(tmp_path: Path) -> None:
    (tmp_path / "creds.json").write_text('{"a": 1}')
    (tmp_path / "notes.txt").write_text("no key")
    assert read_files(tmp_path) == {"creds.json": {"a": 1}}
    (tmp_path / "pre-key-1.json").write_text('{"half')
    with pytest.raises(AuthFolderUnreadable, match=r"pre-key-1\.json can't be read as JSON"):
        read_files(tmp_path)
    with pytest.raises(AuthFolderUnreadable, match="is not a folder"):
        read_files(tmp_path / "creds.json")
