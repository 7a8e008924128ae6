"""The native engine alone, behind as little HTTP as the peer has: what is left of a gateway's cost without its gateway.

Its keys and what arrives are durable, as the engine promises; messages to send and webhooks are not, and nothing is
signed or checked. Environment: WA_URL, WA_ROOT (hex), WA_CA (a file). Speaks the HTTP of `bench/peer/peer.mjs`.
"""

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from wagate.core import jsontext
from wagate.core.clock import SystemClock
from wagate.core.ids import SessionId
from wagate.core.logging import configure_logging
from wagate.core.seal import KeyRing
from wagate.engine.native import NativeEngine, Shared
from wagate.engine.port import (
    Arrived,
    Closed,
    Endpoint,
    EngineEvent,
    EngineSession,
    InboxKind,
    Online,
    OpenRequest,
    QrIssued,
)
from wagate.engine.store import DataKeys, Inbox, KeyStore, inbox, session_secrets, signal_keys
from wagate.storage.database import Database, Tx
from wagate.wire.jid import PN, Jid
from wagate.wire.proto import wa_pb2 as wa

_BATCH = 50
#: The stream is restarted after a link.
_RESTART = 515

#: As much of the sessions' table as the engine's fencing looks at.
_sessions = Table("sessions", MetaData(), Column("id", String, primary_key=True), Column("epoch", Integer))


@dataclass(slots=True)
class _Session:
    id: SessionId
    link: EngineSession | None = None
    qr: str = ""
    open: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    reading: "asyncio.Task[None] | None" = None


class Bare:
    """The engine and its handlers."""

    def __init__(self, db: Database, endpoint: Endpoint, http: aiohttp.ClientSession) -> None:
        ring, clock = KeyRing.generate(), SystemClock()
        self._db = db
        data_keys = DataKeys(db, ring)
        self._inbox = Inbox(db, data_keys)
        self._engine = NativeEngine(Shared(keys=KeyStore(db, data_keys, clock), clock=clock))
        self._endpoint = endpoint
        self._http = http
        self._sessions: dict[str, _Session] = {}
        self._hook = ""
        self._work: set[asyncio.Task[object]] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/sessions/{name}", self._add)
        app.router.add_get("/sessions/{name}", self._show)
        app.router.add_delete("/sessions/{name}", self._delete)
        app.router.add_post("/sessions/{name}/send", self._send)
        app.router.add_post("/hook", self._set_hook)
        return app

    async def _add(self, request: web.Request) -> web.Response:
        session = self._sessions[request.match_info["name"]] = _Session(SessionId.new(datetime.now(UTC)))
        await self._db.write(lambda tx: tx.execute(insert(_sessions), {"id": session.id, "epoch": 1}))
        session.reading = asyncio.create_task(self._read(session))
        await self._connect(session)
        return _json({})

    async def _show(self, request: web.Request) -> web.Response:
        session = self._sessions[request.match_info["name"]]
        return _json({"qr": session.qr, "open": session.open})

    async def _delete(self, request: web.Request) -> web.Response:
        session = self._sessions.pop(request.match_info["name"])
        if session.link is not None:
            await session.link.logout()
        if session.reading is not None:
            session.reading.cancel()
        return _json({})

    async def _set_hook(self, request: web.Request) -> web.Response:
        self._hook = (await request.json())["url"]
        return _json({})

    async def _send(self, request: web.Request) -> web.Response:
        session = self._sessions[request.match_info["name"]]
        assert session.link is not None
        body = await request.json()
        message = wa.Message(conversation=body["text"]).SerializeToString()
        message_id = "3EB0" + os.urandom(9).hex().upper()
        relay = session.link.relay(Jid(body["to"], PN), message, message_id)
        if request.query["wait"] == "0":
            self._beside(relay)
        else:
            await relay
        return _json({"id": message_id})

    async def _connect(self, session: _Session) -> None:
        async def sink(event: EngineEvent) -> None:
            match event:
                case QrIssued(code=code):
                    session.qr = code
                case Online():
                    session.open = True
                case Closed(code=code) if code == _RESTART:
                    self._beside(self._connect(session))
                case Arrived():
                    session.arrived.set()
                case _:
                    pass

        request = OpenRequest(session=session.id, epoch=1, endpoint=self._endpoint)
        session.link = await self._engine.open(request, sink)

    async def _read(self, session: _Session) -> None:
        """Take what arrived and post the messages among it."""
        read = await self._inbox.reader(session.id)
        while True:
            await session.arrived.wait()
            session.arrived.clear()

            def take(tx: Tx) -> list[bytes]:
                items = read(tx, _BATCH)
                if items:
                    self._inbox.take(tx, session.id, [item.seq for item in items])
                if len(items) == _BATCH:
                    tx.after_commit(session.arrived.set)
                return [
                    jsontext.encode({"waId": item.stanza.get("id"), "text": text})
                    for item in items
                    if item.kind is InboxKind.MESSAGE and (text := wa.Message.FromString(item.plaintext).conversation)
                ]

            for body in await self._db.write(take):
                if self._hook:
                    self._beside(self._post(body))

    async def _post(self, body: bytes) -> None:
        async with self._http.post(self._hook, data=body) as answer:
            await answer.read()

    def _beside(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _json(body: dict[str, object]) -> web.Response:
    return web.Response(body=jsontext.encode(body), content_type="application/json")


async def main() -> None:
    """Serve until killed; print `ready` and the address."""

    def create(tx: Tx) -> None:
        for table in (_sessions, signal_keys, session_secrets, inbox):
            table.create(tx.connection)

    configure_logging("warning", "console")
    endpoint = Endpoint(
        url=os.environ["WA_URL"],
        root_key=bytes.fromhex(os.environ["WA_ROOT"]),
        ca_pem=Path(os.environ["WA_CA"]).read_text(),
    )
    with tempfile.TemporaryDirectory(prefix="wagate-bench-") as folder:
        db = await Database.open(f"sqlite:///{folder}/keys.db")
        await db.write(create)
        async with aiohttp.ClientSession() as http:
            runner = web.AppRunner(Bare(db, endpoint, http).app(), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            print(f"ready http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
