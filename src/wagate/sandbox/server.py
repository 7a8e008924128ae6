"""The listener: plain WebSockets on one path of the loopback interface."""

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from wagate.sandbox.connection import Connection, ServerKeys
from wagate.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from wagate.sandbox.world import World

PATH = "/ws/chat"

#: Larger than any frame, so that several fit.
_MAX_MESSAGE = 1 << 25

# Lines that are cut on purpose are none of an operator's business.
_quiet = logging.getLogger("wagate.sandbox.websockets")
_quiet.setLevel(logging.CRITICAL)


class ChatServer:
    """Accepts connections until stopped."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.keys = ServerKeys(world)
        self._routing = world.entropy(8)
        self._server: Server | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; ``port`` 0 takes a free one."""
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=self._admit,
            compression=None,
            ping_interval=None,
            max_size=_MAX_MESSAGE,
            server_header=None,
            logger=_quiet,
        )
        self.port = int(next(iter(self._server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        """Cut every line and stop listening."""
        for connection in list(self._world.connections):
            connection.end(None)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        if self._world.faults.lasting(FaultKind.GO_AWAY):
            self._world.record.event("", "refused", "away")
            socket.transport.abort()
            return None
        if request.path.partition("?")[0] != PATH:
            return socket.respond(HTTPStatus.NOT_FOUND, "not here\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        connection = Connection(self._world, self.keys, socket, self._routing)
        try:
            await connection.run()
        except asyncio.CancelledError:
            socket.transport.abort()
            raise
