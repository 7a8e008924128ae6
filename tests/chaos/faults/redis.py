"""F12: Redis is killed, flushed, or stalls. Nothing may be refused for it."""

import asyncio

from tests.chaos.faults.outage import watched
from tests.chaos.ground import Fault, Ground


async def kill(ground: Ground) -> None:
    valkey = ground.fleet.valkey

    async def outage() -> None:
        valkey.stop()
        await asyncio.sleep(ground.random.uniform(2, 5))
        await asyncio.to_thread(valkey.start)

    await watched(ground, "Redis killed", outage)


async def flush(ground: Ground) -> None:
    reader, writer = await asyncio.open_unix_connection(ground.fleet.valkey.url.removeprefix("unix://"))
    writer.write(b"FLUSHALL\r\n")
    assert await reader.readline() == b"+OK\r\n"
    writer.close()


async def stall(ground: Ground) -> None:
    valkey = ground.fleet.valkey

    async def outage() -> None:
        valkey.freeze()
        await asyncio.sleep(5)
        valkey.thaw()

    await watched(ground, "Redis stalls", outage)


_REDIS = frozenset({"redis"})

FAULTS = (
    Fault(code="F12", name="Redis killed", strike=kill, befalls=_REDIS),
    Fault(code="F12", name="Redis flushed", strike=flush, befalls=_REDIS),
    Fault(code="F12", name="Redis stalls for 5 s", strike=stall, befalls=_REDIS),
)
