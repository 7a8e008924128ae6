"""A session whose server means harm, and its neighbour in the same engine, who must not feel it.

python -m pytest tests/fuzz/test_live.py -m slow         FUZZ_SECONDS (60) of it; FUZZ_SEED picks others
"""

import asyncio
import gc
import os
import resource
from typing import Any

import pytest
import structlog

from tests.contracts.engine.lab import Lab, Member
from tests.fuzz.hostile import Hostile
from tests.fuzz.samples import ADA_LID, GROUP
from wagate.core.errors import WagateError
from wagate.engine.native import redelivery, stream
from wagate.engine.port import Closed, EngineUnavailable, QueryFailed, RelayImpossible, RelayRefused, RelayUnknown
from wagate.sandbox.phone import Phone
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node
from wagate.wire.ratchet import Bundle

SHOP, ADA, VICTIM = "491700000001", "491700000002", "491700000003"
SEED = os.environ.get("FUZZ_SEED", "1")
#: What a run may add to the process. The records that it holds for the session are bounded, and so is what waits.
MEGABYTES = 200
#: How long the neighbour's message may take, while its process also writes the flood.
NEIGHBOUR_SECONDS = 20.0

_REFUSALS = (RelayRefused, RelayUnknown, RelayImpossible, QueryFailed, EngineUnavailable)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redelivery, "ACK_SECONDS", 10.0)
    # A server that is busy with its flood does not close its side, and is left behind after so long.
    monkeypatch.setattr(stream, "_CLOSE_SECONDS", 0.1)


class Neighbour:
    """Writes and is written to, one after the other, and misses nothing."""

    def __init__(self, shop: Member, ada: Phone) -> None:
        self.shop, self.ada = shop, ada
        self.rounds = 0
        self.slowest = 0.0

    async def live(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            async with asyncio.timeout(NEIGHBOUR_SECONDS):
                await self.shop.relay(ADA, f"out {self.rounds}")
                self.ada.outbox.send_text(Jid(SHOP), f"in {self.rounds}")
                await self.shop.has_texts(self.rounds + 1)
            self.slowest = max(self.slowest, loop.time() - begun)
            self.rounds += 1
            await asyncio.sleep(0.02)

    async def check(self) -> None:
        assert [m.text for m in self.ada.inbox.since(limit=100_000)] == [f"out {n}" for n in range(self.rounds)]
        assert await self.shop.texts() == [f"in {n}" for n in range(self.rounds)]


async def attack(lab: Lab, hostile: Hostile, seconds: float) -> tuple[Neighbour, list[Closed], list[Any]]:
    """Keep the victim connected to the server that means harm; the neighbour, how the victim's links ended, and what
    was logged.
    """
    unheard: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unheard.append(context))
    shop, ada, victim = await lab.linked(SHOP), lab.phone(ADA), await lab.linked(VICTIM)
    account = lab.sandbox.world.accounts[VICTIM]
    hostile.learn(_bundle(lab, account.jid("s.whatsapp.net", max(account.devices))))
    await victim.link.close()
    neighbour = Neighbour(shop, ada)
    living = asyncio.create_task(neighbour.live())
    lab.endpoint, good = hostile.endpoint, lab.endpoint
    before, closed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    with structlog.testing.capture_logs(processors=[structlog.processors.format_exc_info]) as logs:
        end = loop.time() + seconds
        while loop.time() < end and not living.done():
            await victim.open()
            busy = [asyncio.create_task(_use(victim)) for _ in range(4)]
            try:
                closed.append(await victim.next(Closed, min(2.0, max(end - loop.time(), 0.1))))
            except TimeoutError:
                await victim.link.close()
                closed.append(await victim.next(Closed))
            async with asyncio.timeout(NEIGHBOUR_SECONDS):
                await asyncio.gather(*busy)
    lab.endpoint = good
    if living.done():
        living.result()
    # In the middle of a round it would not be known whether its message counts.
    rounds = neighbour.rounds
    async with asyncio.timeout(NEIGHBOUR_SECONDS):
        while neighbour.rounds == rounds:
            await asyncio.sleep(0.001)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES
    return neighbour, closed, logs


def _bundle(lab: Lab, jid: Jid) -> Bundle:
    found = lab.sandbox.world.bundle(jid)
    assert found is not None
    return found


async def _use(victim: Member) -> None:
    """What those above the port do meanwhile, who know only the port's errors."""
    to = (Jid(ADA), GROUP, ADA_LID, Jid("1", "lid"))
    for n in range(50):
        try:
            await victim.relay(to[n % 4], f"attempt {n}")
            await victim.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}), 0.5)
        except _REFUSALS as error:
            assert isinstance(error, WagateError)
            if victim.events and isinstance(victim.events[-1], Closed):
                return
            await asyncio.sleep(0.01)


def failures(logs: list[Any]) -> set[str]:
    """What was caught that nobody foresaw."""
    return {f"{x['event']}: {x['exception'][-600:]}" for x in logs if "exception" in x}


async def run(lab: Lab, seconds: float, *, breaks_frames: bool) -> None:
    hostile = Hostile(f"{SEED}/{breaks_frames}")
    hostile.breaks_frames = breaks_frames
    async with hostile.listening():
        neighbour, closed, logs = await attack(lab, hostile, seconds)
        await neighbour.check()
    assert failures(logs) == set()
    assert hostile.sent > 100
    assert closed
    assert all(isinstance(end.code, int) and end.reason for end in closed)


@pytest.mark.parametrize("breaks_frames", [False, True])
async def test_a_hostile_server_harms_its_own_session_at_most(lab: Lab, breaks_frames: bool) -> None:
    await run(lab, 1.5, breaks_frames=breaks_frames)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("breaks_frames", [False, True])
async def test_a_hostile_server_for_long(lab: Lab, breaks_frames: bool) -> None:
    await run(lab, float(os.environ.get("FUZZ_SECONDS", "60")), breaks_frames=breaks_frames)
