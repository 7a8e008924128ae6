"""Clients of Socket.IO: the library's, and one that says what it likes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import socketio
from socketio.exceptions import ConnectionError as Refused

#: Seconds after which what did not come does not come.
PATIENCE = 20


class Listener:
    """A client by ``python-socketio``, which is not what the server is made of. It remembers all that it hears."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._io = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self._heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._io.on("*", self._hear)
        self._io.on("disconnect", self._leave)
        self._io.on("connect_error", self._take_refusal)
        #: The ``after`` of ``ready``.
        self.after = ""
        #: What was said to one that was not let in.
        self.refusal: Any = None

    async def connect(self, **auth: Any) -> Self:
        """:raises Refused: if it is not let in."""
        await self._io.connect(self._url, auth=auth, transports=["websocket"], wait_timeout=PATIENCE)
        name, data = await self.next()
        assert name == "ready"
        self.after = data["after"]
        return self

    async def close(self) -> None:
        await self._io.disconnect()

    async def next(self) -> tuple[str, Any]:
        """The next thing that it hears, and under which name."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard.get()

    async def ids(self, count: int) -> list[str]:
        """Of the next events."""
        return [(await self.next())[1]["id"] for _ in range(count)]

    async def ask(self, name: str, *data: Any) -> Any:
        """Emit, and return the acknowledgement."""
        arguments = data[0] if len(data) == 1 else data or None
        return await self._io.call(name, arguments, timeout=PATIENCE)

    async def gone(self) -> list[tuple[str, Any]]:
        """Wait until the server has ended it; what was heard before that."""
        async with asyncio.timeout(PATIENCE):
            await self._gone.wait()
        return [self._heard.get_nowait() for _ in range(self._heard.qsize())]

    async def _hear(self, name: str, *data: Any) -> None:
        self._heard.put_nowait((name, data[0] if len(data) == 1 else data))

    async def _take_refusal(self, said: Any) -> None:
        self.refusal = said

    async def _leave(self, *_reason: Any) -> None:
        self._gone.set()


async def refusal(url: str, **auth: Any) -> dict[str, Any]:
    """What a client that is not let in is told."""
    listener = Listener(url)
    try:
        await listener.connect(**auth)
    except Refused:
        said: dict[str, Any] = listener.refusal
        return said
    finally:
        await listener.close()
    raise AssertionError("it was let in")


class Raw:
    """A WebSocket, and nothing between it and the server."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        #: The code with which the server closed; ``None`` if it just went.
        self.closed_with: int | None = None

    async def say(self, text: str) -> None:
        await self.socket.send_str(text)

    async def hear(self) -> str:
        """The next packet; empty if the server has closed."""
        message = await self.socket.receive(timeout=PATIENCE)
        if message.type is aiohttp.WSMsgType.CLOSE:
            self.closed_with = message.data
        return str(message.data) if message.type is aiohttp.WSMsgType.TEXT else ""

    async def rest(self) -> list[str]:
        """Everything until the server has closed."""
        heard = []
        while packet := await self.hear():
            heard.append(packet)
        return heard

    async def greet(self, **auth: Any) -> None:
        """Be let in."""
        await self.say(f"40{json.dumps(auth)}")
        assert (await self.hear()).startswith('40{"sid":')
        assert (await self.hear()).startswith('42["ready",')


@asynccontextmanager
async def raw(url: str, path: str = "/socket.io/?EIO=4&transport=websocket", **options: Any) -> AsyncIterator[Raw]:
    """A WebSocket that was opened."""
    async with aiohttp.ClientSession() as http, http.ws_connect(url + path, autoclose=False, **options) as socket:
        made = Raw(socket)
        opening = await made.hear()
        assert opening.startswith("0{")
        yield made
