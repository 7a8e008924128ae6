"""HTTP from a gateway to a worker: with the fleet's token, a deadline, the request's id, and a circuit breaker."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

from wagate.cluster.errors import WorkerUnreachable
from wagate.core.logging import bound_values, get_logger

#: A worker in the same data centre answers in milliseconds. One that takes so long is as good as away.
DEADLINE_SECONDS: Final = 5.0
#: After so many calls in a row that got no answer, none is tried for a while: requests fail at once instead of each
#: waiting for the deadline.
_FAILURES: Final = 5
_OPEN_SECONDS: Final = 5.0
#: Connections to one worker; more requests wait for their turn.
_CONNECTIONS: Final = 32

_log = get_logger("cluster.calls")


class Refused(Exception):
    """A worker answered, and said no."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail


class NobodyListens(WorkerUnreachable):
    """Nothing listens where the worker was: its process is gone."""

    code = "worker_not_listening"


class WorkerCalls:
    """Calls to any worker; use it as a context manager."""

    def __init__(self, token: str) -> None:
        # Imported when asked for: it takes 7 MB and a quarter of a second, and `wagate up` calls nobody.
        from purgatory import AsyncCircuitBreakerFactory
        from purgatory.domain.model import OpenedState

        self._token = token
        self._breakers = AsyncCircuitBreakerFactory(default_threshold=_FAILURES, default_ttl=_OPEN_SECONDS)
        self._opened = OpenedState
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=_CONNECTIONS, limit=0),
            headers={"Authorization": f"Bearer {self._token}"},
            # A gateway's environment may name a proxy for the world outside; workers are inside.
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def call(
        self,
        endpoint: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        deadline: float = DEADLINE_SECONDS,
    ) -> Any:
        """The JSON that the worker at ``endpoint`` answers; ``None`` for an empty answer.

        :raises WorkerUnreachable: if there is no answer within ``deadline`` seconds, or there was none lately.
        :raises Refused: if the answer is an error.
        """
        try:
            async with await self._breakers.get_breaker(endpoint):
                status, answer = await self._exchange(endpoint, method, path, body, deadline)
        except self._opened:
            raise WorkerUnreachable(retry_after=int(_OPEN_SECONDS)) from None
        except aiohttp.ClientConnectorError as error:
            gone = isinstance(error.os_error, ConnectionRefusedError)
            raise NobodyListens() if gone else WorkerUnreachable() from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WorkerUnreachable from error
        if status >= 400:
            raise _refused(status, answer)
        return _json(answer)

    async def probe(self, endpoint: str, deadline: float) -> Any:
        """What ``/health`` of the worker says, whatever the circuit breaker thinks of it.

        :raises NobodyListens: :raises WorkerUnreachable:
        """
        try:
            _, answer = await self._exchange(endpoint, "GET", "/health", None, deadline)
        except aiohttp.ClientConnectorError as error:
            gone = isinstance(error.os_error, ConnectionRefusedError)
            raise NobodyListens() if gone else WorkerUnreachable() from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WorkerUnreachable from error
        return _json(answer)

    async def _exchange(self, endpoint: str, method: str, path: str, body: Any, deadline: float) -> tuple[int, bytes]:
        assert self._http is not None
        headers = {}
        request_id = bound_values().get("request_id")
        if request_id is not None:
            headers["X-Request-Id"] = str(request_id)
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body, enc_hook=str)
        async with asyncio.timeout(deadline):
            async with self._http.request(method, endpoint + path, data=content, headers=headers) as answer:
                return answer.status, await answer.read()


def _refused(status: int, answer: bytes) -> Refused:
    try:
        problem = msgspec.json.decode(answer)
        return Refused(status, str(problem["code"]), str(problem["detail"]))
    except (msgspec.DecodeError, KeyError, TypeError):
        return Refused(status, "unknown", "")


def _json(answer: bytes) -> Any:
    try:
        return msgspec.json.decode(answer) if answer else None
    except msgspec.DecodeError as error:
        raise WorkerUnreachable("the worker's endpoint answers something else than a worker would") from error
