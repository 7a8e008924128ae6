"""Baileys' records as the native engine's."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from wagate.engine.moving.devices import Creds, Pair, read_creds
from wagate.engine.moving.libsignal import read_sessions
from wagate.engine.moving.records import Names, device_of, reading
from wagate.engine.moving.senderkeys import SenderKeys, read_sender_keys
from wagate.engine.moving.states import TOKEN_INDEX, read_app_state_key, read_collection, read_token
from wagate.engine.native.device import Device
from wagate.engine.native.records import (
    APP_STATE_KEYS,
    CHAINS,
    CONTACT,
    DEVICE,
    FORMER_SIGNED,
    LID_OF,
    ONE_TIME,
    OWN_CHAIN,
    RATCHETS,
    AppStateKeys,
    Contact,
    OneTime,
    OwnChain,
    Text,
    chain_key,
)
from wagate.engine.native.vault import Kind, R
from wagate.engine.port import Records
from wagate.wire.jid import Jid
from wagate.wire.keys import KeyPair
from wagate.wire.ratchet import State, write_states
from wagate.wire.senderkeys import KnownChain, OwnState, ReceivedKeys, SenderKey
from wagate.wire.signal import MAX_ARCHIVED

T = TypeVar("T")

_REVERSE = "_reverse"
_pairs = msgspec.msgpack.Decoder(Pair)
_text = msgspec.msgpack.Decoder(str)
_told = msgspec.msgpack.Decoder(dict[str, bool])


def to_native(records: Records) -> Records:
    """All that the native engine needs of what Baileys kept. What is left out, it asks for again: device lists, and
    the settings of the app state.

    :raises KeysUnreadable: naming the record that is not what it should be.
    """
    return _Conversion(records).all()


class _Conversion:
    def __init__(self, records: Records) -> None:
        self._kinds: dict[str, dict[str, bytes]] = {}
        for (kind, key), value in records.items():
            self._kinds.setdefault(kind, {})[key] = value
        self._out: dict[tuple[str, str], bytes] = {}

    def all(self) -> Records:
        with reading("creds", ""):
            creds = read_creds(self._kinds["creds"][""])
            device = creds.device()
        lids = {pn: lid for pn, lid in self._each("lid-mapping", _text.decode) if not pn.endswith(_REVERSE)}
        with reading("creds", ""):
            names = Names(device.jid, device.lid, lids)
        self._put(DEVICE, "", device)
        for pn, lid in names.lid_of.items():
            self._put(LID_OF, pn, Text(lid))
        self._pre_keys()
        self._sessions(device, names)
        self._groups(names)
        self._tokens(names)
        self._app_state(creds)
        return self._out

    def _pre_keys(self) -> None:
        for kind, ours in (("pre-key", ONE_TIME), ("signed-pre-key", FORMER_SIGNED)):
            for key_id, pair in self._each(kind, lambda record: _pairs.decode(record).checked()):
                self._put(ours, key_id, OneTime(pair))

    def _sessions(self, device: Device, names: Names) -> None:
        local = KeyPair.from_private(device.identity).public
        found: dict[str, list[State]] = {}
        # Under both of its names, a device's sessions are those under its LID, and then the others.
        read = self._each_named("session", lambda record: read_sessions(record, local, device.registration_id))
        for jid, states in sorted(read, key=lambda one: one[0].is_pn):
            found.setdefault(str(names.canonical(jid)), []).extend(states)
        for name, states in found.items():
            if states:
                self._out[RATCHETS.name, name] = write_states(states[: MAX_ARCHIVED + 1])

    def _groups(self, names: Names) -> None:
        told = dict(self._each("sender-key-memory", _told.decode))
        own: dict[str, list[tuple[bool, OwnState]]] = {}
        chains: dict[str, list[KnownChain]] = {}
        for group, jid, read in sorted(self._sender_keys(), key=lambda one: one[1].is_pn):
            if not names.is_own_device(jid):
                known = chains.setdefault(chain_key(group, str(names.canonical(jid))), [])
                # What is known under the LID is the newer; the number's record was left behind when that was learned.
                known += [chain for chain in read.chains if all(chain.id != k.id for k in known)]
            elif read.own is not None:
                own.setdefault(group, []).append((jid.is_lid, read.own))
        for name, known in chains.items():
            received = ReceivedKeys()
            received.chains = known
            self._put(CHAINS, name, received)
        for group, ours in own.items():
            # Under both of our names, nobody knows which one they were told: the LID's is told anew.
            _, state = max(ours, key=lambda one: one[0])
            knowing = told.get(group, {}) if len(ours) == 1 else {}
            with reading("sender-key-memory", group):
                members = {Jid.parse(jid) for jid, knows in knowing.items() if knows}
            # Baileys tells our own device, too.
            others = {str(names.canonical(jid)) for jid in members if not names.is_own_device(jid)}
            self._put(OWN_CHAIN, group, OwnChain(SenderKey(state), others))

    def _sender_keys(self) -> Iterator[tuple[str, Jid, SenderKeys]]:
        for key, read in self._each("sender-key", read_sender_keys):
            with reading("sender-key", key):
                group, user, number = key.rsplit("::", 2)
                jid = device_of(f"{user}.{number}")
            yield group, jid, read

    def _tokens(self, names: Names) -> None:
        found: dict[str, Contact] = {}
        self._kinds.get("tctoken", {}).pop(TOKEN_INDEX, None)
        for key, contact in self._each("tctoken", read_token):
            with reading("tctoken", key):
                name = str(names.canonical(Jid.parse(key)))
            known = found.get(name, Contact())
            newer = max(contact, known, key=lambda c: c.token_at)
            found[name] = Contact(max(contact.given_at, known.given_at), newer.token, newer.token_at)
        for name, contact in found.items():
            self._put(CONTACT, name, contact)

    def _app_state(self, creds: Creds) -> None:
        keys = []
        for key_id, record in self._kinds.get("app-state-sync-key", {}).items():
            with reading("app-state-sync-key", key_id):
                keys.append(read_app_state_key(key_id, record, creds.my_app_state_key_id))
        if keys:
            self._put(APP_STATE_KEYS, "", AppStateKeys({key.id: key.data for key in sorted(keys)}))
        # Where Baileys stood says nothing of what this program has been told, so every collection begins anew.
        for name, record in self._kinds.get("app-state-sync-version", {}).items():
            with reading("app-state-sync-version", name):
                read_collection(name, record)

    def _each(self, kind: str, read: Callable[[bytes], T]) -> Iterator[tuple[str, T]]:
        for key, record in self._kinds.get(kind, {}).items():
            with reading(kind, key):
                value = read(record)
            yield key, value

    def _each_named(self, kind: str, read: Callable[[bytes], T]) -> Iterator[tuple[Jid, T]]:
        for key, value in self._each(kind, read):
            with reading(kind, key):
                jid = device_of(key)
            yield jid, value

    def _put(self, kind: Kind[R], key: str, record: R) -> None:
        self._out[kind.name, key] = record.to_record()
