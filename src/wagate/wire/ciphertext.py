"""The outside of Signal ciphertexts: their wire form, what they show without keys, padding, and what can be wrong.

``msg`` is 33 | WhisperMessage | MAC, ``pkmsg`` is 33 | PreKeyWhisperMessage around one, ``skmsg`` is
33 | SenderKeyMessage | signature; 3 is the protocol's version.
"""

import os
from typing import Literal, NamedTuple

from google.protobuf.message import DecodeError

from wagate.wire.keys import SIGNATURE_BYTES, BadKey, Entropy, untyped
from wagate.wire.proto import wa_pb2 as wa

Kind = Literal["msg", "pkmsg"]

#: The version byte before every ciphertext: 3 now, 3 at least.
VERSION = b"\x33"
MAC_BYTES = 8


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


class Ciphertext(NamedTuple):
    """An encrypted message as it stands in ``<enc type=…>``."""

    kind: Kind
    body: bytes


class PreKeyMessage(NamedTuple):
    """The outside of a ``pkmsg``; ``message`` is the ``msg`` in it."""

    base: bytes
    identity: bytes
    message: bytes
    registration_id: int
    signed_prekey: int
    one_time: int | None


def check_version(body: bytes) -> None:
    """:raises Malformed: if a ciphertext is not of version 3."""
    if not body or body[0] >> 4 != 3:
        raise Malformed("not version 3 of the protocol")


def parse_msg(body: bytes) -> tuple[bytes, int, bytes]:
    """The ratchet key, counter and ciphertext of a ``msg``.

    :raises Malformed: if it is not one.
    """
    check_version(body)
    try:
        message = wa.WhisperMessage.FromString(body[1:-MAC_BYTES])
        return untyped(message.ratchetKey), message.counter, message.ciphertext
    except (DecodeError, BadKey) as error:
        raise Malformed("not a message") from error


def parse_pkmsg(body: bytes) -> PreKeyMessage:
    """The outside of a ``pkmsg``.

    :raises Malformed: if it is not one.
    """
    check_version(body)
    try:
        message = wa.PreKeyWhisperMessage.FromString(body[1:])
        return PreKeyMessage(
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
    outer = parse_pkmsg(pkmsg)
    return outer.identity, outer.registration_id


def inspect(kind: str, body: bytes) -> tuple[bytes, int]:
    """What a ciphertext shows without keys: the name of its chain and its counter in that chain.

    The chain of ``msg`` and ``pkmsg`` is the sender's ratchet key, that of ``skmsg`` the id of the sender key
    (4 bytes, big-endian).

    :raises Malformed: if it is none of these.
    """
    if kind == "skmsg":
        check_version(body)
        try:
            message = wa.SenderKeyMessage.FromString(body[1:-SIGNATURE_BYTES])
        except DecodeError as error:
            raise Malformed("not a group message") from error
        return message.id.to_bytes(4, "big"), message.iteration
    ratchet, counter, _ = parse_msg(parse_pkmsg(body).message if kind == "pkmsg" else body)
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
