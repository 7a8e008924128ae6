"""One ratchet with one device: X3DH and the Double Ratchet (Signal protocol version 3).

* X3DH: HKDF(32 x FF | DH1..DH4, salt 32 x 00, "WhisperText"), the first half is the root key. Order of the
  agreements, seen from the initiator: (IKa, SPKb), (EKa, IKb), (EKa, SPKb) and, if there is one, (EKa, OPKb).
* Root step: HKDF(DH, salt = root, "WhisperRatchet") -> root | chain. Message key HMAC(chain, 01), next chain
  HMAC(chain, 02), counters from 0. Message key -> HKDF("WhisperMessageKeys", 80) -> AES-256-CBC key | MAC key | iv.
* MAC of a message: HMAC(MAC key, 05 | sender | 05 | receiver | all before it)[:8], the identities' public keys.
"""

import hmac
import os
from dataclasses import dataclass
from typing import Literal, Self

import msgspec

from wagate.wire import cbc
from wagate.wire.ciphertext import (
    MAC_BYTES,
    VERSION,
    BadBundle,
    BadMac,
    Ciphertext,
    DuplicateMessage,
    Malformed,
    NoSession,
    PreKeyMessage,
    TooFarAhead,
    parse_msg,
    parse_pkmsg,
)
from wagate.wire.keys import BadKey, Entropy, KeyPair, agree, hkdf, typed, verify
from wagate.wire.proto import wa_pb2 as wa

#: Message keys kept for messages that were overtaken; also how far ahead a message may be (libsignal's number).
MAX_SKIPPED = 2_000
#: Receiving chains kept, so that late messages of earlier ratchet steps can be read (libsignal's number).
MAX_CHAINS = 5

