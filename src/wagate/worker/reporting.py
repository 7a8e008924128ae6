"""A worker's words to its gateways: that it is there, how it is, and which sessions and messages have changed.

The database knows all of it; what is said here makes it known sooner, and tells a gateway that a worker lives. So
nothing waits for an answer, and what could not be said is not said again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.ids import MessageId, SessionId, WorkerId
from wagate.core.logging import get_logger
from wagate.messages.model import Message
from wagate.messages.service import topics as messages
from wagate.sessions import transition as sessions
from wagate.sessions.codes import ShownCode
from wagate.sessions.model import Session, timestamp
from wagate.sessions.qr import data_url
from wagate.sessions.waiting import end
from wagate.storage.bus import Bus
from wagate.worker.load import Load

#: A gateway in the same data centre answers in milliseconds.
_DEADLINE = aiohttp.ClientTimeout(total=5)
#: Until a gateway says how often it wants to hear.
_FIRST_HEARTBEAT_SECONDS: Final = 3.0
#: After a call that failed.
_RETRY_SECONDS: Final = 1.0
#: What changes within this time is told together.
_GATHER_SECONDS: Final = 0.05
#: Told of at once, and waiting to be told; of more than that, the oldest are dropped.
_TOGETHER: Final = 500
_WAITING: Final = 10_000

_log = get_logger("worker.reporting")


class Superseded(Exception):
    """The fleet takes this worker for dead, or its id for another's."""


