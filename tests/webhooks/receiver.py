"""A customer's server without a network: it records what came, and answers as told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wagate.core.clock import Clock
from wagate.web.egress import EgressFailed, EgressResponse, FailureKind


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request."""

    url: str
    at: datetime
    headers: Mapping[str, str]
    body: str

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.body)["data"])


Behaviour = Callable[[Call], "EgressResponse | Awaitable[EgressResponse]"]


def status(code: int, body: bytes = b"", **headers: str) -> EgressResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return EgressResponse(status=code, headers=named, body=body)


@dataclass
class Receivers:
    """Every URL there is. Those without a behaviour answer 204."""

    clock: Clock
    calls: list[Call] = field(default_factory=list)
    behaviour: dict[str, Behaviour] = field(default_factory=dict)
    #: How many requests of each URL are unanswered now, and the most there were at once.
    open: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    async def check_destination(self, url: str) -> None:
        pass

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: float, max_response: int
    ) -> EgressResponse:
        call = Call(url=url, at=self.clock.now(), headers=headers, body=body.decode())
        self.calls.append(call)
        self.open[url] = self.open.get(url, 0) + 1
        self.most[url] = max(self.most.get(url, 0), self.open[url])
        try:
            answer = self.behaviour.get(url, lambda _: status(204))(call)
            return answer if isinstance(answer, EgressResponse) else await answer
        finally:
            self.open[url] -= 1

    def at(self, url: str) -> list[Call]:
        return [call for call in self.calls if call.url == url]

    def fails(self, url: str, code: int = 500, **headers: str) -> None:
        self.behaviour[url] = lambda _: status(code, **headers)

    def refuses_connections(self, url: str) -> None:
        def refuse(_: Call) -> EgressResponse:
            raise EgressFailed(FailureKind.CONNECT)

        self.behaviour[url] = refuse

    def works(self, url: str) -> None:
        self.behaviour.pop(url, None)

    def hangs(self, url: str) -> asyncio.Event:
        """Answer only once the returned event is set."""
        release = asyncio.Event()

        async def wait(_: Call) -> EgressResponse:
            await release.wait()
            return status(204)

        self.behaviour[url] = wait
        return release
