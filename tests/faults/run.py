"""`make faults`: the long run. Prints its seed, every kill, and each broken promise or that there is none."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.campaign import Campaign, campaign
from wagate.engine.points import CrashPoint

KILLS = 100
#: Each named point is hit at the first, a later and a late occasion, of the bridge alone and of the whole program.
OCCURRENCES = (1, 3, 12)
BETWEEN_WEBHOOK_AND_ANSWER = 3
#: Whether the whole program is killed; the native engine is no process of its own.
VICTIMS = {"baileys": (False, True), "native": (True,)}


async def run(seed: int, kills: int, engine: str, console: Console) -> list[str]:
    """The whole run; every broken promise, in words."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="wagate-faults-") as folder,
        Progress(*columns, console=console) as progress,
    ):
        victims = VICTIMS[engine]
        named = len(victims) * len(OCCURRENCES) * len(CrashPoint) + BETWEEN_WEBHOOK_AND_ANSWER
        bar = progress.add_task(f"seed {seed}", total=kills + named)

        def say(what: str) -> None:
            progress.advance(bar)
            progress.console.print(f"{time.monotonic() - begun:7.1f} s  {what}", highlight=False)

        async with campaign(Path(folder), seed, say, engine) as running:
            await _named(running, victims)
            for _ in range(kills):
                async with running.perhaps_without_receipts():
                    await running.random_kill()
            progress.console.print("waiting until everything that was promised is there")
            await running.settle()
            broken = await running.verdict() + _untried(running)
            _report(running, console)
            if broken:
                console.print(running.rig.log[-5_000:], highlight=False, markup=False)
            return broken


async def _named(running: Campaign, victims: tuple[bool, ...]) -> None:
    orders = [(point, n, program) for point in CrashPoint for n in OCCURRENCES for program in victims]
    running.random.shuffle(orders)
    for point, occurrence, program in orders:
        async with running.perhaps_without_receipts():
            await running.kill_at(point, occurrence, program=program)
    for _ in range(BETWEEN_WEBHOOK_AND_ANSWER):
        await running.kill_when_told()


def _untried(running: Campaign) -> list[str]:
    """What no kill came near to breaking, so that nothing is known of it."""
    seen = running.evidence
    traces = {
        "no counter was burnt: nothing is known of counters used twice": seen.skipped_counters,
        "nothing was sent again: nothing is known of phones showing it twice": seen.sent_again,
        "nothing was delivered again: nothing is known of telling it twice": seen.delivered_again,
    }
    return [lack for lack, count in traces.items() if count == 0]


def _report(running: Campaign, console: Console) -> None:
    seen = running.evidence
    out = sum(1 for promise in seen.promises if promise.flow.ours)
    times = sorted(running.recoveries)
    recovery = f"{times[len(times) // 2]:.1f} s after a kill (median), at most {times[-1]:.1f} s" if times else "never"
    console.print(f"\n{running.kills.total()} kills:")
    for what, count in sorted(running.kills.items()):
        console.print(f"  {count:4} {what}", highlight=False)
    console.print(
        f"{out} sends accepted, {len(seen.promises) - out} messages sent by phones, {seen.logins} logins\n"
        f"{len(seen.counters)} ciphertexts with counters of their own, {seen.skipped_counters} counters burnt\n"
        f"{seen.sent_again} messages sent again under their id, {seen.delivered_again} delivered again by the server\n"
        f"retries asked for: {seen.asked_again['phones']} by phones, {seen.asked_again['us']} by us\n"
        f"messages flowed again: {recovery}",
        highlight=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=KILLS, help="at random, beside those at named points")
    parser.add_argument("--engine", choices=list(VICTIMS), default="baileys")
    arguments = parser.parse_args()
    console = Console()
    broken = asyncio.run(run(arguments.seed, arguments.kills, arguments.engine, console))
    for promise in broken:
        console.print(f"[red]broken[/] {promise}", highlight=False)
    console.print(f"seed {arguments.seed}: {len(broken)} broken promises")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
