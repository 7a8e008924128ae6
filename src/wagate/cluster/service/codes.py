"""Codes on show, for a gateway: in Redis, else asked for at the session's worker, which shows them."""

from typing import Final

import msgspec

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.routes import Routes
from wagate.core.ids import SessionId
from wagate.sessions.codes import KeyValues

_QR: Final = "qr:"


class FleetCodes:
    """Short-lived values, of which QR codes are found even while Redis is away or has forgotten them."""

    def __init__(self, shared: KeyValues, routes: Routes, calls: WorkerCalls) -> None:
        self._shared = shared
        self._routes = routes
        self._calls = calls

    async def set(self, key: str, value: str, ttl_seconds: float) -> None:
        await self._shared.set(key, value, ttl_seconds)

    async def get(self, key: str) -> str | None:
        found = await self._shared.get(key)
        return await self._ask(SessionId(key.removeprefix(_QR))) if found is None and key.startswith(_QR) else found

    async def delete(self, key: str) -> None:
        await self._shared.delete(key)

    async def _ask(self, session: SessionId) -> str | None:
        route = await self._routes.find(session)
        if route is None:
            return None
        try:
            answer = await self._calls.call(route.endpoint, "GET", f"/session/{session}/qr")
        except (WorkerUnreachable, Refused):
            return None
        shown = {"code": answer["qrString"], "expires_at": answer["expiresAt"], "version": answer["version"]}
        return msgspec.json.encode(shown).decode()


class OwnFirst:
    """Short-lived values that this process set are had from its memory, whatever became of the shared ones."""

    def __init__(self, own: KeyValues, shared: KeyValues) -> None:
        self._own = own
        self._shared = shared

    async def set(self, key: str, value: str, ttl_seconds: float) -> None:
        await self._own.set(key, value, ttl_seconds)
        await self._shared.set(key, value, ttl_seconds)

    async def get(self, key: str) -> str | None:
        found = await self._own.get(key)
        return await self._shared.get(key) if found is None else found

    async def delete(self, key: str) -> None:
        await self._own.delete(key)
        await self._shared.delete(key)
