"""One-to-one encryption: X3DH and the Double Ratchet (Signal protocol version 3) in WhatsApp's wire format.

* X3DH: HKDF(32 x FF | DH1..DH4, salt 32 x 00, "WhisperText"), the first half is the root key. Order of the
  agreements, seen from the initiator: (IKa, SPKb), (EKa, IKb), (EKa, SPKb) and, if there is one, (EKa, OPKb).
* Root step: HKDF(DH, salt = root, "WhisperRatchet") -> root | chain. Message key HMAC(chain, 01), next chain
  HMAC(chain, 02), counters from 0.
* ``msg``: 33 | WhisperMessage | HMAC(mac key, 05 sender | 05 receiver | what stands before)[:8].
  ``pkmsg``: 33 | PreKeyWhisperMessage around a ``msg``, until the other side has answered.

:class:`Session` is one ratchet; :class:`SessionSet` is all we have with one device of a peer. Both change only when
an operation succeeds, and neither stores anything: the caller commits ``to_record()`` before it uses a result.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, Self

import msgspec
from google.protobuf.message import DecodeError

from wagate.wire import cbc
from wagate.wire.keys import BadKey, KeyPair, agree, hkdf, typed, untyped, verify
from wagate.wire.proto import wa_pb2 as wa

Entropy = Callable[[int], bytes]
Kind = Literal["msg", "pkmsg"]

#: Message keys kept for messages that were overtaken; also how far ahead a message may be (libsignal's number).
MAX_SKIPPED = 2_000
#: Receiving chains kept, so that late messages of earlier ratchet steps can be read (libsignal's number).
MAX_CHAINS = 5
#: Sessions kept beside the open one (libsignal's number).
MAX_ARCHIVED = 40

_VERSION = b"\x33"
_MAC_BYTES = 8
_RECORD_VERSION = 1


class SignalError(ValueError):
    """A message could not be encrypted or decrypted; no state has changed."""


class DuplicateMessage(SignalError):
    """Its key was used before: we have seen this message."""


class BadMac(SignalError):
    """It was changed on its way, or does not belong to this session."""


class NoSession(SignalError):
    """There is no session with this device that could read it, or none to write with."""


class NoPreKey(SignalError):
    """It was made for a pre-key that we do not have (any more)."""


class Malformed(SignalError):
    """It does not have the form of a message."""


class TooFarAhead(SignalError):
    """It skips more messages than we are ready to compute keys for."""


class BadBundle(SignalError):
    """A key bundle is not signed by the identity that it names, or is unusable."""


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


class Ciphertext(NamedTuple):
    """An encrypted message as it stands in ``<enc type=…>``."""

    kind: Kind
    body: bytes


class Opened(NamedTuple):
    """A decrypted message: who signed its session, and the one-time pre-key to delete together with the commit."""

    plaintext: bytes
    identity: bytes
    used_prekey: int | None


class OwnPreKeys(Protocol):
    """Our own pre-keys by their ids; ``None`` if there is none (any more)."""

    def signed(self, key_id: int) -> KeyPair | None: ...

    def one_time(self, key_id: int) -> KeyPair | None: ...


# -- state --------------------------------------------------------------------------------------------------------


class _Chain(msgspec.Struct, array_like=True):
    """A receiving chain: where it stands, and the keys of messages that were overtaken."""

    ratchet: bytes
    key: bytes
    next: int
    skipped: dict[int, bytes]


class _Pending(msgspec.Struct, array_like=True, frozen=True):
    """What makes every message a ``pkmsg`` until the peer has answered."""

    registration_id: int
    signed_prekey: int
    one_time: int | None


class _State(msgspec.Struct, array_like=True):
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
    chains: list[_Chain]
    pending: _Pending | None


_states = msgspec.msgpack.Decoder(tuple[Literal[1], list[_State]])


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

    __slots__ = ("_entropy", "_state")

    def __init__(self, state: _State, entropy: Entropy) -> None:
        self._state = state
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
        state = _State(
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
            pending=_Pending(registration_id, signed.id, one_time),
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
        outer = _parse_pkmsg(pkmsg)
        return cls._answering(identity, signed_prekey, one_time, outer, entropy)

    @classmethod
    def _answering(
        cls,
        identity: KeyPair,
        signed_prekey: KeyPair,
        one_time: KeyPair | None,
        outer: "_PreKeyMessage",
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
        state = _State(
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
        return self._state.base

    @property
    def remote_identity(self) -> bytes:
        return self._state.remote

    def knows(self, ratchet_key: bytes) -> bool:
        """Whether a receiving chain of this ratchet key is open; such a key belongs to one session only."""
        return any(chain.ratchet == ratchet_key for chain in self._state.chains)

    def encrypt(self, plaintext: bytes) -> Ciphertext:
        """Encrypt one (padded) message and step the sending chain.

        :raises NoSession: if this is an answering session that has not decrypted anything yet.
        """
        state = self._state
        if not state.send_key:
            raise NoSession("nothing received yet")
        cipher_key, mac_key, iv = _cipher_keys(hmac.digest(state.send_key, b"\x01", "sha256"))
        body = (
            _VERSION
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
        return Ciphertext("pkmsg", _VERSION + outer.SerializeToString())

    def decrypt(self, body: bytes) -> bytes:
        """Decrypt a ``msg`` (or what stands inside a ``pkmsg``). State changes only if that succeeds.

        :raises SignalError: DuplicateMessage, BadMac, TooFarAhead or Malformed.
        """
        state = self._state
        ratchet, counter, ciphertext = _parse_msg(body)
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
        expected = _mac(mac_key, self._state.remote, self._state.local, body[:-_MAC_BYTES])
        if not hmac.compare_digest(expected, body[-_MAC_BYTES:]):
            raise BadMac("the message does not belong to this session")
        try:
            return cbc.decrypt(cipher_key, iv, ciphertext)
        except cbc.BadPadding as error:
            raise Malformed(str(error)) from error

    def _turn(self, ratchet: bytes, root: bytes) -> _Chain:
        """The peer made a ratchet step, proven by a good MAC: open its chain and make our own step."""
        state = self._state
        ours = KeyPair.generate(self._entropy)
        chain = _Chain(ratchet, b"", 0, {})
        state.chains.append(chain)
        del state.chains[:-MAX_CHAINS]
        state.send_previous = max(state.send_next - 1, 0)
        state.root, state.send_key = _root_step(root, agree(ours.private, ratchet))
        state.send_next = 0
        state.ratchet_private, state.ratchet_public = ours.private, ours.public
        return chain

    def _forget_oldest(self) -> None:
        surplus = sum(len(chain.skipped) for chain in self._state.chains) - MAX_SKIPPED
        for chain in self._state.chains:
            while surplus > 0 and chain.skipped:
                del chain.skipped[next(iter(chain.skipped))]
                surplus -= 1

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return msgspec.msgpack.encode((_RECORD_VERSION, [self._state]))

    @classmethod
    def from_record(cls, record: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        states = _read_states(record)
        if len(states) != 1:
            raise Malformed("not a record of one session")
        return cls(states[0], entropy)


class SessionSet:
    """All sessions with one device of a peer: the open one, and older ones that late messages may still need."""

    __slots__ = ("_entropy", "_sessions")

    def __init__(self, entropy: Entropy = os.urandom) -> None:
        #: The open session first, then the archived ones, newest first.
        self._sessions: list[Session] = []
        self._entropy = entropy

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def open(self) -> Session | None:
        """The session that messages are written with."""
        return self._sessions[0] if self._sessions else None

    def start(self, identity: KeyPair, bundle: Bundle, registration_id: int) -> None:
        """Begin a new session from a bundle and archive the one before.

        :raises BadBundle: see :meth:`Session.outgoing`.
        """
        self._promote(Session.outgoing(identity, bundle, registration_id, self._entropy))

    def encrypt(self, plaintext: bytes) -> Ciphertext:
        """Encrypt with the open session.

        :raises NoSession: if there is none; call :meth:`start` first.
        """
        if not self._sessions:
            raise NoSession("no session with this device")
        return self._sessions[0].encrypt(plaintext)

    def decrypt(self, kind: str, body: bytes, *, identity: KeyPair, prekeys: OwnPreKeys) -> Opened:
        """Decrypt with whichever session can; that one becomes the open one.

        :raises SignalError: any of the kinds of this module; nothing has changed then.
        """
        if kind == "pkmsg":
            return self._decrypt_first(body, identity, prekeys)
        if kind != "msg":
            raise Malformed(f"unknown kind of ciphertext {kind[:20]!r}")
        ratchet, _, _ = _parse_msg(body)
        if not self._sessions:
            raise NoSession("no session with this device")
        failure: SignalError | None = None
        candidates = [s for s in self._sessions if s.knows(ratchet)] or self._sessions
        for session in candidates:
            try:
                plaintext = session.decrypt(body)
            except SignalError as error:
                failure = failure or error
                continue
            self._promote(session)
            return Opened(plaintext, session.remote_identity, None)
        raise failure or NoSession("no session with this device")

    def _decrypt_first(self, body: bytes, identity: KeyPair, prekeys: OwnPreKeys) -> Opened:
        outer = _parse_pkmsg(body)
        for session in self._sessions:
            if session.base_key == outer.base:
                plaintext = session.decrypt(outer.message)
                self._promote(session)
                return Opened(plaintext, session.remote_identity, None)
        signed = prekeys.signed(outer.signed_prekey)
        if signed is None:
            raise NoPreKey(f"no signed pre-key {outer.signed_prekey}")
        one_time = None
        if outer.one_time is not None:
            one_time = prekeys.one_time(outer.one_time)
            if one_time is None:
                raise NoPreKey(f"no one-time pre-key {outer.one_time}")
        session = Session._answering(identity, signed, one_time, outer, self._entropy)
        plaintext = session.decrypt(outer.message)
        self._promote(session)
        return Opened(plaintext, outer.identity, outer.one_time)

    def _promote(self, session: Session) -> None:
        if self._sessions and self._sessions[0] is session:
            return
        self._sessions = [session, *(s for s in self._sessions if s is not session)][: MAX_ARCHIVED + 1]

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return msgspec.msgpack.encode((_RECORD_VERSION, [s._state for s in self._sessions]))

    @classmethod
    def from_record(cls, record: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        made = cls(entropy)
        made._sessions = [Session(state, entropy) for state in _read_states(record)]
        return made


def _read_states(record: bytes) -> list[_State]:
    try:
        return _states.decode(record)[1]
    except msgspec.MsgspecError as error:
        raise Malformed("not a session record") from error


# -- wire format ----------------------------------------------------------------------------------------------------


class _PreKeyMessage(NamedTuple):
    base: bytes
    identity: bytes
    message: bytes
    registration_id: int
    signed_prekey: int
    one_time: int | None


def _mac(key: bytes, sender: bytes, receiver: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"\x05" + sender + b"\x05" + receiver + body, "sha256")[:_MAC_BYTES]


def _check_version(body: bytes) -> None:
    if not body or body[0] >> 4 != 3:
        raise Malformed("not version 3 of the protocol")


def _parse_msg(body: bytes) -> tuple[bytes, int, bytes]:
    _check_version(body)
    try:
        message = wa.WhisperMessage.FromString(body[1:-_MAC_BYTES])
        return untyped(message.ratchetKey), message.counter, message.ciphertext
    except (DecodeError, BadKey) as error:
        raise Malformed("not a message") from error


def _parse_pkmsg(body: bytes) -> _PreKeyMessage:
    _check_version(body)
    try:
        message = wa.PreKeyWhisperMessage.FromString(body[1:])
        return _PreKeyMessage(
            base=untyped(message.baseKey),
            identity=untyped(message.identityKey),
            message=message.message,
            registration_id=message.registrationId,
            signed_prekey=message.signedPreKeyId,
            one_time=message.preKeyId if message.HasField("preKeyId") else None,
        )
    except (DecodeError, BadKey) as error:
        raise Malformed("not a pre-key message") from error


def sender_of(pkmsg: bytes) -> tuple[bytes, int]:
    """The identity key and registration id that a ``pkmsg`` names, before anything is proven.

    :raises Malformed: if it is not one.
    """
    outer = _parse_pkmsg(pkmsg)
    return outer.identity, outer.registration_id


def inspect(kind: str, body: bytes) -> tuple[bytes, int]:
    """What a ciphertext shows without keys: the name of its chain and its counter in that chain.

    The chain of ``msg`` and ``pkmsg`` is the sender's ratchet key, that of ``skmsg`` the id of the sender key
    (4 bytes, big-endian).

    :raises Malformed: if it is none of these.
    """
    if kind == "skmsg":
        _check_version(body)
        try:
            message = wa.SenderKeyMessage.FromString(body[1:-64])
        except DecodeError as error:
            raise Malformed("not a group message") from error
        return message.id.to_bytes(4, "big"), message.iteration
    ratchet, counter, _ = _parse_msg(_parse_pkmsg(body).message if kind == "pkmsg" else body)
    return ratchet, counter


def pad(plaintext: bytes, entropy: Entropy = os.urandom) -> bytes:
    """Add 1 to 16 bytes, each holding their number, as every WhatsApp client does before encrypting."""
    count = (entropy(1)[0] & 15) + 1
    return plaintext + bytes((count,)) * count


def unpad(padded: bytes) -> bytes:
    """Take the padding off.

    :raises Malformed: if there is none.
    """
    count = padded[-1] if padded else 0
    if not 0 < count <= len(padded) or padded[-count:] != padded[-1:] * count:
        raise Malformed("wrong padding")
    return padded[:-count]
