"""One worker a session: claims, renewals, and what a worker that lost its lease can still do (nothing)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.sessions.world import SHOP, World
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy, WorkerId
from wagate.core.seal import KeyRing
from wagate.engine.lease import StaleEpoch, check_epoch
from wagate.sessions.codes import ShownCode
from wagate.sessions.errors import ForbiddenTransition
from wagate.sessions.model import LEASE_SECONDS, Lease, SessionStatus, Trigger
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, metadata


async def claim(world: World, worker: WorkerId, **options: bool) -> list[Lease]:
    return [lease for lease, _ in await world.sessions.hosting.claim(worker, limit=1000, **options)]


async def test_the_first_epoch_is_one_and_each_claim_raises_it(both: World) -> None:
    session = await both.wanted()
    (first,) = await claim(both, both.worker)
    assert first == Lease(session=session.id, worker=both.worker, epoch=1)

    await both.clock.advance(LEASE_SECONDS + 1)
    (second,) = await claim(both, both.another_worker())

    assert second.epoch == 2
    assert (await both.now(session.id)).worker_id == second.worker


async def test_of_many_workers_that_claim_at_once_one_gets_each_session(both: World) -> None:
    sessions = {(await both.wanted(f"s{n}")).id for n in range(20)}
    workers = [both.another_worker() for _ in range(8)]

    taken = await asyncio.gather(*(claim(both, worker) for worker in workers for _ in range(3)))

    leases = [lease for part in taken for lease in part]
    assert {lease.session for lease in leases} == sessions
    assert len(leases) == len(sessions)
    assert {lease.epoch for lease in leases} == {1}


async def test_a_lease_that_runs_is_left_alone_and_one_that_ran_out_is_taken(both: World) -> None:
    await both.wanted()
    await claim(both, both.worker)
    rival = both.another_worker()

    await both.clock.advance(LEASE_SECONDS - 0.1)
    assert await claim(both, rival) == []
    await both.clock.advance(0.2)
    assert len(await claim(both, rival)) == 1


async def test_one_statement_renews_all_leases_of_a_worker_and_of_no_other(both: World) -> None:
    mine = [(await both.hosted(f"s{n}"))[0] for n in range(3)]
    await both.wanted("other")
    rival = both.another_worker()
    (theirs,) = await claim(both, rival)

    await both.clock.advance(LEASE_SECONDS - 1)
    assert await both.sessions.hosting.renew(both.worker) == {lease.session: 1 for lease in mine}
    await both.clock.advance(2)

    assert [lease.session for lease in await claim(both, both.another_worker())] == [theirs.session]


async def test_nothing_is_written_under_a_lost_lease(both: World) -> None:
    lease, session = await both.online()
    await both.clock.advance(LEASE_SECONDS + 1)
    (current,) = await claim(both, both.another_worker())
    hosting, before = both.sessions.hosting, await both.now(session.id)

    with pytest.raises(StaleEpoch):
        await hosting.record(lease, Trigger.LOST, reason="timed_out")
    with pytest.raises(StaleEpoch):
        await hosting.record(lease, Trigger.REVOKED, wipe=True, release=True)
    with pytest.raises(StaleEpoch):
        await hosting.finish(lease)
    with pytest.raises(StaleEpoch):
        await hosting.proxy(lease)
    with pytest.raises(StaleEpoch):
        await hosting.show_qr(lease, ShownCode(code="2@x", expires_at=both.clock.now() + timedelta(seconds=20)))
    with pytest.raises(StaleEpoch):
        await both.db.write(lambda tx: check_epoch(tx, session.id, lease.epoch))
    await hosting.release(lease)

    assert await both.now(session.id) == before
    assert both.keys.wiped == []
    await hosting.record(current, Trigger.LOST, reason="timed_out")


async def test_a_worker_that_claims_again_is_fenced_off_from_its_own_past(both: World) -> None:
    lease, session = await both.online()
    await both.sessions.hosting.release(lease)
    (again,) = await claim(both, both.worker)
    assert again.epoch == 2
    with pytest.raises(StaleEpoch):
        await both.sessions.hosting.record(lease, Trigger.LOST)
    assert (await both.now(session.id)).status is SessionStatus.CONNECTED


async def test_a_released_session_can_be_claimed_at_once(both: World) -> None:
    lease, _ = await both.hosted()
    await both.sessions.hosting.release(lease)
    assert len(await claim(both, both.another_worker())) == 1


async def test_what_nobody_wants_is_not_claimed(both: World) -> None:
    await both.new("never connected")
    for trigger, kind in ((Trigger.REPLACED, "conflict"), (Trigger.FAILED, "error"), (Trigger.REVOKED, "logged_out")):
        lease, _ = await both.hosted(kind)
        after = await both.sessions.hosting.record(lease, trigger, release=True)
        assert after.status == kind
        assert after.worker_id is None
    away = await both.wanted("disconnected again")
    await both.sessions.disconnect(both.principal, away.id)

    assert await claim(both, both.worker) == []


async def test_a_worker_that_starts_gives_errors_another_attempt_but_not_conflicts_or_logouts(both: World) -> None:
    for trigger in (Trigger.REPLACED, Trigger.FAILED, Trigger.REVOKED):
        lease, _ = await both.hosted(trigger)
        await both.sessions.hosting.record(lease, trigger, release=True)

    taken = await both.sessions.hosting.claim(both.worker, limit=10, fresh=True)

    assert [session.name for _, session in taken] == [Trigger.FAILED]


async def test_a_start_forgets_delays_but_not_bans(both: World) -> None:
    later = both.clock.now() + timedelta(hours=5)
    hosted = [(trigger, await both.hosted(trigger)) for trigger in (Trigger.LOST, Trigger.BANNED, Trigger.FAILED)]
    for trigger, (lease, _) in hosted:
        await both.sessions.hosting.record(lease, trigger, retry_at=later, release=True)

    taken = await both.sessions.hosting.claim(both.worker, limit=10, fresh=True)

    assert {session.name: session.retry_at for _, session in taken} == {
        Trigger.LOST: None,
        Trigger.BANNED: later,
        Trigger.FAILED: None,
    }


async def test_a_lone_worker_need_not_wait_for_the_leases_of_a_killed_one(both: World) -> None:
    await both.hosted()
    restarted = both.another_worker()
    assert await claim(both, restarted) == []
    (lease,) = await claim(both, restarted, alone=True)
    assert lease.epoch == 2
    assert await claim(both, restarted, alone=True) == [], "its own are not taken from itself"


async def test_a_session_whose_worker_died_before_it_could_disconnect_is_claimed_to_end_it(both: World) -> None:
    _, session = await both.online()
    await both.sessions.disconnect(both.principal, session.id)
    assert (await both.now(session.id)).status is SessionStatus.CONNECTED, "still open, as far as is known"
    await both.clock.advance(LEASE_SECONDS + 1)

    (lease,) = await claim(both, both.another_worker())
    after = await both.sessions.hosting.finish(lease)

    assert after.status is SessionStatus.DISCONNECTED
    assert after.worker_id is None


async def test_a_customer_who_changes_their_mind_while_it_closes_gets_the_session_back(both: World) -> None:
    lease, session = await both.online()
    await both.sessions.disconnect(both.principal, session.id)
    await both.sessions.connect(both.principal, session.id)

    after = await both.sessions.hosting.finish(lease)

    assert after.status is SessionStatus.CONNECTING
    assert len(await claim(both, both.worker)) == 1


async def test_a_forbidden_step_changes_nothing(both: World) -> None:
    lease, session = await both.online()
    with pytest.raises(ForbiddenTransition):
        await both.sessions.hosting.record(lease, Trigger.LINK_EXPIRED)
    assert (await both.now(session.id)).status is SessionStatus.CONNECTED


async def test_only_open_wishes_are_shown_to_the_worker(both: World) -> None:
    _, quiet = await both.online("quiet")
    _, gone = await both.online("gone")
    lease, again = await both.online("again")
    await both.sessions.disconnect(both.principal, gone.id)
    await both.sessions.reconnect(both.principal, again.id)

    assert {s.name for s in await both.sessions.hosting.wishes(both.worker)} == {"gone", "again"}
    await both.sessions.hosting.record(lease, Trigger.OPENING)
    assert {s.name for s in await both.sessions.hosting.wishes(both.worker)} == {"gone"}
    assert quiet.id not in {s.id for s in await both.sessions.hosting.wishes(both.worker)}


async def test_who_a_session_is_survives_reconnects_and_ends_with_the_link(both: World) -> None:
    lease, session = await both.online()
    assert (session.jid, session.lid, session.push_name) == (SHOP.jid, SHOP.lid, SHOP.push_name)
    nameless = replace(SHOP, push_name="")
    again = await both.sessions.hosting.record(lease, Trigger.ONLINE, identity=nameless)
    assert again.push_name == "Corner Shop", "a login without a name does not take it away"
    lost = await both.sessions.hosting.record(lease, Trigger.LOST)
    assert lost.jid == SHOP.jid
    ended = await both.sessions.hosting.record(lease, Trigger.REVOKED, wipe=True, release=True)
    assert (ended.jid, ended.lid, ended.push_name) == (None, None, "")
    assert both.keys.wiped == [session.id]


async def test_every_change_of_status_is_told_once_with_the_whole_session(both: World) -> None:
    lease, session = await both.online()
    hosting = both.sessions.hosting
    later = both.clock.now() + timedelta(seconds=1)
    for _ in range(3):
        await hosting.record(lease, Trigger.LOST, reason="timed_out", retry_at=later)
        await hosting.record(lease, Trigger.OPENING)
    await hosting.record(lease, Trigger.ONLINE, identity=SHOP)

    told = await both.told()

    assert [(e.data["status"], e.data["statusReason"]) for e in told] == [
        ("connecting", None),
        ("connected", None),
        ("connecting", "timed_out"),
        ("connected", None),
    ]
    assert told[-1].data == (await both.now(session.id)).resource()
    assert told[-1].session_id == session.id


@pytest.mark.postgres
async def test_processes_that_claim_at_once_never_get_the_same_session(
    postgres_url: str, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy
) -> None:
    databases = [await Database.open(postgres_url) for _ in range(3)]
    try:
        await databases[0].write(lambda tx: metadata.create_all(tx.connection))
        worlds = [World.on(database, clock, bus, kv, ring, entropy) for database in databases]
        sessions = {(await worlds[0].wanted(f"s{n}")).id for n in range(30)}
        for epoch in range(1, 6):

            async def take(world: World) -> list[Lease]:
                worker = world.another_worker()
                parts = [await world.sessions.hosting.claim(worker, limit=7) for _ in range(5)]
                return [lease for part in parts for lease, _ in part]

            leases = [lease for part in await asyncio.gather(*map(take, worlds * 2)) for lease in part]

            assert sorted(lease.session for lease in leases) == sorted(sessions)
            assert {lease.epoch for lease in leases} == {epoch}
            await clock.advance(LEASE_SECONDS + 1)
    finally:
        for database in databases:
            await database.close()
