"""The tables: on the terminal, and in bench/RESULTS.md."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measures import MEASURES, Measure, Reading
from bench.rig import BAILEYS, NATIVE, PEER, SIDES

RESULTS = Path(__file__).with_name("RESULTS.md")

#: Readings by measure and side, one a round.
Results = Mapping[str, Mapping[str, Sequence[Reading]]]

#: Processor time by measurement and side, and layer, in ms a message.
Inside = Mapping[str, Mapping[str, float]]

_HEAD = ("", "what", "unit", "side", "median", "from … to", f"to {PEER}", "goal")
_PROCESSES = ("gateway", "bridge", "peer", "sandbox", "load")
_CPU_HEAD = ("processor time of a message, ms", *_PROCESSES, "others, % of the machine")


def lines(results: Results) -> list[tuple[str, ...]]:
    """One for each value and side, in the order of the measures."""
    found: list[tuple[str, ...]] = []
    for measure in _measured(results):
        for value in measure.values:
            samples = {side: [r.values[value.key] for r in results[measure.id][side]] for side in SIDES}
            peers = statistics.median(samples[PEER])
            goals = {BAILEYS: value.goal, NATIVE: value.native_goal}
            for place, side in enumerate(SIDES):
                median = statistics.median(samples[side])
                first = (value.id, value.what, value.unit) if place == 0 else ("", "", "")
                ratio = "" if side == PEER else f"{median / peers:.2f}"
                found.append((*first, side, _short(median), _spread(samples[side]), ratio, goals.get(side, "")))
    return found


def cpu_lines(results: Results) -> list[tuple[str, ...]]:
    """Where the processors' time went, one line for each measure and side."""
    found = []
    for measure in _measured(results):
        for side in SIDES:
            readings = results[measure.id][side]
            if not readings[0].cpu:
                continue
            cells = []
            for process in _PROCESSES:
                times = [reading.cpu[process] for reading in readings if process in reading.cpu]
                cells.append(f"{statistics.median(times):.2f}" if times else "")
            cells.append(f"{statistics.median(reading.cpu['others'] for reading in readings):.0f}")
            found.append((f"{measure.id} {measure.what}, {side}", *cells))
    return found


def inside_lines(inside: Inside) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and lines of the table of layers, the costliest first."""
    layers = sorted({layer for spent in inside.values() for layer in spent}, key=lambda layer: -_all_of(inside, layer))
    rows = [(layer, *(f"{spent.get(layer, 0.0):.2f}" for spent in inside.values())) for layer in layers]
    sums = ("all", *(f"{sum(spent.values()):.2f}" for spent in inside.values()))
    return ("where it goes, ms a message", *inside), [*rows, sums]


def _all_of(inside: Inside, layer: str) -> float:
    return sum(spent.get(layer, 0.0) for spent in inside.values())


def show_inside(inside: Inside) -> None:
    """Print the table of layers."""
    head, rows = inside_lines(inside)
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def show(results: Results, title: str) -> None:
    """Print both tables."""
    console = Console()
    for head, rows in ((_HEAD, lines(results)), (_CPU_HEAD, cpu_lines(results))):
        table = Table(*head, title=title, title_justify="left", show_lines=False)
        for row in rows:
            table.add_row(*row)
        if rows:
            console.print(table)


def write(results: Results, inside: Inside, machine: str, rounds: int) -> None:
    """Put the tables into bench/RESULTS.md."""
    RESULTS.write_text(
        f"# Measured\n\n{machine}.\n\n"
        f"Medians of {rounds} rounds and their spread, the sides in turns, all on the same sandbox; by "
        "`make bench`. What the numbers mean stands in [performance](../docs/operations/performance.md). "
        "Bare Baileys stores nothing; wagate answers once what it answers for is on disk.\n\n"
        f"{markdown(_HEAD, lines(results))}\n\n{markdown(_CPU_HEAD, cpu_lines(results))}\n\n"
        "The same inside the Python process, by sampling its stacks once more:\n\n"
        f"{markdown(*inside_lines(inside))}\n"
    )


def _measured(results: Results) -> Iterable[Measure]:
    return (measure for measure in MEASURES if measure.id in results)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *rows])


def _spread(samples: Sequence[float]) -> str:
    return f"{_short(min(samples))} … {_short(max(samples))}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
