"""A worker and its sessions: restarts, leases, other workers, crashes, a herd, and the end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NoReturn

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.world import World
from tests.worker.fakes import Rig, log_in, say_nothing
from wagate.core.ids import SessionId, WorkerId
from wagate.sessions.hosting import Hosting
from wagate.sessions.model import LEASE_SECONDS, Lease, Session, SessionStatus
from wagate.storage.errors import StorageUnavailable
from wagate.worker.actor import ANSWER_SECONDS
from wagate.worker.source import Claims
from wagate.worker.supervisor import RETRY_SECONDS, Supervisor


@asynccontextmanager
async def started(supervisor: Supervisor) -> AsyncIterator[Supervisor]:
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def kill(supervisor: Supervisor, rig: Rig) -> None:
    """As ``kill -9``: every task and connection is gone, and nothing was written."""
    tasks = [hosted.task for hosted in supervisor._hosted.values() if hosted.task is not None]
    tasks += [task for task in (supervisor._looking, *supervisor._keeping) if task is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert rig.engine.live == []


async def test_only_so_many_connect_at_once_and_silence_keeps_nobody_waiting_for_long(world: World) -> None:
    rig = Rig(world)
    rig.engine.script = say_nothing
    few = replace(rig.tools(), opening=asyncio.Semaphore(2))
    supervisor = Supervisor(world.worker, few, world.bus, Claims(world.sessions.hosting, alone=True), max_sessions=10)
    async with started(supervisor):
        for number in range(5):
            await world.wanted(f"s{number}")
        await world.until(lambda: len(rig.engine.opened) == 2, step=0.01)
        await world.clock.advance(1)
        assert len(rig.engine.opened) == 2
        # Whoever got a word makes room for the next.
        await rig.engine.opened[0].end(503)
        await world.until(lambda: len(rig.engine.opened) == 3, step=0.01)
        await world.clock.advance(ANSWER_SECONDS)
        await world.until(lambda: len(rig.engine.opened) >= 5, step=0.01)


# -- restarts


async def test_after_a_clean_stop_every_wanted_session_comes_back_without_a_scan(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(alone=True)):
        sessions = [await rig.online(f"s{n}") for n in range(3)]
        unwanted = await rig.online("unwanted")
        await world.sessions.disconnect(world.principal, unwanted.id)
        await rig.status(unwanted.id, "disconnected")
    for session in sessions:
        stopped = await world.now(session.id)
        assert (stopped.status, stopped.worker_id) == (SessionStatus.CONNECTING, None)
        assert stopped.status_reason == "worker_stopped"
    assert rig.engine.live == []
    assert not rig.engine.running

    again = Rig(world)
    async with started(again.supervisor(world.another_worker(), alone=True)):
        for session in sessions:
            back = await again.status(session.id, "connected")
            assert (back.epoch, back.jid) == (2, session.jid)
        assert (await world.now(unwanted.id)).status is SessionStatus.DISCONNECTED
    assert world.keys.wiped == []
    assert not await world.told("session.qr")


async def test_after_a_kill_a_lone_worker_takes_over_at_once(world: World) -> None:
    rig = Rig(world)
    supervisor = rig.supervisor(alone=True)
    await supervisor.start()
    session = await rig.online()
    await kill(supervisor, rig)
    assert (await world.now(session.id)).status is SessionStatus.CONNECTED, "nobody was left to write"

    again = Rig(world)
    before = world.clock.monotonic()
    async with started(again.supervisor(world.another_worker(), alone=True)):
        await world.until(lambda: len(again.engine.live) == 1, step=0.01)
        assert world.clock.monotonic() - before < 0.1
        assert (await again.status(session.id, "connected")).epoch == 2


async def test_after_a_kill_another_worker_waits_until_the_lease_ends_and_not_much_longer(world: World) -> None:
    rig = Rig(world)
    supervisor = rig.supervisor()
    await supervisor.start()
    session = await rig.online()
    await world.pass_time(12)
    await kill(supervisor, rig)
    killed = world.clock.monotonic()

    again = Rig(world)
    async with started(again.supervisor(world.another_worker())):
        await world.until(lambda: len(again.engine.opened) == 1, step=0.25)
        waited = world.clock.monotonic() - killed
        assert LEASE_SECONDS - 5 <= waited <= LEASE_SECONDS + 6
        await again.status(session.id, "connected")


async def test_a_session_that_ended_in_error_gets_one_more_attempt_by_a_restart(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(alone=True)):
        session = await rig.online()
        await rig.engine.of(session.id).end(405)
        await rig.status(session.id, "error")
    again = Rig(world)
    async with started(again.supervisor(world.another_worker(), alone=True)):
        await again.status(session.id, "connected")


async def test_what_arrived_before_a_crash_is_taken_in_before_the_session_is_online_again(world: World) -> None:
    rig = Rig(world)
    rig.engine.script = say_nothing
    session = await world.wanted()
    rig.inbox.arrive(session.id, "a", "b")
    async with started(rig.supervisor(alone=True)):
        await world.until(lambda: rig.receiver.taken == ["a", "b"])


@pytest.mark.parametrize("end", ["logged out", "disconnected", "replaced", "worker stopped"])
async def test_what_arrived_is_taken_in_before_a_session_ends(world: World, end: str) -> None:
    rig = Rig(world)
    ids = [f"m{n}" for n in range(130)]
    async with started(rig.supervisor(alone=True)) as supervisor:
        session = await rig.online()
        rig.receiver.poison = {"m0": 2}
        await rig.arrives(session.id, *ids)
        if end == "logged out":
            await rig.engine.of(session.id).end(401)
        elif end == "replaced":
            await rig.engine.of(session.id).end(440)
        elif end == "disconnected":
            await world.sessions.disconnect(world.principal, session.id)
        else:
            stopping = asyncio.create_task(supervisor.stop())
            await world.until(stopping.done, step=0.1)
        await world.until(lambda: not supervisor.sessions, step=0.1)
        assert rig.receiver.taken == ids
        assert (await world.now(session.id)).worker_id is None


class Unanswered(Claims):
    """As if the database had gone."""

    away = True

    async def find(self, worker: WorkerId, *, limit: int, fresh: bool) -> list[tuple[Lease, Session]]:
        if self.away:
            raise StorageUnavailable
        return await super().find(worker, limit=limit, fresh=fresh)


async def test_sessions_come_online_as_soon_as_a_database_that_was_away_is_back(world: World) -> None:
    rig, source = Rig(world), Unanswered(world.sessions.hosting, alone=True)
    async with started(Supervisor(world.worker, rig.tools(), world.bus, source)):
        session = await world.wanted()
        await world.pass_time(30)
        source.away = False
        back = world.clock.monotonic()
        await rig.status(session.id, "connected")
        assert world.clock.monotonic() - back <= RETRY_SECONDS + 0.1


# -- leases


class CutOff(Hosting):
    """A worker's way to the database that can be cut."""

    cut = False

    async def renew(self, worker: WorkerId) -> dict[SessionId, int]:
        if self.cut:
            raise StorageUnavailable
        return await super().renew(worker)


