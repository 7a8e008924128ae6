"""Sender keys of groups: Baileys' records and ours.

Facts (Baileys 7.0.0-rc14, ``Signal/Group``): a record is a list of states, the oldest first, and the first of an id is
the one that is read with. ``senderChainKey.iteration`` is the counter that comes next, as ours is (Baileys leaves one
out at every message but its first). ``senderMessageKeys`` hold HMAC(chain, 01), as our ``skipped``. Our own record has
one state, with the private half of the signing key. The signing key carries its type byte or not. The bridge stores
the list itself, Baileys' own store the list as JSON inside bytes.
"""

from collections.abc import Sequence

import msgspec

from wagate.engine.moving.records import Uint32
from wagate.wire.keys import KEY_BYTES, typed
from wagate.wire.senderkeys import KnownChain, OwnState


class _Chain(msgspec.Struct):
    iteration: Uint32
    seed: bytes


class _Signing(msgspec.Struct):
    public: bytes
    private: bytes | None = None


class _State(msgspec.Struct, rename="camel"):
    sender_key_id: Uint32
    sender_chain_key: _Chain
    sender_signing_key: _Signing
    sender_message_keys: list[_Chain] = []
    #: Ours; Baileys keeps what it does not know.
    first: Uint32 | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.msgpack.Decoder(list[_State])


class SenderKeys(msgspec.Struct, frozen=True):
    """The states of a record: to read with, newest first, and ours, if the record is our own."""

    chains: list[KnownChain]
    own: OwnState | None


def read_sender_keys(record: bytes) -> SenderKeys:
    """The chains of one device in one group.

    :raises ValueError: if it is not a record of Baileys'.
    """
    states = _decoder.decode(record)
    return SenderKeys(_followed(states), _own(states[-1]) if states and states[-1].sender_signing_key.private else None)


def write_own(own: OwnState) -> bytes:
    """Our own chain as a record."""
    signing = _Signing(typed(own.signing_public), own.signing_private)
    return msgspec.msgpack.encode([_State(own.id, _Chain(own.iteration, own.chain), signing)])


def write_chains(chains: Sequence[KnownChain]) -> bytes:
    """The chains of somebody else, newest first, as a record."""
    return msgspec.msgpack.encode(
        [
            _State(
                known.id,
                _Chain(known.iteration, known.chain),
                _Signing(typed(known.signing), b""),
                [_Chain(counter, seed) for counter, seed in known.skipped.items()],
                known.first,
            )
            for known in reversed(chains)
        ]
    )


def _followed(states: Sequence[_State]) -> list[KnownChain]:
    """One chain an id. Of two that are one owner's the older is the one in use: it stands further on, and has the keys
    of messages that were overtaken.
    """
    found: dict[int, KnownChain] = {}
    for state in reversed(states):
        skipped = {key.iteration: _key(key.seed) for key in state.sender_message_keys}
        first = state.first
        if first is msgspec.UNSET:
            # Baileys does not say from which message on it was told; nothing that it has goes further back than this.
            first = min(skipped, default=state.sender_chain_key.iteration)
        chain = KnownChain(
            state.sender_key_id,
            state.sender_chain_key.iteration,
            _key(state.sender_chain_key.seed),
            _public(state.sender_signing_key.public),
            skipped,
            first,
        )
        newer = found.get(chain.id)
        if newer is None or newer.signing == chain.signing:
            found[chain.id] = chain
    return list(found.values())


def _own(state: _State) -> OwnState:
    return OwnState(
        id=state.sender_key_id,
        iteration=state.sender_chain_key.iteration,
        chain=_key(state.sender_chain_key.seed),
        signing_private=_key(state.sender_signing_key.private or b""),
        signing_public=_public(state.sender_signing_key.public),
    )


def _key(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("a key has another length than 32 bytes")
    return key


def _public(key: bytes) -> bytes:
    return _key(key[1:] if len(key) == KEY_BYTES + 1 and key[:1] == b"\x05" else key)
