"""Group encryption by sender keys: each member has a chain of its own and tells the others how to follow it.

* Chain as in :mod:`wagate.wire.signal`: HMAC 01 gives the message key, HMAC 02 the next chain key; message key ->
  HKDF(salt 32 x 00, "WhisperGroup", 48) -> iv | AES-256-CBC key.
* ``skmsg``: 33 | SenderKeyMessage | XEdDSA signature over all before, by the sender's signing key.
* Distribution: 33 | SenderKeyDistributionMessage; it travels inside a one-to-one message to each member's device.

:class:`SenderKey` is our own chain in a group, :class:`ReceivedKeys` what we know of one sender in one group.
Both change only when an operation succeeds; the caller commits ``to_record()`` before it uses a result.
"""

import hmac
import os
from typing import Literal, Self

import msgspec
from google.protobuf.message import DecodeError

from wagate.wire import cbc
from wagate.wire.keys import SIGNATURE_BYTES, BadKey, Entropy, KeyPair, hkdf, sign, typed, untyped, verify
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import DuplicateMessage, Malformed, SignalError, TooFarAhead

#: Message keys kept for messages that were overtaken, and how far ahead a message may be (libsignal's numbers).
MAX_SKIPPED = 2_000
#: Chains of one sender that are kept (libsignal's number).
MAX_CHAINS = 5

_VERSION = b"\x33"
_RECORD_VERSION = 1


class NoSenderKey(SignalError):
    """Its sender has not told us the chain it was written with."""


class BadSignature(SignalError):
    """It was not written by the owner of the sender key."""


class OwnState(msgspec.Struct, array_like=True):
    """All that our own chain is, secrets included."""

    id: int
    #: The counter of the next message.
    iteration: int
    chain: bytes
    signing_private: bytes
    signing_public: bytes


class KnownChain(msgspec.Struct, array_like=True):
    """What we know of somebody's chain: where it stands, and the keys of messages that were overtaken."""

    id: int
    #: The counter that comes next.
    iteration: int
    chain: bytes
    signing: bytes
    skipped: dict[int, bytes]
    #: The first message that we have ever had the key of.
    first: int = 0


_own = msgspec.msgpack.Decoder(tuple[Literal[1], OwnState])
_known = msgspec.msgpack.Decoder(tuple[Literal[1], list[KnownChain]])


def _cipher_keys(message_key: bytes) -> tuple[bytes, bytes]:
    out = hkdf(message_key, 48, b"", b"WhisperGroup")
    return out[:16], out[16:]


class SenderKey:
    """Our own chain in one group."""

    __slots__ = ("_entropy", "state")

    def __init__(self, state: OwnState, entropy: Entropy = os.urandom) -> None:
        self.state = state
        self._entropy = entropy

    @classmethod
    def create(cls, entropy: Entropy = os.urandom) -> Self:
        """Begin a chain. Every member needs its distribution before it can read."""
        signing = KeyPair.generate(entropy)
        key_id = int.from_bytes(entropy(4), "big") & 0x7FFFFFFF
        return cls(OwnState(key_id, 0, entropy(32), signing.private, signing.public), entropy)

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def iteration(self) -> int:
        """The counter of the next message."""
        return self.state.iteration

    def distribution(self) -> bytes:
        """What lets a member read from the next message on."""
        state = self.state
        message = wa.SenderKeyDistributionMessage(
            id=state.id,
            iteration=state.iteration,
            chainKey=state.chain,
            signingKey=typed(state.signing_public),
        )
        return _VERSION + message.SerializeToString()

    def encrypt(self, plaintext: bytes) -> bytes:
        """Encrypt one (padded) message and step the chain."""
        state = self.state
        iv, key = _cipher_keys(hmac.digest(state.chain, b"\x01", "sha256"))
        body = (
            _VERSION
            + wa.SenderKeyMessage(
                id=state.id, iteration=state.iteration, ciphertext=cbc.encrypt(key, iv, plaintext)
            ).SerializeToString()
        )
        state.chain = hmac.digest(state.chain, b"\x02", "sha256")
        state.iteration += 1
        return body + sign(state.signing_private, body, self._entropy)

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return msgspec.msgpack.encode((_RECORD_VERSION, self.state))

    @classmethod
    def from_record(cls, record: bytes, entropy: Entropy = os.urandom) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        try:
            return cls(_own.decode(record)[1], entropy)
        except msgspec.MsgspecError as error:
            raise Malformed("not a sender key record") from error