_RECORD_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PreKey:
    """The public half of a one-time pre-key."""

    id: int
    public: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPreKey:
    """The public half of a signed pre-key; the identity signed ``05 | public``."""

    id: int
    public: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one needs to write to a device for the first time."""

    registration_id: int
    identity: bytes
    signed_prekey: SignedPreKey
    one_time: PreKey | None = None


class Chain(msgspec.Struct, array_like=True):
    """A receiving chain: where it stands, and the keys of messages that were overtaken."""

    ratchet: bytes
    #: Empty for a chain that takes no further messages (libsignal closes one at the peer's next ratchet step).
    key: bytes
    next: int
    skipped: dict[int, bytes]


class Pending(msgspec.Struct, array_like=True, frozen=True):
    """What makes every message a ``pkmsg`` until the peer has answered."""

    registration_id: int
    signed_prekey: int
    one_time: int | None


class State(msgspec.Struct, array_like=True):
    """All that a session is, secrets included."""

    local: bytes
    remote: bytes
    #: The initiator's base key: the name of the session on both sides.
    base: bytes
    root: bytes
    ratchet_private: bytes
    ratchet_public: bytes
    send_key: bytes
    send_next: int
    send_previous: int
    #: Newest last.
    chains: list[Chain]
    pending: Pending | None


_states = msgspec.msgpack.Decoder(tuple[Literal[1], list[State]])


def _root_step(root: bytes, shared: bytes) -> tuple[bytes, bytes]:
    out = hkdf(shared, 64, root, b"WhisperRatchet")
    return out[:32], out[32:]


def _agree_root(*shared: bytes) -> bytes:
    return hkdf(b"\xff" * 32 + b"".join(shared), 32, b"", b"WhisperText")


def _cipher_keys(message_key: bytes) -> tuple[bytes, bytes, bytes]:
    out = hkdf(message_key, 80, b"", b"WhisperMessageKeys")
    return out[:32], out[32:64], out[64:]


class Session:
    """The state of one ratchet with one device."""

    __slots__ = ("_entropy", "state")

    def __init__(self, state: State, entropy: Entropy) -> None:
        self.state = state
        self._entropy = entropy

    @classmethod
    def outgoing(
        cls, identity: KeyPair, bundle: Bundle, registration_id: int = 0, entropy: Entropy = os.urandom
    ) -> Self:
        """Begin a session from a device's bundle. ``registration_id`` is our own; the peer may answer to it.

        :raises BadBundle: if the signature of its signed pre-key is false or a key is unusable.
        """
        signed = bundle.signed_prekey
        if not verify(bundle.identity, typed(signed.public), signed.signature):
            raise BadBundle("the signed pre-key is not signed by this identity")
        base, ratchet = KeyPair.generate(entropy), KeyPair.generate(entropy)
        try:
            shared = [
                agree(identity.private, signed.public),
                agree(base.private, bundle.identity),
                agree(base.private, signed.public),
            ]
            if bundle.one_time is not None:
                shared.append(agree(base.private, bundle.one_time.public))
            root, chain = _root_step(_agree_root(*shared), agree(ratchet.private, signed.public))
        except BadKey as error:
            raise BadBundle(str(error)) from error
        one_time = bundle.one_time.id if bundle.one_time is not None else None
        state = State(
            local=identity.public,
            remote=bundle.identity,
            base=base.public,
            root=root,
            ratchet_private=ratchet.private,
            ratchet_public=ratchet.public,
            send_key=chain,
            send_next=0,
            send_previous=0,
            chains=[],
            pending=Pending(registration_id, signed.id, one_time),
        )
        return cls(state, entropy)

    @classmethod
    def incoming(
        cls,
        identity: KeyPair,
        signed_prekey: KeyPair,
        one_time: KeyPair | None,
        pkmsg: bytes,
        entropy: Entropy = os.urandom,
    ) -> Self:
        """The other side of :meth:`outgoing`. It can write only after it has decrypted its first message.

        :raises Malformed: if ``pkmsg`` is not one or names an unusable key.
        """
        outer = parse_pkmsg(pkmsg)
        return cls.answering(identity, signed_prekey, one_time, outer, entropy)

    @classmethod
    def answering(
        cls,
        identity: KeyPair,
        signed_prekey: KeyPair,
        one_time: KeyPair | None,
        outer: PreKeyMessage,
        entropy: Entropy,
    ) -> Self:
        try:
            shared = [
                agree(signed_prekey.private, outer.identity),
                agree(identity.private, outer.base),
                agree(signed_prekey.private, outer.base),
            ]
            if one_time is not None:
                shared.append(agree(one_time.private, outer.base))
        except BadKey as error:
            raise Malformed(str(error)) from error
        state = State(
            local=identity.public,
            remote=outer.identity,
            base=outer.base,
            root=_agree_root(*shared),
            ratchet_private=signed_prekey.private,
            ratchet_public=signed_prekey.public,
            send_key=b"",
            send_next=0,
            send_previous=0,
            chains=[],
            pending=None,
        )
        return cls(state, entropy)

    @property
    def base_key(self) -> bytes:
        """The initiator's base key, by which both sides can tell sessions apart."""
        return self.state.base

    @property
    def remote_identity(self) -> bytes:
        return self.state.remote

    def knows(self, ratchet_key: bytes) -> bool:
        """Whether a receiving chain of this ratchet key is open; such a key belongs to one session only."""
        return any(chain.ratchet == ratchet_key for chain in self.state.chains)

    def encrypt(self, plaintext: bytes) -> Ciphertext:
        """Encrypt one (padded) message and step the sending chain.

        :raises NoSession: if this is an answering session that has not decrypted anything yet.
        """
        state = self.state
        if not state.send_key:
            raise NoSession("nothing received yet")
        cipher_key, mac_key, iv = _cipher_keys(hmac.digest(state.send_key, b"\x01", "sha256"))
        body = (
            VERSION
            + wa.WhisperMessage(
                ratchetKey=typed(state.ratchet_public),
                counter=state.send_next,
                previousCounter=state.send_previous,
                ciphertext=cbc.encrypt(cipher_key, iv, plaintext),
            ).SerializeToString()
        )
        body += _mac(mac_key, state.local, state.remote, body)
        state.send_key = hmac.digest(state.send_key, b"\x02", "sha256")
        state.send_next += 1
        pending = state.pending
        if pending is None:
            return Ciphertext("msg", body)
        outer = wa.PreKeyWhisperMessage(
            baseKey=typed(state.base),
            identityKey=typed(state.local),
            message=body,
            registrationId=pending.registration_id,
            signedPreKeyId=pending.signed_prekey,
        )
        if pending.one_time is not None:
            outer.preKeyId = pending.one_time
        return Ciphertext("pkmsg", VERSION + outer.SerializeToString())

    def decrypt(self, body: bytes) -> bytes:
        """Decrypt a ``msg`` (or what stands inside a ``pkmsg``). State changes only if that succeeds.

        :raises SignalError: DuplicateMessage, BadMac, TooFarAhead or Malformed.
        """
        state = self.state
        ratchet, counter, ciphertext = parse_msg(body)
        chain = next((c for c in reversed(state.chains) if c.ratchet == ratchet), None)
        root = b""
        if chain is not None:
            key, position = chain.key, chain.next
        else:
            try:
                root, key = _root_step(state.root, agree(state.ratchet_private, ratchet))
            except BadKey as error:
                raise Malformed(str(error)) from error
            position = 0
        skipped: dict[int, bytes] = {}
        if counter < position:
            found = chain.skipped.get(counter) if chain is not None else None
            if found is None:
                raise DuplicateMessage(f"message {counter} of this chain was read before")
            message_key = found
        else:
            if not key:
                # Going on from an empty key would read what anybody can write.
                raise TooFarAhead("this chain was closed before that message")
            if counter - position > MAX_SKIPPED:
                raise TooFarAhead(f"{counter - position} messages ahead")
            for index in range(position, counter):
                skipped[index] = hmac.digest(key, b"\x01", "sha256")
                key = hmac.digest(key, b"\x02", "sha256")
            message_key = hmac.digest(key, b"\x01", "sha256")
            key = hmac.digest(key, b"\x02", "sha256")
            position = counter + 1
        plaintext = self._open(message_key, body, ciphertext)

        if chain is None:
            chain = self._turn(ratchet, root)
        elif counter < chain.next:
            del chain.skipped[counter]
        chain.key, chain.next = key, position
        if skipped:
            chain.skipped.update(skipped)
            self._forget_oldest()
        state.pending = None
        return plaintext

    def _open(self, message_key: bytes, body: bytes, ciphertext: bytes) -> bytes:
        cipher_key, mac_key, iv = _cipher_keys(message_key)
        expected = _mac(mac_key, self.state.remote, self.state.local, body[:-MAC_BYTES])
        if not hmac.compare_digest(expected, body[-MAC_BYTES:]):
            raise BadMac("the message does not belong to this session")
        try:
            return cbc.decrypt(cipher_key, iv, ciphertext)
        except cbc.BadPadding as error:
            raise Malformed(str(error)) from error

    def _turn(self, ratchet: bytes, root: bytes) -> Chain:
        """The peer made a ratchet step, proven by a good MAC: open its chain and make our own step."""
        state = self.state
        ours = KeyPair.generate(self._entropy)
        chain = Chain(ratchet, b"", 0, {})
        state.chains.append(chain)
        del state.chains[:-MAX_CHAINS]
        state.send_previous = max(state.send_next - 1, 0)
        state.root, state.send_key = _root_step(root, agree(ours.private, ratchet))
        state.send_next = 0
        state.ratchet_private, state.ratchet_public = ours.private, ours.public
        return chain

    def _forget_oldest(self) -> None:
        surplus = sum(len(chain.skipped) for chain in self.state.chains) - MAX_SKIPPED
        for chain in self.state.chains:
            while surplus > 0 and chain.skipped:
                del chain.skipped[next(iter(chain.skipped))]
                surplus -= 1

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return write_states([self.state])

    @classmethod
    def from_record(cls, record: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        states = read_states(record)
        if len(states) != 1:
            raise Malformed("not a record of one session")
        return cls(states[0], entropy)


def write_states(states: list[State]) -> bytes:
    """A record of sessions, secrets included."""
    return msgspec.msgpack.encode((_RECORD_VERSION, states))


def read_states(record: bytes) -> list[State]:
    """Read what :func:`write_states` wrote.

    :raises Malformed: if it is not that.
    """
    try:
        return _states.decode(record)[1]
    except msgspec.MsgspecError as error:
        raise Malformed("not a session record") from error


def _mac(key: bytes, sender: bytes, receiver: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"\x05" + sender + b"\x05" + receiver + body, "sha256")[:MAC_BYTES]
