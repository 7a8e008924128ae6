"""The short form of the chaos run: a fleet under load, a handful of faults, and the ten invariants."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.campaign import Campaign, campaign
from tests.chaos.faults import FAULTS

pytestmark = [pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

STRUCK = (
    "Redis flushed",
    "gateway killed at random",
    "connections reset in commits",
    "worker killed after a claim",
    "PostgreSQL restarted",
    "all sessions dropped at once",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def struck(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campaign]:
    """A small fleet's load; what an earlier fault broke shows in every later verdict."""
    wanted = [fault for fault in FAULTS if fault.name in STRUCK]
    folder = tmp_path_factory.mktemp("chaos")
    async with campaign(folder, 1, lambda _: None, wanted, tenants=2, sessions=1) as running:
        yield running


@pytest.mark.parametrize("name", STRUCK)
async def test_a_fault_is_recovered_from_and_breaks_no_invariant(struck: Campaign, name: str) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == name)

    await struck.strike([fault])

    assert struck.breaches == [], struck.ground.fleet.log


async def test_after_all_of_them_nothing_is_lost_doubled_reused_stale_or_out_of_order(struck: Campaign) -> None:
    await struck.settle()

    assert struck.breaches == [], struck.ground.fleet.log
    seen = struck.ground.evidence.seen
    assert min(seen.accepted, seen.written_by_people, seen.shown, seen.told, seen.counters, seen.logins) > 0, seen
    assert struck.unstruck == []
