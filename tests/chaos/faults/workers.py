"""F3, F19: a worker dies with messages that it has claimed, dies at random, or is frozen beyond its leases."""

import asyncio

from tests.chaos.ground import Fault, Ground, Missed
from wagate.engine.points import CrashPoint, SendPoint
from wagate.sessions.model import LEASE_SECONDS

_REACHED_SECONDS = 20.0


async def after_claim(ground: Ground) -> None:
    await _die_at(ground, SendPoint.CLAIMED)


async def in_the_engine(ground: Ground) -> None:
    await _die_at(ground, ground.random.choice(list(CrashPoint)))


async def at_random(ground: Ground) -> None:
    fleet = ground.fleet
    name = ground.one_of(fleet.of("worker"))
    fleet.kill(name)
    await fleet.gone(name)
    ground.later(fleet.run_surely(name))


async def frozen(ground: Ground) -> None:
    """Beyond the lease; others have its sessions when it wakes."""
    fleet, evidence = ground.fleet, ground.evidence
    name = await ground.one_hosting()
    program = fleet.processes[name].program
    assert program is not None
    before = evidence.seen.replaced_by_whatsapp
    evidence.may_overlap = True
    fleet.freeze(name)
    try:
        await asyncio.sleep(LEASE_SECONDS + ground.random.uniform(3, 8))
    finally:
        fleet.thaw(name)
    ground.later(_after_thaw(ground, name, before))


async def _after_thaw(ground: Ground, name: str, before: int) -> None:
    # It finds out within a second that its leases are over.
    await asyncio.sleep(3)
    ground.evidence.may_overlap = False
    ground.note("logins while a frozen owner's socket was open", ground.evidence.seen.replaced_by_whatsapp - before)
    if not ground.fleet.processes[name].runs:
        # The fleet had buried it: it ends by itself and is started again, as any supervisor would.
        await ground.fleet.run_surely(name)


async def _die_at(ground: Ground, point: str) -> None:
    fleet = ground.fleet
    name = await ground.one_hosting()
    fleet.crash_at(name, point)
    try:
        await asyncio.wait_for(fleet.gone(name), _REACHED_SECONDS)
    except TimeoutError:
        # A worker without sessions gets to no point.
        fleet.processes[name].order.unlink(missing_ok=True)
        raise Missed(f"{name} never got to {point}") from None
    ground.later(fleet.run_surely(name))


FAULTS = (
    Fault(code="F3", name="worker killed after a claim", strike=after_claim, befalls=frozenset({"workers"})),
    Fault(code="F4-F9", name="worker killed in the engine", strike=in_the_engine, befalls=frozenset({"workers"})),
    Fault(code="F3", name="worker killed at random", strike=at_random, befalls=frozenset({"workers"})),
    Fault(
        code="F19",
        name="owner frozen beyond its lease",
        strike=frozen,
        befalls=frozenset({"workers"}),
        checks="nothing by its old connections after the new owner's login",
    ),
)
