"""Connections that workers hold, as requests in a gateway use them: each call is one over HTTP to the session's worker.

Paths under ``/session`` beyond those of seed 003 are ours: what a connection can do, for those who hold none.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.service.calls import Refused, WorkerCalls
from wagate.cluster.service.routes import Route, Routes
from wagate.core.clock import Clock
from wagate.core.errors import WagateError
from wagate.core.ids import SessionId
from wagate.engine.port import (
    EngineUnavailable,
    PasskeyAnswered,
    PasskeyAssertion,
    PasskeyExpired,
    PasskeyNotWanted,
    PasskeyUnsupported,
    QueryFailed,
    Vitals,
)
from wagate.engine.protocol import Stanza
from wagate.engine.stanza import to_node, to_stanza
from wagate.sessions.errors import SessionNotConnected
from wagate.sessions.links import Condition, Connection, Link, Stage
from wagate.wire.node import Node

#: How often a worker is asked whether a session can be linked already. It takes a second or two.
_ASK_SECONDS: Final = 0.25
#: Asking WhatsApp for a pairing code, or to check a passkey, takes as long as WhatsApp takes; callers wait no longer.
_LONG_SECONDS: Final = 30.0
_QUERY_SECONDS: Final = 30.0

_stanza = msgspec.msgpack.Decoder(Stanza)
_pack = msgspec.msgpack.Encoder()

#: What workers refuse, as the errors that a connection of one's own would raise.
_ERRORS: Final[Mapping[str, type[WagateError]]] = {
    error.code: error
    for error in (EngineUnavailable, PasskeyAnswered, PasskeyExpired, PasskeyNotWanted, PasskeyUnsupported)
}


class Standing(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What a worker says of a session that it hosts: its state for people, and its connection."""

    session_id: str
    status: str
    stage: Stage | None = None
    since: datetime | None = None
    links_by_passkey: bool = False
    send_stalled: bool = False
    last_frame_at: datetime | None = None
    ping_ms: float | None = None
    unreadable_settings: tuple[str, ...] = ()


class RemoteLinks:
    """The connections of all workers: :class:`wagate.sessions.links.Links` for a process that holds none."""

    def __init__(self, routes: Routes, calls: WorkerCalls, clock: Clock) -> None:
        self._routes = routes
        self._calls = calls
        self._clock = clock

    async def find(self, session_id: SessionId) -> Link | None:
        """As :meth:`wagate.sessions.links.Links.find`."""
        found = await self._standing(session_id)
        if found is None or found[1].stage is None or found[1].since is None:
            return None
        route, standing = found
        connection = _RemoteConnection(session_id, route, self._calls, links_by_passkey=standing.links_by_passkey)
        return Link(session=connection, stage=found[1].stage, since=found[1].since)

    async def use(self, session_id: SessionId) -> Connection:
        """As :meth:`wagate.sessions.links.Links.use`. :raises SessionNotConnected: if there is none to use."""
        link = await self.find(session_id)
        if link is None or link.stage is not Stage.ONLINE:
            raise SessionNotConnected
        return link.session

    async def ready(self, session_id: SessionId) -> Link:
        """As :meth:`wagate.sessions.links.Links.ready`."""
        while (link := await self.find(session_id)) is None:
            await self._clock.sleep(_ASK_SECONDS)
        return link

    async def condition(self, session_id: SessionId, now: datetime) -> Condition:
        """As :meth:`wagate.sessions.links.Links.condition`."""
        found = await self._standing(session_id)
        if found is None:
            return Condition()
        standing = found[1]
        vitals = Vitals(
            last_frame_at=standing.last_frame_at,
            ping_ms=standing.ping_ms,
            unreadable_settings=standing.unreadable_settings,
        )
        return Condition(vitals=vitals, send_stalled=standing.send_stalled)

    async def _standing(self, session_id: SessionId) -> tuple[Route, Standing] | None:
        for _ in range(2):
            route = await self._routes.find(session_id)
            if route is None:
                return None
            try:
                answer = await self._calls.call(route.endpoint, "GET", f"/session/{session_id}/status")
            except Refused:
                # It moved: once more, by what the database says.
                await self._routes.forget(session_id)
                continue
            except WorkerUnreachable:
                await self._routes.forget(session_id)
                return None
            return route, msgspec.convert(answer, Standing)
        return None


class _RemoteConnection:
    """One connection, for the length of one request."""

    def __init__(self, session: SessionId, route: Route, calls: WorkerCalls, *, links_by_passkey: bool) -> None:
        self.links_by_passkey = links_by_passkey
        self._path = f"/session/{session}"
        self._route = route
        self._calls = calls

    async def query(self, node: Node, timeout: float = _QUERY_SECONDS) -> Node:
        body = {"stanza": pack(node), "timeout": timeout}
        answer = await self._call("/query", body, deadline=timeout + 1.0)
        return unpack(str(answer["stanza"]))

    async def send(self, node: Node) -> None:
        await self._call("/stanza", {"stanza": pack(node)})

    async def request_pairing_code(self, phone: str) -> str:
        answer = await self._call("/pairing-code", {"phone": phone}, deadline=_LONG_SECONDS)
        return str(answer["code"])

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        await self._call("/passkey", _assertion(assertion), deadline=_LONG_SECONDS)

    async def logout(self) -> None:
        await self._call("/logout", {})

    async def close(self) -> None:
        await self._call("/close", {})

    async def _call(self, path: str, body: Any, *, deadline: float | None = None) -> Any:
        call: Callable[..., Awaitable[Any]] = self._calls.call
        more = {} if deadline is None else {"deadline": deadline}
        try:
            return await call(self._route.endpoint, "POST", self._path + path, body, **more)
        except Refused as refusal:
            raise _as_here(refusal) from None


def pack(node: Node) -> str:
    """A stanza as text."""
    return base64.b64encode(_pack.encode(to_stanza(node))).decode()


def unpack(text: str) -> Node:
    """:raises ValueError: if that is no stanza."""
    try:
        return to_node(_stanza.decode(base64.b64decode(text, validate=True)))
    except msgspec.MsgspecError as error:
        raise ValueError("not a stanza") from error


def _assertion(assertion: PasskeyAssertion) -> dict[str, str | None]:
    return {
        "id": assertion.id,
        "rawId": assertion.raw_id,
        "clientData": assertion.client_data,
        "authenticatorData": assertion.authenticator_data,
        "signature": assertion.signature,
        "userHandle": assertion.user_handle,
    }


def _as_here(refusal: Refused) -> WagateError:
    if refusal.code == QueryFailed.code:
        return QueryFailed(refusal.status, refusal.detail)
    error = _ERRORS.get(refusal.code, EngineUnavailable)
    return error(refusal.detail)
