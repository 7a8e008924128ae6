"""F13: S3 is away, answers 500, is slow, or breaks off in the middle of a file. Files come late, texts do not."""

import asyncio
from collections.abc import Callable

from tests.chaos.faults.outage import watched
from tests.chaos.ground import Fault, Ground
from tests.chaos.relay import Relay

_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def _befallen(name: str, what: Callable[[Relay], None]) -> Fault:
    async def strike(ground: Ground) -> None:
        relays = ground.fleet.ways("s3")

        async def outage() -> None:
            for relay in relays:
                what(relay)
            await asyncio.sleep(ground.lasting(6, 30))
            await asyncio.gather(*(relay.restore() for relay in relays))

        await watched(ground, name, outage)

    return Fault(
        code="F13", name=name, strike=strike, befalls=frozenset({"s3"}), limit=45, checks="files arrive by their hash"
    )


async def away(ground: Ground) -> None:
    relays = ground.fleet.ways("s3")

    async def outage() -> None:
        await asyncio.gather(*(relay.stop() for relay in relays))
        await asyncio.sleep(ground.lasting(8, 600))
        await asyncio.gather(*(relay.restore() for relay in relays))

    await watched(ground, "S3 away", outage)


FAULTS = (
    Fault(
        code="F13",
        name="S3 away",
        strike=away,
        befalls=frozenset({"s3"}),
        limit=45,
        checks="files arrive by their hash",
    ),
    _befallen("S3 answers 500", lambda relay: relay.answer(_ERROR)),
    _befallen("S3 at 1 kB/s", lambda relay: relay.pace(1_000)),
    _befallen("S3 breaks off", lambda relay: relay.cut_after(5_000)),
)
