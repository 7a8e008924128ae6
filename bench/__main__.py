"""`make bench`: run every measurement, the sides in turns, and write the tables to bench/RESULTS.md."""

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import uvloop
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import curve, curve_report, failover, report, sessions
from bench.measures import MEASURES, Measure, Reading
from bench.processes import machine
from bench.profile import Profiler
from bench.rig import BARE, NATIVE, SIDES, install_peer, open_rig

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


async def run(measures: Sequence[Measure], rounds: int) -> report.Results:
    """Each measurement ``rounds`` times on every side; who begins changes from round to round."""
    results: dict[str, dict[str, list[Reading]]] = {m.id: defaultdict(list) for m in measures}
    with Progress(*_COLUMNS, refresh_per_second=2) as progress:
        bars = {m.id: progress.add_task(m.what, total=m.ticks * rounds * len(SIDES)) for m in measures}
        for number in range(rounds):
            order = list(SIDES)[number % len(SIDES) :] + list(SIDES)[: number % len(SIDES)]
            for measure in measures:
                for side in order:
                    async with open_rig() as rig:
                        reading = await measure.run(rig, SIDES[side], partial(progress.advance, bars[measure.id]))
                    results[measure.id][side].append(reading)
    return results


async def look_inside() -> report.Inside:
    """Where the time of a message goes: P3 and P5 once more, watched."""
    found: dict[str, dict[str, float]] = {}
    watched = [measure for measure in MEASURES if measure.id in ("P3", "P5")]
    with Progress(*_COLUMNS, refresh_per_second=2) as progress:
        for measure in watched:
            for side in (NATIVE, BARE):
                bar = progress.add_task(f"inside: {measure.what}", total=measure.ticks)
                async with open_rig() as rig:
                    rig.profiler = Profiler(rig.folder)
                    reading = await measure.run(rig, SIDES[side], partial(progress.advance, bar))
                    spent = next(reading.cpu[name] for name in ("gateway", "peer") if name in reading.cpu)
                shares = rig.profiler.shares
                found[f"{measure.id}, {side}"] = {layer: share * spent for layer, share in shares.items()}
    return found


async def count_sessions(furthest: int) -> None:
    """P2 and the restart of P9; what is known is written down after each side, as the next may take a while."""
    with Progress(*_COLUMNS, refresh_per_second=2) as progress:
        bar = progress.add_task("sessions linked", total=sessions.ticks(furthest))
        async for steps, restarts in sessions.run(partial(progress.advance, bar), furthest):
            sessions.write(steps, restarts, machine())
    sessions.show(steps, restarts, machine())


async def climb_fleet(furthest: int, remark: str) -> None:
    """P2 and P4 of gateways and workers; what is known is written down after each cell."""
    steps = [step for step in curve.STEPS if step <= furthest]
    with Progress(*_COLUMNS, refresh_per_second=2) as progress:
        bar = progress.add_task("links and cells", total=curve.ticks(steps))
        async for cells in curve.run(partial(progress.advance, bar), steps=steps):
            curve_report.write_curve(cells, machine(), remark)
    print(curve_report.bars(cells))


async def fail_over(sessions: int) -> None:
    """R6."""
    with Progress(*_COLUMNS, refresh_per_second=2) as progress:
        bar = progress.add_task("links and kills", total=failover.ticks(sessions))
        async for found in failover.run(partial(progress.advance, bar), sessions=sessions):
            curve_report.write_failovers(found)
    print(curve_report.failover_text(found))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    names = [measure.id for measure in MEASURES]
    parser.add_argument("--only", nargs="*", choices=names, help="only these, and leave RESULTS.md as it is")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is repeated; medians are shown")
    parser.add_argument(
        "--sessions",
        type=int,
        nargs="?",
        const=max(sessions.STEPS),
        metavar="N",
        help=f"how many sessions one machine holds, up to N (one of {sessions.STEPS}); writes SESSIONS.md",
    )
    parser.add_argument("--inside", action="store_true", help="only where the time of a message goes; writes nothing")
    parser.add_argument(
        "--fleet",
        type=int,
        nargs="?",
        const=max(curve.STEPS),
        metavar="N",
        help=f"gateways and workers beside each other, up to N sessions (one of {curve.STEPS}); writes FLEET.md",
    )
    parser.add_argument(
        "--failover",
        type=int,
        nargs="?",
        const=failover.SESSIONS,
        metavar="N",
        help="how long N sessions of a killed worker are away; writes FLEET.md",
    )
    parser.add_argument("--remark", default="", help="a sentence about the run that FLEET.md is to begin with")
    arguments = parser.parse_args()
    if arguments.fleet or arguments.failover:
        if arguments.fleet:
            uvloop.run(climb_fleet(arguments.fleet, arguments.remark))
        if arguments.failover:
            uvloop.run(fail_over(arguments.failover))
        return
    install_peer()
    if arguments.sessions:
        uvloop.run(count_sessions(arguments.sessions))
        return
    if arguments.inside:
        report.show_inside(uvloop.run(look_inside()))
        return
    started = time.monotonic()
    chosen = [measure for measure in MEASURES if not arguments.only or measure.id in arguments.only]
    results = uvloop.run(run(chosen, arguments.rounds))
    report.show(results, f"{machine()}; {arguments.rounds} rounds in {time.monotonic() - started:.0f} s")
    if not arguments.only:
        inside = uvloop.run(look_inside())
        report.show_inside(inside)
        report.write(results, inside, machine(), arguments.rounds)


if __name__ == "__main__":
    main()
