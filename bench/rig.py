"""What is measured: a wagate, the peer, or the native engine alone; linked to a sandbox, each a process of its own."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bench.processes import busy_seconds, cpu_seconds, node, tree
from bench.profile import Profiler
from wagate.cli.client import ApiClient
from wagate.cli.program import running

PEER_FOLDER = Path(__file__).parent / "peer"
#: How often it is asked whether a link is there. Asking more often would cost more than linking.
_ASK_SECONDS = 0.1


class Gateway(Protocol):
    """What both sides can do, as a customer sees it."""

    pid: int

    async def link(self, number: str) -> str:
        """A new session linked to that phone; the handle for the other calls."""
        ...

    async def delete(self, session: str) -> None:
        """End the session and forget it."""
        ...

    async def send(self, session: str, to: str, text: str, wait: bool) -> None:
        """Send a text; with ``wait``, return when WhatsApp's server has acknowledged it."""
        ...

    async def post_to(self, url: str) -> None:
        """Have every message that arrives posted to ``url``."""
        ...

    def processes(self) -> dict[str, int]:
        """Its processes by what they are."""
        ...


@dataclass(slots=True)
class Wagate:
    pid: int
    api: ApiClient
    phones: ApiClient

    async def link(self, number: str) -> str:
        return await link_by_api(self.api, self.phones, number)

    async def delete(self, session: str) -> None:
        await self.api.call("DELETE", f"/api/sessions/{session}")

    async def send(self, session: str, to: str, text: str, wait: bool) -> None:
        query = {"wait": "60" if wait else "0"}
        await self.api.call("POST", f"/api/sessions/{session}/send", {"to": f"+{to}", "text": text}, query=query)

    async def post_to(self, url: str) -> None:
        await self.api.call(
            "POST", "/api/webhooks/endpoints", {"url": url, "events": ["message.received"], "enabled": True}
        )

    def processes(self) -> dict[str, int]:
        return dict(zip(("gateway", "bridge"), tree(self.pid), strict=False))


async def link_by_api(api: ApiClient, phones: ApiClient, number: str) -> str:
    """Link a new session of a wagate to that phone; its id."""
    session = str((await api.call("POST", "/api/sessions", {"name": number}))["id"])
    await api.call("POST", f"/api/sessions/{session}/connect")
    code = await api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    await phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": code["qrString"]})
    while (await api.call("GET", f"/api/sessions/{session}"))["status"] != "connected":
        await asyncio.sleep(_ASK_SECONDS)
    return session


@dataclass(slots=True)
class Peer:
    """Bare Baileys, or the native engine alone."""

    pid: int
    api: ApiClient
    phones: ApiClient

    async def link(self, number: str) -> str:
        await self.api.call("POST", f"/sessions/{number}")
        while not (state := await self.api.call("GET", f"/sessions/{number}")).get("qr"):
            await asyncio.sleep(_ASK_SECONDS)
        await self.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": state["qr"]})
        while not (await self.api.call("GET", f"/sessions/{number}")).get("open"):
            await asyncio.sleep(_ASK_SECONDS)
        return number

    async def delete(self, session: str) -> None:
        await self.api.call("DELETE", f"/sessions/{session}")

    async def send(self, session: str, to: str, text: str, wait: bool) -> None:
        query = {"wait": "1" if wait else "0"}
        await self.api.call("POST", f"/sessions/{session}/send", {"to": to, "text": text}, query=query)

    async def post_to(self, url: str) -> None:
        await self.api.call("POST", "/hook", {"url": url})

    def processes(self) -> dict[str, int]:
        return {"peer": self.pid}


@dataclass(slots=True)
class Rig:
    """A sandbox, in a process of its own, and a folder for what is started beside it."""

    folder: Path
    pid: int
    phones: ApiClient
    facts: Mapping[str, Any]
    #: Looks on while a measurement's clock runs.
    profiler: Profiler | None = None

    async def phone(self, number: str) -> str:
        await self.phones.call("POST", "/sandbox/phones", {"number": number, "name": number})
        return number

    async def left_at(self, number: str) -> dict[str, float]:
        """When each message for that number's devices left the server, by its WhatsApp id."""
        found: dict[str, float] = {}
        after = ""
        while True:
            query = {"session": number, "after": after, "limit": "10000"}
            page = await self.phones.call("GET", "/sandbox/wire", query=query)
            for entry in page["items"]:
                if entry["stanza"] == "message" and entry["direction"] == "out":
                    found.setdefault(entry["id"], _seconds(entry["at"]))
            after = page["next"]
            if not after:
                return found


