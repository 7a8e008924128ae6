"""What bench/FLEET.md says: the curve as bars, the tables, and which process is the one to have more of."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from bench.curve import FLEETS, UP_ON_POSTGRES, UP_ON_SQLITE, Cell
from bench.failover import Failover
from bench.report import markdown

RESULTS = Path(__file__).with_name("FLEET.md")

_ORDER = [shape.name for shape in (UP_ON_SQLITE, UP_ON_POSTGRES, *FLEETS)]
_KINDS = ("up", "gateway", "worker", "PostgreSQL", "Valkey", "sandbox", "load")
_FAILOVER_HEADING = "## A worker is killed"
_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


def write_curve(cells: Sequence[Cell], machine: str, remark: str = "") -> None:
    """Put the curve into bench/FLEET.md; what it says of killed workers stays."""
    _, heading, failovers = _written().partition(_FAILOVER_HEADING)
    RESULTS.write_text(curve_text(cells, machine, remark) + ("\n" + heading + failovers if heading else ""))


def write_failovers(failovers: Sequence[Failover]) -> None:
    """Put killed workers into bench/FLEET.md; the curve stays."""
    curve, _, _ = _written().partition(_FAILOVER_HEADING)
    RESULTS.write_text(f"{curve.rstrip()}\n\n{failover_text(failovers)}".lstrip())


def _written() -> str:
    return RESULTS.read_text() if RESULTS.exists() else ""


def curve_text(cells: Sequence[Cell], machine: str, remark: str = "") -> str:
    """The first part of the page."""
    cells = sorted(cells, key=lambda cell: (cell.sessions, _ORDER.index(cell.shape)))
    parts = (
        f"# Gateways and workers\n\n{machine}. Native engine; everything on this one machine. {remark}".rstrip(),
        "By `make bench ARGS=--fleet`; each cell once. What the numbers mean stands in "
        "[performance](../docs/operations/performance.md).",
        "## Acknowledged sends a second\n\nP4: all sessions in turns, 200 under way at a time.\n\n"
        f"```\n{bars(cells)}\n```",
        markdown(_RATE_HEAD, [_rate_row(cell) for cell in cells]),
        "## Processor time of a message\n\nMilliseconds of each kind of process at that rate, all of a kind "
        "together. `load` is what makes the load; others are programs that do not belong here.\n\n"
        + markdown(_CPU_HEAD, [_cpu_row(cell) for cell in cells]),
        f"## Which process holds it up\n\n{bottleneck(cells)}",
        "## A message a minute\n\nP2: memory in MB, all processes of a kind together, and processor time in % of a "
        "core.\n\n" + markdown(_MINUTE_HEAD, [_minute_row(cell) for cell in cells]),
    )
    return "\n\n".join(parts) + "\n"


def failover_text(failovers: Sequence[Failover]) -> str:
    """The second part of the page."""
    return (
        f"{_FAILOVER_HEADING}\n\nR6, by `make bench ARGS=--failover`: SIGKILL to the worker that has all sessions, "
        "with two others beside it that have none; until WhatsApp's server sees them online again. Goal: p50 3 s, "
        "p99 10 s.\n\n" + markdown(_FAILOVER_HEAD, _failover_rows(failovers)) + "\n"
    )


def bars(cells: Sequence[Cell]) -> str:
    """One bar for each cell, all of one scale."""
    most = max(cell.rate for cell in cells)
    lines = []
    before = 0
    for cell in cells:
        if before not in (0, cell.sessions):
            lines.append("")
        sessions = f"{cell.sessions:,}" if cell.sessions != before else ""
        before = cell.sessions
        whole, rest = divmod(round(cell.rate / most * _BAR * 8), 8)
        bar = "█" * whole + _EIGHTHS[rest].strip()
        lines.append(f"{sessions:>6}  {cell.shape:<22} {bar} {cell.rate:.0f}")
    return "\n".join(["sessions", *lines])


def bottleneck(cells: Sequence[Cell]) -> str:
    """What one process of each kind could do if it had a core for itself, from the best cell with the most sessions."""
    fleets = [cell for cell in cells if "worker" in cell.cpu]
    if not fleets:
        return "Only one process."
    cell = max(fleets, key=lambda cell: (cell.sessions, cell.rate))
    ours = sorted(
        (kind for kind in ("gateway", "worker", "PostgreSQL", "Valkey") if kind in cell.cpu),
        key=lambda kind: -cell.cpu[kind],
    )
    able = ", ".join(f"{kind} {1000 / cell.cpu[kind]:,.0f}" for kind in ours if cell.cpu[kind] > 0)
    all_of_it = sum(cell.cpu.values())
    share = ", ".join(f"{kind} {used / all_of_it:.0%}" for kind, used in cell.cpu.items())
    return (
        f"All processes, the sandbox and the load share this machine, so nothing here can grow beyond it: at "
        f"{cell.rate:.0f} messages a second ({cell.shape}, {cell.sessions:,} sessions) the processors' time went to "
        f"{share}. By processor time alone, one core for each kind of process would be good for so many messages a "
        f"second: {able}. **{ours[0]}** takes the most and is what to have more of first. A gateway and a worker each "
        "use little more than one core, whatever the machine has; PostgreSQL uses as many as there are connections "
        "at work."
    )


_RATE_HEAD = ("sessions", "shape", "1/s", "p50, ms", "p99, ms")
_CPU_HEAD = ("sessions", "shape", *_KINDS, "all but sandbox and load", "others, % of the machine")
_MEMORY_KINDS = ("up", "gateway", "worker", "PostgreSQL", "Valkey")
_MINUTE_HEAD = (
    "sessions",
    "shape",
    *(f"{kind}, MB" for kind in _MEMORY_KINDS),
    *(f"{kind}, %" for kind in _MEMORY_KINDS),
    "p50, ms",
    "p99, ms",
)
_FAILOVER_HEAD = ("sessions", "to workers", "repetition", "half online, s", "99 % online, s", "all online, s")


def _rate_row(cell: Cell) -> tuple[str, ...]:
    return (f"{cell.sessions:,}", cell.shape, f"{cell.rate:.0f}", f"{cell.p50:.0f}", f"{cell.p99:.0f}")


def _cpu_row(cell: Cell) -> tuple[str, ...]:
    each = (f"{cell.cpu[kind]:.2f}" if kind in cell.cpu else "" for kind in _KINDS)
    ours = sum(used for kind, used in cell.cpu.items() if kind not in ("sandbox", "load"))
    return (f"{cell.sessions:,}", cell.shape, *each, f"{ours:.2f}", f"{cell.others:.0f}")


def _minute_row(cell: Cell) -> tuple[str, ...]:
    held = (f"{cell.memory[kind]:.0f}" if kind in cell.memory else "" for kind in _MEMORY_KINDS)
    busy = (f"{cell.busy[kind]:.1f}" if kind in cell.busy else "" for kind in _MEMORY_KINDS)
    times = ("" if ms is None else f"{ms:.0f}" for ms in (cell.minute_p50, cell.minute_p99))
    return (f"{cell.sessions:,}", cell.shape, *held, *busy, *times)


def _failover_rows(failovers: Sequence[Failover]) -> list[tuple[str, ...]]:
    rows = [(str(one.repetition), one.half, one.nearly_all, one.all) for one in failovers]
    for name, of in (("median", statistics.median), ("worst", max)):
        rows.append((name, *(of([row[place] for row in rows[: len(failovers)]]) for place in (1, 2, 3))))
    first = failovers[0]
    return [
        (f"{first.sessions:,}", str(first.workers), name, *(f"{seconds:.1f}" for seconds in times))
        for name, *times in rows
    ]
