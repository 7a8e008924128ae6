"""`make faults`: the long run. Prints its seed, every kill, and each broken promise or that there is none."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.faults.campaign import Campaign
from tests.scenarios.rig import open_rig
from wagate.engine.baileys.points import CrashPoint

KILLS = 100


async def run(seed: int, kills: int, engine: str, console: Console) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="wagate-faults-") as folder, Progress(console=console) as progress:
        bar = progress.add_task(f"seed {seed}", total=kills + 2 * len(CrashPoint))

        def say(what: str) -> None:
            progress.advance(bar)
            progress.console.print(what, highlight=False)

        async with open_rig(Path(folder), engine) as rig:
            campaign = Campaign(rig, seed, say)
            await campaign.prepare()
            for point in CrashPoint:
                for occurrence in (1, 7):
                    await campaign.kill_at(point.value, occurrence)
            await campaign.random_kills(kills)
            try:
                await campaign.settle()
            except TimeoutError:
                console.print("not everything arrived in time")
            tally = campaign.tally
            console.print(
                f"{sum(tally.kills.values())} kills ({dict(tally.kills)}), {len(tally.accepted)} sends accepted, "
                f"{len(tally.sent_by_phones)} messages sent by phones"
            )
            return await campaign.violations()


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--engine", default="baileys")
    arguments = parser.parse_args()
    console = Console()
    violations = asyncio.run(run(arguments.seed, arguments.kills, arguments.engine, console))
    for violation in violations:
        console.print(f"[red]broken[/] {violation}", highlight=False)
    console.print(f"seed {arguments.seed}: {len(violations)} broken promises")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
