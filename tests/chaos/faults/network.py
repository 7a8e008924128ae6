"""F20: one process is cut off from PostgreSQL, from Redis, or hears PostgreSQL no more while that hears it."""

import asyncio

from tests.chaos.ground import Fault, Ground
from wagate.sessions.model import LEASE_SECONDS

#: Beyond the lease, so that a worker's sessions go elsewhere: it has to have closed its sockets before that.
_CUT_SECONDS = LEASE_SECONDS + 7.0


async def worker_from_postgres(ground: Ground) -> None:
    """No overlap is allowed: the worker can close its sockets, and has to before its leases end."""
    await _cut(ground, await ground.one_hosting(), "postgres")


async def worker_hears_nothing(ground: Ground) -> None:
    await _cut(ground, await ground.one_hosting(), "postgres", up=False)


async def gateway_from_postgres(ground: Ground) -> None:
    await _cut(ground, ground.one_of(ground.fleet.of("gateway")), "postgres")


async def one_from_redis(ground: Ground) -> None:
    everybody = [*ground.fleet.of("worker"), *ground.fleet.of("gateway")]
    await _cut(ground, ground.one_of(everybody), "redis")


async def _cut(ground: Ground, name: str, way: str, *, up: bool = True) -> None:
    (relay,) = ground.fleet.ways(way, name)
    relay.hold(up=up)
    await asyncio.sleep(_CUT_SECONDS)
    await relay.restore()
    ground.later(_started_again(ground, name))


async def _started_again(ground: Ground, name: str) -> None:
    # A worker that the fleet has buried ends with its next heartbeat.
    await asyncio.sleep(4)
    if not ground.fleet.processes[name].runs:
        await ground.fleet.run_surely(name)


FAULTS = (
    Fault(
        code="F20",
        name="worker cut off from PostgreSQL",
        strike=worker_from_postgres,
        befalls=frozenset({"workers"}),
        checks="its sockets are closed before its leases end",
    ),
    Fault(
        code="F20",
        name="worker hears PostgreSQL no more",
        strike=worker_hears_nothing,
        befalls=frozenset({"workers"}),
        checks="its sockets are closed before its leases end",
    ),
    Fault(
        code="F20",
        name="gateway cut off from PostgreSQL",
        strike=gateway_from_postgres,
        befalls=frozenset({"gateways"}),
    ),
    Fault(code="F20", name="process cut off from Redis", strike=one_from_redis, befalls=frozenset({"redis"})),
)
