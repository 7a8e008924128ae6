"""A sandbox, a gateway and a webhook receiver, each a program or server of its own, driven over HTTP alone."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from wagate.cli.client import ApiClient
from wagate.cli.program import Program, start
from wagate.cli.sink import WebhookSink

Json = dict[str, Any]
T = TypeVar("T")

#: Generous for two busy cores; what does not happen within it, does not happen.
PATIENCE = 30.0


class Rig:
    """What a scenario talks to. Made by :func:`open_rig`."""

    def __init__(self, folder: Path, sandbox: Program, phones: ApiClient, sink: WebhookSink, engine: str) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.phones = phones
        self.sink = sink
        self.engine = engine
        self.gateway: Program | None = None
        self._api: ApiClient | None = None
        self._log_start = 0

    # -- the gateway as a program

    async def start_gateway(self, **environment: str) -> None:
        log = self.folder / "gateway.log"
        self._log_start = log.stat().st_size if log.exists() else 0
        self.gateway = await start(
            "up",
            ["--port", "0", "--data-dir", str(self.folder / "data"), "--engine", self.engine],
            self.folder / "data",
            {
                "WAGATE_SANDBOX_URL": self.sandbox.url,
                "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
                **environment,
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

    async def inbox(self, number: str) -> list[Json]:
        """What the phone shows, oldest first."""
        return list((await self.phones.call("GET", f"/sandbox/phones/{number}/messages"))["items"])

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
        return str((await self.api.call("POST", "/api/sessions", {"name": name}))["id"])

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

    async def events(self, *types: str) -> list[Json]:
        """The whole event log, oldest first."""
        found: list[Json] = []
        query = {"limit": "200", **({"types": ",".join(types)} if types else {})}
        while True:
            page = await self.api.call("GET", "/api/events", query=query)
            found += page["items"]
            if not page["next"]:
                return found
            query["after"] = page["next"]

    async def subscribe(self) -> None:
        """Point a webhook endpoint at the sink."""
        made = await self.api.call("POST", "/api/webhooks/endpoints", {"url": self.sink.url, "enabled": True})
        self.sink.secret = made["secret"]

    async def told(self, kind: str, wa_id: str) -> Json:
        """Wait until the webhook receiver has that event about that message."""

        async def look() -> Json | None:
            events = self.sink.events
            return next((e for e in events if e["type"] == kind and e["data"].get("waId") == wa_id), None)

        return await self.until(look, f"webhook {kind} about {wa_id}")

    # -- the sandbox's own record

    async def wire(self, **query: str) -> list[Json]:
        entries: list[Json] = []
        after = "0"
        while True:
            page = await self.phones.call("GET", "/sandbox/wire", query={**query, "after": after})
            entries += page["items"]
            if not page["next"]:
                return entries
            after = page["next"]

    async def fault(self, **fault: Any) -> Json:
        return await self.phones.call("POST", "/sandbox/faults", fault)

    async def clear_faults(self) -> None:
        await self.phones.call("DELETE", "/sandbox/faults")

    async def until(self, check: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Ask until there is an answer.

        :raises AssertionError: if there is none within :data:`PATIENCE`, with the gateway's last log lines.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := await check()) is None:
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"never: {what}\n{self.log[-3000:]}") from None


@contextlib.asynccontextmanager
async def open_rig(folder: Path, engine: str = "baileys") -> AsyncIterator[Rig]:
    sandbox = await start("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log")
    try:
        async with ApiClient(sandbox.url, "") as phones, WebhookSink() as sink:
            rig = Rig(folder, sandbox, phones, sink, engine)
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
