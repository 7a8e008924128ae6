"""A small client of wagate's own HTTP API, as the command line and the demo use it."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from wagate.core.errors import WagateError

#: Longer than the longest wait the API offers (60 s), so that its answer comes first.
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=90)


class ApiFailure(WagateError):
    """The gateway refused or could not be reached."""

    code = "api_failure"

    def __init__(self, detail: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.problem = dict(problem or {})


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
        try:
            async with self.http.request(method, self.url + path, json=body, params=query) as response:
                text = await response.text()
                answer = json.loads(text) if text.startswith("{") else {}
                if response.status >= 400:
                    raise ApiFailure(_sentence(response.status, answer, path), answer)
                return dict(answer)
        except aiohttp.ClientConnectionError as error:
            raise ApiFailure(f"no gateway answers at {self.url}; is `wagate up` running? ({error})") from error

    async def text(self, path: str, query: Mapping[str, str]) -> str:
        """GET something that is not JSON."""
        async with self.http.get(self.url + path, params=query) as response:
            body = await response.text()
            if response.status >= 400:
                problem = json.loads(body) if body.startswith("{") else {}
                raise ApiFailure(_sentence(response.status, problem, path), problem)
            return body

    async def stream(self, path: str, after: str = "") -> AsyncIterator[dict[str, Any]]:
        """Server-sent events as they come, without end."""
        headers = {"Last-Event-ID": after} if after else {}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self.http.get(self.url + path, headers=headers, timeout=timeout) as response:
            if response.status >= 400:
                raise ApiFailure(_sentence(response.status, {}, path))
            async for line in response.content:
                if line.startswith(b"data:"):
                    yield dict(json.loads(line[5:]))


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


def _sentence(status: int, problem: Mapping[str, Any], path: str) -> str:
    detail = problem.get("detail") or problem.get("title") or "no explanation given"
    fields = "; ".join(str(e.get("message", e)) for e in problem.get("errors", ()))
    code = problem.get("code", "")
    return f"{path} answered {status} {code}: {detail}{f' ({fields})' if fields else ''}"
