"""R15: every process is restarted in turn, under load: failed requests, and the gaps of sessions."""

import argparse
from bisect import bisect_left
from collections.abc import Callable

from tests.chaos.campaign import Campaign
from tests.chaos.measures.under_load import named, struck
from tests.chaos.report import percentile


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    found = await struck(arguments, say, named("rolling restart of everything"), at_length=False, also=_gaps)
    return f"## R15: a rolling restart under load\n\nGoal: no failed request, gap of a session p99 2 s.\n\n{found}"


def _gaps(running: Campaign) -> list[str]:
    evidence, gaps = running.ground.evidence, []
    for number, ends in evidence.ends.items():
        logins = evidence.logins[number]
        for end in ends:
            following = bisect_left(logins, end)
            if following < len(logins):
                gaps.append(logins[following] - end)
    shown = f"p50 {percentile(gaps, 0.5):.2f} s, p99 {percentile(gaps, 0.99):.2f} s" if gaps else "none"
    return [f"- gaps between two connections of a session: {len(gaps)}, {shown}"]
