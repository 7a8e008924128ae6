"""A fleet to tell stories with: two gateways, three workers, PostgreSQL, Redis and a sandbox, each a program."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.scenarios.rig import Rig
from wagate.cli.client import ApiClient
from wagate.cli.program import Program, start
from wagate.cli.sink import WebhookSink
from wagate.core.seal import KeyRing

TOKEN = "fleet-token-0123456789abcdef"
#: A file store that is away, for stories without files.
NO_FILES = {
    "WAGATE_S3_ENDPOINT": "http://127.0.0.1:9",
    "WAGATE_S3_REGION": "eu-central-1",
    "WAGATE_S3_ACCESS_KEY_ID": "nobody",
    "WAGATE_S3_SECRET_ACCESS_KEY": "nothing",
}
ADMIN_KEY = "admin-key-0123456789abcdefghij"


class Fleet(Rig):
    """A :class:`Rig` whose gateway is several programs; scenarios talk to the first gateway unless they say."""

    def __init__(
        self, folder: Path, sandbox: Program, phones: ApiClient, sink: WebhookSink, environment: Mapping[str, str]
    ) -> None:
        super().__init__(folder, sandbox, phones, sink, "native", environment)
        self.gateways: list[Program] = []
        self.workers: dict[str, Program] = {}
        self.apis: list[ApiClient] = []
        self._born = 0

    async def start_gateway(self) -> None:
        """One more gateway; the first is the one that is talked to."""
        number = len(self.gateways)
        program = await self._start("gateway", f"gateway-{number}", {})
        self.gateways.append(program)
        self.apis.append(await ApiClient(program.url, ADMIN_KEY).__aenter__())
        self.gateway, self._api = self.gateways[0], self.apis[0]

    async def start_worker(self, name: str, **environment: str) -> Program:
        """A worker of that name, which its id begins with."""
        own = {"WAGATE_WORKER_ID": name, "WAGATE_GATEWAY_URL": self.gateways[0].url, **environment}
        self.workers[name] = await self._start("worker", name, own)
        return self.workers[name]

    async def complete(self, count: int = 3) -> None:
        """Start workers until there are ``count``."""
        missing = max(0, count - len(self.workers))
        names = [f"worker-{self._born + number}" for number in range(1, missing + 1)]
        self._born += missing
        await asyncio.gather(*map(self.start_worker, names))
        await self.are_registered()

    async def are_registered(self) -> None:
        async def look() -> bool | None:
            return True if set(self.workers) <= set(await self.loads()) else None

        await self.until(look, f"the gateways know {sorted(self.workers)}")

    async def kill_worker(self, name: str) -> None:
        """SIGKILL."""
        program = self.workers.pop(name)
        program.kill()
        await program.process.wait()

    async def stop_worker(self, name: str) -> int:
        """SIGTERM; the exit code."""
        return await self.workers.pop(name).stop()

    def freeze(self, name: str) -> None:
        """SIGSTOP: the process does nothing, and its connections stay."""
        os.killpg(self.workers[name].process.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.workers[name].process.pid, signal.SIGCONT)

    async def close(self) -> None:
        for name in list(self.workers):
            self.thaw(name)
        await asyncio.gather(*(program.stop() for program in self.workers.values()))
        for api in self.apis:
            await api.__aexit__(None, None, None)
        await asyncio.gather(*(program.stop() for program in self.gateways))
        self.gateway = None

    async def worker_of(self, session: str) -> str:
        """The name of the worker that has a session."""
        return str((await self.session(session))["workerId"]).partition(".")[0]

    async def loads(self) -> dict[str, int]:
        """How many sessions each living worker says that it has."""
        found = await self.api.call("GET", "/api/admin/workers")
        return {
            worker["workerId"].partition(".")[0]: worker["metrics"]["sessionCount"]
            for worker in found["items"]
            if worker["status"] == "online"
        }

    @property
    def log(self) -> str:
        tails = (path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("*.log")))
        return "\n".join(tails)

    async def _start(self, command: str, name: str, own: Mapping[str, str]) -> Program:
        data = self.folder / name
        return await start(
            command,
            ["--port", "0", "--data-dir", str(data)],
            data,
            {
                "WAGATE_SANDBOX_URL": self.sandbox.url,
                "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
                **self.environment,
                **own,
            },
            self.folder / f"{name}.log",
        )


@contextlib.asynccontextmanager
async def open_fleet(
    folder: Path, *, database_url: str, redis_url: str, workers: int = 3, gateways: int = 2, **environment: str
) -> AsyncIterator[Fleet]:
    """A fleet that is ready, on an empty database."""
    common = {
        "WAGATE_DATABASE_URL": database_url,
        "WAGATE_REDIS_URL": redis_url,
        "WAGATE_SECRET_KEYS": KeyRing.generate(os.urandom).to_text(),
        "WAGATE_WORKER_TOKEN": TOKEN,
        "WAGATE_ADMIN_KEY": ADMIN_KEY,
        **NO_FILES,
        **environment,
    }
    sandbox = await start("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log")
    try:
        async with ApiClient(sandbox.url, "") as phones, WebhookSink() as sink:
            fleet = Fleet(folder, sandbox, phones, sink, common)
            try:
                for _ in range(gateways):
                    await fleet.start_gateway()
                await fleet.complete(workers)
                yield fleet
            finally:
                await fleet.close()
    finally:
        await sandbox.stop()
