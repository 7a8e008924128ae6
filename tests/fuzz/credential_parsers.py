"""What strangers show at the door."""

import json
import random
from datetime import timedelta
from typing import Any

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import NOW, Parser, Unsound
from wagate.accounts.tokens import Claims, Tokens
from wagate.core.clock import ManualClock
from wagate.core.errors import Unauthorized
from wagate.core.ids import AccountId, UserId
from wagate.core.seal import KeyRing
from wagate.realtime.packets import PacketMalformed, parse

_ENTROPY = random.Random(5).randbytes
_RING = KeyRing({"old": _ENTROPY(32), "new": _ENTROPY(32)})
_TOKENS = Tokens(_RING, ManualClock(NOW))
_USER, _ACCOUNT = UserId.new(NOW, _ENTROPY), AccountId.new(NOW, _ENTROPY)
_TOKEN = _TOKENS.make(_USER, _ACCOUNT, 7, timedelta(hours=1))[0]
_CLAIMS = {"iss": "wagate", "sub": _USER, "acc": _ACCOUNT, "ver": 7, "iat": 1, "exp": int(NOW.timestamp()) + 3600}
_HEAD = {"alg": "HS256", "typ": "JWT", "kid": "old"}


def _make_token(m: Mutator) -> bytes:
    """Damaged from outside, or well signed over damaged claims: a key that leaked must not make it crash either."""
    if m.rng.random() < 0.5:
        return m.some(_TOKEN.encode())
    import jwt

    claims: Any = m.value(_CLAIMS) if m.rng.random() < 0.8 else _CLAIMS
    head: Any = m.value(_HEAD) if m.rng.random() < 0.3 else _HEAD
    payload = json.dumps(claims).encode("utf-8", "surrogatepass")
    key = _RING.derive(b"login token")["old"]
    try:
        return jwt.api_jws.encode(payload, key, "HS256", head if isinstance(head, dict) else {}).encode()
    except Exception:  # noqa: BLE001 - the maker of tokens refuses some heads by itself
        return m.some(_TOKEN.encode())


def _parse_token(data: bytes) -> None:
    claims = _TOKENS.read(data.decode("latin-1"))
    if not isinstance(claims, Claims) or claims.expires_at <= NOW:
        raise Unsound("a token without an end, or after it, was taken")


_SOCKET = (
    b'40{"token":"wag_abc","after":"evt_01kbs3a8e0h2v6w9x4y7z1c5f3","sessions":["ses_1"]}',
    b"40/admin,{}",
    b'4212["join",{"session":"ses_01kbs3a8e0h2v6w9x4y7z1c5f3"}]',
    b'42/admin,7["leave"]',
    b"41",
    b"3",
)


def _make_packet(m: Mutator) -> bytes:
    return m.some(m.rng.choice(_SOCKET))


def _parse_packet(data: bytes) -> None:
    packet = parse(data.decode("utf-8", "replace"))
    if not packet.namespace.startswith("/") or "," in packet.namespace:
        raise Unsound("a namespace would be taken for something else in the answer")
    if packet.number and not (packet.number.isascii() and packet.number.isdigit()):
        raise Unsound("the number of an acknowledgement is none")


CREDENTIALS = (
    Parser("login-token", _make_token, _parse_token, (Unauthorized,)),
    Parser("socket-packet", _make_packet, _parse_packet, (PacketMalformed,)),
)
