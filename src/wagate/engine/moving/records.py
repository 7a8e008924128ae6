"""Records as both engines keep them, and the names of devices in either."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final

import msgspec

from wagate.engine.native.records import DEVICE
from wagate.engine.port import KeysUnreadable, Records
from wagate.wire.jid import LID, PN, Jid

#: Counters and ids as ciphertexts carry them; a larger one could be read here and never be written there.
Uint32 = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
#: The id of a pre-key has three bytes in stanzas.
Uint24 = Annotated[int, msgspec.Meta(ge=0, lt=2**24)]

BAILEYS: Final = "baileys"
NATIVE: Final = "native"

#: The record without which there is no link.
DEVICE_OF: Final[Mapping[str, tuple[str, str]]] = {BAILEYS: ("creds", ""), NATIVE: (DEVICE.name, "")}

#: What Baileys puts behind a user in an address for servers other than the phone numbers' (WAJIDDomains).
_DOMAINS: Final = {LID: "1", "hosted": "128", "hosted.lid": "129"}
#: A number of JSON may be any; ten thousand years from now is late enough.
_LATEST: Final = 10**12

_SERVERS: Final = {domain: server for server, domain in _DOMAINS.items()}


def engine_of(records: Records) -> str | None:
    """Whose records these are; ``None`` if they hold no link.

    :raises KeysUnreadable: if they hold two.
    """
    found = [engine for engine, device in DEVICE_OF.items() if device in records]
    if len(found) > 1:
        raise KeysUnreadable("there are keys of two engines, and nobody can say which are the newer ones")
    return found[0] if found else None


class Names:
    """The names of devices: the native engine keeps them by LID wherever there is one, Baileys by either."""

    def __init__(self, pn: str, lid: str, lid_of: Mapping[str, str]) -> None:
        """``pn`` and ``lid`` are our own device's, ``lid_of`` has others' LID users by their numbers."""
        self._pn = Jid.parse(pn)
        self._lid = Jid.parse(lid) if lid else self._pn
        self.lid_of = dict(lid_of)
        if lid:
            self.lid_of[self._pn.user] = self._lid.user
        self._pn_of = {lid_user: pn_user for pn_user, lid_user in self.lid_of.items()}

    def canonical(self, jid: Jid) -> Jid:
        """The LID of a device that was named by its number, as far as it is known."""
        known = self.lid_of.get(jid.user) if jid.is_pn else None
        return Jid(known, LID, jid.device) if known is not None else jid

    def other(self, jid: Jid) -> Jid | None:
        """The number of a device that was named by its LID, as far as it is known."""
        known = self._pn_of.get(jid.user) if jid.is_lid else None
        return Jid(known, PN, jid.device) if known is not None else None

    def is_own_device(self, jid: Jid) -> bool:
        return jid in (self._pn, self._lid)


def address_of(jid: Jid) -> str:
    """A device as Baileys names it: ``user.device``, with a domain behind the user of a LID."""
    domain = _DOMAINS.get(jid.server)
    return f"{jid.user}_{domain}.{jid.device}" if domain is not None else f"{jid.user}.{jid.device}"


def device_of(address: str) -> Jid:
    """The device behind :func:`address_of`'s text.

    :raises ValueError: if it is none.
    """
    name, _, device = address.rpartition(".")
    user, _, domain = name.partition("_")
    if not user or not device.isdigit() or (domain not in _SERVERS and domain not in ("", "0")):
        raise ValueError("not an address of Baileys")
    return Jid(user, _SERVERS.get(domain, PN), int(device))


def seconds(value: str | float | None) -> int:
    """A time that Baileys notes, in seconds since 1970; 0 if it noted none.

    :raises ValueError: if it is none.
    """
    number = int(value or 0)
    if not 0 <= number < _LATEST:
        raise ValueError("not a time")
    return number


@contextmanager
def reading(kind: str, key: str) -> Iterator[None]:
    """Name the record that can't be read, and nothing of what is in it."""
    try:
        yield
    except (msgspec.MsgspecError, ValueError, KeyError, OverflowError) as error:
        raise KeysUnreadable(record=(kind, key)) from error