class Hanging(CutOff):
    """The same, but nobody even says that it is cut."""

    async def renew(self, worker: WorkerId) -> dict[SessionId, int]:
        if self.cut:
            await asyncio.Event().wait()
        return await super().renew(worker)


@pytest.mark.parametrize("kind", [CutOff, Hanging])
async def test_a_worker_that_cannot_renew_closes_before_another_may_open(world: World, kind: type[CutOff]) -> None:
    first = Rig(world)
    inner = world.sessions.hosting
    cut_off = kind(
        db=world.db,
        journal=inner._journal,
        codes=world.codes,
        keys=world.keys,
        ring=inner._ring,
        clock=world.clock,
    )
    world.sessions.hosting = cut_off
    async with started(first.supervisor()):
        session = await first.online()
        world.sessions.hosting = inner
        # The same engine for both, so that it notices two connections of one session.
        second = Rig(world, engine=first.engine)
        async with started(second.supervisor(world.another_worker())):
            await world.pass_time(20)
            assert len(first.engine.opened) == 1, "while it renews nobody takes it"
            renewed = world.clock.monotonic()
            cut_off.cut = True
            await world.until(lambda: first.engine.live == [], step=0.25)
            assert world.clock.monotonic() - renewed <= LEASE_SECONDS - 2
            assert (await world.now(session.id)).status is SessionStatus.CONNECTED, "it wrote nothing"
            await world.until(lambda: len(first.engine.live) == 1, step=0.25)
            assert (await world.now(session.id)).epoch == 2
            cut_off.cut = False
            await world.pass_time(30)
            assert len(first.engine.live) == 1


