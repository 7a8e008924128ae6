"""Moving a linked device from one engine to the other: its records, rewritten. Pure functions that store nothing.

Each direction reads every record of the one and gives every record that the other one needs, so that whoever stores
them replaces all by all in one transaction. What a ratchet has used stays used: counters, chains and skipped keys go
along; a key that could not be carried over would be asked for again, never made up.
"""

from wagate.engine.moving.authfolder import read_folder
from wagate.engine.moving.mover import KeyMover, convert
from wagate.engine.moving.records import BAILEYS, NATIVE, engine_of
from wagate.engine.moving.tobaileys import to_baileys
from wagate.engine.moving.tonative import to_native

__all__ = ["BAILEYS", "NATIVE", "KeyMover", "convert", "engine_of", "read_folder", "to_baileys", "to_native"]
