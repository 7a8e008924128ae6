"""How WhatsApp ends a connection, read from its last stanza. docs/reference/disconnects.md says what follows."""

from datetime import datetime, timedelta

from wagate.engine.port import Closed
from wagate.wire.node import Node

#: The server is not who it should be.
CHAIN_REFUSED = 400
LOGGED_OUT = 401
TIMED_OUT = 408
LOST = 428
REPLACED = 440
#: What is not said otherwise; Baileys takes the same.
BAD_SESSION = 500


def stream_error(node: Node) -> Closed:
    """The server ends the stream. Source: Baileys, whatsmeow."""
    conflict, code = node.child("conflict"), node.number("code")
    kind = conflict.get("type") if conflict is not None else ""
    if kind == "replaced":
        return Closed(code=REPLACED, reason=kind)
    if kind == "device_removed":
        return Closed(code=LOGGED_OUT, reason=kind)
    reason = kind or next((child.tag for child in node.children), "") or "stream error"
    return Closed(code=BAD_SESSION if code is None else code, reason=reason)


def failure(node: Node, now: datetime) -> Closed:
    """The server does not let us in. A temporary ban (402) says for how many seconds."""
    reason, expire = node.number("reason"), node.number("expire")
    return Closed(
        code=BAD_SESSION if reason is None else reason,
        reason=node.get("message") or "login refused",
        retry_at=None if expire is None else now + timedelta(seconds=expire),
    )
