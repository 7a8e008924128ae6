"""Workers come, say that they live, drain, fall silent and are gone."""

from datetime import timedelta

import msgspec
import pytest

from tests.cluster.conftest import Ground
from wagate.audit.model import Action, Actor, Query
from wagate.audit.service import AuditLog
from wagate.cluster.errors import WorkerGone, WorkerIdTaken, WorkerNotFound
from wagate.cluster.model import SILENCE, Metrics, WorkerStatus
from wagate.core.ids import WorkerId

ONE, TWO = WorkerId("worker-1"), WorkerId("worker-2")


async def test_a_worker_that_registers_is_told_of_and_shown(ground: Ground) -> None:
    await ground.registry.register(ONE, "http://one:8001/", 50)
    (known,) = await ground.registry.fit()
    assert (known.id, known.endpoint, known.max_sessions) == (ONE, "http://one:8001", 50)
    (event,) = await ground.world.told("worker.online")
    assert event.data["workerId"] == ONE
    shown = msgspec.json.decode(await ground.kv.get("worker:worker-1:status") or "{}")
    assert (shown["endpoint"], shown["status"]) == ("http://one:8001", "online")


async def test_registering_again_changes_nothing_but_not_from_elsewhere(ground: Ground) -> None:
    first = await ground.registry.register(ONE, "http://one:8001", 50)
    assert await ground.registry.register(ONE, "http://one:8001", 50) == first
    with pytest.raises(WorkerIdTaken):
        await ground.registry.register(ONE, "http://impostor:8001", 50)


async def test_an_id_is_never_used_twice(ground: Ground) -> None:
    await ground.registry.register(ONE, "http://one:8001", 50)
    await ground.registry.bury(ONE, "test")
    with pytest.raises(WorkerIdTaken):
        await ground.registry.register(ONE, "http://one:8001", 50)


async def test_a_heartbeat_keeps_a_worker_fit_and_shows_its_load(ground: Ground) -> None:
    await ground.registry.register(ONE, "http://one:8001", 50)
    await ground.clock.advance(SILENCE.total_seconds() + 1)
    assert await ground.registry.fit() == []
    metrics = Metrics(session_count=7, active_connections=6, cpu_usage=12.5, memory_usage=3.0)
    await ground.registry.heartbeat(ONE, WorkerStatus.ONLINE, metrics)
    (known,) = await ground.registry.fit()
    assert known.metrics == metrics


async def test_who_was_taken_for_dead_is_told_so(ground: Ground) -> None:
    with pytest.raises(WorkerGone):
        await ground.registry.heartbeat(ONE, WorkerStatus.ONLINE, Metrics())
    await ground.registry.register(ONE, "http://one:8001", 50)
    assert await ground.registry.bury(ONE, "test")
    assert not await ground.registry.bury(ONE, "test")
    with pytest.raises(WorkerGone):
        await ground.registry.heartbeat(ONE, WorkerStatus.ONLINE, Metrics())
    assert len(await ground.world.told("worker.offline")) == 1
    assert await ground.kv.get("worker:worker-1:status") is None


async def test_a_draining_worker_is_given_nothing_and_can_not_go_back(ground: Ground) -> None:
    with pytest.raises(WorkerNotFound):
        await ground.registry.drain(ground.world.principal, ONE)
    await ground.registry.register(ONE, "http://one:8001", 50)
    await ground.registry.drain(ground.world.principal, ONE)
    assert await ground.registry.fit() == []
    known = await ground.registry.heartbeat(ONE, WorkerStatus.ONLINE, Metrics())
    assert known.status is WorkerStatus.DRAINING
    (entry,) = await AuditLog(ground.world.db).page(Query(), before=None, limit=10)
    assert (entry.action, entry.target, entry.account_id) == (Action.WORKER_DRAINED, ONE, None)
    assert entry.actor == Actor.of(ground.world.principal)


async def test_a_farewell_is_final(ground: Ground) -> None:
    await ground.registry.register(ONE, "http://one:8001", 50)
    await ground.registry.heartbeat(ONE, WorkerStatus.OFFLINE, Metrics())
    assert (await ground.registry.find(ONE)).status is WorkerStatus.OFFLINE


async def test_workers_that_share_limits_are_counted_and_the_gone_are_forgotten(ground: Ground) -> None:
    assert await ground.registry.share_of(ONE) == (0, 1)
    await ground.registry.register(ONE, "http://one:8001", 50)
    await ground.registry.register(TWO, "http://two:8001", 50)
    assert await ground.registry.share_of(ONE) == (0, 2)
    assert await ground.registry.share_of(TWO) == (1, 2)
    await ground.registry.bury(TWO, "test")
    assert await ground.registry.share_of(ONE) == (0, 1)
    await ground.clock.advance(timedelta(days=2).total_seconds())
    await ground.registry.forget()
    assert [worker.id for worker in await ground.registry.everybody()] == [ONE]
