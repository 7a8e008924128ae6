"""Goals as numbers, each measured by a command of its own: `make chaos ARGS="--measure R6"`."""

import argparse
from collections.abc import Awaitable, Callable

from rich.console import Console

from tests.chaos.measures import clocks, failover, fights, herd, outages, rolling, rotation
from tests.chaos.written import write

#: What measures a goal; its result is a section of markdown.
Measure = Callable[[argparse.Namespace, Callable[[str], None]], Awaitable[str]]

MEASURES: dict[str, Measure] = {
    "R5": fights.measure,
    "R6": failover.measure,
    "R8": herd.measure,
    "R12": outages.measure,
    "R14": clocks.measure,
    "R15": rolling.measure,
    "S5": rotation.measure,
}


async def measure(arguments: argparse.Namespace, console: Console) -> bool:
    """Measure one goal, write it down and show it. Whether it was reached is for readers to see: it is no test."""
    if arguments.measure not in MEASURES:
        raise SystemExit(f"no such goal; there are {', '.join(MEASURES)}")
    content = await MEASURES[arguments.measure](arguments, lambda what: console.print(what, highlight=False))
    write(arguments.measure, content)
    console.print(content, highlight=False, markup=False)
    return True
