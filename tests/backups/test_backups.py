"""Backups are sealed, few, of use, and never a way back to a message key."""

from datetime import timedelta

import pytest

from tests.backups.world import World, some_records
from wagate.audit.model import Action, Query
from wagate.audit.service import AuditLog
from wagate.backups.errors import BackupNotFound, BackupUnreadable, SessionIntact
from wagate.backups.jobs import EVERY, BackupTaker
from wagate.backups.model import KEPT, blob_key
from wagate.core.ids import SessionId
from wagate.engine.native.records import DEVICE, LID_OF, ONE_TIME, RATCHETS, Text
from wagate.sessions.errors import SessionNotFound


async def content(world: World, key: str) -> bytes:
    return b"".join([piece async for piece in world.blobs.get(key)])


async def test_a_backup_is_taken_when_something_lasting_changed_and_the_last_few_are_kept(world: World) -> None:
    session = await world.linked()
    taken = await world.backups.take(session.id)
    assert taken is not None
    records = dict(await world.records(session.id))
    for changed in ((RATCHETS.name, "another@lid"), (ONE_TIME.name, "6")):
        records[changed] = b"x" * 32
        await world.change(session, records)
        assert await world.backups.take(session.id) is None
    for number in range(KEPT + 2):
        await world.clock.advance(1)
        records[LID_OF.name, str(number)] = Text("800").to_record()
        await world.change(session, records)
        assert await world.backups.take(session.id) is not None
    versions = [backup.version for backup in await world.backups.of(session.id)]
    assert len(versions) == KEPT
    assert versions == sorted(versions, reverse=True)
    assert sorted([key async for key in world.blobs.listed(session.id)]) == sorted(
        blob_key(session.id, version) for version in versions
    )


async def test_a_wiped_session_is_given_its_keys_but_no_ratchet_with_a_new_epoch(world: World) -> None:
    session = await world.linked()
    before = await world.records(session.id)
    assert await world.backups.take(session.id) is not None
    with pytest.raises(SessionIntact):
        await world.backups.restore(world.principal, session.id)
    await world.wipe(session.id)
    after = await world.backups.restore(world.principal, session.id)
    assert (after.epoch, str(after.jid)) == (session.epoch + 1, str(session.jid))
    left = await world.records(session.id)
    assert set(before) - set(left) == {(RATCHETS.name, "800000000000001@lid")}
    changed = {place for place in left if left[place] != before[place]}
    assert changed == {(DEVICE.name, "")}
    (entry,) = await AuditLog(world.db).page(Query(action=Action.SESSION_RESTORED), before=None, limit=10)
    assert (entry.target, entry.account_id, entry.actor.key_id) == (
        session.id,
        session.account_id,
        world.principal.key_id,
    )
    # By force, whatever is there.
    assert (await world.backups.restore(world.principal, session.id, force=True)).epoch == after.epoch + 1


async def test_a_backup_opens_only_as_what_it_is(world: World) -> None:
    session, other = await world.linked(), await world.linked()
    for each in (session, other):
        assert await world.backups.take(each.id) is not None
    (key,) = [found async for found in world.blobs.listed(session.id)]
    (others,) = [found async for found in world.blobs.listed(other.id)]
    original = await content(world, key)
    assert b"native" not in original
    await world.wipe(session.id)
    for damage in (await content(world, others), original[:-1], b"", original[:30] + b"x" + original[31:]):
        await world.blobs.put(key, damage)
        with pytest.raises(BackupUnreadable):
            await world.backups.restore(world.principal, session.id)
        assert await world.records(session.id) == {}
    # An older one under a newer name.
    await world.blobs.put(blob_key(session.id, "99999999-20300101T000000"), original)
    with pytest.raises(BackupUnreadable):
        await world.backups.restore(world.principal, session.id)
    with pytest.raises(BackupNotFound):
        await world.backups.restore(world.principal, session.id, "00000000-20300101T000000")
    with pytest.raises(SessionNotFound):
        await world.backups.restore(world.principal, SessionId("ses_01m8azakmhkzjxf3znvwp7sh1j"))


async def test_backups_go_with_their_session_and_with_its_link(world: World) -> None:
    deleted, unlinked, stays = [await world.linked() for _ in range(3)]
    for each in (deleted, unlinked, stays):
        assert await world.backups.take(each.id) is not None
    await world.sessions.delete(world.principal, deleted.id)
    await world.sessions.logout(world.principal, unlinked.id)
    await world.backups.tidy()
    assert {key.split("/")[0] async for key in world.blobs.listed()} == {stays.id}


async def test_backups_are_counted_and_sealed_anew_when_keys_are_rotated(world: World) -> None:
    session = await world.linked()
    assert await world.backups.take(session.id) is not None
    assert (await world.backups.count_under("1"), await world.backups.count_not_under("2")) == (1, 1)
    told: list[int] = []

    async def advanced(count: int) -> None:
        told.append(count)

    # The rest of the database is rotated elsewhere (tests/keyring).
    world.ring.adopt(world.ring.with_new_key())
    assert await world.backups.rewrap(advanced) == 0
    assert (told, await world.backups.count_under("1"), await world.backups.count_under("2")) == ([1], 0, 1)
    assert (await world.backups.restore(world.principal, session.id, force=True)).id == session.id


async def test_sessions_are_looked_at_when_they_come_online_and_then_every_so_often(world: World) -> None:
    session = await world.linked()
    online = [session.id]
    taker = BackupTaker(backups=world.backups, online=lambda: online, clock=world.clock)
    assert await taker.run_once() == 1
    await world.change(session, some_records())
    assert await taker.run_once() == 0
    await world.clock.advance((EVERY + timedelta(seconds=1)).total_seconds())
    assert await taker.run_once() == 1