class ReceivedKeys:
    """The chains that one device has told us for one group, the newest first."""

    __slots__ = ("chains",)

    def __init__(self) -> None:
        self.chains: list[KnownChain] = []

    def accept(self, distribution: bytes) -> None:
        """Learn a chain. One that we follow already stays where it is: a repeated distribution must not rewind it. Told
        from an earlier message on than before, it gives the keys of the messages in between.

        :raises Malformed: if it is not a distribution.
        """
        _check_version(distribution)
        try:
            message = wa.SenderKeyDistributionMessage.FromString(distribution[1:])
            signing = untyped(message.signingKey)
        except (DecodeError, BadKey) as error:
            raise Malformed("not a sender key distribution") from error
        if len(message.chainKey) != 32:
            raise Malformed("not a chain key")
        same = next((k for k in self.chains if k.id == message.id and k.signing == signing), None)
        if same is not None:
            if 0 < same.first - message.iteration <= MAX_SKIPPED:
                between: dict[int, bytes] = {}
                _skip(between, message.chainKey, message.iteration, same.first)
                _keep(same.skipped, between)
                same.first = message.iteration
            return
        known = KnownChain(message.id, message.iteration, message.chainKey, signing, {}, message.iteration)
        others = [k for k in self.chains if k.id != message.id]
        self.chains = [known, *others][:MAX_CHAINS]

    def decrypt(self, body: bytes) -> bytes:
        """Decrypt a ``skmsg``. State changes only if that succeeds.

        :raises SignalError: NoSenderKey, BadSignature, DuplicateMessage, TooFarAhead or Malformed.
        """
        _check_version(body)
        signed, signature = body[:-SIGNATURE_BYTES], body[-SIGNATURE_BYTES:]
        try:
            message = wa.SenderKeyMessage.FromString(signed[1:])
        except DecodeError as error:
            raise Malformed("not a group message") from error
        known = next((k for k in self.chains if k.id == message.id), None)
        if known is None:
            raise NoSenderKey(f"no sender key {message.id}")
        if not verify(known.signing, signed, signature):
            raise BadSignature("not signed by the owner of the sender key")
        chain, position, wanted = known.chain, known.iteration, message.iteration
        skipped: dict[int, bytes] = {}
        if wanted < position:
            found = known.skipped.get(wanted)
            if found is None and wanted < known.first:
                raise NoSenderKey(f"told from message {known.first} on, not {wanted}")
            if found is None:
                raise DuplicateMessage(f"message {wanted} of this chain was read before")
            message_key = found
        else:
            if wanted - position > MAX_SKIPPED:
                raise TooFarAhead(f"{wanted - position} messages ahead")
            chain = _skip(skipped, chain, position, wanted)
            message_key = hmac.digest(chain, b"\x01", "sha256")
            chain = hmac.digest(chain, b"\x02", "sha256")
            position = wanted + 1
        iv, key = _cipher_keys(message_key)
        try:
            plaintext = cbc.decrypt(key, iv, message.ciphertext)
        except cbc.BadPadding as error:
            raise Malformed(str(error)) from error

        known.skipped.pop(wanted, None)
        _keep(known.skipped, skipped)
        known.chain, known.iteration = chain, position
        return plaintext

    def to_record(self) -> bytes:
        """The whole state, secrets included."""
        return msgspec.msgpack.encode((_RECORD_VERSION, self.chains))

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        """Read what :meth:`to_record` wrote.

        :raises Malformed: if it is not that.
        """
        made = cls()
        try:
            made.chains = _known.decode(record)[1]
        except msgspec.MsgspecError as error:
            raise Malformed("not a record of sender keys") from error
        return made


def _skip(keys: dict[int, bytes], chain: bytes, start: int, end: int) -> bytes:
    """Put the message keys from ``start`` up to ``end`` into ``keys``; the chain key after them."""
    for index in range(start, end):
        keys[index] = hmac.digest(chain, b"\x01", "sha256")
        chain = hmac.digest(chain, b"\x02", "sha256")
    return chain


def _keep(kept: dict[int, bytes], more: dict[int, bytes]) -> None:
    kept.update(more)
    while len(kept) > MAX_SKIPPED:
        del kept[next(iter(kept))]


def _check_version(body: bytes) -> None:
    if not body or body[0] >> 4 != 3:
        raise Malformed("not version 3 of the protocol")
