"""Sessions go to workers, leave the dead, move and even out."""

import asyncio
from collections import Counter
from typing import NoReturn

import pytest

from tests.cluster.conftest import Ground
from tests.sessions.world import SHOP
from wagate.audit.model import Action, Query
from wagate.audit.service import AuditLog
from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.model import Metrics, WorkerStatus
from wagate.cluster.service.calls import NobodyListens
from wagate.core.ids import WorkerId
from wagate.engine.lease import StaleEpoch
from wagate.sessions.model import LEASE_SECONDS, Lease, Session, Trigger
from wagate.storage.errors import StorageUnavailable

ONE, TWO, THREE = WorkerId("worker-1"), WorkerId("worker-2"), WorkerId("worker-3")


async def join(ground: Ground, *workers: WorkerId, capacity: int = 100) -> None:
    for worker in workers:
        endpoint = f"http://{worker}:8001"
        await ground.registry.register(worker, endpoint, capacity)
        ground.wire.health[endpoint] = {"status": "ok", "workerId": worker}


async def owners(ground: Ground, sessions: list[Session]) -> Counter[WorkerId | None]:
    return Counter([(await ground.world.now(session.id)).worker_id for session in sessions])


async def test_sessions_are_spread_evenly_and_each_worker_is_told(ground: Ground) -> None:
    await join(ground, ONE, TWO)
    sessions = [await ground.world.wanted(f"s{n}") for n in range(4)]
    assert await ground.placer.place() == 4
    assert await owners(ground, sessions) == {ONE: 2, TWO: 2}
    created = [(endpoint, body["epoch"]) for endpoint, _, path, body in ground.wire.asked if path == "/session/create"]
    assert Counter(created) == {("http://worker-1:8001", 1): 2, ("http://worker-2:8001", 1): 2}
    for session in sessions:
        route = await ground.routes.find(session.id)
        assert route is not None and route.worker == (await ground.world.now(session.id)).worker_id
        assert await ground.kv.get(f"session:{session.id}:worker") is not None


async def test_without_room_sessions_wait(ground: Ground) -> None:
    sessions = [await ground.world.wanted(f"s{n}") for n in range(3)]
    assert await ground.placer.place() == 0
    await join(ground, ONE, capacity=2)
    assert await ground.placer.place() == 2
    assert await owners(ground, sessions) == {ONE: 2, None: 1}
    assert await ground.placer.place() == 0


async def test_a_worker_that_can_not_be_told_keeps_what_it_was_given(ground: Ground) -> None:
    await join(ground, ONE)
    ground.wire.refusing.add("http://worker-1:8001")
    session = await ground.world.wanted()
    assert await ground.placer.place() == 1
    assert [(lease.session, lease.epoch) for lease, _ in await ground.world.sessions.hosting.held(ONE)] == [
        (session.id, 1)
    ]


async def test_where_nobody_listens_twice_a_worker_is_dead_and_its_writes_are_refused(ground: Ground) -> None:
    await join(ground, ONE)
    session = await ground.world.wanted()
    await ground.placer.place()
    await join(ground, TWO)
    ground.wire.health["http://worker-1:8001"] = NobodyListens()

    await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.ONLINE
    await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.OFFLINE

    assert await ground.placer.place() == 1
    taken = await ground.world.now(session.id)
    assert (taken.worker_id, taken.epoch) == (TWO, 2)
    stale = Lease(session=session.id, worker=ONE, epoch=1)
    with pytest.raises(StaleEpoch):
        await ground.world.sessions.hosting.record(stale, Trigger.ONLINE, identity=SHOP)


async def test_another_worker_at_its_endpoint_proves_a_worker_dead(ground: Ground) -> None:
    await join(ground, ONE)
    ground.wire.health["http://worker-1:8001"] = {"status": "ok", "workerId": "its-successor"}
    await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.OFFLINE


