"""bench/CHAOS.md: each command writes its own part and leaves the others."""

import os
import platform
import re
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "bench" / "CHAOS.md"
_HEAD = (
    "# Chaos\n\n"
    "Written by `make chaos`; each part by the command that stands in it. The fleet is two gateways, three workers,\n"
    "PostgreSQL with fsync, Valkey, an S3 stand-in and the sandbox on one machine, so times are upper bounds of what\n"
    "machines of their own would show. What is checked and how: `tests/chaos/evidence.py`.\n"
)
_PART = re.compile(r"<!-- (\S+) -->\n(.*?)(?=\n<!-- \S+ -->|\Z)", re.S)


def write(name: str, content: str) -> None:
    """Replace one part."""
    parts = dict(_PART.findall(RESULTS.read_text())) if RESULTS.exists() else {}
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {_load()}"
    parts[name] = f"{content.rstrip()}\n\nMachine: {machine}.\n"
    body = "\n".join(f"<!-- {part} -->\n{parts[part].rstrip()}\n" for part in sorted(parts))
    RESULTS.write_text(f"{_HEAD}\n{body}")


def _load() -> str:
    return f"{os.getloadavg()[1]:.0f} in the last five minutes"
