"""Everywhere that a fleet writes: PostgreSQL, Redis and what goes over it, buckets, logs, folders."""

import asyncio
import secrets
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis
from sqlalchemy import create_engine, text

from tests.chaos.fleet import ChaosFleet
from tests.chaos.stores import BUCKETS
from tests.probes.search import files_in, tables_of

_CHUNK = 65536
_LOOK_SECONDS = 0.01
#: Redis passes a word on at once; a machine that is busy with other things takes longer.
_PATIENCE = 30.0


class Overheard:
    """What goes over Redis while it is entered: each command, as it tells those who watch, and each publication."""

    def __init__(self, socket: str, password: str) -> None:
        self._socket = socket
        self._password = password
        self._login = f"AUTH {password}\r\n".encode()
        self._heard: dict[str, bytearray] = {"commands": bytearray(), "publications": bytearray()}
        self._listening: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for name, command in (("commands", b"MONITOR\r\n"), ("publications", b"PSUBSCRIBE *\r\n")):
            reader, writer = await asyncio.open_unix_connection(self._socket)
            writer.write(self._login + command)
            assert await reader.readline() == b"+OK\r\n"
            self._heard[name] += await reader.readline()
            self._listening.append(asyncio.create_task(self._listen(name, reader, writer)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def caught_up(self) -> None:
        """Return when all that was said so far is heard: a word said now comes after it."""
        word = secrets.token_hex(16)
        with Redis(unix_socket_path=self._socket, password=self._password) as client:
            client.publish("caught up", word)
        async with asyncio.timeout(_PATIENCE):
            while not all(word.encode() in heard for heard in self._heard.values()):
                await asyncio.sleep(_LOOK_SECONDS)

    @property
    def places(self) -> dict[str, bytes]:
        return {f"redis {name}": bytes(heard) for name, heard in self._heard.items()}

    async def _listen(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                self._heard[name] += data
        finally:
            writer.close()


def redis_of(fleet: ChaosFleet, password: str) -> dict[str, bytes]:
    """Every key with its value, whatever kind it is."""
    with Redis(unix_socket_path=_socket(fleet), password=password) as client:
        return {f"redis {key.decode(errors='replace')}": key + b" " + _value(client, key) for key in client.scan_iter()}


def postgres_of(fleet: ChaosFleet) -> dict[str, bytes]:
    """Every row of every table, and every file of the server: rows that were deleted are still in those."""
    engine = create_engine(fleet.postgres.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
    engine.dispose()
    return tables_of(fleet.postgres.url) | files_in("postgres", fleet.postgres.folder)


def buckets_of(fleet: ChaosFleet) -> dict[str, bytes]:
    """Every object of every bucket, with its name."""
    return {
        f"bucket {bucket}/{key}": key.encode() + b" " + content
        for bucket in BUCKETS
        for key, content in fleet.objects.contents(bucket).items()
    }


async def logs_of(fleet: ChaosFleet) -> dict[str, bytes]:
    """What every process that has ended wrote to its outputs, wire logs, and what the stores log of who asks them."""
    places = {f"log {path.name}": path.read_bytes() for path in fleet.folder.glob("*.log")}
    places["log objects.access"] = (fleet.folder / "objects.access").read_bytes()
    for process in fleet.processes.values():
        programs = [*process.former, *([process.program] if process.program else [])]
        for number, program in enumerate(programs):
            assert program.process.returncode is not None, f"{process.name} runs"
            assert program.process.stdout is not None
            rest = await program.process.stdout.read()
            places[f"log {process.name}.stdout.{number}"] = program.printed + rest
    places |= files_in("log wire", fleet.folder / "wire")
    return places


def folders_of(fleet: ChaosFleet) -> dict[str, bytes]:
    """The data folders of all processes."""
    return {
        name: content
        for process in fleet.processes
        for name, content in files_in(f"folder {process}", fleet.folder / process).items()
    }


def command_lines_of(fleet: ChaosFleet) -> dict[str, bytes]:
    """How each process that runs was called, which every user of its machine can see."""
    return {
        f"command {process.name}": Path(f"/proc/{process.pid}/cmdline").read_bytes()
        for process in fleet.processes.values()
        if process.runs
    }


def _socket(fleet: ChaosFleet) -> str:
    return fleet.valkey.url.removeprefix("unix://")


def _value(client: "Redis[bytes]", key: bytes) -> bytes:
    match client.type(key):
        case b"string":
            found: Any = client.get(key)
        case b"hash":
            found = client.hgetall(key).items()
        case b"list":
            found = client.lrange(key, 0, -1)
        case b"set":
            found = client.smembers(key)
        case b"zset":
            found = client.zrange(key, 0, -1)
        case b"stream":
            found = [pair for _, fields in client.xrange(key) for pair in fields.items()]
        case kind:
            raise AssertionError(f"{key!r} is a {kind!r}, which nobody looks into")
    return b" ".join(_flat(found))


def _flat(value: Any) -> Iterable[bytes]:
    if isinstance(value, bytes):
        yield value
    elif value is not None:
        for part in value:
            yield from _flat(part)
