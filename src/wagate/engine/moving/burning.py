"""What of a linked device may be used again after it went back in time, and what must never be.

A message key that was used for one message must never be used for another: whoever has both learns about both, and
clients take the second for a forgery. Records out of a backup, or out of an older copy of the database, stand where
keys were that have been used since. So everything that *sends* by counting on is dropped: the sessions with each
device of each peer, and our own chains in groups. They are begun anew, with fresh pre-keys of the peers.

What only *receives* may go back: others' chains count on from where they are known. One-time pre-keys stay as well,
since the server goes on handing them out and a message to one that nobody has could not be read; one that was used
since can at most have an old message read again, which is told by its id. New ones are uploaded, whose ids jump, so
that none is given to two keys. The device itself, its signed pre-keys, who is who, and the app state stay.
"""

from typing import Final

import msgspec

from wagate.engine.moving.records import BAILEYS, NATIVE, engine_of, reading
from wagate.engine.moving.senderkeys import read_sender_keys
from wagate.engine.native.device import Device
from wagate.engine.native.records import DEVICE, ONE_TIME, OWN_CHAIN, RATCHETS
from wagate.engine.port import Records

#: Kinds of record that send by counting on.
BURNT: Final = frozenset({RATCHETS.name, OWN_CHAIN.name, "session", "sender-key-memory"})
#: Kinds of record that come and go with every new peer.
FLEETING: Final = frozenset({ONE_TIME.name, "pre-key"})
#: More pre-keys than a device makes between two backups, and a 160th of all ids.
_JUMP: Final = 100_000
_IDS: Final = 0xFFFFFF
_OWN_OR_OTHERS: Final = "sender-key"


def kept(records: Records) -> Records:
    """What of the records outlives going back in time; the ids of pre-keys stand where they stood.

    :raises KeysUnreadable: naming the record that is not what it should be.
    """
    return {
        (kind, key): value
        for (kind, key), value in records.items()
        if kind not in BURNT and not (kind == _OWN_OR_OTHERS and _is_own(key, value))
    }


def burnt(records: Records) -> Records:
    """The records with which a device goes on that went back in time; none if no device is linked.

    :raises KeysUnreadable: naming the record that is not what it should be.
    """
    engine = engine_of(records)
    left = dict(kept(records))
    if engine == NATIVE:
        with reading(DEVICE.name, ""):
            device = Device.from_record(left[DEVICE.name, ""])
            ahead = msgspec.structs.replace(device, next_prekey=_ahead(device.next_prekey), upload_due=True)
        left[DEVICE.name, ""] = ahead.to_record()
    elif engine == BAILEYS:
        # Baileys uploads by itself when it lacks the newest pre-key that it counts.
        with reading("creds", ""):
            creds = msgspec.msgpack.decode(left["creds", ""], type=dict[str, object])
            following = creds["nextPreKeyId"]
            if not isinstance(following, int):
                raise ValueError("not an id of a pre-key")
            creds["nextPreKeyId"] = creds["firstUnuploadedPreKeyId"] = _ahead(following)
            left["creds", ""] = msgspec.msgpack.encode(creds)
    else:
        return {}
    return left


def _ahead(key_id: int) -> int:
    return (key_id + _JUMP) % _IDS + 1


def _is_own(key: str, record: bytes) -> bool:
    with reading(_OWN_OR_OTHERS, key):
        return read_sender_keys(record).own is not None
