"""Socket.IO's packets (protocol 5, over Engine.IO 4), as far as they are used here: no binary, one namespace, and
acknowledgements only for what clients emit. https://socket.io/docs/v4/socket-io-protocol/
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec

from wagate.core import jsontext
from wagate.core.ids import Entropy
from wagate.events.model import Event

PING: Final = "2"
#: Ends the conversation; clients don't come back from it by themselves.
DISCONNECT: Final = "41"

#: Digits beyond what numbers of JavaScript hold exactly name nothing.
_PACKET: Final = re.compile(r"(?:(/[^,]*),)?([0-9]{0,16})(.*)", re.DOTALL)
_ID_BYTES: Final = 15


class Kind(Enum):
    """What a client may say."""

    CONNECT = "40"
    DISCONNECT = "41"
    EVENT = "42"
    PONG = "3"
    CLOSE = "1"


class PacketMalformed(Exception):
    """No packet, or one of a kind that is not used."""


@dataclass(frozen=True, slots=True)
class Packet:
    """What came. ``number`` is what its acknowledgement must have, if it wants one. ``data`` is what its JSON says: of
    an event its name and what comes with it.
    """

    kind: Kind
    namespace: str = "/"
    number: str = ""
    data: Any = None


def parse(text: str) -> Packet:
    """Read a packet.

    :raises PacketMalformed: if it is none.
    """
    if text in (Kind.PONG.value, Kind.CLOSE.value):
        return Packet(Kind(text))
    try:
        kind = Kind(text[:2])
    except ValueError:
        raise PacketMalformed(text[:2]) from None
    found = _PACKET.fullmatch(text, 2)
    if found is None:
        raise PacketMalformed(text[:2])
    namespace, number, json = found.groups()
    data = _decoded(json)
    if kind is Kind.EVENT and not (isinstance(data, list) and data):
        raise PacketMalformed(text[:2])
    return Packet(kind, namespace or "/", number, data)


def opening(sid: str, *, ping_seconds: float, max_bytes: int) -> str:
    """What a server begins with: nothing to upgrade to, a ping every so often, how long to wait for it, and how long a
    packet may be.
    """
    milliseconds = int(ping_seconds * 1000)
    return "0" + _json(
        {
            "sid": sid,
            "upgrades": [],
            "pingInterval": milliseconds,
            "pingTimeout": milliseconds,
            "maxPayload": max_bytes,
        }
    )


def connected(sid: str) -> str:
    """Welcome."""
    return Kind.CONNECT.value + _json({"sid": sid})


def refused(namespace: str, message: str, data: dict[str, Any]) -> str:
    """Not welcome; ``message`` and ``data`` are those of the error that a client throws."""
    where = "" if namespace == "/" else f"{namespace},"
    return f"44{where}{_json({'message': message, 'data': data})}"


def told(event: Event) -> str:
    """Something that happened, under its type."""
    return f'42["{event.type}",{event.to_json()}]'


def emitted(name: str, data: dict[str, Any]) -> str:
    """Something else than an event of the log."""
    return f"42{_json([name, data])}"


def acknowledged(number: str, data: dict[str, Any]) -> str:
    """The answer to what a client emitted."""
    return f"43{number}{_json([data])}"


def new_sid(entropy: Entropy) -> str:
    """How both ends call a connection. It opens nothing."""
    return entropy(_ID_BYTES).hex()


def _json(value: Any) -> str:
    return jsontext.encode(value).decode()


def _decoded(json: str) -> Any:
    if not json:
        return None
    try:
        return msgspec.json.decode(json)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise PacketMalformed from None
