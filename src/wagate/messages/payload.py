"""A message's protobuf at rest: sealed, and bound to the session and message it belongs to."""

from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing


def seal(ring: KeyRing, session: SessionId, wa_id: str, payload: bytes) -> bytes:
    return ring.seal(payload, _aad(session, wa_id))


def unseal(ring: KeyRing, session: SessionId, wa_id: str, sealed: bytes) -> bytes:
    """:raises SealBroken: if the key ring lacks the key, or the row was changed or moved."""
    return ring.open(sealed, _aad(session, wa_id))


def _aad(session: SessionId, wa_id: str) -> bytes:
    return f"messages.payload:{session}:{wa_id}".encode()
