"""wagate in the shapes it can be run in, one after the other over the same sessions: one process on SQLite or
PostgreSQL, or gateways and workers beside each other. PostgreSQL and Valkey come from their wheels and are as durable
as they are for customers.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path

from bench.load import in_window
from bench.measures import CUSTOMER
from bench.rig import Rig, link_by_api
from tests.servers import Postgres, Valkey, new_database
from wagate.cli.client import ApiClient
from wagate.cli.program import Program, start
from wagate.core.seal import KeyRing

_ADMIN_KEY = "bench-key-0123456789abcdefghij"
_TOKEN = "bench-token-0123456789abcdefgh"  # noqa: S105 - of a fleet that lives for minutes on one machine
_LINKS_AT_A_TIME = 8
#: Each has 100 connections, which makes the window of P4, with any number of gateways up to this.
_CLIENTS = 2
#: How often it is asked how many sessions are online.
_ASK_SECONDS = 0.02
#: All sessions that come back later than this never do.
_PATIENCE = 300.0

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which programs there are; without workers, `wagate up`."""

    name: str
    gateways: int = 1
    workers: int = 0


@dataclass(slots=True)
class Installation:
    """One wagate with its data, whose programs come and go.

    ``servers`` are the processes that outlive them, by what they are.
    """

    rig: Rig
    environment: Mapping[str, str]
    servers: Mapping[str, int] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    ups: list[Program] = field(default_factory=list)
    gateways: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    apis: list[ApiClient] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(4915113000000))
    _born: "count[int]" = field(default_factory=count)

    async def become(self, shape: Shape) -> None:
        """Run as that shape, all of whose programs but gateways begin anew, and wait until all sessions are online."""
        if shape.workers == 0:
            await self.stop()
            self.ups.append(await self._start("up"))
            await self._call(self.ups)
        else:
            if self.ups:
                await self.stop()
            while len(self.gateways) < shape.gateways:
                self.gateways.append(await self._start("gateway"))
            await self._call(self.gateways[: shape.gateways])
            while len(self.gateways) > shape.gateways:
                await self.gateways.pop().stop()
            former = self.workers
            self.workers = await self.start_workers(shape.workers)
            # Killed, they lose their sessions to the new ones evenly and at once. Asked to end, they would hand them
            # over one by one.
            await kill(*former)
            await self.some_offline(former)
        await self.all_online()

    async def start_workers(self, number: int) -> list[Program]:
        """Workers that the fleet knows and that host nothing yet."""
        gateway = {"WAGATE_GATEWAY_URL": self.gateways[0].url, "WAGATE_MAX_SESSIONS": "10000"}
        born = await asyncio.gather(*(self._start("worker", **gateway) for _ in range(number)))
        endpoints = {worker.url for worker in born}
        async with asyncio.timeout(_PATIENCE):
            while not endpoints <= {worker["endpoint"] for worker in await self._online_workers()}:
                await asyncio.sleep(_ASK_SECONDS)
        return list(born)

    async def link_up_to(self, wanted: int, tick: Tick) -> None:
        """Link sessions until there are ``wanted``, each with a chat that has begun."""
        await self.rig.phone(CUSTOMER)

        async def one(place: int) -> None:
            session = await link_by_api(
                self._api(place), self.rig.phones, await self.rig.phone(str(next(self._numbers)))
            )
            await self.send(place, session, "first")
            self.sessions.append(session)
            tick()

        await in_window(_LINKS_AT_A_TIME, wanted - len(self.sessions), one)

    async def send(self, turn: int, session: str, text: str) -> None:
        """Send and wait until WhatsApp's server has acknowledged it; gateways take turns."""
        body = {"to": f"+{CUSTOMER}", "text": text}
        answer = await self._api(turn).call("POST", f"/api/sessions/{session}/send", body, query={"wait": "60"})
        if answer["status"] not in ("sent", "delivered", "read"):
            raise RuntimeError(f"a message was not acknowledged within a minute: {answer['status']}")

    async def online(self) -> int:
        """How many sessions are, as WhatsApp's server sees it."""
        return int((await self.rig.phones.call("GET", "/sandbox"))["devicesOnline"])

    async def all_online(self) -> None:
        """Return once all sessions are."""
        async with asyncio.timeout(_PATIENCE):
            while await self.online() < len(self.sessions):
                await asyncio.sleep(_ASK_SECONDS)

    async def some_offline(self, killed: Sequence[Program]) -> None:
        """Return once WhatsApp's server has noticed that these workers are gone."""
        async with asyncio.timeout(_PATIENCE):
            while killed and self.sessions and await self.online() == len(self.sessions):
                await asyncio.sleep(_ASK_SECONDS)

    def processes(self) -> dict[str, list[int]]:
        """What runs, by what it is; without descendants."""
        ours = {"up": self.ups, "gateway": self.gateways, "worker": self.workers}
        programs = {kind: [program.process.pid for program in some] for kind, some in ours.items() if some}
        return programs | {kind: [pid] for kind, pid in {**self.servers, "sandbox": self.rig.pid}.items()}

    async def stop(self) -> None:
        """End all programs; the data stay."""
        await self._call(())
        await kill(*self.workers)
        await asyncio.gather(*(program.stop() for program in (*self.ups, *self.gateways)))
        for some in (self.ups, self.gateways, self.workers):
            some.clear()

    def _api(self, turn: int) -> ApiClient:
        return self.apis[turn % len(self.apis)]

    async def _call(self, programs: Sequence[Program]) -> None:
        """Have calls go to these in turns, and no longer to others."""
        for api in self.apis:
            await api.__aexit__(None, None, None)
        turns = islice(cycle(programs), _CLIENTS)
        self.apis = [await ApiClient(program.url, _ADMIN_KEY).__aenter__() for program in turns]

    async def _online_workers(self) -> list[Mapping[str, str]]:
        found = (await self.apis[0].call("GET", "/api/admin/workers"))["items"]
        return [worker for worker in found if worker["status"] == "online"]

    async def _start(self, command: str, **environment: str) -> Program:
        name = f"{command}-{next(self._born)}" if command != "up" else "data"
        data = self.rig.folder / name
        arguments = ["--port", "0", "--data-dir", str(data)]
        if command == "up":
            arguments += ["--engine", "native"]
        return await start(
            command, arguments, data, {**self.environment, **environment}, self.rig.folder / f"{name}.log"
        )


