"""A webhook receiver as a customer would write it: it checks the signature and keeps what came."""

import json
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class WebhookSink:
    """Listens on a free loopback port while entered. Set :attr:`secret` to the endpoint's before events come."""

    def __init__(self) -> None:
        self.secret = ""
        self.url = ""
        self.events: list[dict[str, Any]] = []
        #: ids in the order of arrival, repeats included: at-least-once delivery may repeat one.
        self.ids: list[str] = []
        self._known: set[str] = set()
        self.refused = 0
        #: The headers of each event, in the order of :attr:`events`.
        self.headers: list[dict[str, str]] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.text()
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in request.headers.items()})
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return web.Response(status=400, text="signature does not match")
        identifier = request.headers["webhook-id"]
        if identifier not in self._known:
            self.events.append(json.loads(body))
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.ids.append(identifier)
        self._known.add(identifier)
        return web.Response(status=204)
