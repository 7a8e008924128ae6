"""The native engine's records as Baileys'."""

from collections.abc import Iterator

import msgspec

from wagate.engine.moving.devices import Pair, write_creds
from wagate.engine.moving.libsignal import write_sessions
from wagate.engine.moving.records import Names, address_of, reading
from wagate.engine.moving.senderkeys import write_chains, write_own
from wagate.engine.moving.states import (
    TOKEN_INDEX,
    write_app_state_keys,
    write_collection,
    write_token,
    write_token_index,
)
from wagate.engine.native.device import Device
from wagate.engine.native.records import (
    APP_STATE_KEYS,
    CHAINS,
    COLLECTION,
    CONTACT,
    DEVICE,
    FORMER_SIGNED,
    LID_OF,
    ONE_TIME,
    OWN_CHAIN,
    RATCHETS,
)
from wagate.engine.native.vault import Kind, R
from wagate.engine.port import Records
from wagate.wire.jid import Jid
from wagate.wire.keys import typed
from wagate.wire.ratchet import read_states


def to_baileys(records: Records) -> Records:
    """All that Baileys needs of what the native engine kept. What is left out, it asks for again: device lists.

    :raises KeysUnreadable: naming the record that is not what it should be.
    """
    return _Conversion(records).all()


class _Conversion:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._out: dict[tuple[str, str], bytes] = {}

    def all(self) -> Records:
        with reading(DEVICE.name, ""):
            device = DEVICE.read(self._records[DEVICE.name, ""])
            lids = {pn: str(lid) for pn, lid in self._each(LID_OF)}
            names = Names(device.jid, device.lid, lids)
        self._device(device)
        for pn, lid in names.lid_of.items():
            self._put("lid-mapping", pn, lid)
            self._put("lid-mapping", f"{lid}_reverse", pn)
        for kind, theirs in ((ONE_TIME, "pre-key"), (FORMER_SIGNED, "signed-pre-key")):
            for key_id, one in self._each(kind):
                self._put(theirs, key_id, Pair(one.pair.private, one.pair.public))
        self._sessions()
        self._groups(device, names)
        self._tokens()
        for name, stored in self._each(COLLECTION):
            self._out["app-state-sync-version", name] = write_collection(stored)
        return self._out

    def _device(self, device: Device) -> None:
        newest = None
        for _, keys in self._each(APP_STATE_KEYS):
            newest = list(keys.keys)[-1] if keys.keys else None
            for key_id, record in write_app_state_keys(keys).items():
                self._out["app-state-sync-key", key_id] = record
        with reading(DEVICE.name, ""):
            self._out["creds", ""] = write_creds(device, newest)

    def _sessions(self) -> None:
        for (kind, name), record in self._records.items():
            if kind != RATCHETS.name:
                continue
            with reading(kind, name):
                address, states = address_of(Jid.parse(name)), read_states(record)
            if states:
                self._out["session", address] = write_sessions(states)
                self._put("identity-key", address, typed(states[0].remote))

    def _groups(self, device: Device, names: Names) -> None:
        for group, own in self._each(OWN_CHAIN):
            # Baileys has a chain for each of our names and takes the one that the group knows us by. Two records of one
            # chain would use its keys twice, so there is one, under the LID. Who was told is said by LID only: in a
            # group that goes by numbers Baileys then finds neither chain nor members told, and begins anew.
            self._out["sender-key", f"{group}::{_sender(Jid.parse(device.lid or device.jid))}"] = write_own(
                own.key.state
            )
            # Baileys tells our own device, too, unless it is here.
            told = dict.fromkeys((*own.told, device.lid or device.jid), True)
            with reading(OWN_CHAIN.name, group):
                jids = {name: Jid.parse(name) for name in told}
            if device.lid:
                told = {name: True for name, jid in jids.items() if jid.is_lid}
            else:
                told |= {str(pn): True for name in own.told if (pn := names.other(jids[name])) is not None}
            self._put("sender-key-memory", group, told)
        for key, received in self._each(CHAINS):
            with reading(CHAINS.name, key):
                group, _, name = key.rpartition(" ")
                sender = _sender(Jid.parse(name))
            self._out["sender-key", f"{group}::{sender}"] = write_chains(received.chains)

    def _tokens(self) -> None:
        contacts = list(self._each(CONTACT))
        for name, contact in contacts:
            self._out["tctoken", name] = write_token(contact)
        if contacts:
            self._out["tctoken", TOKEN_INDEX] = write_token_index(name for name, _ in contacts)

    def _each(self, kind: Kind[R]) -> Iterator[tuple[str, R]]:
        for (name, key), record in self._records.items():
            if name == kind.name:
                with reading(name, key):
                    value = kind.read(record)
                yield key, value

    def _put(self, kind: str, key: str, value: object) -> None:
        self._out[kind, key] = msgspec.msgpack.encode(value)


def _sender(jid: Jid) -> str:
    user, _, device = address_of(jid).rpartition(".")
    return f"{user}::{device}"
