"""Moving a linked device from one engine to the other: its records, rewritten. Pure functions that store nothing.

Each direction reads every record of the one and gives every record that the other one needs, so that whoever stores
them replaces all by all in one transaction. What a ratchet has used stays used: counters, chains and skipped keys go
along; a key that could not be carried over would be asked for again, never made up.
"""

from wagate.engine.moving.records import BAILEYS, NATIVE, engine_of
from wagate.engine.moving.tobaileys import to_baileys
from wagate.engine.moving.tonative import to_native
from wagate.engine.port import Records

__all__ = ["BAILEYS", "NATIVE", "Records", "convert", "engine_of", "to_baileys", "to_native"]


def convert(records: Records, to: str) -> Records:
    """The records of a session as the engine of that name keeps them; none if no device is linked.

    :raises KeysUnreadable: if one of them is not what it should be.
    """
    now = engine_of(records)
    if now is None:
        return {}
    if now == to:
        return records
    return to_native(records) if to == NATIVE else to_baileys(records)
