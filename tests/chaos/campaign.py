"""A campaign: faults drawn from a seed, one or several at a time; after each, recovery is timed and evidence judged.

It is not over before each fault that it was to strike with has been struck.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.evidence import Breach, Evidence, Invariant
from tests.chaos.fleet import open_fleet
from tests.chaos.ground import Fault, Ground, Missed
from tests.chaos.traffic import Traffic

#: What was promised must be there this long after the last fault.
SETTLE_SECONDS = 120.0
#: Two faults come together this often, if they do not befall the same.
_TOGETHER = 0.25
_WHOLE_SECONDS = 90.0
_LOOK_SECONDS = 0.1
#: A message that takes longer than this is late, on a machine that is not busy with other things.
_PATIENCE = 2.0
#: Full rate is back when nothing was late for so long.
_WELL_SECONDS = 3.0
#: Load that runs undisturbed before the first fault, to know what full rate is.
_BASE_SECONDS = 6.0
#: What did not come about so often in a row is given up, and the campaign has failed.
_MISSES = 5

#: Breaches of an invariant that are told in full after a strike; the rest is as a rule the same again.
_TOLD = 3

Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What became of one fault, over all its strikes."""

    fault: Fault
    strikes: int = 0
    #: How often in a row it was tried and did not come about.
    misses: int = 0
    #: Seconds from the end of the fault until full rate; one that was not back in time is missing.
    recoveries: list[float] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)