async def test_a_silent_worker_keeps_its_sessions_until_its_leases_run_out(ground: Ground) -> None:
    await join(ground, ONE, TWO)
    session = await ground.world.wanted()
    await ground.placer.place()
    owner = (await ground.world.now(session.id)).worker_id
    other = TWO if owner == ONE else ONE
    ground.wire.health[f"http://{owner}:8001"] = WorkerUnreachable()
    for _ in range(5):
        await ground.placer.probe()
    assert await ground.placer.place() == 0

    await ground.clock.advance(LEASE_SECONDS + 1)
    await ground.registry.heartbeat(other, WorkerStatus.ONLINE, Metrics())
    assert await ground.placer.place() == 1
    assert (await ground.world.now(session.id)).worker_id == other


async def test_who_has_a_session_moved_is_logged_and_the_fleet_itself_is_not(ground: Ground) -> None:
    session = await ground.world.wanted()
    await ground.placing.move(session.id, THREE)
    await ground.placing.move(session.id, TWO, by=ground.world.principal)
    moved = await AuditLog(ground.world.db).page(Query(action=Action.SESSION_MOVED), before=None, limit=10)
    assert [(entry.target, entry.account_id, entry.detail) for entry in moved] == [
        (session.id, session.account_id, {"worker": TWO})
    ]


async def test_who_says_nothing_for_long_is_buried(ground: Ground) -> None:
    await join(ground, ONE)
    ground.wire.health["http://worker-1:8001"] = WorkerUnreachable()
    await ground.clock.advance(16)
    await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.ONLINE
    await ground.clock.advance(16)
    await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.OFFLINE


async def test_nobody_is_buried_for_what_could_not_be_heard_while_the_database_was_away(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> NoReturn:
        raise StorageUnavailable

    await join(ground, ONE)
    ground.wire.health["http://worker-1:8001"] = WorkerUnreachable()
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(ground.placer.run())
        for is_away, seconds in ((False, 25), (True, 25), (False, 10)):
            with monkeypatch.context() as patched:
                if is_away:
                    patched.setattr(ground.registry, "everybody", away)
                for _ in range(seconds):
                    await ground.clock.advance(1)
                    await ground.world.settle()
            assert (await ground.registry.find(ONE)).status is WorkerStatus.ONLINE
        for _ in range(10):
            await ground.clock.advance(1)
            await ground.world.settle()
        assert (await ground.registry.find(ONE)).status is WorkerStatus.OFFLINE
        placing.cancel()


async def test_whoever_answers_is_not_buried_though_its_words_do_not_arrive(ground: Ground) -> None:
    await join(ground, ONE)
    for _ in range(10):
        await ground.clock.advance(16)
        await ground.placer.probe()
    assert (await ground.registry.find(ONE)).status is WorkerStatus.ONLINE
    assert await ground.registry.fit() == []


async def test_a_session_that_is_to_move_is_let_go_and_given_to_its_new_worker(ground: Ground) -> None:
    await join(ground, ONE)
    session = await ground.world.wanted()
    await ground.placer.place()
    await join(ground, TWO, THREE)
    await ground.placing.move(session.id, THREE)

    (wish,) = await ground.world.sessions.hosting.wishes(ONE)
    assert (wish.id, wish.move_to) == (session.id, THREE)
    assert not await ground.placing.settled(session.id)
    await ground.world.sessions.hosting.finish(Lease(session=session.id, worker=ONE, epoch=1))
    await ground.placer.place()
    moved = await ground.world.now(session.id)
    assert (moved.worker_id, moved.move_to, moved.epoch) == (THREE, None, 2)


async def test_moving_a_session_to_where_it_is_changes_nothing(ground: Ground) -> None:
    await join(ground, ONE)
    session = await ground.world.wanted()
    await ground.placer.place()
    assert (await ground.placing.move(session.id, ONE)).move_to is None
    assert await ground.world.sessions.hosting.wishes(ONE) == []
