"""F24: the database is put back to a copy, as docs/operations/backups.md tells operators to: with every process
stopped, and no word to wagate, which has to notice by itself.

What was accepted after the copy was made is gone with it, by nature, and evidence is told exactly that
(:class:`tests.chaos.evidence.Lapse`). Message keys used after the copy must not be used again (I4), and all else holds.
"""

import asyncio
import time

from tests.chaos.evidence import Lapse
from tests.chaos.ground import Fault, Ground
from wagate.backups.watermark import RAISE_SECONDS

#: The mark outside the database has to have moved on. A copy put back sooner is not noticed, as the docs say.
_LATER_SECONDS = RAISE_SECONDS + 5.0
#: What a gateway answered last is with its client by then; nobody answers any more.
_ANSWERED_SECONDS = 0.5


async def put_back(ground: Ground) -> None:
    await _put_back(ground, workers_later=0.0)


async def put_back_and_workers_late(ground: Ground) -> None:
    """Gateways raise the mark, too, and must not raise that of an old database as if nothing were wrong."""
    await _put_back(ground, workers_later=RAISE_SECONDS + 5.0)


async def _put_back(ground: Ground, *, workers_later: float) -> None:
    fleet, evidence, clients = ground.fleet, ground.evidence, ground.traffic.clients
    copy = fleet.folder / "copy.dump"
    copied = time.monotonic()
    await fleet.postgres.dump(copy)
    counters = evidence.seen.counters
    await asyncio.sleep(_LATER_SECONDS)
    everything = [name for name, process in fleet.processes.items() if process.runs]
    for name in everything:
        fleet.ask_to_end(name)
    await asyncio.gather(*(fleet.gone(name) for name in everything))
    ended = time.monotonic()
    await asyncio.sleep(_ANSWERED_SECONDS)
    unanswered = frozenset(key.removeprefix("load ") for key in clients.waiting)
    await evidence.look()
    ground.note("message keys used after the copy that was put back", evidence.seen.counters - counters)
    evidence.went_back(Lapse(copied=copied, ended=ended, unanswered=unanswered))
    await fleet.postgres.restore(copy)
    await asyncio.gather(*(fleet.run(name) for name in fleet.of("gateway")))
    await asyncio.sleep(workers_later)
    await asyncio.gather(*(fleet.run(name) for name in fleet.of("worker")))


_EVERYTHING = frozenset({"postgres", "redis", "s3", "gateways", "workers", "extra", "keys", "clocks", "whatsapp"})
_CHECKS = "keys used after the copy are not used again; what is gone was accepted after it"

FAULTS = tuple(
    Fault(code="F24", name=name, strike=strike, befalls=_EVERYTHING, limit=60, checks=_CHECKS)
    for name, strike in (
        ("database put back to a copy", put_back),
        ("database put back, workers started late", put_back_and_workers_late),
    )
)
