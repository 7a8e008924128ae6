"""The auth folder of a Baileys program, as the records that our bridge keeps.

Facts (Baileys 7.0.0-rc14, ``Utils/use-multi-file-auth-state.js`` and ``generics.js``): ``creds.json``, and a file
``<kind>-<key>.json`` for each key, in whose name ``/`` is ``__`` and ``:`` is ``-``. Bytes are
``{"type": "Buffer", "data": <base64>}``; older versions and typed arrays write their numbers instead. A sender key is
JSON once more, inside such bytes. Bytes of protobuf messages are plain base64.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from wagate.engine.moving.devices import read_creds
from wagate.engine.moving.records import BAILEYS
from wagate.engine.moving.states import write_app_state_key
from wagate.engine.moving.tonative import to_native
from wagate.engine.port import AuthFolderUnreadable, KeysUnreadable, LinkedDevice

CREDS_FILE: Final = "creds.json"

#: How the names of the others begin; a name that fits two is of the longer one.
KINDS: Final = tuple(
    sorted(
        (
            "pre-key",
            "session",
            "sender-key",
            "sender-key-memory",
            "app-state-sync-key",
            "app-state-sync-version",
            "lid-mapping",
            "device-list",
            "tctoken",
            "identity-key",
        ),
        key=len,
        reverse=True,
    )
)
_SENDER_KEY = re.compile(r"(.+)--([^-]+)--(\d+)")


class _Bytes(msgspec.Struct):
    """What JSON has in place of bytes."""

    type: str
    data: str | list[int]


class _KeyData(msgspec.Struct, rename="camel"):
    key_data: object
    timestamp: object = 0


def read_folder(files: Mapping[str, object], to: str) -> LinkedDevice:
    """The device in these files (their JSON by their names), with its keys as the engine ``to`` keeps them. Files of
    other names are left aside, as Baileys does.

    :raises AuthFolderUnreadable: naming the file that is not what it should be.
    """
    if CREDS_FILE not in files:
        raise AuthFolderUnreadable(f"there is no {CREDS_FILE}: this is not the folder of useMultiFileAuthState")
    records: dict[tuple[str, str], bytes] = {}
    names: dict[tuple[str, str], str] = {}
    for name, content in files.items():
        place = _place(name)
        if place is None or content is None:
            continue
        names[place] = name
        try:
            records[place] = _record(place[0], _revive(content))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise AuthFolderUnreadable(f"{name} is not what Baileys writes") from error
    try:
        creds = read_creds(records["creds", ""])
    except (msgspec.MsgspecError, ValueError, KeyError, OverflowError) as error:
        raise AuthFolderUnreadable(f"{CREDS_FILE} is not what Baileys writes") from error
    if not creds.linked:
        raise AuthFolderUnreadable(f"{CREDS_FILE} is of a device that no phone has accepted")
    try:
        # Also if Baileys goes on with them: this reads every one.
        native = to_native(records)
        identity = creds.device().port_identity
    except KeysUnreadable as error:
        name = names.get(error.record, CREDS_FILE) if error.record is not None else CREDS_FILE
        raise AuthFolderUnreadable(f"{name} is not what Baileys writes") from error
    return LinkedDevice(identity=identity, records=records if to == BAILEYS else native)


def _place(name: str) -> tuple[str, str] | None:
    """The kind and key of a file."""
    if name == CREDS_FILE:
        return "creds", ""
    kind = next((kind for kind in KINDS if name.startswith(f"{kind}-") and name.endswith(".json")), None)
    if kind is None:
        return None
    key = name[len(kind) + 1 : -len(".json")]
    if kind == "app-state-sync-key":
        # Base64, which has no underscores of its own.
        key = key.replace("__", "/")
    elif kind == "sender-key" and (found := _SENDER_KEY.fullmatch(key)):
        key = "::".join(found.groups())
    return kind, key


def _record(kind: str, value: object) -> bytes:
    if kind == "app-state-sync-key":
        data = msgspec.convert(value, _KeyData)
        return write_app_state_key(data.key_data, data.timestamp)
    if kind == "sender-key" and isinstance(value, bytes):
        value = _revive(msgspec.json.decode(value))
    return msgspec.msgpack.encode(value)


def _revive(value: object) -> object:
    """Bytes where JSON has something else."""
    if isinstance(value, list):
        return [_revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "Buffer" and isinstance(value.get("data"), str | list):
        data = msgspec.convert(value, _Bytes).data
        return bytes(data) if isinstance(data, list) else msgspec.convert(data, bytes)
    if value and all(key.isdigit() and type(number) is int for key, number in value.items()):
        return bytes(value.values())
    return {key: _revive(item) for key, item in value.items()}
