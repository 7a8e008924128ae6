"""How many sessions there are, in which status, and how many wait for a worker."""

from tests.sessions.world import World
from wagate.core.metrics import Gauge, families
from wagate.sessions.measures import measure
from wagate.sessions.model import LEASE_SECONDS


def read(name: str) -> dict[tuple[str, ...], float]:
    (found,) = (family for family in families() if family.name == name)
    assert isinstance(found, Gauge)
    return found.read()


async def test_sessions_are_counted_by_status_and_those_without_a_worker_apart(both: World) -> None:
    await both.new("never connected")
    await both.online("online")
    await measure(both.db, both.clock)
    assert read("wagate_sessions") == {("disconnected", "baileys"): 1, ("connected", "baileys"): 1}
    assert read("wagate_sessions_unhosted") == {(): 0}

    await both.wanted("waits for a worker")
    await both.clock.advance(LEASE_SECONDS + 1)
    await measure(both.db, both.clock)
    assert read("wagate_sessions_unhosted") == {(): 2}
