"""Where a message's time goes: the stacks of a side's Python process, sampled from outside while a measurement runs.

A sample belongs to the layer of its innermost frame that has one, so that a library's time is its caller's unless the
library is a layer of its own. Shares of samples become milliseconds by the processor time that was measured meanwhile.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

#: Stacks a second; enough for a few thousand in one measurement, and little enough not to slow it down.
_RATE = 200

#: By the file of a frame, the first that fits.
LAYERS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(files)
        for name, files in (
            ("webhook's HTTP client", r"aiohttp/client|aiohttp/connector|wagate/web/egress"),
            (
                "HTTP server, routes, keys",
                r"uvicorn/|starlette/|fastapi/|pydantic/|aiohttp/|wagate/(web|gateway|accounts)/",
            ),
            ("SQL", r"sqlalchemy/|sqlite3/"),
            ("database thread and hand-overs", r"wagate/storage/|concurrent/futures/"),
            (
                "cryptography",
                r"cryptography/|hmac\.py|wagate/core/seal|wagate/wire/(ratchet|signal|senderkeys|ciphertext|keys|cbc|noise|certs)",
            ),
            ("stanzas and frames", r"wagate/wire/"),
            ("WebSocket", r"websockets/"),
            ("engine", r"wagate/engine/"),
            ("messages", r"wagate/messages/|wagate/media/"),
            ("events and webhooks", r"wagate/(events|webhooks|realtime)/"),
            ("sessions and worker", r"wagate/(worker|sessions)/"),
        )
    }
)
#: Sockets, timers and callbacks in uvloop, which has no Python frames, and waiting for the interpreter's lock there.
LOOP = "event loop"
OTHER = "other"
#: A thread that waits for the disk to have written is not asleep to the sampler, but uses no processor.
_NOT_WORK = re.compile(r"do_commit|_next_group|^_worker \(concurrent|^wait \(threading")


class Profiler:
    """Watches one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "stacks"
        self._program: subprocess.Popen[bytes] | None = None
        #: The share of each layer once it has ended.
        self.shares: Mapping[str, float] = {}

    def begin(self, pid: int) -> None:
        """Watch from now on."""
        program = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy"
        what = ("--pid", str(pid), "--rate", str(_RATE), "--duration", "3600", "--nonblocking")
        self._program = subprocess.Popen(
            [program, "record", *what, "--format", "raw", "--output", str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        """Read what was seen.

        :raises RuntimeError: if the system does not let processes be watched.
        """
        assert self._program is not None
        self._program.send_signal(signal.SIGINT)
        if self._program.wait(timeout=60) or not self._file.exists():
            raise RuntimeError("py-spy may not watch the process here; run as root, or allow ptrace")
        self.shares = shares(self._file.read_text().splitlines())


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """The share of each layer in stacks as py-spy writes them: frames from the outside in, and how often."""
    found: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        layer = layer_of(frames.split(";"))
        if layer is not None:
            found[layer] += int(count)
    total = sum(found.values())
    return {layer: count / total for layer, count in found.items()}


def layer_of(frames: list[str]) -> str | None:
    """The layer that a stack belongs to; ``None`` if it does not work."""
    if _NOT_WORK.search(frames[-1]):
        return None
    if frames[-1].startswith("run (asyncio/runners") or "uvloop" in frames[-1]:
        return LOOP
    for frame in reversed(frames):
        for name, files in LAYERS.items():
            if files.search(frame):
                return name
    return LOOP if any("asyncio" in frame for frame in frames) else OTHER
