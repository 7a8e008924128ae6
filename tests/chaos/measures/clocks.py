"""R14: the clock of a process jumps by an hour, either way, and an owner is frozen beyond its lease, under load."""

import argparse
from collections.abc import Callable

from tests.chaos.measures.under_load import named, struck


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    faults = named(*["clock of a process an hour off"] * 4, *["owner frozen beyond its lease"] * 2)
    found = await struck(arguments, say, faults, at_length=False)
    return f"## R14: clocks jump and an owner freezes, under load\n\nGoal: no invariant broken.\n\n{found}"
