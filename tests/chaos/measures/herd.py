"""R8: WhatsApp lets go of a thousand sessions at once, and is away for a while: the attempts, and when all are back."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.crowd import Crowd
from tests.chaos.evidence import most_within
from tests.chaos.fleet import open_fleet
from tests.chaos.report import percentile

_SESSIONS = 1000
_AWAY_SECONDS = 60.0
_AWAY_AT_LENGTH = 600.0
_PATIENCE = 180.0


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    count = arguments.sessions or _SESSIONS
    away = _AWAY_AT_LENGTH if arguments.at_length else _AWAY_SECONDS
    lines = []
    with tempfile.TemporaryDirectory(prefix="wagate-chaos-run-") as folder:
        async with open_fleet(Path(folder)) as fleet:
            crowd = Crowd(fleet, say)
            await crowd.link(count)
            begun = await crowd.mark()
            await fleet.fault(kind="close", code=0)
            lines.append(_line("all dropped at once", crowd, begun, await crowd.all_back(_PATIENCE)))
            say(lines[-1])
            await crowd.mark()
            await fleet.fault(kind="goAway")
            await asyncio.sleep(away)
            await fleet.clear_faults()
            begun = time.time()
            lines.append(_line(f"away for {away:.0f} s", crowd, begun, await crowd.all_back(_PATIENCE)))
            say(lines[-1])
    return (
        f"## R8: {count} sessions on three workers lose WhatsApp\n\n"
        "Goal: at most 20 attempts a second in the whole fleet, all online within 60 s of its return.\n\n"
        + "\n".join(lines)
        + "\n"
    )


def _line(what: str, crowd: Crowd, begun: float, lost: int) -> str:
    times = sorted(at - begun for at in crowd.logins.values())
    return (
        f"- {what}: {len(crowd.attempts)} attempts, {most_within(crowd.attempts, 1.0)} in the busiest second; "
        f"back after p50 {percentile(times, 0.5):.1f} s, p99 {percentile(times, 0.99):.1f} s, all {times[-1]:.1f} s; "
        f"not back: {lost}"
    )
