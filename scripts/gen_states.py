"""Make docs/reference/session-states.md and disconnects.md from the tables of sessions/model.py.

``--check`` only says whether they are what it would make.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from wagate.sessions.model import (
    FAILURES_UNTIL_ERROR,
    QR_TIMEOUT,
    REACTIONS,
    TRANSITIONS,
    WRONG_ENGINE,
    Reaction,
    ReactionKind,
    SessionStatus,
    Trigger,
    reaction_to,
)

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
_HEAD = "<!-- Made by scripts/gen_states.py from src/wagate/sessions/model.py. -->\n"

_MEANING = {
    SessionStatus.DISCONNECTED: "Not connected, and not wanted to be.",
    SessionStatus.CONNECTING: "Wanted connected; a worker connects, or waits to try again.",
    SessionStatus.QR_REQUIRED: "A code waits to be scanned, or typed in.",
    SessionStatus.CONNECTED: "Linked and logged in.",
    SessionStatus.LOGGED_OUT: "Not linked any more; the keys are wiped. Connect to link anew.",
    SessionStatus.CONFLICT: "Another client took this session's place. Connect to take it back.",
    SessionStatus.BANNED: "WhatsApp banned the account for a while; the session waits until it is over.",
    SessionStatus.ERROR: "It can't go on as it is. The reason says why; some are tried again slowly.",
}

_DEED = {
    ReactionKind.RECONNECT_NOW: "reconnects at once, uncounted",
    ReactionKind.BACKOFF: "reconnects after a random time of up to 1, 2, 4 … 45 s",
    ReactionKind.BACKOFF_LIMITED: "the same, "
    f"but after {FAILURES_UNTIL_ERROR} failures in a row status `error` and an attempt every 15 to 30 minutes",
    ReactionKind.WAIT_UNTIL: "tries again when the ban is over, not before",
    ReactionKind.STOP: "stops until the session is connected again by its owner",
    ReactionKind.WIPE_AND_STOP: "stops and **wipes the keys**: the device is no longer linked",
    ReactionKind.CONFLICT: "stops; never reconnects by itself",
    ReactionKind.ALERT: "stops, and the log calls for the operator: it is this program that WhatsApp refuses",
}


def states() -> str:
    """The page of the state table."""
    return "\n".join([_HEAD, *_states()]) + "\n"


def _states() -> Iterator[str]:
    yield "# Session states\n"
    yield "A step that is not in this table is refused. The picture leaves out steps that lead to where a session is."
    yield "\n```mermaid\nstateDiagram-v2"
    yield f"    [*] --> {SessionStatus.DISCONNECTED}"
    for source in SessionStatus:
        for target in SessionStatus:
            via = [t.value for t in Trigger if TRANSITIONS[t].get(source) is target]
            if via and source is not target:
                yield f"    {source} --> {target}: {', '.join(via)}"
    yield "```\n"
    yield "| status | means |\n|---|---|"
    for status in SessionStatus:
        yield f"| `{status}` | {_MEANING[status]} |"
    yield "\n## Every step\n"
    yield "| what happens | " + " | ".join(f"`{status}`" for status in SessionStatus) + " |"
    yield "|---" * (len(SessionStatus) + 1) + "|"
    for trigger in Trigger:
        cells = [TRANSITIONS[trigger].get(status) for status in SessionStatus]
        row = ["·" if to is None else "stays" if to is at else to for at, to in zip(SessionStatus, cells, strict=True)]
        yield f"| `{trigger}` | " + " | ".join(row) + " |"


def disconnects() -> str:
    """The page of the reaction table."""
    return "\n".join([_HEAD, *_disconnects()]) + "\n"


def _disconnects() -> Iterator[str]:
    yield "# Why connections end, and what follows\n"
    yield "The codes from 400 on are WhatsApp's, from a stream error or a refused login; those below are our own. "
    "`statusReason` stands in the session.\n"
    yield "| code | statusReason | status | wagate |\n|---|---|---|---|"
    for code, reaction in sorted(REACTIONS.items()):
        yield _row(str(code), reaction)
        if code == 408:
            yield _row("408 while codes are shown", QR_TIMEOUT)
    yield _row("none: its keys are another engine's", WRONG_ENGINE)
    yield _row("any other", reaction_to(-1, linking=False)).replace("closed_-1", "closed_<code>")
    yield "\nAll attempts of a fleet together stay under 20 a second."


def _row(code: str, reaction: Reaction) -> str:
    return f"| {code} | `{reaction.reason}` | `{reaction.status}` | {_DEED[reaction.kind]} |"


PAGES = {"session-states.md": states, "disconnects.md": disconnects}


def stale() -> list[str]:
    """The names of pages that differ from what the tables make now."""
    return [n for n, make in PAGES.items() if not (REFERENCE / n).exists() or (REFERENCE / n).read_text() != make()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        differing = stale()
        if differing:
            print(f"stale: {', '.join(differing)}; run scripts/gen_states.py", file=sys.stderr)
        return 1 if differing else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make())
    return 0


if __name__ == "__main__":
    sys.exit(main())
