"""What a campaign strikes with, and that it says what it did not."""

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import campaign as module
from tests.chaos.campaign import Campaign
from tests.chaos.evidence import Seen
from tests.chaos.ground import Fault, Ground, Missed
from tests.chaos.report import markdown
from tests.chaos.run import chosen


async def nothing(*_: object) -> None:
    """Happens."""


def nobody_waits(*_: object) -> float:
    return 0.0


def quiet_ground(seed: int) -> Any:
    """Where nothing is ever wrong."""
    evidence = SimpleNamespace(
        breaches=[], attempts=[], seen=Seen(), oldest_missing=nobody_waits, last_late=lambda *_: None, look=nothing
    )
    evidence.too_many_attempts = lambda *_: 0
    clients = SimpleNamespace(longest_wait=nobody_waits, last_late=lambda *_: None)
    traffic = SimpleNamespace(check=lambda: None, clients=clients)
    fleet = SimpleNamespace(until=nothing, is_whole=None)
    return SimpleNamespace(
        random=random.Random(seed), evidence=evidence, traffic=traffic, fleet=fleet, settled=nothing, notes={}
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WELL_SECONDS", 0.0)


def campaign_of(faults: list[Fault], seed: int = 1) -> Campaign:
    return Campaign(quiet_ground(seed), seed, lambda _: None, faults)


@pytest.mark.parametrize("seed", range(10))
async def test_each_fault_is_struck_before_one_is_drawn_for_the_second_time(seed: int) -> None:
    struck: Counter[str] = Counter()

    def fault(name: str) -> Fault:
        async def strike(_: Ground) -> None:
            struck[name] += 1

        return Fault(code="F1", name=name, strike=strike, befalls=frozenset({"all"}))

    running = campaign_of([fault(name) for name in "abcdefgh"], seed)
    for _ in range(8):
        assert not running.may_end
        await running.draw()
    assert struck == Counter("abcdefgh")
    assert running.may_end
    assert running.unstruck == []


async def test_what_never_comes_about_is_given_up_and_told_as_never_struck() -> None:
    async def strike(_: Ground) -> None:
        raise Missed("nobody was there")

    good = Fault(code="F1", name="good", strike=nothing, befalls=frozenset({"all"}))
    running = campaign_of([good, Fault(code="F2", name="bad", strike=strike, befalls=frozenset({"all"}))])
    for _ in range(6):
        await running.draw()
    assert running.may_end
    assert [fault.name for fault in running.unstruck] == ["bad"]
    assert "Struck: F1. **Never struck: F2 bad.**" in markdown(running, 1.0, "F1,F2")


def test_a_code_that_nothing_strikes_for_is_refused() -> None:
    assert {fault.code for fault in chosen("F24,F18")} == {"F18", "F24"}
    with pytest.raises(SystemExit, match="no strike for F99"):
        chosen("F1,F99")


def test_there_is_a_strike_for_every_fault_that_a_fleet_can_meet() -> None:
    codes = {fault.code for fault in chosen("")}
    wanted = {"F1", "F2", "F3", "F11", "F12", "F13", "F18", "F19", "F20", "F21", "F24", "F25", "F26", "F28"}
    assert wanted <= codes
