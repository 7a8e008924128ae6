"""One-to-one encryption with the devices of others, in WhatsApp's wire format.

:class:`~wagate.wire.ratchet.Session` is one ratchet; :class:`SessionSet` is all we have with one device of a peer.
Both change only when an operation succeeds, and neither stores anything: the caller commits ``to_record()`` before it
uses a result.

A ``pkmsg`` is a ``msg`` with all that the other side needs to begin the session; every message is one until the other
side has answered.
"""

import os
from typing import NamedTuple, Protocol, Self

from wagate.wire.ciphertext import (
    BadBundle,
    BadMac,
    Ciphertext,
    DuplicateMessage,
    Kind,
    Malformed,
    NoPreKey,
    NoSession,
    SignalError,
    TooFarAhead,
    inspect,
    pad,
    parse_msg,
    parse_pkmsg,
    sender_of,
    unpad,
)
from wagate.wire.keys import Entropy, KeyPair
from wagate.wire.ratchet import (
    MAX_CHAINS,
    MAX_SKIPPED,
    Bundle,
    PreKey,
    Session,
    SignedPreKey,
    read_states,
    write_states,
)

__all__ = [
    "MAX_ARCHIVED",
    "MAX_CHAINS",
    "MAX_SKIPPED",
    "BadBundle",
    "BadMac",
    "Bundle",
    "Ciphertext",
    "DuplicateMessage",
    "Kind",
    "Malformed",
    "NoPreKey",
    "NoSession",
    "Opened",
    "OwnPreKeys",
    "PreKey",
    "Session",
    "SessionSet",
    "SignalError",
    "SignedPreKey",
    "TooFarAhead",
    "inspect",
    "pad",
    "sender_of",
    "unpad",
]

#: Sessions kept beside the open one (libsignal's number).
MAX_ARCHIVED = 40


class Opened(NamedTuple):
    """A decrypted message: who signed its session, and the one-time pre-key to delete together with the commit."""

    plaintext: bytes
    identity: bytes
    used_prekey: int | None


class OwnPreKeys(Protocol):
    """Our own pre-keys by their ids; ``None`` if there is none (any more)."""

    def signed(self, key_id: int) -> KeyPair | None: ...

    def one_time(self, key_id: int) -> KeyPair | None: ...


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

    def begun_by(self, base: bytes) -> bool:
        """Whether one of the sessions was begun by this base key: then no pre-key is needed for a ``pkmsg`` of it."""
        return any(session.base_key == base for session in self._sessions)

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
        ratchet, _, _ = parse_msg(body)
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
        outer = parse_pkmsg(body)
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
        session = Session.answering(identity, signed, one_time, outer, self._entropy)
        plaintext = session.decrypt(outer.message)
        self._promote(session)
        return Opened(plaintext, outer.identity, outer.one_time)

    def _promote(self, session: Session) -> None:
        if self._sessions and self._sessions[0] is session:
            return
        self._sessions = [session, *(s for s in self._sessions if s is not session)][: MAX_ARCHIVED + 1]

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return write_states([s.state for s in self._sessions])

    @classmethod
    def from_record(cls, record: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        made = cls(entropy)
        made._sessions = [Session(state, entropy) for state in read_states(record)]
        return made