#: How one side is started beside a sandbox.
Side = Callable[[Rig], AbstractAsyncContextManager[Gateway]]


@contextlib.asynccontextmanager
async def open_rig() -> AsyncIterator[Rig]:
    """A fresh sandbox: nothing of another side's load is in its memory."""
    with tempfile.TemporaryDirectory(prefix="wagate-bench-") as name:
        folder = Path(name)
        async with (
            running("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log") as sandbox,
            ApiClient(sandbox.url, "") as phones,
        ):
            yield Rig(folder, sandbox.process.pid, phones, await phones.call("GET", "/sandbox"))


@contextlib.asynccontextmanager
async def wagate(engine: str, rig: Rig) -> AsyncIterator[Gateway]:
    data = rig.folder / "data"
    settings = {
        "WAGATE_SANDBOX_URL": rig.phones.url,
        "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "WAGATE_LOG_LEVEL": "warning",
    }
    arguments = ["--port", "0", "--data-dir", str(data), "--engine", engine]
    async with (
        running("up", arguments, data, settings, rig.folder / "wagate.log") as program,
        ApiClient(program.url, program.admin_key) as api,
    ):
        yield Wagate(program.process.pid, api, rig.phones)


@contextlib.asynccontextmanager
async def small_program(command: Sequence[str], folder: Path, rig: Rig) -> AsyncIterator[Gateway]:
    """Something that speaks the peer's HTTP, run in ``folder``."""
    authority = rig.folder / "media-ca.pem"
    authority.write_text(rig.facts["mediaCaPem"])
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            **os.environ,
            "WA_URL": rig.facts["webSocketUrl"],
            "WA_ROOT": rig.facts["rootPublicKey"],
            "WA_CA": str(authority),
            "NODE_EXTRA_CA_CERTS": str(authority),
        },
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().split()[1]
        async with ApiClient(url, "") as api:
            yield Peer(process.pid, api, rig.phones)
    finally:
        process.kill()
        await process.wait()


BAILEYS, NATIVE = "wagate, Baileys engine", "wagate, native engine"
PEER, BARE = "bare Baileys", "bare native engine"
SIDES: Mapping[str, Side] = {
    BAILEYS: partial(wagate, "baileys"),
    NATIVE: partial(wagate, "native"),
    PEER: partial(small_program, (node(), "peer.mjs"), PEER_FOLDER),
    BARE: partial(small_program, (sys.executable, "-m", "bench.native"), PEER_FOLDER.parent.parent),
}


class CpuMeter:
    """Processor time: of each process for one message in ms, and of programs that don't belong here in % of the
    machine."""

    def __init__(self, rig: Rig, gateway: Gateway) -> None:
        self._processes = {**gateway.processes(), "sandbox": rig.pid}
        self._profiler = rig.profiler
        if self._profiler is not None:
            self._profiler.begin(gateway.pid)
        self._before = {name: cpu_seconds(pid) for name, pid in self._processes.items()}
        self._own = time.process_time()
        self._busy = busy_seconds()
        self._started = time.perf_counter()

    def per_message(self, count: int) -> dict[str, float]:
        spent = {name: cpu_seconds(pid) - self._before[name] for name, pid in self._processes.items()}
        spent["load"] = time.process_time() - self._own
        available = (time.perf_counter() - self._started) * (os.cpu_count() or 1)
        if self._profiler is not None:
            self._profiler.end()
        others = max(0.0, busy_seconds() - self._busy - sum(spent.values()))
        return {name: seconds * 1000 / count for name, seconds in spent.items()} | {"others": others / available * 100}


def install_peer() -> None:
    """The peer's own packages, from its lock file; nothing to do if they are there."""
    if (PEER_FOLDER / "node_modules" / "express").exists():
        return
    wheel = Path(node()).parent.parent
    npm = [node(), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=PEER_FOLDER,
        env={**os.environ, "PATH": path},
        check=True,
    )


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
