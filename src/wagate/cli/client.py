"""A small client of wagate's own HTTP API, as the command line and the demo use it."""

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from wagate.core.errors import WagateError

#: Longer than the longest wait the API offers (60 s), so that its answer comes first.
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=90)
#: The longest text has 65,536 characters of up to 12 bytes each in JSON.
MAX_EVENT_BYTES = 1024 * 1024


class ApiFailure(WagateError):
    """The gateway refused or could not be reached."""

    code = "api_failure"

    def __init__(self, detail: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.problem = dict(problem or {})


class GatewayAway(ApiFailure):
    """The gateway could not be reached, or the connection to it broke."""

    code = "gateway_away"


class ApiClient:
    """Calls one gateway with one key. Use as an async context manager."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(headers=self._headers, timeout=REQUEST_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use ApiClient in an `async with` block")
        return self._http

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One request; the decoded JSON object, empty for an empty answer.

        :raises ApiFailure: with the gateway's own sentence.
        """
        with self._telling():
            async with self.http.request(method, self.url + path, json=body, params=query) as response:
                await _check(response, path)
                text = await response.text()
                return dict(json.loads(text)) if text.startswith("{") else {}

    async def text(self, path: str, query: Mapping[str, str]) -> str:
        """GET something that is not JSON.

        :raises ApiFailure: with the gateway's own sentence.
        """
        with self._telling():
            async with self.http.get(self.url + path, params=query) as response:
                await _check(response, path)
                return await response.text()

    async def stream(self, path: str, after: str = "") -> AsyncIterator[dict[str, Any]]:
        """Server-sent events as they come, until the gateway ends the stream.

        :raises ApiFailure: with the gateway's own sentence, or :class:`GatewayAway` if the connection breaks.
        """
        headers = {"Last-Event-ID": after} if after else {}
        # A comment comes every 15 s when nothing happens.
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        with self._telling():
            async with self.http.get(self.url + path, headers=headers, timeout=timeout) as response:
                await _check(response, path)
                while line := await response.content.readuntil(b"\n", max_size=MAX_EVENT_BYTES):
                    if line.startswith(b"data:"):
                        yield dict(json.loads(line[5:]))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say in a sentence why there is no answer."""
        try:
            yield
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise ApiFailure(f"{self.url} is not the address of a gateway, such as http://127.0.0.1:8080") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise GatewayAway(f"no gateway answers at {self.url}; is `wagate up` running? ({reason})") from error


def connection(url: str, key: str, data_dir: Path) -> ApiClient:
    """The gateway that the caller means: by flags, by ``WAGATE_URL`` and ``WAGATE_KEY``, or the one of this folder.

    :raises ApiFailure: if no key can be found.
    """
    url = url or os.environ.get("WAGATE_URL", "") or f"http://127.0.0.1:{os.environ.get('WAGATE_PORT', '8080')}"
    key = key or os.environ.get("WAGATE_KEY", "")
    if not key:
        saved = data_dir / "admin.json"
        if not saved.exists():
            raise ApiFailure(
                f"no API key: pass --key, set WAGATE_KEY, or run where {saved} lies (made by the first `wagate up`)"
            )
        key = str(json.loads(saved.read_text())["key"])
    return ApiClient(url, key)


async def _check(response: aiohttp.ClientResponse, path: str) -> None:
    """:raises ApiFailure: if the gateway refused."""
    if response.status >= 400:
        body = await response.text()
        problem = json.loads(body) if body.startswith("{") else {}
        raise ApiFailure(_sentence(response.status, problem, path), problem)


def _sentence(status: int, problem: Mapping[str, Any], path: str) -> str:
    detail = problem.get("detail") or problem.get("title") or "no explanation given"
    fields = "; ".join(str(e.get("message", e)) for e in problem.get("errors", ()))
    code = problem.get("code", "")
    return f"{path} answered {status} {code}: {detail}{f' ({fields})' if fields else ''}"
