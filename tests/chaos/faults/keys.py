"""F25: a process is started with no key ring, or with another one. It refuses, and nothing is overwritten: the others
go on, and start again with theirs.
"""

import os

from tests.chaos.evidence import Invariant
from tests.chaos.ground import Fault, Ground
from wagate.core.errors import StartupError
from wagate.core.seal import KeyRing

_EXTRA = "gateway-keys"


async def missing(ground: Ground) -> None:
    await _refused(ground, "")


async def wrong(ground: Ground) -> None:
    await _refused(ground, KeyRing.generate(os.urandom).to_text())


async def _refused(ground: Ground, ring: str) -> None:
    fleet = ground.fleet
    if _EXTRA not in fleet.processes:
        await fleet.prepare(_EXTRA, "gateway")
    try:
        await fleet.run(_EXTRA, WAGATE_SECRET_KEYS=ring)
    except StartupError as error:
        ground.note("starts refused", 1)
        if "Traceback" in error.detail:
            ground.note("refusals without a sentence", 1)
    else:
        ground.violated(Invariant.I8, "a gateway started with a key ring that is not the database's")
        fleet.kill(_EXTRA)
        await fleet.gone(_EXTRA)


FAULTS = (
    Fault(
        code="F25", name="started without a key ring", strike=missing, befalls=frozenset({"keys"}), checks="it refuses"
    ),
    Fault(
        code="F25", name="started with a wrong key ring", strike=wrong, befalls=frozenset({"keys"}), checks="it refuses"
    ),
)
