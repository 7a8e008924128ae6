"""A fleet whose every process has relays to its servers, an order to crash, and a clock of its own."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.balancer import Balancer
from tests.chaos.relay import Relay, to_port, to_socket
from tests.chaos.stores import Objects, Postgres
from tests.scenarios.fleet import ADMIN_KEY, TOKEN
from tests.scenarios.rig import Json, Rig
from tests.servers import Valkey
from wagate.cli.client import ApiClient, ApiFailure
from wagate.cli.program import Program, start
from wagate.cli.sink import WebhookSink
from wagate.core.errors import StartupError
from wagate.core.seal import KeyRing

GATEWAYS = ("gateway-1", "gateway-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
#: Of a traceback the end says what failed.
_BUG_LENGTH = 3_000
_NEXT_LINE = re.compile(r"^\d{4}-\d\d-\d\d", re.MULTILINE)
#: Seven programs start on a machine that may have two busy cores.
START_SECONDS = 90.0


@dataclass(slots=True)
class Ways:
    """The ways of one process to its servers."""

    postgres: Relay
    redis: Relay
    s3: Relay

    @property
    def all(self) -> tuple[Relay, Relay, Relay]:
        return self.postgres, self.redis, self.s3


@dataclass(slots=True)
class Process:
    """One gateway or worker, through all its lives."""

    name: str
    command: str
    ways: Ways
    order: Path
    clock: Path
    program: Program | None = None
    #: Programs that were asked to end and may still run.
    former: list[Program] = field(default_factory=list)

    @property
    def pid(self) -> int:
        assert self.program is not None, f"{self.name} does not run"
        return self.program.process.pid

    @property
    def runs(self) -> bool:
        return self.program is not None and self.program.process.returncode is None


class ChaosFleet(Rig):
    """Two gateways behind a balancer, three workers, PostgreSQL, Valkey, S3 and a sandbox."""

    def __init__(
        self,
        folder: Path,
        sandbox: Program,
        phones: ApiClient,
        sink: WebhookSink,
        environment: Mapping[str, str],
        *,
        postgres: Postgres,
        valkey: Valkey,
        objects: Objects,
        balancer: Balancer,
        password: str = "",
    ) -> None:
        super().__init__(folder, sandbox, phones, sink, "native", environment)
        self.postgres = postgres
        self.valkey = valkey
        self.objects = objects
        self.balancer = balancer
        self._password = password
        self.processes: dict[str, Process] = {}

    # -- processes

    async def prepare(self, name: str, command: str) -> Process:
        """Know a process, and give it its relays."""
        ways = Ways(
            postgres=Relay(to_socket(str(self.postgres.socket))),
            redis=Relay(to_socket(self.valkey.url.removeprefix("unix://"))),
            s3=Relay(to_port("127.0.0.1", self.objects.port)),
        )
        for relay in ways.all:
            await relay.start()
        order, clock = self.folder / f"{name}.order", self.folder / f"{name}.clock"
        self.processes[name] = Process(name, command, ways, order, clock)
        return self.processes[name]

    async def run(self, name: str, **environment: str) -> Program:
        """Start a process, again if it ran before, and have the balancer know it if it is a gateway of the fleet."""
        process = self.processes[name]
        data = self.folder / name
        own = {"WAGATE_WORKER_ID": name, "WAGATE_GATEWAY_URL": self.balancer.url} if process.command == "worker" else {}
        login = f":{self._password}@" if self._password else ""
        if process.program is not None:
            process.former.append(process.program)
            process.program = None
        process.program = await start(
            process.command,
            ["--port", "0", "--data-dir", str(data)],
            data,
            {
                **self.environment,
                "WAGATE_DATABASE_URL": self.postgres.url_at(process.ways.postgres.port, self._password),
                "WAGATE_REDIS_URL": f"redis://{login}127.0.0.1:{process.ways.redis.port}",
                "WAGATE_S3_ENDPOINT": f"http://127.0.0.1:{process.ways.s3.port}",
                "WAGATE_CRASH_AT": f"@{process.order}",
                "WAGATE_CLOCK_AHEAD": f"@{process.clock}",
                **own,
                **environment,
            },
            self.folder / f"{name}.log",
            patience=START_SECONDS,
        )
        if name in GATEWAYS:
            self.balancer.put(name, process.program.url)
        return process.program

    async def run_surely(self, name: str) -> None:
        """As :meth:`run`, again and again, as whatever supervises processes does: its database may be away."""
        while True:
            try:
                await self.run(name)
                return
            except StartupError:
                await asyncio.sleep(0.5)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        program = self.processes[name].program
        assert program is not None
        program.kill()

    async def gone(self, name: str) -> None:
        """Wait until a process has ended, by whatever hand."""
        program = self.processes[name].program
        assert program is not None
        await program.process.wait()

    def ask_to_end(self, name: str) -> None:
        """SIGTERM."""
        os.kill(self.processes[name].pid, signal.SIGTERM)

    def freeze(self, name: str) -> None:
        """SIGSTOP: the process does nothing, and its connections stay."""
        os.killpg(self.processes[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, signal.SIGCONT)

    def crash_at(self, name: str, point: str) -> None:
        """Have a process end itself the next time that it gets to a point."""
        order = self.processes[name].order
        unfinished = order.with_suffix(".new")
        unfinished.write_text(point)
        unfinished.rename(order)

    def set_clock(self, name: str, ahead: float) -> None:
        """Have a process take it to be that many seconds later than it is."""
        unfinished = self.processes[name].clock.with_suffix(".new-clock")
        unfinished.write_text(str(ahead))
        unfinished.rename(self.processes[name].clock)

    def of(self, command: str) -> list[str]:
        """The names of the fleet's gateways or workers."""
        return list(GATEWAYS if command == "gateway" else WORKERS)

    def ways(self, which: str, *names: str) -> list[Relay]:
        """The ways to ``postgres``, ``redis`` or ``s3``: of the processes of these names, or of all."""
        chosen = names or tuple(self.processes)
        return [getattr(self.processes[name].ways, which) for name in chosen]

    # -- what is seen of it

    async def workers_online(self) -> dict[str, int]:
        """How many sessions each living worker says that it has, by name."""
        found = await self.api.call("GET", "/api/admin/workers")
        return {
            str(worker["workerId"]).partition(".")[0]: int(worker["metrics"]["sessionCount"])
            for worker in found["items"]
            if worker["status"] == "online"
        }

    async def worker_of(self, session: str, api: ApiClient) -> str:
        """The name of the worker that has a session of the tenant that ``api`` is for."""
        found: Json = await api.call("GET", f"/api/sessions/{session}")
        return str(found["workerId"]).partition(".")[0]

    async def is_whole(self) -> bool | None:
        """Whether all gateways are ready and all workers registered."""
        if self.balancer.ready != frozenset(GATEWAYS):
            return None
        try:
            online = await self.workers_online()
        except ApiFailure:
            return None
        return True if set(WORKERS) & set(self.processes) <= set(online) else None

    @property
    def log(self) -> str:
        tails = (f"-- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in self._logs())
        return "\n".join(tails)

    def bugs(self) -> list[str]:
        """Where programs answered 500, each with the traceback that follows: no fault excuses one."""
        found = []
        for path in self._logs():
            _, *pieces = path.read_text(errors="replace").split("code=internal_error")
            tracebacks = (_NEXT_LINE.split(piece, maxsplit=1)[0] for piece in pieces)
            found += [f"{path.name}: {traceback[-_BUG_LENGTH:]}" for traceback in tracebacks]
        return found

    def _logs(self) -> list[Path]:
        return sorted(self.folder.glob("*.log"))

    async def open(self, workers: Sequence[str]) -> None:
        for name in GATEWAYS:
            await self.prepare(name, "gateway")
        for name in workers:
            await self.prepare(name, "worker")
        # The first makes the tables; the others need not queue for that.
        await self.run(GATEWAYS[0])
        self._api = await ApiClient(self.balancer.url, ADMIN_KEY).__aenter__()
        await asyncio.gather(*(self.run(name) for name in (*GATEWAYS[1:], *workers)))
        await self.until(self.is_whole, "the fleet is whole", START_SECONDS)

    async def close(self) -> None:
        for process in self.processes.values():
            for program in (*process.former, process.program):
                if program is not None and program.process.returncode is None:
                    program.kill()
                    await program.process.wait()
            for relay in process.ways.all:
                await relay.stop()
        if self._api is not None:
            await self._api.__aexit__(None, None, None)


@contextlib.asynccontextmanager
async def open_fleet(
    folder: Path, *, workers: Sequence[str] = WORKERS, password: str = "", **environment: str
) -> AsyncIterator[ChaosFleet]:
    """Everything of it, running; all of it ends with the block. PostgreSQL and Redis are told ``password``, if any."""
    async with contextlib.AsyncExitStack() as stack:
        valkey = stack.enter_context(Valkey(password))
        valkey.start()
        postgres = await stack.enter_async_context(Postgres())
        objects = await stack.enter_async_context(Objects(folder / "objects.access"))
        balancer = await stack.enter_async_context(Balancer())
        sandbox = await start("sandbox", ["--port", "0"], folder, {}, folder / "sandbox.log", patience=START_SECONDS)
        stack.push_async_callback(sandbox.stop)
        phones = await stack.enter_async_context(ApiClient(sandbox.url, ""))
        sink = await stack.enter_async_context(WebhookSink())
        common = {
            "WAGATE_SANDBOX_URL": sandbox.url,
            "WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "WAGATE_SECRET_KEYS": KeyRing.generate(os.urandom).to_text(),
            "WAGATE_WORKER_TOKEN": TOKEN,
            "WAGATE_ADMIN_KEY": ADMIN_KEY,
            "WAGATE_TEST_FAULTS": "1",
            **objects.environment,
            **environment,
        }
        fleet = ChaosFleet(
            folder,
            sandbox,
            phones,
            sink,
            common,
            postgres=postgres,
            valkey=valkey,
            objects=objects,
            balancer=balancer,
            password=password,
        )
        stack.push_async_callback(fleet.close)
        await fleet.open(workers)
        yield fleet
