"""Where a test may kill the program as a power cut would.

``WAGATE_CRASH_AT=<point>[:n[:program]]`` has the bridge send itself SIGKILL the n-th time it gets there, and with
``program`` its host too; the native engine has no process of its own and always ends the program. ``@<file>`` reads
such an order from a file, which is gone once it is carried out. It is honoured only under ``WAGATE_TEST_FAULTS=1``.
``bridge/src/faults.ts`` has the same names, and a test compares them.
"""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

#: The variables that a program hands on to its bridge.
VARIABLES = ("WAGATE_TEST_FAULTS", "WAGATE_CRASH_AT")

#: Says that a point is reached.
Reach = Callable[[str], None]


class CrashPoint(StrEnum):
    #: A ratchet advanced in memory; its commit has not left.
    ENCRYPTED = "encrypted"
    #: The ratchet step is durable; the message has not left.
    COMMITTED = "committed"
    #: The message has left; its acknowledgement has not come.
    WRITTEN = "written"
    #: A message was decrypted in memory; its commit has not left.
    DECRYPTED = "decrypted"
    #: The message is in the inbox; its receipt has not left.
    STORED = "stored"
    #: The receipt has left.
    RECEIPTED = "receipted"


class SendPoint(StrEnum):
    """Points on a message's way before an engine has it; they end the process that gets there."""

    #: A request's message is written and not committed.
    ACCEPTING = "accepting"
    #: The message is committed; the request has no answer.
    ACCEPTED = "accepted"
    #: The outbox has marked messages as being sent; none is encrypted.
    CLAIMED = "claimed"


def crashes_of(environment: Mapping[str, str]) -> Reach | None:
    """What ends this process at the point that the environment orders; ``None`` if it orders none."""
    order = environment.get(VARIABLES[1], "") if environment.get(VARIABLES[0]) == "1" else ""
    if not order:
        return None
    file = Path(order[1:]) if order.startswith("@") else None
    reached = 0

    def reach(point: str) -> None:
        nonlocal reached
        ordered = order
        if file is not None:
            try:
                ordered = file.read_text()
            except FileNotFoundError:
                return
        armed, _, rest = ordered.partition(":")
        if point != armed:
            return
        reached += 1
        if reached < int(rest.partition(":")[0] or 1):
            return
        if file is not None:
            with suppress(FileNotFoundError):
                file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)

    return reach
