"""WhatsApp Web in Python, in this process: the native engine.

Proven against the sandbox and against Baileys as the other side of a chat, not against WhatsApp's own servers.

``link`` is one connection behind the port, made of ``stream`` (socket, handshake, frames), ``journal`` (nothing leaves
before it is stored), ``vault`` (key records), ``linking`` and ``passkey``, ``directory`` (devices and LIDs),
``sending`` and ``receiving``, ``retries`` and ``appstate``.
"""

from wagate.engine.native.client import ClientVersion
from wagate.engine.native.engine import NativeEngine
from wagate.engine.native.shared import Shared

__all__ = ["ClientVersion", "NativeEngine", "Shared"]
