"""The native engine behind the port. All links of this process share its caches and its one timer."""

import asyncio
import ssl
from typing import ClassVar

from wagate.engine.native.device import Device
from wagate.engine.native.link import NativeSession
from wagate.engine.native.records import DEVICE
from wagate.engine.native.shared import Shared
from wagate.engine.port import EventSink, OpenRequest

#: How often links are looked at for silence.
_TICK_SECONDS = 1.0
#: A server that does not close its side in time is left behind.
_CLOSE_SECONDS = 5.0


class NativeEngine:
    """WhatsApp Web in this process."""

    name: ClassVar[str] = "native"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._links: dict[int, NativeSession] = {}
        self._next_number = 0
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._timer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Nothing: the timer runs while there are links."""

    async def open(self, request: OpenRequest, sink: EventSink) -> NativeSession:
        """Connect.

        :raises SealBroken: if the stored keys can't be read.
        :raises WrongEngine: if they are another engine's.
        """
        shared = self._shared
        record = await shared.keys.device(request.session, DEVICE.name)
        if record is None:
            await shared.keys.check_not_linked(request.session)
            device = Device.generate(int(shared.clock.now().timestamp()), shared.entropy)
        else:
            device = Device.from_record(record)
        self._next_number += 1
        link = NativeSession(
            self._next_number,
            request,
            device,
            self._trust(request.endpoint.ca_pem),
            sink=sink,
            shared=shared,
            on_gone=self._forget,
        )
        self._links[link.number] = link
        if self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._tick())
        return link

    async def stop(self) -> None:
        """Close every session, keeping the links."""
        closing = [asyncio.create_task(link.close()) for link in self._links.values()]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_SECONDS)
        if self._timer is not None:
            self._timer.cancel()

    def _forget(self, link: NativeSession) -> None:
        self._links.pop(link.number, None)

    def _trust(self, ca_pem: str) -> ssl.SSLContext:
        """Whom we believe to be a server's owner; one context serves all links, as each costs 100 kB and more."""
        context = self._contexts.get(ca_pem)
        if context is None:
            context = self._contexts[ca_pem] = ssl.create_default_context()
            if ca_pem:
                context.load_verify_locations(cadata=ca_pem)
        return context

    async def _tick(self) -> None:
        while self._links:
            await self._shared.clock.sleep(_TICK_SECONDS)
            now = self._shared.clock.monotonic()
            for link in list(self._links.values()):
                link.tick(now)
