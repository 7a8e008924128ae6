"""R6: a worker with 200 sessions is killed; when are they online elsewhere?"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.chaos.crowd import Crowd
from tests.chaos.evidence import most_within
from tests.chaos.fleet import WORKERS, open_fleet
from tests.chaos.report import percentile

_SESSIONS = 200
_PATIENCE = 120.0


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    count = arguments.sessions or _SESSIONS
    with tempfile.TemporaryDirectory(prefix="wagate-chaos-run-") as folder:
        async with open_fleet(Path(folder), workers=WORKERS[:1]) as fleet:
            crowd = Crowd(fleet, say)
            await crowd.link(count)
            for name in WORKERS[1:]:
                await fleet.prepare(name, "worker")
            await asyncio.gather(*(fleet.run(name) for name in WORKERS[1:]))
            await fleet.until(fleet.is_whole, "the others are registered", 60)
            # Before the fleet evens itself out, so that all of them have to move.
            begun = await crowd.mark()
            fleet.kill(WORKERS[0])
            lost = await crowd.all_back(_PATIENCE)
    times = sorted(at - begun for at in crowd.logins.values())
    return (
        f"## R6: a worker with {count} sessions is killed\n\n"
        "From SIGKILL until each logs in from another worker, by the sandbox's record. Goal: p50 3 s, p99 10 s.\n\n"
        f"- p50 {percentile(times, 0.5):.1f} s, p99 {percentile(times, 0.99):.1f} s, first {times[0]:.1f} s, "
        f"last {times[-1]:.1f} s; not back after {_PATIENCE:.0f} s: {lost}\n"
        f"- attempts in the busiest second: {most_within(crowd.attempts, 1.0)}\n"
    )
