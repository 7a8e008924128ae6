"""F26: everything is restarted in turn under load; or asked to end and killed a second later."""

import asyncio
import time

from tests.chaos.fleet import ChaosFleet
from tests.chaos.ground import Fault, Ground

_WHOLE_SECONDS = 60.0


async def rolling(ground: Ground) -> None:
    """As a platform does it: the next one only when the one before is back."""
    begun = time.monotonic()
    for name in (*ground.fleet.of("gateway"), *ground.fleet.of("worker")):
        await replaced(ground.fleet, name)
    failed = [attempt for attempt in ground.traffic.clients.between(begun, time.monotonic()) if attempt.status >= 300]
    silent = [attempt for attempt in ground.traffic.clients.between(begun, time.monotonic()) if not attempt.status]
    ground.note("failed requests in a rolling restart", len(failed) + len(silent))


async def replaced(fleet: ChaosFleet, name: str) -> None:
    """End one process in order, start it again and wait until the fleet is whole."""
    fleet.ask_to_end(name)
    await fleet.gone(name)
    await fleet.run_surely(name)
    await fleet.until(fleet.is_whole, f"{name} is back", _WHOLE_SECONDS)


async def hurried(ground: Ground) -> None:
    fleet = ground.fleet
    name = ground.one_of([*fleet.of("gateway"), *fleet.of("worker")])
    fleet.ask_to_end(name)
    await asyncio.sleep(1)
    fleet.kill(name)
    await fleet.gone(name)
    ground.later(fleet.run_surely(name))


_PROCESSES = frozenset({"gateways", "workers", "clocks", "postgres"})

FAULTS = (
    Fault(
        code="F26", name="rolling restart of everything", strike=rolling, befalls=_PROCESSES, checks="failed requests"
    ),
    Fault(
        code="F26", name="SIGTERM, then SIGKILL after 1 s", strike=hurried, befalls=frozenset({"gateways", "workers"})
    ),
)
