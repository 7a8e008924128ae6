"""Reporting tokens: what lets WhatsApp check, should a reader report a message, that it was sent just so.

The token authenticates a few fields of the message under a key made of its secret, so the server that keeps it learns
nothing until somebody reports. Which fields, and the key, as whatsmeow and Baileys 7.0.0-rc14 have them; what
WhatsApp's server does with a token is not known.
"""

import hmac
from collections.abc import Mapping
from types import MappingProxyType

from wagate.wire.jid import Jid
from wagate.wire.keys import hkdf
from wagate.wire.proto import wa_pb2 as wa

#: The version of the list of fields below.
VERSION = "2"
SECRET_BYTES = 32

_TOKEN_BYTES = 16
_USE = "Report Token"

#: Numbers of the fields that count, each with those that count inside it; nothing inside means: all of it.
_Fields = Mapping[int, "_Fields"]

_ALL: _Fields = MappingProxyType({})


def _whole(*numbers: int) -> dict[int, _Fields]:
    return dict.fromkeys(numbers, _ALL)


#: Of a ``ContextInfo``: whether and how often it was forwarded.
_CONTEXT = _whole(21, 22)
_POLL: _Fields = {2: _ALL, 3: _whole(1, 2), 5: _CONTEXT, 8: _whole(1, 2)}
_VIDEO: _Fields = {**_whole(2, 6, 7, 13, 20), 17: _CONTEXT}

#: Wrappers (view once, ephemeral …) are left out: neither client counts anything inside them.
_MESSAGE: _Fields = {
    1: _ALL,  # conversation
    3: {**_whole(2, 3, 8, 11, 25), 17: _CONTEXT},  # image
    4: {**_whole(1, 16), 17: _CONTEXT},  # contact
    5: {**_whole(3, 4, 5, 16), 17: _CONTEXT},  # location
    6: {**_whole(1, 30), 17: _CONTEXT},  # extended text
    7: {**_whole(2, 7, 10, 20), 17: _CONTEXT},  # document
    8: {**_whole(2, 7, 9, 21), 17: _CONTEXT},  # audio
    9: _VIDEO,
    12: _whole(1, 2, 15),  # protocol message
    18: {**_whole(6, 16), 17: _CONTEXT},  # live location
    26: {**_whole(4, 5, 8, 13), 17: _CONTEXT},  # sticker
    28: {**_whole(1, 2, 4, 5, 6), 7: _CONTEXT},  # group invite
    49: _POLL,
    60: _POLL,
    64: _POLL,
    66: _VIDEO,  # round video
    88: {1: _ALL, 2: _whole(1), 3: _CONTEXT},
}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def is_reportable(message: wa.Message) -> bool:
    """Whether clients put a token beside such a message: not beside what only concerns another message."""
    concerns = ("reactionMessage", "encReactionMessage", "encEventResponseMessage", "pollUpdateMessage")
    return not any(message.HasField(name) for name in concerns)


def reporting_token(message: bytes, secret: bytes, message_id: str, sender: Jid, chat: Jid) -> bytes:
    """The 16 bytes for a serialised ``Message`` whose ``messageSecret`` is ``secret``; empty if nothing in it counts.

    ``sender`` and ``chat`` (both without device) are named in the domain in which the message travels.

    :raises ValueError: if ``message`` is none.
    """
    content = reported_fields(message)
    if not content:
        return b""
    info = f"{message_id}{sender.bare}{chat.bare}{_USE}".encode()
    return hmac.digest(hkdf(secret, 32, info=info), content, "sha256")[:_TOKEN_BYTES]


def reported_fields(message: bytes) -> bytes:
    """What a token authenticates: the fields that count, by their numbers, each as it stands in the message.

    :raises ValueError: if the bytes are no message.
    """
    return _pick(message, _MESSAGE)


def _pick(data: bytes, wanted: _Fields) -> bytes:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        begun = at
        if wire == _VARINT:
            _, at = _varint(data, at)
        elif wire == _FIXED64:
            at += 8
        elif wire == _FIXED32:
            at += 4
        elif wire == _BYTES:
            length, begun = _varint(data, at)
            at = begun + length
        else:
            raise ValueError("not a message")
        if at > len(data):
            raise ValueError("the message ends too early")
        inside = wanted.get(number)
        if inside is None:
            continue
        if inside and wire == _BYTES:
            if picked := _pick(data[begun:at], inside):
                found.append((number, _encode(tag) + _encode(len(picked)) + picked))
        else:
            found.append((number, data[start:at]))
    found.sort(key=lambda field: field[0])
    return b"".join(part for _, part in found)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number does not end")


def _encode(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
