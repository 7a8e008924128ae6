"""What a fault has to work with, and what faults are."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.evidence import Evidence, Invariant
from tests.chaos.fleet import ChaosFleet
from tests.chaos.traffic import Traffic
from wagate.cli.client import ApiFailure


class Missed(Exception):
    """What was to be befallen never came to the point where it would have been: this was no strike."""


@dataclass(slots=True)
class Ground:
    """The fleet under load, and the dice."""

    fleet: ChaosFleet
    traffic: Traffic
    evidence: Evidence
    random: random.Random
    #: Whether outages last as long as the goals say, or just long enough to be met by every path.
    at_length: bool
    #: What was checked beside the invariants, and how it was: ``name -> values``.
    notes: dict[str, list[float]] = field(default_factory=dict)
    #: Texts that were never answered: none of them may be seen.
    refused: list[str] = field(default_factory=list)
    #: Texts that must be seen once in the end, whoever asked for them.
    owed: list[str] = field(default_factory=list)
    _later: list[asyncio.Task[Any]] = field(default_factory=list)

    def note(self, what: str, value: float) -> None:
        """Keep a number for the report."""
        self.notes.setdefault(what, []).append(value)

    def violated(self, invariant: Invariant, what: str) -> None:
        self.evidence.breach(invariant, what)

    def one_of(self, names: Sequence[str]) -> str:
        """One of these processes that runs."""
        running = [name for name in names if self.fleet.processes[name].runs]
        if not running:
            raise Missed(f"none of {', '.join(names)} runs")
        return self.random.choice(running)

    async def one_hosting(self) -> str:
        """One of the workers that have sessions: what befalls another one shows nothing."""
        try:
            online = await self.fleet.workers_online()
        except ApiFailure:
            online = {}
        return self.one_of(sorted(name for name, count in online.items() if count) or self.fleet.of("worker"))

    def lasting(self, short: float, at_length: float) -> float:
        return at_length if self.at_length else short

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Have something done beside the recovery, such as starting a process again."""
        self._later.append(asyncio.create_task(work))

    async def settled(self) -> None:
        """Wait for what was to be done later."""
        works, self._later = self._later, []
        await asyncio.gather(*works)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong. ``strike`` returns when it is over, and recovery is timed from then; it raises
    :class:`Missed` if it did not happen.
    """

    #: As the list of faults numbers it, such as F11.
    code: str
    name: str
    strike: Callable[[Ground], Awaitable[None]]
    #: What it befalls; two faults that befall the same thing do not come together.
    befalls: frozenset[str]
    #: Full rate has to be back after so many seconds.
    limit: float = 30.0
    #: What is checked beside the ten invariants.
    checks: str = ""
    #: What it needs, made before anything is timed or counted for it.
    prepare: Callable[[Ground], Awaitable[None]] | None = None
