"""A sandbox, a gateway and a webhook receiver, each a program or server of its own, driven over HTTP alone."""

import asyncio
import base64
import contextlib
import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from wagate.cli.client import ApiClient, ApiFailure
from wagate.cli.program import Program, start
from wagate.cli.sink import WebhookSink

Json = dict[str, Any]
T = TypeVar("T")

#: Generous for two busy cores; what does not happen within it, does not happen.
PATIENCE = 30.0


#: Every phone of a run has a number of its own, so that scenarios which share a rig do not meet.
_numbers = itertools.count(491700000001)


def new_number() -> str:
    """A phone number that nobody has had."""
    return str(next(_numbers))


class Rig:
    """What a scenario talks to. Made by :func:`open_rig`; several scenarios may use one, one after the other."""

    def __init__(
        self,
        folder: Path,
        sandbox: Program,
        phones: ApiClient,
        sink: WebhookSink,
        engine: str,
        environment: Mapping[str, str],
    ) -> None:
        self.environment = environment
        self.folder = folder
        self.sandbox = sandbox
        self.phones = phones
        self.sink = sink
        self.engine = engine
        self.gateway: Program | None = None
        self._api: ApiClient | None = None
        self._log_start = 0
        self._sessions: list[str] = []

    async def tidy(self) -> None:
        """Leave nothing of a scenario to the next one: no fault, and no session that would go on connecting."""
        await self.clear_faults()
        if self.gateway is None:
            await self.start_gateway()
        sessions, self._sessions = self._sessions, []
        await asyncio.gather(*(self._forget(session) for session in sessions))

    async def _forget(self, session: str) -> None:
        with contextlib.suppress(ApiFailure):
            await self.api.call("DELETE", f"/api/sessions/{session}")

    # -- the gateway as a program

    async def start_gateway(self) -> None:
        log = self.folder / "gateway.log"
        self._log_start = log.stat().st_size if log.exists() else 0
        self.gateway = await start(
            "up",
            ["--port", "0", "--data-dir", str(self.folder / "data"), "--engine", self.engine],
            self.folder / "data",
            {
                "WAGATE_SANDBOX_URL": self.sandbox.url,
                "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
                **self.environment,
            },
            self.folder / "gateway.log",
        )
        self._api = await ApiClient(self.gateway.url, self.gateway.admin_key).__aenter__()

    async def stop_gateway(self) -> int:
        """SIGTERM; the exit code."""
        assert self.gateway is not None
        await self.api.__aexit__(None, None, None)
        code = await self.gateway.stop()
        self.gateway = None
        return code

    async def kill_gateway(self) -> None:
        """SIGKILL to the program and its bridge."""
        assert self.gateway is not None
        self.gateway.kill()
        await self.gateway_gone()

    async def gateway_gone(self) -> None:
        """Wait until the program has ended, by whatever hand."""
        assert self.gateway is not None
        await self.gateway.process.wait()
        await self.api.__aexit__(None, None, None)
        self.gateway = None

    async def close(self) -> None:
        if self.gateway is not None:
            await self.stop_gateway()

    @property
    def api(self) -> ApiClient:
        assert self._api is not None, "start_gateway first"
        return self._api

    @property
    def gateway_pid(self) -> int:
        assert self.gateway is not None, "start_gateway first"
        return self.gateway.process.pid

    def bridges(self) -> list[int]:
        """The process ids of the Node processes under the gateway."""
        try:
            children = Path(f"/proc/{self.gateway_pid}/task/{self.gateway_pid}/children").read_text().split()
            return [int(child) for child in children if "bridge.mjs" in Path(f"/proc/{child}/cmdline").read_text()]
        except (FileNotFoundError, ProcessLookupError):
            # The latter if one ends between the file's opening and its reading.
            return []

    def change_database(self, statement: str, *parameters: object) -> int:
        """Do to the stopped gateway's database what a defect might; the number of rows that it changed."""
        assert self.gateway is None, "stop_gateway first"
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "wagate.db")) as database, database:
            return database.execute(statement, parameters).rowcount

    @property
    def log_since_start(self) -> str:
        """What the running gateway logged; the log goes on over restarts."""
        with (self.folder / "gateway.log").open(errors="replace") as log:
            log.seek(self._log_start)
            return log.read()

    @property
    def log(self) -> str:
        return (self.folder / "gateway.log").read_text(errors="replace")

    # -- people and their phones

    async def phone(self, number: str, name: str = "Phone", **settings: Any) -> str:
        await self.phones.call("POST", "/sandbox/phones", {"number": number, "name": name, **settings})
        return number

    async def settings(self, number: str, **settings: Any) -> None:
        """Change how a phone behaves."""
        await self.phones.call("POST", f"/sandbox/phones/{number}/settings", settings)

    async def devices(self, number: str) -> list[Json]:
        """What is linked to the phone."""
        return list((await self.phones.call("GET", f"/sandbox/phones/{number}"))["devices"])

    async def inbox(self, number: str, after: str = "0") -> list[Json]:
        """What the phone shows, oldest first, from the one after ``after`` (a ``seq``) on."""
        return await self._all_pages(f"/sandbox/phones/{number}/messages", {"after": after})

    async def phone_sends(self, number: str, **content: Any) -> str:
        """A phone sends; the WhatsApp id."""
        return str((await self.phones.call("POST", f"/sandbox/phones/{number}/send", content))["waId"])

    async def shown(self, number: str, wa_id: str) -> Json:
        """Wait until the phone shows that message."""

        async def look() -> Json | None:
            return next((m for m in await self.inbox(number) if m["waId"] == wa_id), None)

        return await self.until(look, f"phone {number} shows {wa_id}")

    # -- sessions and messages

    async def new_session(self, name: str = "shop") -> str:
        session = str((await self.api.call("POST", "/api/sessions", {"name": name}))["id"])
        self._sessions.append(session)
        return session

    def forget_later(self, session: str) -> None:
        """Have a session deleted when the scenario is over, as those made by :meth:`new_session` are."""
        self._sessions.append(session)

    async def link(self, session: str, number: str) -> Json:
        """Connect and scan with that phone; the connected session."""
        await self.api.call("POST", f"/api/sessions/{session}/connect")
        code = await self.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
        await self.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": code["qrString"]})
        return await self.reaches(session, "connected")

    async def linked(self, number: str, name: str = "shop") -> str:
        """A new phone and a session linked to it."""
        await self.phone(number, name)
        session = await self.new_session(name)
        await self.link(session, number)
        return session

    async def session(self, session: str) -> Json:
        return await self.api.call("GET", f"/api/sessions/{session}")

    async def reaches(self, session: str, status: str) -> Json:
        async def look() -> Json | None:
            found = await self.session(session)
            return found if found["status"] == status else None

        return await self.until(look, f"{session} is {status}")

    async def send(self, session: str, to: str, **content: Any) -> Json:
        """The answer of the API, which waited for WhatsApp's acknowledgement."""
        body = {"to": f"+{to}" if to.isdigit() else to, **content}
        return await self.api.call("POST", f"/api/sessions/{session}/send", body, query={"wait": "30"})

    async def message(self, message: str) -> Json:
        return await self.api.call("GET", f"/api/messages/{message}")

    async def history(self, session: str) -> list[Json]:
        """All messages of a session as the API shows them, newest first."""
        items: list[Json] = []
        query = {"limit": "200"}
        while True:
            page = await self.api.call("GET", f"/api/sessions/{session}/messages", query=query)
            items += page["items"]
            if not page["next"]:
                return items
            query["cursor"] = page["next"]

    async def message_reaches(self, message: str, status: str) -> Json:
        async def look() -> Json | None:
            found = await self.message(message)
            return found if found["status"] == status else None

        return await self.until(look, f"{message} is {status}")

    async def received(self, session: str, wa_id: str) -> Json:
        """Wait until the gateway has that inbound message."""

        async def look() -> Json | None:
            page = await self.api.call("GET", f"/api/sessions/{session}/messages", query={"direction": "in"})
            return next((m for m in page["items"] if m["waId"] == wa_id), None)

        return await self.until(look, f"{session} received {wa_id}")

    async def submit(self, session: str, to: str, **content: Any) -> Json:
        """As :meth:`send`, but without waiting for WhatsApp."""
        body = {"to": f"+{to}" if to.isdigit() else to, **content}
        return await self.api.call("POST", f"/api/sessions/{session}/send", body, query={"wait": "0"})

    async def events(self, *types: str, session: str = "") -> list[Json]:
        """The event log, oldest first."""
        found: list[Json] = []
        query = {"limit": "200", **({"types": ",".join(types)} if types else {})}
        if session:
            query["session"] = session
        while True:
            page = await self.api.call("GET", "/api/events", query=query)
            found += page["items"]
            if not page["next"]:
                return found
            query["after"] = page["next"]

    async def subscribe(self, *types: str) -> None:
        """Point a webhook endpoint at the sink, once; for all events unless some are named."""
        if self.sink.secret:
            return
        wanted: Json = {"events": list(types)} if types else {}
        made = await self.api.call("POST", "/api/webhooks/endpoints", {"url": self.sink.url, "enabled": True, **wanted})
        self.sink.secret = made["secret"]

    async def told(self, kind: str, wa_id: str) -> Json:
        """Wait until the webhook receiver has that event about that message."""

        async def look() -> Json | None:
            events = self.sink.events
            return next((e for e in events if e["type"] == kind and e["data"].get("waId") == wa_id), None)

        return await self.until(look, f"webhook {kind} about {wa_id}")

    # -- the sandbox's own record

    async def wire(self, session: str = "", after: str = "0") -> list[Json]:
        """What the server saw of one session (by its number) or of all, from the entry after ``after`` on."""
        return await self._all_pages("/sandbox/wire", {"session": session, "after": after})

    async def now_on_wire(self) -> str:
        """The place in the record that :meth:`wire` can start from later."""
        entries = await self.wire()
        return str(entries[-1]["seq"]) if entries else "0"

    async def logins(self, number: str) -> int:
        """How often the session of that number has logged in (its registration is no login)."""
        return len([e for e in await self.wire(number) if e["stanza"] == "login"])

    async def logs_in_again(self, number: str, than: int) -> None:
        async def look() -> bool | None:
            return True if await self.logins(number) > than else None

        await self.until(look, f"{number} logs in again")

    async def complaints(self) -> Json:
        """What clients did wrong in the eyes of the server and the phones."""
        return dict((await self.phones.call("GET", "/sandbox"))["complaints"])

    async def _all_pages(self, path: str, query: dict[str, str]) -> list[Json]:
        items: list[Json] = []
        while True:
            page = await self.phones.call("GET", path, query=query)
            items += page["items"]
            if not page["next"]:
                return items
            query = {**query, "after": page["next"]}

    async def fault(self, **fault: Any) -> Json:
        return await self.phones.call("POST", "/sandbox/faults", fault)

    async def clear_faults(self) -> None:
        await self.phones.call("DELETE", "/sandbox/faults")

    async def until(self, check: Callable[[], Awaitable[T | None]], what: str, patience: float = PATIENCE) -> T:
        """Ask until there is an answer.

        :raises AssertionError: if there is none within ``patience`` seconds, with the gateway's last log lines.
        """
        try:
            async with asyncio.timeout(patience):
                while (found := await check()) is None:
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"never: {what}\n{self.log[-3000:]}") from None


@contextlib.asynccontextmanager
async def open_rig(
    folder: Path, engine: str = "baileys", sink: WebhookSink | None = None, **environment: str
) -> AsyncIterator[Rig]:
    """A sandbox and a gateway, whose every start has ``environment`` in its own."""
    sandbox = await start("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log")
    try:
        async with ApiClient(sandbox.url, "") as phones, sink or WebhookSink() as receiver:
            rig = Rig(folder, sandbox, phones, receiver, engine, environment)
            try:
                await rig.start_gateway()
                yield rig
            finally:
                await rig.close()
    finally:
        await sandbox.stop()


def media(content: bytes, mimetype: str, filename: str) -> Json:
    """A file as the API takes it inside JSON."""
    return {"base64": base64.b64encode(content).decode(), "mimetype": mimetype, "filename": filename}
