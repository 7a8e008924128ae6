"""The short form of the fault run: a kill at each named point and a handful at random.

Beside the question whether anything broke, each named point is asked for what only a kill in that very window leaves
behind, so that none of them is a kill at some other moment.
"""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.faults.campaign import Campaign, campaign
from tests.faults.evidence import Evidence
from wagate.engine.points import CrashPoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

#: Up to half of the kills leave no trace: the acknowledgement was quicker, or the server lost the message with the
#: connection. Not this often in a row.
MOST_KILLS = 10
#: What a kill at the point leaves on the wire.
TRACES: dict[CrashPoint, Callable[[Evidence], int]] = {
    CrashPoint.COMMITTED: lambda seen: seen.skipped_counters,
    CrashPoint.WRITTEN: lambda seen: seen.sent_again,
    CrashPoint.DECRYPTED: lambda seen: seen.delivered_again,
    CrashPoint.STORED: lambda seen: seen.delivered_again,
}


@pytest.fixture(scope="module", params=["native", pytest.param("baileys", marks=pytest.mark.bridge)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[Campaign]:
    """One rig with load, for all kills of an engine; what an earlier kill broke shows in every later verdict."""
    async with campaign(tmp_path_factory.mktemp("kills"), seed=1, engine=engine) as running:
        yield running


@pytest.mark.parametrize(
    ("engine", "program"),
    [
        ("native", True),
        pytest.param("baileys", False, marks=pytest.mark.bridge),
        pytest.param("baileys", True, marks=pytest.mark.bridge),
    ],
    indirect=["engine"],
    ids=["native", "bridge", "program"],
)
@pytest.mark.parametrize("point", list(CrashPoint))
async def test_a_kill_at_a_named_point_is_recovered_from(loaded: Campaign, point: CrashPoint, program: bool) -> None:
    await loaded.evidence.look()
    trace = TRACES.get(point)
    before = trace(loaded.evidence) if trace else 0

    for _ in range(MOST_KILLS if trace else 1):
        async with loaded.without_receipts():
            # A receipt would settle a message whose acknowledgement the kill lost, and it would not be sent again.
            await loaded.kill_at(point, occurrence=3, program=program)
            await loaded.flows_again()
        if trace and trace(loaded.evidence) > before:
            break

    assert trace is None or trace(loaded.evidence) > before, "no kill left a trace of its point"
    assert loaded.broken == []


async def test_a_kill_between_webhook_and_answer_repeats_the_webhook_under_its_id(loaded: Campaign) -> None:
    repeats = len(loaded.sink.ids) - len(set(loaded.sink.ids))

    await loaded.kill_when_told()
    await loaded.flows_again()

    assert len(loaded.sink.ids) - len(set(loaded.sink.ids)) > repeats
    assert loaded.broken == []


async def test_random_kills_are_recovered_from(loaded: Campaign) -> None:
    before = loaded.kills.total()
    for _ in range(6):
        await loaded.random_kill()
    assert loaded.kills.total() == before + 6
    assert loaded.broken == []


async def test_after_all_these_kills_nothing_is_lost_doubled_reused_or_out_of_order(loaded: Campaign) -> None:
    await loaded.settle()

    assert await loaded.verdict() == []
    assert len(loaded.evidence.promises) > 200, "there was hardly any load"
