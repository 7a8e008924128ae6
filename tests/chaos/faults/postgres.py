"""F11: PostgreSQL is restarted, killed, away, silent, or breaks connections in the middle of commits."""

import asyncio

from tests.chaos.faults.outage import watched
from tests.chaos.ground import Fault, Ground, Missed

_BETWEEN_COMMITS = (0.2, 1.0)
_COMMITS = 8


async def restart(ground: Ground) -> None:
    async def outage() -> None:
        await ground.fleet.postgres.stop()
        await ground.fleet.postgres.start()

    await watched(ground, "PostgreSQL restarts", outage)


async def kill(ground: Ground) -> None:
    async def outage() -> None:
        await ground.fleet.postgres.kill()
        await asyncio.sleep(ground.random.uniform(0, 2))
        await ground.fleet.postgres.start()

    await watched(ground, "PostgreSQL killed", outage)


async def away(ground: Ground) -> None:
    relays = ground.fleet.ways("postgres")

    async def outage() -> None:
        await asyncio.gather(*(relay.stop() for relay in relays))
        await asyncio.sleep(ground.lasting(6, 30))
        await asyncio.gather(*(relay.restore() for relay in relays))

    await watched(ground, "PostgreSQL away", outage)


async def silent(ground: Ground) -> None:
    relays = ground.fleet.ways("postgres")

    async def outage() -> None:
        for relay in relays:
            relay.hold()
        await asyncio.sleep(ground.lasting(6, 30))
        await asyncio.gather(*(relay.restore() for relay in relays))

    await watched(ground, "PostgreSQL silent", outage)


async def broken_commits(ground: Ground) -> None:
    """Whether a commit happened is unknown; the key tells."""
    relays = ground.fleet.ways("postgres", *(n for n, p in ground.fleet.processes.items() if p.runs))
    before = sum(relay.broken for relay in relays)
    for _ in range(_COMMITS):
        ground.random.choice(relays).break_at(b"COMMIT", delivered=ground.random.random() < 0.5)
        await asyncio.sleep(ground.random.uniform(*_BETWEEN_COMMITS))
    await asyncio.gather(*(relay.restore() for relay in relays))
    broken = sum(relay.broken for relay in relays) - before
    if not broken:
        raise Missed("nothing was committed")
    ground.note("commits broken", broken)


_EVERYTHING = frozenset({"postgres", "gateways", "workers", "extra"})

FAULTS = (
    Fault(code="F11", name="PostgreSQL restarted", strike=restart, befalls=_EVERYTHING, checks="503 in good time"),
    Fault(code="F11", name="PostgreSQL killed", strike=kill, befalls=_EVERYTHING, checks="503 in good time"),
    Fault(code="F11", name="PostgreSQL away", strike=away, befalls=_EVERYTHING, checks="503 in good time"),
    Fault(
        code="F11", name="PostgreSQL silent", strike=silent, befalls=_EVERYTHING, checks="503 in good time", limit=45
    ),
    Fault(
        code="F11",
        name="connections reset in commits",
        strike=broken_commits,
        befalls=frozenset({"postgres", "extra"}),
    ),
)
