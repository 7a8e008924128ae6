"""The host's end of the unix socket to the bridge: frames in, frames out."""

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec

from wagate.core.metrics import Counter
from wagate.engine.protocol import MAX_FRAME, FromBridge, ToBridge

_HEAD = 4

_FRAMES = Counter("wagate_bridge_frames_total", "Frames between the program and its bridge.", ("direction",))


class Channel(asyncio.Protocol):
    """One connection of one bridge. What is sent within one turn of the event loop is written in one piece."""

    def __init__(self, on_frame: Callable[[FromBridge], None], on_lost: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[FromBridge] = msgspec.msgpack.Decoder(FromBridge)
        self._received = bytearray()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def send(self, frame: ToBridge) -> None:
        """Queue a frame; dropped if the bridge is gone, which its links hear of by themselves."""
        if self._transport is None:
            return
        body = self._encoder.encode(frame)
        _FRAMES.add("out")
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out += (len(body).to_bytes(_HEAD, "big"), body)

    def close(self) -> None:
        if self._transport is not None:
            self._flush()
            self._transport.close()

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and self._transport is not None:
            self._transport.write(b"".join(out))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's, so there is nothing to assert.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        start = 0
        try:
            while len(received) >= start + _HEAD:
                length = int.from_bytes(received[start : start + _HEAD], "big")
                if length > MAX_FRAME:
                    raise msgspec.DecodeError("a frame is too long")
                end = start + _HEAD + length
                if len(received) < end:
                    break
                frame = self._decoder.decode(bytes(received[start + _HEAD : end]))
                start = end
                _FRAMES.add("in")
                self._on_frame(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The bridge is ours and the same version: this is a bug, and nothing after it can be trusted.
            if self._transport is not None:
                self._transport.abort()
            raise
        finally:
            del received[:start]