async def test_when_the_database_returns_the_sessions_do(world: World) -> None:
    rig = Rig(world)
    inner = world.sessions.hosting
    hosting = CutOff(
        db=world.db, journal=inner._journal, codes=world.codes, keys=world.keys, ring=inner._ring, clock=world.clock
    )
    world.sessions.hosting = hosting
    async with started(rig.supervisor(alone=True)):
        session = await rig.online()
        hosting.cut = True
        await world.until(lambda: rig.engine.live == [], step=0.25)
        await world.pass_time(15)
        assert rig.engine.live == []
        hosting.cut = False
        began = world.clock.monotonic()
        await world.until(lambda: len(rig.engine.live) == 1, step=0.1)
        assert world.clock.monotonic() - began <= 5
        await rig.status(session.id, "connected")


async def test_a_worker_drops_a_session_that_another_took_and_writes_nothing(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor()) as supervisor:
        session = await rig.online()
        rival = world.another_worker()
        # What the database lets happen when this worker's clock was wrong about its lease.
        ((lease, _),) = await world.sessions.hosting.claim(rival, limit=1, alone=True)
        await world.until(lambda: not supervisor.sessions, step=0.25)
        assert rig.engine.live == []
        await world.settle()
        found = await world.now(session.id)
        assert (found.worker_id, found.epoch, found.status) == (rival, 2, SessionStatus.CONNECTED)
        await world.sessions.hosting.release(lease)


async def test_leases_outlive_long_quiet_times(world: World) -> None:
    rig, rival = Rig(world), Rig(world)
    async with started(rig.supervisor()), started(rival.supervisor(world.another_worker())):
        sessions = [await world.wanted(f"s{n}") for n in range(6)]
        await world.until(lambda: len(rig.engine.live) + len(rival.engine.live) == 6, step=0.05)
        await world.pass_time(600, steps=150)
        assert len(rig.engine.opened) + len(rival.engine.opened) == 6
        epochs = [(await world.now(session.id)).epoch for session in sessions]
        assert epochs == [1] * 6


async def test_no_more_sessions_are_taken_than_there_is_room_for(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(max_sessions=2)) as supervisor:
        sessions = [await world.wanted(f"s{n}") for n in range(3)]
        await world.until(lambda: len(rig.engine.live) == 2, step=0.05)
        await world.pass_time(30)
        assert len(supervisor.sessions) == 2
        (left,) = {s.id for s in sessions} - supervisor.sessions
        await world.sessions.disconnect(world.principal, next(iter(supervisor.sessions)))
        await rig.status(left, "connected")


# -- one session's trouble


async def test_a_session_whose_actor_fails_is_tried_again_and_its_neighbours_notice_nothing(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(alone=True)) as supervisor:
        neighbour = await rig.online("neighbour")
        rig.engine.refusal = ValueError("a bug")
        bad = await world.wanted("bad")
        found = await rig.status(bad.id, "error")
        assert found.status_reason == "internal_error"
        assert found.retry_at is not None
        await world.until(lambda: len(rig.engine.opened_at) >= 5, step=0.25)
        assert bad.id in supervisor.sessions
        assert len([link for link in rig.engine.live if link is rig.engine.of(neighbour.id)]) == 1
        assert rig.outbox.running[0][0] == neighbour.id

        rig.engine.refusal = None
        await rig.status(bad.id, "connected")
        assert (await world.now(neighbour.id)).epoch == 1


async def test_an_actor_that_fails_while_connected_closes_its_connection(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(alone=True)):
        session = await rig.online()

        async def broken(session: SessionId) -> NoReturn:
            raise ValueError("a row that can't be read")

        rig.inbox.reader = broken  # type: ignore[assignment, method-assign]
        await rig.arrives(session.id, "a")
        await rig.status(session.id, "error")
        assert rig.engine.live == []
        del rig.inbox.reader  # type: ignore[method-assign]
        await rig.status(session.id, "connected")
        await world.until(lambda: rig.receiver.taken == ["a"], step=0.05)


