"""Sessions with one device of a peer: libsignal's record, as Baileys keeps it, and ours.

Facts (libsignal 6.0.0 in JavaScript, ``session_record.js``, ``session_cipher.js``, ``session_builder.js``):

* Keys are base64; public ones carry their type byte. A chain's ``counter`` is that of the last message key derived from
  it, -1 at first; ours is that of the next. ``messageKeys`` and our ``skipped`` hold the same: HMAC(chain, 01).
* The sending chain stands among the receiving ones under our own ratchet key. A receiving chain loses its key, "is
  closed", when the peer's next one begins, and is never removed.
* One session has ``closed`` -1 and is written with; the others are tried by ``used``, the latest first.
* ``baseKeyType`` 1 says that we began. It only keeps a peer from naming our own base key in a ``pkmsg``. We do not
  keep it: a session that the peer has answered is given 2, with which a peer's repeated ``pkmsg`` is read.
* ``registrationId`` is the peer's. We do not keep it; 0 tells Baileys not to compare it.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from wagate.engine.moving.records import Uint32
from wagate.wire.keys import KEY_BYTES, typed
from wagate.wire.ratchet import MAX_CHAINS, Chain, Pending, State

_SENDING: Final = 1
_RECEIVING: Final = 2
_OURS: Final = 1
_THEIRS: Final = 2
_OPEN: Final = -1
_VERSION: Final = "v1"
#: -1 stands for "none yet".
_Counter = Annotated[int, msgspec.Meta(ge=-1, lt=2**32 - 1)]


class _Pair(msgspec.Struct, rename="camel"):
    pub_key: str
    priv_key: str


class _Ratchet(msgspec.Struct, rename="camel"):
    ephemeral_key_pair: _Pair
    last_remote_ephemeral_key: str
    previous_counter: _Counter
    root_key: str


class _Index(msgspec.Struct, rename="camel"):
    base_key: str
    base_key_type: int
    closed: float
    remote_identity_key: str
    used: float | None = None
    created: float | None = None


class _ChainKey(msgspec.Struct, rename="camel", omit_defaults=True):
    counter: _Counter
    key: str | None = None


class _Chain(msgspec.Struct, rename="camel"):
    chain_key: _ChainKey
    chain_type: int
    message_keys: dict[str, str]


class _PendingPreKey(msgspec.Struct, rename="camel", omit_defaults=True):
    signed_key_id: Uint32
    base_key: str
    pre_key_id: Uint32 | None = None


class _Session(msgspec.Struct, rename="camel", omit_defaults=True):
    current_ratchet: _Ratchet
    index_info: _Index
    chains: dict[str, _Chain] = msgspec.field(name="_chains")
    registration_id: int | None = None
    pending_pre_key: _PendingPreKey | None = None


class _Record(msgspec.Struct):
    sessions: dict[str, _Session] = msgspec.field(name="_sessions")
    version: str | None = None


_decoder = msgspec.msgpack.Decoder(_Record)


def read_sessions(record: bytes, local: bytes, registration_id: int) -> list[State]:
    """The sessions of a record, the one that is written with first, then the latest used.

    ``local`` is our own public identity key, ``registration_id`` our own.

    :raises ValueError: if it is not a record of libsignal's.
    """
    sessions = list(_decoder.decode(record).sessions.values())
    sessions.sort(key=lambda s: (s.index_info.closed != _OPEN, -(s.index_info.used or 0)))
    return [_read(session, local, registration_id) for session in sessions]


def write_sessions(states: Sequence[State]) -> bytes:
    """The record of these sessions, the first of which is written with."""
    sessions: dict[str, _Session] = {}
    for at, state in enumerate(states):
        # Times only say which is later, and any that libsignal notes from now on is later than these.
        sessions[_public(state.base)] = _write(state, closed=_OPEN if at == 0 else 1_000 - at, used=1_000 - at)
    return msgspec.msgpack.encode(_Record(sessions, _VERSION))


def _read(session: _Session, local: bytes, registration_id: int) -> State:
    ratchet, index, pending = session.current_ratchet, session.index_info, session.pending_pre_key
    ratchet_public = _read_public(ratchet.ephemeral_key_pair.pub_key)
    sending: _Chain | None = None
    receiving: list[Chain] = []
    for name, chain in session.chains.items():
        public = _read_public(name)
        if chain.chain_type == _RECEIVING:
            receiving.append(_read_chain(public, chain))
        elif public == ratchet_public:
            sending = chain
    newest = _read_public(ratchet.last_remote_ephemeral_key) if ratchet.last_remote_ephemeral_key else b""
    # Maps keep the order in which chains began, but nothing depends on it over there.
    receiving.sort(key=lambda c: c.ratchet == newest)
    return State(
        local=local,
        remote=_read_public(index.remote_identity_key),
        base=_read_public(index.base_key),
        root=_key(ratchet.root_key),
        ratchet_private=_key(ratchet.ephemeral_key_pair.priv_key),
        ratchet_public=ratchet_public,
        send_key=_chain_key(sending),
        send_next=sending.chain_key.counter + 1 if sending is not None else 0,
        # libsignal counts -1 for a chain that was never used, which does not fit the field on the wire.
        send_previous=max(ratchet.previous_counter, 0),
        chains=list(_worth_keeping(receiving)),
        pending=Pending(registration_id, pending.signed_key_id, pending.pre_key_id or None) if pending else None,
    )


def _read_chain(public: bytes, chain: _Chain) -> Chain:
    skipped = {msgspec.convert(int(counter), Uint32): _key(key) for counter, key in chain.message_keys.items()}
    return Chain(public, _chain_key(chain), chain.chain_key.counter + 1, dict(sorted(skipped.items())))


def _worth_keeping(chains: Sequence[Chain]) -> Iterable[Chain]:
    """Closed chains without keys read nothing any more; the last ones still tell a repeated message as such."""
    return (c for at, c in enumerate(chains) if c.key or c.skipped or at >= len(chains) - MAX_CHAINS)


def _write(state: State, *, closed: int, used: int) -> _Session:
    chains = {
        _public(chain.ratchet): _Chain(
            _ChainKey(chain.next - 1, _text(chain.key) if chain.key else None),
            _RECEIVING,
            {str(counter): _text(key) for counter, key in chain.skipped.items()},
        )
        for chain in state.chains
    }
    if state.send_key:
        sending = _ChainKey(state.send_next - 1, _text(state.send_key))
        chains[_public(state.ratchet_public)] = _Chain(sending, _SENDING, {})
    pending = None
    if state.pending is not None:
        pending = _PendingPreKey(state.pending.signed_prekey, _public(state.base), state.pending.one_time)
    return _Session(
        registration_id=0,
        current_ratchet=_Ratchet(
            ephemeral_key_pair=_Pair(_public(state.ratchet_public), _text(state.ratchet_private)),
            # Before the first answer it names the peer's signed pre-key, which begins no chain.
            last_remote_ephemeral_key=_public(state.chains[-1].ratchet) if state.chains else "",
            previous_counter=state.send_previous,
            root_key=_text(state.root),
        ),
        index_info=_Index(
            base_key=_public(state.base),
            base_key_type=_OURS if pending is not None else _THEIRS,
            closed=closed,
            remote_identity_key=_public(state.remote),
            used=used,
            created=used,
        ),
        chains=chains,
        pending_pre_key=pending,
    )


def _chain_key(chain: _Chain | None) -> bytes:
    return _key(chain.chain_key.key) if chain is not None and chain.chain_key.key else b""


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a key is not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError("a key has another length than 32 bytes")
    return key


def _read_public(text: str) -> bytes:
    """A public key with its type byte; Baileys leaves it out here and there."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a key is not base64") from error
    if len(key) == KEY_BYTES + 1 and key[:1] == b"\x05":
        return key[1:]
    if len(key) != KEY_BYTES:
        raise ValueError("a public key has another length than 32 bytes")
    return key


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _public(key: bytes) -> str:
    return _text(typed(key))
