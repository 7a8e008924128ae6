"""Frames: a three-byte big-endian length, then the payload. A client opens with an intro, a server with none.

One WebSocket message may carry a part of a frame or several. Facts: the intro is ``WA`` 06 03 (dictionary
version 3), and after a server has sent ``<edge_routing>``, ``ED`` 00 01, a length and that routing info before it;
the handshake's prologue is the four bytes ``WA`` 06 03 in both cases.
"""

from dataclasses import dataclass

PROLOGUE = b"WA\x06\x03"
MAX_FRAME = (1 << 24) - 1

_ROUTED = b"ED\x00\x01"
_MAX_ROUTING = 4096


class BadFrame(ValueError):
    """The bytes break the framing; the connection is beyond repair."""


def frame(payload: bytes) -> bytes:
    """Put the length before ``payload``.

    :raises ValueError: if it is longer than :data:`MAX_FRAME`.
    """
    if len(payload) > MAX_FRAME:
        raise ValueError("a frame has at most 16777215 bytes")
    return len(payload).to_bytes(3, "big") + payload


class Deframer:
    """Cuts a stream of bytes into frames."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, in order.

        :raises BadFrame: if a frame announces more than ``max_frame`` bytes.
        """
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        at = 0
        while len(buffer) - at >= 3:
            size = int.from_bytes(buffer[at : at + 3], "big")
            if size > self._max_frame:
                raise BadFrame("the frame is too large")
            end = at + 3 + size
            if end > len(buffer):
                break
            frames.append(bytes(buffer[at + 3 : end]))
            at = end
        if at:
            del buffer[:at]
        return frames


@dataclass(frozen=True, slots=True)
class Intro:
    """What a client says first. ``routing`` is what an earlier server told it, ``rest`` belongs to the frames."""

    routing: bytes
    rest: bytes


def intro(routing: bytes = b"") -> bytes:
    """The first bytes of a client."""
    if not routing:
        return PROLOGUE
    return _ROUTED + len(routing).to_bytes(3, "big") + routing + PROLOGUE


def read_intro(data: bytes) -> Intro | None:
    """Read the first bytes of a client; ``None`` if more of them are needed.

    :raises BadFrame: if no client of this dictionary begins so.
    """
    at = 0
    routing = b""
    if data[:2] == _ROUTED[: len(data[:2])] and data[:1]:
        if data[:4] != _ROUTED[: len(data[:4])]:
            raise BadFrame("not an intro")
        if len(data) < 7:
            return None
        at = 7 + int.from_bytes(data[4:7], "big")
        if at > 7 + _MAX_ROUTING:
            raise BadFrame("the routing info is too long")
        routing = data[7:at]
    opening = data[at : at + len(PROLOGUE)]
    if opening != PROLOGUE[: len(opening)]:
        raise BadFrame("not an intro")
    if len(opening) < len(PROLOGUE):
        return None
    return Intro(routing, data[at + len(PROLOGUE) :])
