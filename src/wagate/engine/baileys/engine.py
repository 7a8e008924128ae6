"""Baileys behind the engine port. One bridge process serves all sessions of this process."""

import asyncio
from pathlib import Path
from typing import ClassVar

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter
from wagate.engine import protocol
from wagate.engine.baileys.link import BaileysSession
from wagate.engine.baileys.process import BUNDLE, BridgeProcess
from wagate.engine.port import Closed, Endpoint, EngineUnavailable, EventSink, Faults, OpenRequest, SentMessage
from wagate.engine.store import KeyStore
from wagate.engine.wirelog import WireLog

_CRASHES = Counter("wagate_bridge_crashes_total", "Ends of the bridge that nobody asked for; it is started again.")

_log = get_logger("bridge")

#: A bridge that lived shorter than this is restarted with growing delays.
_SETTLED_AFTER = 60.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
#: A server that does not close its side in time is left behind.
_CLOSE_TIMEOUT = 5.0

#: What every session hears when the bridge dies: the connection was lost, try again.
CRASHED = Closed(code=428, reason="bridge_crashed")


class BaileysEngine:
    """The engine proven against WhatsApp's own servers.

    ``sent_message`` answers a recipient who could not read a message of ours and asks for it again.
    """

    name: ClassVar[str] = "baileys"

    def __init__(
        self,
        *,
        keys: KeyStore,
        clock: Clock,
        sent_message: SentMessage | None = None,
        bundle: Path = BUNDLE,
        faults: Faults | None = None,
        wire_log: WireLog | None = None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._sent_message = sent_message
        self._bundle = bundle
        self._faults = faults
        self._wire_log = wire_log
        self._bridge: BridgeProcess | None = None
        self._endpoint: Endpoint | None = None
        self._starting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._sessions: dict[int, BaileysSession] = {}
        self._next_number = 0
        self._started_at = 0.0
        self._crashes = 0

    @property
    def bridge_pid(self) -> int | None:
        """The process id of the bridge while it runs."""
        return None if self._bridge is None else self._bridge.pid

    async def start(self) -> None:
        """Nothing: the bridge is started with the first session."""

    async def open(self, request: OpenRequest, sink: EventSink) -> BaileysSession:
        """Connect.

        :raises EngineUnavailable: if the bridge cannot be started.
        :raises WrongEngine: if the stored keys are another engine's.
        """
        creds = await self._keys.device(request.session, "creds")
        if creds is None:
            await self._keys.check_not_linked(request.session)
        bridge = await self._running_bridge(request.endpoint)
        if self._bridge is not bridge:
            raise EngineUnavailable("the bridge ended while the session was opened")
        self._next_number += 1
        session = BaileysSession(
            self._next_number,
            request.session,
            request.epoch,
            proxy=request.proxy,
            sink=sink,
            keys=self._keys,
            clock=self._clock,
            send=bridge.channel.send,
            sent_message=self._sent_message,
            faults=self._faults,
            tap=self._wire_log.tap(request.session) if self._wire_log is not None else None,
            on_gone=self._forget,
        )
        self._sessions[session.number] = session
        bridge.channel.send(
            protocol.Open(
                link=session.number,
                session=str(request.session),
                epoch=request.epoch,
                url=request.endpoint.url,
                root_key=request.endpoint.root_key,
                device_name=request.device_name,
                proxy=request.proxy,
                creds=creds,
                wire_log=self._wire_log is not None,
            )
        )
        return session

    async def stop(self) -> None:
        """Close every session, keeping the links, and end the bridge."""
        closing = [asyncio.create_task(session.close()) for session in self._sessions.values()]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_TIMEOUT)
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            await bridge.end()
        for session in list(self._sessions.values()):
            session.end(Closed(code=0, reason="closed"))
        await asyncio.gather(*closing)
        if self._ending:
            await asyncio.gather(*self._ending)

    async def _running_bridge(self, endpoint: Endpoint) -> BridgeProcess:
        async with self._starting:
            if self._bridge is not None:
                if endpoint != self._endpoint:
                    # Baileys has one root key, and Node reads its certificate authorities once.
                    raise EngineUnavailable("this engine already serves another endpoint")
                return self._bridge
            if self._crashes:
                await self._clock.sleep(min(_FIRST_DELAY * 2 ** (self._crashes - 1), _LONGEST_DELAY))
            self._endpoint = endpoint
            self._bridge = await BridgeProcess.start(
                self._handle, self._lost, ca_pem=endpoint.ca_pem, bundle=self._bundle
            )
            self._started_at = self._clock.monotonic()
            return self._bridge

    def _handle(self, frame: protocol.FromBridge) -> None:
        if isinstance(frame, protocol.Note):
            _log.warning("bridge notes", what=frame.what, detail=frame.detail)
        elif not isinstance(frame, protocol.Ready):
            session = self._sessions.get(frame.link)
            if session is not None:
                session.handle(frame)

    def _forget(self, session: BaileysSession) -> None:
        self._sessions.pop(session.number, None)

    def _lost(self) -> None:
        """The bridge's socket closed; unless we did that, it crashed."""
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        _CRASHES.add()
        lived = self._clock.monotonic() - self._started_at
        self._crashes = 1 if lived > _SETTLED_AFTER else self._crashes + 1
        for session in list(self._sessions.values()):
            session.end(CRASHED)
        ending = asyncio.create_task(self._bury(bridge))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _bury(self, bridge: BridgeProcess) -> None:
        _log.error("bridge ended", exit_code=await bridge.end())
