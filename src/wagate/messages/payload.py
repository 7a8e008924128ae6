"""A message's protobuf at rest: sealed, and bound to the session and message it belongs to."""

from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing


def seal(ring: KeyRing, session: SessionId, wa_id: str, payload: bytes) -> bytes:
    return ring.seal(payload, place_of(session, wa_id))


def unseal(ring: KeyRing, session: SessionId, wa_id: str, sealed: bytes) -> bytes:
    """:raises SealBroken: if the key ring lacks the key, or the row was changed or moved."""
    return ring.open(sealed, place_of(session, wa_id))


def place_of(session: SessionId, wa_id: str) -> bytes:
    """What the payload of a message is bound to."""
    return f"messages.payload:{session}:{wa_id}".encode()
