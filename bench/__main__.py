"""`make bench`: run every measurement, alternating sides, and write the table to bench/RESULTS.md."""

import argparse
import asyncio
import statistics
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.measures import MEASURES, Measure
from bench.rig import install_peer, machine, open_rig

RESULTS = Path(__file__).parent / "RESULTS.md"


async def run(only: set[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Every chosen measurement, ``rounds`` times; samples by measurement and side."""
    results: dict[str, dict[str, list[float]]] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        for measure in MEASURES:
            if only and measure.id not in only:
                continue
            samples: dict[str, list[float]] = defaultdict(list)
            bar = progress.add_task(f"{measure.id} {measure.what}", total=rounds)
            for number in range(rounds):
                # A fresh sandbox each round: nothing of the last one's load is in its memory.
                async with open_rig() as rig:
                    values = await measure.run(rig, number, lambda: progress.update(bar, refresh=False))
                for side, value in values.items():
                    samples[side].append(value)
                progress.advance(bar)
            results[measure.id] = dict(samples)
    return results


def rows(measure: Measure, samples: dict[str, list[float]]) -> list[tuple[str, ...]]:
    medians = {side: statistics.median(values) for side, values in samples.items()}
    found = []
    for side, values in samples.items():
        if not side.startswith("wagate"):
            continue
        peer = side.replace("wagate", "bare Baileys")
        spread = f"{min(values):.3g}…{max(values):.3g}"
        ratio = f"{medians[side] / medians[peer]:.2f}" if medians.get(peer) else "–"
        what = measure.what + side.removeprefix("wagate")
        found.append(
            (
                measure.id,
                what,
                f"{medians[side]:.3g} {measure.unit}",
                spread,
                f"{medians[peer]:.3g}",
                ratio,
                measure.goal,
            )
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="measurements to run, for example P3 P6")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is repeated; medians are shown")
    arguments = parser.parse_args()
    install_peer()
    results = asyncio.run(run(set(arguments.only), arguments.rounds))
    head = ("", "what", "wagate", "spread", "bare Baileys", "ratio", "goal")
    lines = [row for m in MEASURES if m.id in results for row in rows(m, results[m.id])]
    table = Table(*head, title=machine())
    for row in lines:
        table.add_row(*row)
    Console().print(table)
    if not arguments.only:
        body = "\n".join("| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *lines])
        RESULTS.write_text(
            f"# Measured\n\n{machine()}; medians of {arguments.rounds} rounds, `make bench`.\n\n{body}\n"
        )


if __name__ == "__main__":
    main()
