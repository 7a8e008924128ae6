"""What a campaign found: a table for people at a terminal, and the same as markdown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from tests.chaos.campaign import Campaign

HEAD = ("fault", "what", "struck", "broken", "full rate again, p50", "p99", "checked besides")


def percentile(values: Sequence[float], part: float) -> float:
    """The value that ``part`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def rows(done: Campaign) -> list[tuple[str, ...]]:
    """One for each fault."""
    found = []
    for outcome in sorted(done.outcomes.values(), key=lambda outcome: _number(outcome.fault.code)):
        times = outcome.recoveries
        p50, p99 = (f"{percentile(times, part):.1f} s" if times else "never" for part in (0.5, 0.99))
        fault = outcome.fault
        broken = ", ".join(sorted({breach.invariant.name for breach in outcome.breaches})) or "-"
        found.append((fault.code, fault.name, str(outcome.strikes), broken, p50, p99, fault.checks))
    return found


def _number(code: str) -> int:
    return int(code[1:].partition("-")[0])


def table(done: Campaign) -> Table:
    shown = Table(*HEAD, title=f"seed {done.seed}")
    for row in rows(done):
        shown.add_row(*row)
    return shown


def markdown(done: Campaign, minutes: float, faults: str) -> str:
    """The report of a campaign as a section."""
    head = [f"## Campaign, seed {done.seed}, {minutes:.0f} minutes, faults: {faults}", ""]
    return "\n".join([*head, *markdown_of(done)]) + "\n"


def markdown_of(done: Campaign) -> list[str]:
    """What was struck, what broke, and what was looked at, as lines."""
    lines = [*_table(HEAD, rows(done)), "", _verdict(done), "", "What was looked at:", ""]
    lines += [f"- {name.replace('_', ' ')}: {value:,}" for name, value in asdict(done.ground.evidence.seen).items()]
    lines += ["", "Beside the invariants:", ""]
    for what, values in sorted(done.ground.notes.items()):
        if "seconds" in what:
            told = f"{len(values)}, p50 {percentile(values, 0.5):.2f}, p99 {percentile(values, 0.99):.2f}"
        else:
            told = f"{sum(values):g} over {len(values)} strikes, at most {max(values):g}"
        lines.append(f"- {what}: {told}")
    return lines


def _verdict(done: Campaign) -> str:
    codes = sorted({o.fault.code for o in done.outcomes.values() if o.strikes}, key=_number)
    missing = ", ".join(f"{fault.code} {fault.name}" for fault in done.unstruck)
    struck = f"Struck: {', '.join(codes)}. " + (f"**Never struck: {missing}.** " if missing else "")
    usual = f"{struck}Usual: {done.base:.0f} messages a second; late is what takes longer than {done.patience:.1f} s."
    first = done.first_breach
    if first is None:
        return f"No invariant was broken. {usual}"
    found = f"{usual} First broken: {first.invariant.name} ({first.invariant}): {first.what}."
    counts = Counter(breach.invariant.name for breach in done.breaches)
    return found + " In all: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) + "."


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in body),
    ]
