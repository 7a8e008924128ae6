"""JSON with our ids in it: the encoder takes strings and none of their subclasses."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(enc_hook=lambda value: _plain(value))


def encode(value: Any) -> bytes:
    """UTF-8 JSON of dicts, lists, strings, numbers and ids.

    :raises TypeError: for anything else.
    """
    return _encoder.encode(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