class Campaign:
    """Strikes one fleet. Made by :func:`campaign`."""

    def __init__(self, ground: Ground, seed: int, say: Say, wanted: Sequence[Fault]) -> None:
        self.ground = ground
        self.seed = seed
        self.say = say
        #: The faults that it is to strike with, each once at least.
        self.wanted = tuple(wanted)
        self.outcomes: dict[str, Outcome] = {}
        #: Promises a second when nothing is wrong.
        self.base = 0.0
        #: No message takes longer than this when nothing is wrong, in seconds.
        self.patience = _PATIENCE
        self.breaches: list[Breach] = []
        self._judged = 0

    @property
    def slowness(self) -> float:
        """How much slower this machine is than one that has nothing else to do."""
        return self.patience / _PATIENCE

    @property
    def first_breach(self) -> Breach | None:
        """What broke first, which is what a seed is replayed for."""
        return min(self.breaches, key=lambda breach: breach.at, default=None)

    @property
    def unstruck(self) -> list[Fault]:
        """What was to be struck with and never was."""
        return [fault for fault in self.wanted if not self._strikes(fault)]

    @property
    def may_end(self) -> bool:
        """Whether each fault was struck, or given up."""
        return all(self._misses(fault) >= _MISSES for fault in self.unstruck)

    async def strike(self, faults: Sequence[Fault]) -> None:
        """Have these happen together, wait until full rate is back and the fleet is whole, and judge."""
        ground, names = self.ground, " + ".join(fault.name for fault in faults)
        for fault in faults:
            if fault.prepare is not None:
                await fault.prepare(ground)
        self.say(names)
        attempts, begun = len(ground.evidence.attempts), time.monotonic()
        outcomes = [self.outcomes.setdefault(fault.name, Outcome(fault)) for fault in faults]
        await asyncio.gather(*(self._come_about(outcome) for outcome in outcomes))
        over = time.monotonic()
        limit = max(fault.limit for fault in faults)
        recovery = await self._full_rate(over, limit)
        for outcome in outcomes:
            if recovery is not None and not outcome.misses:
                outcome.recoveries.append(recovery)
        if recovery is None:
            waits = f"the oldest message waits for {ground.evidence.oldest_missing():.0f} s"
            ground.violated(Invariant.I10, f"not at full rate {limit * self.slowness:.0f} s after: {names}; {waits}")
        await ground.settled()
        if busiest := ground.evidence.too_many_attempts(attempts, begun):
            ground.violated(Invariant.I9, f"{busiest} attempts to connect within a second after: {names}")
        with contextlib.suppress(AssertionError):
            await ground.fleet.until(ground.fleet.is_whole, "the fleet is whole", _WHOLE_SECONDS)
        found = self._new_breaches()
        self._tell(found, f" after {names}")
        for outcome in outcomes:
            outcome.breaches += found

    async def draw(self) -> None:
        """Strike with one of those wanted, and sometimes another that goes with it. Those that struck least come
        first.
        """
        dice = self.ground.random
        first = dice.choice(self._least_struck(self.wanted))
        others = [fault for fault in self.wanted if not fault.befalls & first.befalls]
        together = [dice.choice(self._least_struck(others))] if others and dice.random() < _TOGETHER else []
        await self.strike([first, *together])

    async def settle(self) -> None:
        """End the load, wait until all that was promised is there, and judge what is not."""
        ground, evidence = self.ground, self.ground.evidence
        await ground.fleet.clear_faults()
        await ground.traffic.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while evidence.oldest_missing() > 0 or any(not evidence.is_shown(text) for text in ground.owed):
                    await asyncio.sleep(_LOOK_SECONDS)
        await evidence.look()
        for breach in evidence.lost():
            evidence.breaches.append(breach)
        for text in ground.owed:
            if evidence.is_shown(text) != 1:
                ground.violated(Invariant.I1, f"{text!r} was committed and is shown {evidence.is_shown(text)} times")
        for text in ground.refused:
            if evidence.is_shown(text):
                ground.violated(Invariant.I1, f"{text!r} was never accepted, and is shown")
        for what, count in (await evidence.complaints()).items():
            ground.violated(Invariant.I6, f"the server complains of {what}, {count} times")
        for what, count in ground.traffic.clients.surprises.items():
            ground.violated(Invariant.I1, f"clients were told {what}, {count} times")
        bugs = ground.fleet.bugs()
        ground.note("requests answered 500", len(bugs))
        for bug in bugs[:_TOLD]:
            self.say(f"BUG {bug}")
        evidence.finish()
        self._tell(self._new_breaches(), "")

    async def begin(self) -> None:
        """Wait until the load flows, and learn what full rate is."""
        evidence = self.ground.evidence
        while len(evidence.promises) < 100 or evidence.oldest_missing() > 2.0:
            await asyncio.sleep(_LOOK_SECONDS)
        begun, before = time.monotonic(), len(evidence.promises)
        await asyncio.sleep(_BASE_SECONDS)
        self.base = (len(evidence.promises) - before) / _BASE_SECONDS
        waits = evidence.latencies(begun, time.monotonic())
        self.patience = max(_PATIENCE, 3 * waits[int(0.99 * len(waits))])

    def _tell(self, breaches: Sequence[Breach], when: str) -> None:
        for invariant in Invariant:
            found = [breach for breach in breaches if breach.invariant is invariant]
            for breach in found[:_TOLD]:
                self.say(f"BROKEN {invariant.name}{when}: {breach.what}")
            if len(found) > _TOLD:
                self.say(f"… and {invariant.name} {len(found) - _TOLD} times more")

    async def _come_about(self, outcome: Outcome) -> None:
        try:
            await outcome.fault.strike(self.ground)
        except Missed as missed:
            outcome.misses += 1
            self.say(f"missed: {missed}")
        else:
            outcome.strikes += 1
            outcome.misses = 0

    def _least_struck(self, faults: Sequence[Fault]) -> list[Fault]:
        open_ones = [fault for fault in faults if self._misses(fault) < _MISSES] or faults
        fewest = min(self._strikes(fault) for fault in open_ones)
        return [fault for fault in open_ones if self._strikes(fault) == fewest]

    def _strikes(self, fault: Fault) -> int:
        return self.outcomes[fault.name].strikes if fault.name in self.outcomes else 0

    def _misses(self, fault: Fault) -> int:
        return self.outcomes[fault.name].misses if fault.name in self.outcomes else 0

    async def _full_rate(self, over: float, limit: float) -> float | None:
        """Seconds from then until the last message was late, once nothing is any more; ``None`` if ``limit`` passes."""
        evidence, traffic = self.ground.evidence, self.ground.traffic
        well_since = time.monotonic()
        while time.monotonic() - well_since < _WELL_SECONDS:
            if time.monotonic() > over + limit * self.slowness:
                return None
            await asyncio.sleep(_LOOK_SECONDS)
            traffic.check()
            if max(evidence.oldest_missing(), traffic.clients.longest_wait()) > self.patience:
                well_since = time.monotonic()
        lates = (found.last_late(self.patience, over) for found in (evidence, traffic.clients))
        return max((late - over for late in lates if late is not None), default=0.0)

    def _new_breaches(self) -> list[Breach]:
        found = self.ground.evidence.breaches[self._judged :]
        self._judged += len(found)
        self.breaches += found
        return found


@contextlib.asynccontextmanager
async def campaign(
    folder: Path,
    seed: int,
    say: Say,
    wanted: Sequence[Fault],
    *,
    tenants: int = 3,
    sessions: int = 2,
    at_length: bool = False,
) -> AsyncIterator[Campaign]:
    """A fleet with its load running, to be struck with the faults that are ``wanted``."""
    async with open_fleet(folder) as fleet:
        traffic = Traffic(fleet, seed)
        await traffic.make_tenants(tenants, sessions)
        evidence = Evidence(fleet, traffic.tenants, traffic.flows)
        looking = asyncio.create_task(evidence.run())
        ground = Ground(fleet, traffic, evidence, random.Random(seed), at_length)
        made = Campaign(ground, seed, say, wanted)
        try:
            traffic.start(evidence)
            await made.begin()
            yield made
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await traffic.close()
