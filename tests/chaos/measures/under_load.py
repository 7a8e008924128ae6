"""A campaign of chosen faults, one after the other, for goals that speak of load."""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.chaos.campaign import Campaign, campaign
from tests.chaos.faults import FAULTS
from tests.chaos.ground import Fault
from tests.chaos.report import markdown_of


def named(*names: str) -> list[Fault]:
    """The faults of these names, in this order."""
    by_name = {fault.name: fault for fault in FAULTS}
    return [by_name[name] for name in names]


async def struck(
    arguments: argparse.Namespace,
    say: Callable[[str], None],
    faults: Sequence[Fault],
    *,
    at_length: bool,
    also: Callable[[Campaign], list[str]] = lambda _: [],
) -> str:
    """What these do to a fleet under load: the table, and the lines that ``also`` adds."""
    with tempfile.TemporaryDirectory(prefix="wagate-chaos-run-") as folder:
        async with campaign(Path(folder), arguments.seed, say, faults, at_length=at_length) as running:
            for fault in faults:
                await running.strike([fault])
            more = also(running)
            await running.settle()
            return "\n".join([*markdown_of(running), *more]) + "\n"