async def test_a_crashing_session_can_still_be_disconnected(world: World) -> None:
    rig = Rig(world)
    rig.engine.refusal = ValueError("a bug")
    async with started(rig.supervisor(alone=True)) as supervisor:
        session = await world.wanted()
        await world.until(lambda: len(rig.engine.opened_at) >= 8, step=0.5)
        await world.sessions.disconnect(world.principal, session.id)
        await rig.status(session.id, "disconnected")
        await world.until(lambda: not supervisor.sessions)


# -- the herd


async def test_a_herd_that_is_cut_off_comes_back_under_the_cap_and_in_time(world: World) -> None:
    rig = Rig(world)
    count = 120
    async with started(rig.supervisor(alone=True)):
        for n in range(count):
            await world.wanted(f"s{n}")
        await world.until(lambda: len(rig.engine.live) == count, step=0.05)

        async def refuse(link: FakeLink) -> None:
            await link.end(503)

        rig.engine.script = refuse
        for link in rig.engine.live:
            await link.end(503)
        first = len(rig.engine.opened_at)
        await world.pass_time(90, steps=900)
        rig.engine.script = log_in
        returned = world.clock.monotonic()
        await world.until(lambda: len(rig.engine.live) == count, step=0.1)
        assert world.clock.monotonic() - returned <= 62

        attempts = rig.engine.opened_at[first:]
        assert len(attempts) > 2 * count
        for at in attempts:
            assert sum(at <= other < at + 1 for other in attempts) <= 20


# -- the end


async def test_draining_hands_over_one_session_at_a_time_and_takes_no_more(world: World) -> None:
    old, new = Rig(world), Rig(world)
    async with started(old.supervisor()) as leaving:
        for n in range(4):
            await old.online(f"s{n}")
        async with started(new.supervisor(world.another_worker())):
            away: list[int] = []
            draining = asyncio.create_task(leaving.drain())

            def watch() -> bool:
                away.append(4 - len(old.engine.live) - len(new.engine.live))
                return draining.done()

            await world.until(watch, step=0.01)
            await world.until(lambda: len(new.engine.live) == 4, step=0.01)
            assert max(away) <= 1
            assert not leaving.sessions
            await world.wanted("new")
            await world.until(lambda: len(new.engine.live) == 5, step=0.05)
            assert old.engine.live == []


async def test_a_stop_is_over_in_bounded_time_though_a_connection_does_not_close(world: World) -> None:
    rig = Rig(world)
    supervisor = rig.supervisor(alone=True)
    await supervisor.start()
    stuck, good = await rig.online("stuck"), await rig.online("good")
    rig.engine.of(stuck.id).deaf = True
    began = world.clock.monotonic()
    stopping = asyncio.create_task(supervisor.stop())
    await world.until(stopping.done, step=0.1)
    assert world.clock.monotonic() - began <= 15
    assert {(await world.now(s.id)).worker_id for s in (stuck, good)} == {None}
    await stopping


async def test_a_supervisor_that_never_started_can_be_stopped(world: World) -> None:
    await Rig(world).supervisor().stop()


async def test_the_status_history_of_a_life_is_told_in_order(world: World) -> None:
    rig = Rig(world)
    async with started(rig.supervisor(alone=True)):
        session = await rig.online()
        await rig.engine.of(session.id).end(428)
        await world.until(lambda: len(rig.engine.opened) == 2, step=0.05)
        await rig.status(session.id, "connected")
        await world.sessions.disconnect(world.principal, session.id)
        await rig.status(session.id, "disconnected")
    told = [(e.data["status"], e.data["statusReason"]) for e in await world.told()]
    assert told == [
        ("connecting", None),
        ("connected", None),
        ("connecting", "connection_closed"),
        ("connected", None),
        ("disconnected", "disconnected_by_customer"),
    ]
    assert Counter(e.session_id for e in await world.told()) == {session.id: 5}


def test_leases_are_values() -> None:
    worker, session = WorkerId("wrk_x"), SessionId("ses_x")
    assert Lease(session=session, worker=worker, epoch=1) == Lease(session=session, worker=worker, epoch=1)