class Gateways:
    """The gateways, as one address that leads to any of them."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http: aiohttp.ClientSession | None = None

    async def call(self, method: str, path: str, body: object) -> Any:
        """What a gateway answers.

        :raises Superseded: if it says 409.
        :raises StartupError: if it does not know the token.
        :raises aiohttp.ClientError, TimeoutError: if there is no good answer.
        """
        if self._http is None:
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            self._http = aiohttp.ClientSession(timeout=_DEADLINE, headers=headers)
        async with self._http.request(method, self._url + path, data=msgspec.json.encode(body, enc_hook=str)) as answer:
            content = await answer.read()
            if answer.status == 409:
                raise Superseded
            if answer.status == 401:
                raise StartupError(
                    f"the gateway at {self._url} does not know this worker's token",
                    "WAGATE_WORKER_TOKEN has to be the same for gateways and workers",
                )
            answer.raise_for_status()
            return msgspec.json.decode(content)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class Reporter:
    """Registers a worker and keeps its gateways informed, from :meth:`run` until that is cancelled."""

    def __init__(
        self,
        *,
        gateways: Gateways,
        worker: WorkerId,
        endpoint: str,
        max_sessions: int,
        count_sessions: Callable[[], int],
        count_connections: Callable[[], int],
        is_draining: Callable[[], bool],
        begin_drain: Callable[[], None],
        share: Callable[[int, int], None],
        bus: Bus,
        clock: Clock,
    ) -> None:
        """``begin_drain`` is called when the fleet wants this worker to drain; ``share`` with the place of this
        worker among those who share the fleet's limits, and how many these are.
        """
        self._gateways = gateways
        self._worker = worker
        self._registration = {"workerId": worker, "endpoint": endpoint, "maxSessions": max_sessions}
        self._count_sessions = count_sessions
        self._count_connections = count_connections
        self._is_draining = is_draining
        self._begin_drain = begin_drain
        self._share = share
        self._bus = bus
        self._clock = clock
        self._load = Load(clock)
        self._registered = False
        self._news: OrderedDict[MessageId, dict[str, object]] = OrderedDict()
        self._changed: OrderedDict[SessionId, dict[str, Any]] = OrderedDict()
        self._something = asyncio.Event()

    @property
    def registered(self) -> bool:
        """Whether the fleet knows this worker."""
        return self._registered

    async def run(self) -> None:
        """Report until cancelled.

        :raises Superseded: if the fleet does not want this worker. :raises StartupError: if its token is wrong.
        """
        beside = [asyncio.create_task(work()) for work in (self._hear, self._see, self._tell)]
        try:
            await self._beat()
        finally:
            await end(*beside)

    async def farewell(self) -> None:
        """Say that this worker ends."""
        try:
            await self._gateways.call("PUT", self._path("heartbeat"), self._heartbeat("offline"))
        except (aiohttp.ClientError, TimeoutError, Superseded, StartupError) as error:
            _log.info("no farewell", error=type(error).__name__)

    async def leaving(self) -> None:
        """Say that this worker takes no more sessions."""
        try:
            await self._gateways.call("PUT", self._path("heartbeat"), self._heartbeat("draining"))
        except (aiohttp.ClientError, TimeoutError, Superseded, StartupError) as error:
            _log.warning("the fleet could not be told that this worker leaves", error=type(error).__name__)

    # -- within

    def _message_changed(self, message: Message) -> None:
        self._news[message.id] = {
            "messageId": message.id,
            "status": message.status.value,
            "timestamp": timestamp(self._clock.now()),
        }
        if len(self._news) > _WAITING:
            self._news.popitem(last=False)
        self._something.set()

    def _session_changed(self, session: Session, shown: ShownCode | None) -> None:
        report: dict[str, Any] = {
            "sessionId": session.id,
            "status": session.status.value,
            "timestamp": timestamp(self._clock.now()),
        }
        if shown is not None:
            report |= {"qrString": shown.code, "qrCode": data_url(shown.code)}
        self._changed[session.id] = report
        if len(self._changed) > _WAITING:
            self._changed.popitem(last=False)
        self._something.set()

    async def _beat(self) -> None:
        pause = _FIRST_HEARTBEAT_SECONDS
        while True:
            try:
                if not self._registered:
                    await self._take(
                        await self._gateways.call("POST", "/api/admin/workers/register", self._registration)
                    )
                    self._registered = True
                    _log.info("worker registered", worker_id=self._worker)
                status = "draining" if self._is_draining() else "online"
                orders = await self._gateways.call("PUT", self._path("heartbeat"), self._heartbeat(status))
                await self._take(orders)
                pause = float(orders["heartbeatSeconds"])
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
                _log.warning("no gateway answers", error=type(error).__name__)
                pause = _RETRY_SECONDS
            await self._clock.sleep(pause)

    async def _take(self, orders: Any) -> None:
        self._share(int(orders["place"]), int(orders["workers"]))
        if orders["status"] == "draining" and not self._is_draining():
            self._begin_drain()

    async def _hear(self) -> None:
        with self._bus.subscribe(messages.CHANGED_HERE) as news:
            while True:
                message = await news.next()
                if isinstance(message, Message):
                    self._message_changed(message)

    async def _see(self) -> None:
        with self._bus.subscribe(sessions.CHANGED_HERE) as news:
            while True:
                match await news.next():
                    case (Session() as session, None):
                        self._session_changed(session, None)
                    case (Session() as session, ShownCode() as shown):
                        self._session_changed(session, shown)

    async def _tell(self) -> None:
        while True:
            await self._something.wait()
            await self._clock.sleep(_GATHER_SECONDS)
            self._something.clear()
            try:
                while self._changed:
                    _, report = self._changed.popitem(last=False)
                    await self._gateways.call("POST", "/api/webhooks/session-status", report)
                while self._news:
                    some = [self._news.popitem(last=False)[1] for _ in range(min(_TOGETHER, len(self._news)))]
                    await self._gateways.call("POST", "/api/webhooks/message-status", {"messages": some})
            except (aiohttp.ClientError, TimeoutError, Superseded, StartupError, msgspec.DecodeError) as error:
                _log.debug("a change was not told", error=type(error).__name__)
                await self._clock.sleep(_RETRY_SECONDS)

    def _path(self, what: str) -> str:
        return f"/api/admin/workers/{self._worker}/{what}"

    def _heartbeat(self, status: str) -> dict[str, object]:
        processor, memory = self._load.measure()
        return {
            "status": status,
            "metrics": {
                "sessionCount": self._count_sessions(),
                "activeConnections": self._count_connections(),
                "cpuUsage": processor,
                "memoryUsage": memory,
            },
        }
