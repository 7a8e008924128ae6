"""`make chaos`: strikes a whole fleet under load with faults drawn from a seed, and says what broke.

With ``--measure`` it measures a goal instead. Both write their part of bench/CHAOS.md.
"""

import argparse
import asyncio
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.chaos import report
from tests.chaos.campaign import Campaign, campaign
from tests.chaos.faults import FAULTS
from tests.chaos.ground import Fault
from tests.chaos.measures import measure
from tests.chaos.written import write

_LOG_TAIL = 6_000


async def strike(arguments: argparse.Namespace, console: Console) -> bool:
    """The campaign; whether nothing broke, and each fault was struck."""
    faults = chosen(arguments.faults)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with (
        tempfile.TemporaryDirectory(prefix="wagate-chaos-run-") as folder,
        Progress(*columns, console=console) as progress,
    ):
        bar = progress.add_task(f"seed {arguments.seed}: opening the fleet", total=arguments.minutes * 60)
        begun = time.monotonic()

        def say(what: str) -> None:
            progress.console.print(f"{time.monotonic() - begun:7.1f} s  {what}", highlight=False, markup=False)

        async with campaign(
            Path(folder),
            arguments.seed,
            say,
            faults,
            tenants=arguments.tenants,
            sessions=arguments.each,
            at_length=arguments.at_length,
        ) as running:
            progress.update(bar, description=f"seed {arguments.seed}")
            say(f"full rate is {running.base:.0f} messages a second")
            from_now = time.monotonic()
            # Each fault is struck once, however long that takes.
            while (passed := time.monotonic() - from_now) < arguments.minutes * 60 or not running.may_end:
                progress.update(bar, completed=min(passed, arguments.minutes * 60))
                await running.draw()
            progress.update(bar, completed=arguments.minutes * 60)
            say("waiting until everything that was promised is there")
            await running.settle()
            _tell(running, arguments, console)
            if running.breaches:
                console.print(running.ground.fleet.log[-_LOG_TAIL:], highlight=False, markup=False)
            return not running.breaches and not running.unstruck and not running.ground.fleet.bugs()


def chosen(codes: str) -> list[Fault]:
    """The faults of these codes, or all."""
    wanted = {code.strip() for code in codes.split(",") if code.strip()}
    known = {fault.code for fault in FAULTS}
    if wanted - known:
        raise SystemExit(f"no strike for {', '.join(sorted(wanted - known))}; there are {', '.join(sorted(known))}")
    return [fault for fault in FAULTS if not wanted or fault.code in wanted]


def _tell(running: Campaign, arguments: argparse.Namespace, console: Console) -> None:
    console.print(report.table(running))
    for fault in running.unstruck:
        console.print(f"never struck {fault.code}: {fault.name}", highlight=False, markup=False)
    verdict = f"{len(running.breaches)} broken promises, {len(running.unstruck)} faults never struck"
    console.print(f"seed {running.seed}: {verdict}", highlight=False)
    write("campaign", report.markdown(running, arguments.minutes, arguments.faults or "all"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0, help="at least; it takes each fault once")
    parser.add_argument("--faults", default="", help="codes, such as F1,F12; all unless given")
    parser.add_argument("--at-length", action="store_true", help="outages last as long as the goals say")
    parser.add_argument("--measure", default="", help="a goal instead: R5, R6, R8, R12, R14, R15 or S5")
    parser.add_argument(
        "--sessions", type=int, default=0, help="how many for R6 and R8; what the goal says unless given"
    )
    parser.add_argument("--tenants", type=int, default=3, help="under load")
    parser.add_argument("--each", type=int, default=2, help="sessions of each tenant")
    parser.add_argument("--values", type=int, default=0, help="how many for S5; what the goal says unless given")
    parser.add_argument("--fights", type=int, default=1000, help="how many for R5")
    arguments = parser.parse_args()
    console = Console()
    console.print(f"{platform.machine()}, Python {platform.python_version()}", highlight=False)
    sys.exit(0 if uvloop.run(run(arguments, console)) else 1)


async def run(arguments: argparse.Namespace, console: Console) -> bool:
    """What was asked for; whether it went well. SIGTERM ends it in order, with all that it started."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await (measure if arguments.measure else strike)(arguments, console)


if __name__ == "__main__":
    main()
