"""The short form of the fault run: a kill at each named point and a handful at random."""

from pathlib import Path

import pytest

from tests.faults.campaign import Campaign
from tests.scenarios.rig import open_rig
from wagate.engine.baileys.points import CrashPoint

pytestmark = [pytest.mark.bridge, pytest.mark.timeout(300)]


@pytest.mark.parametrize("point", list(CrashPoint))
async def test_a_kill_at_a_named_point_loses_doubles_and_reuses_nothing(tmp_path: Path, point: CrashPoint) -> None:
    async with open_rig(tmp_path) as rig:
        campaign = Campaign(rig, seed=1, say=lambda what: None)
        await campaign.prepare()
        await campaign.kill_at(point.value, occurrence=3)
        await campaign.settle()
        assert await campaign.violations() == []


async def test_random_kills_of_bridge_and_program_lose_double_and_reuse_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        campaign = Campaign(rig, seed=2, say=lambda what: None)
        await campaign.prepare()
        await campaign.random_kills(6)
        await campaign.settle()
        assert await campaign.violations() == []
        assert sum(campaign.tally.kills.values()) == 6
