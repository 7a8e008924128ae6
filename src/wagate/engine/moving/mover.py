"""The conversions, as the features above are given them."""

from collections.abc import Mapping

from wagate.engine.moving.authfolder import read_folder
from wagate.engine.moving.burning import BURNT, FLEETING, burnt, kept
from wagate.engine.moving.records import NATIVE, engine_of
from wagate.engine.moving.tobaileys import to_baileys
from wagate.engine.moving.tonative import to_native
from wagate.engine.port import LinkedDevice, Records


class KeyMover:
    """Implements :class:`wagate.engine.port.Mover` and :class:`wagate.engine.port.Burner`."""

    burnt_kinds = BURNT
    fleeting_kinds = FLEETING

    def convert(self, records: Records, to: str) -> Records:
        return convert(records, to)

    def read_folder(self, files: Mapping[str, object], to: str) -> LinkedDevice:
        return read_folder(files, to)

    def keep(self, records: Records) -> Records:
        return kept(records)

    def burn(self, records: Records) -> Records:
        return burnt(records)


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