async def kill(*programs: Program) -> None:
    """SIGKILL."""
    for program in programs:
        program.kill()
    await asyncio.gather(*(program.process.wait() for program in programs))


@contextlib.asynccontextmanager
async def on_sqlite(rig: Rig) -> AsyncIterator[Installation]:
    """One that keeps its data in a file, as it comes."""
    installation = Installation(rig, _common(rig))
    try:
        yield installation
    finally:
        await installation.stop()


@contextlib.asynccontextmanager
async def on_servers(rig: Rig) -> AsyncIterator[Installation]:
    """One on a PostgreSQL and a Valkey of its own."""
    with Postgres(Path(rig.folder).parent, max_wal_size="4GB") as postgres, Valkey() as valkey:
        postgres.start()
        valkey.start()
        environment = {
            **_common(rig),
            "WAGATE_DATABASE_URL": new_database(postgres.url, "bench"),
            "WAGATE_REDIS_URL": valkey.url,
            # Nobody sends files here.
            "WAGATE_S3_ENDPOINT": "http://127.0.0.1:9",
            "WAGATE_SECRET_KEYS": KeyRing.generate(os.urandom).to_text(),
            "WAGATE_WORKER_TOKEN": _TOKEN,
        }
        installation = Installation(rig, environment, {"PostgreSQL": postgres.pid, "Valkey": valkey.pid})
        try:
            yield installation
        finally:
            await installation.stop()


def _common(rig: Rig) -> dict[str, str]:
    return {
        "WAGATE_ADMIN_KEY": _ADMIN_KEY,
        "WAGATE_SANDBOX_URL": rig.phones.url,
        "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "WAGATE_LOG_LEVEL": "warning",
    }
