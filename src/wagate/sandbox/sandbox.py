"""Starts and stops a simulated WhatsApp."""

import os

from wagate.core.clock import Clock, SystemClock
from wagate.core.ids import Entropy
from wagate.sandbox.mediahost import MediaHost
from wagate.sandbox.server import PATH, ChatServer
from wagate.sandbox.world import World


class Sandbox:
    """A world, its chat server and its media host. It knows nothing of who links to it, and outlives them."""

    def __init__(self, clock: Clock | None = None, entropy: Entropy = os.urandom) -> None:
        self.world = World(clock or SystemClock(), entropy)
        self._chat = ChatServer(self.world)
        self._media = MediaHost(self.world)
        self._host = ""

    async def start(self, host: str = "127.0.0.1", ws_port: int = 0, media_port: int = 0) -> None:
        """Listen on both ports; 0 takes a free one."""
        self._host = host
        await self._media.start(host, media_port)
        await self._chat.start(host, ws_port)

    async def stop(self) -> None:
        """Cut every line and forget the world."""
        await self._chat.stop()
        await self._media.stop()
        await self.world.faults.stop()

    @property
    def websocket_url(self) -> str:
        """Where a WhatsApp Web client connects to."""
        return f"ws://{self._host}:{self._chat.port}{PATH}"

    @property
    def root_public_key(self) -> bytes:
        """The key that such a client has to pin in place of WhatsApp's (32 bytes)."""
        return self._chat.keys.root.public

    @property
    def media_ca_pem(self) -> str:
        """The authority of the media host's certificate (PEM)."""
        return self._media.ca_pem
