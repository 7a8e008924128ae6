"""Keys are rotated beside the traffic, over crashes at any point, and retired only when nothing needs them."""

import asyncio
import random

import pytest
from sqlalchemy import select, update

from tests.conftest import import_stores
from tests.keyring.world import SETTINGS, Process, row_of, sealed_rows, stored
from wagate.audit.model import Action, Query
from wagate.audit.service import AuditLog
from wagate.core.clock import ManualClock
from wagate.core.errors import StartupError
from wagate.core.ids import AccountId
from wagate.core.seal import KeyRing, SealBroken
from wagate.keyring import store
from wagate.keyring.errors import SecretKeyNeeded, SecretKeyNotFound
from wagate.messages.store import messages
from wagate.storage.canary import unlock
from wagate.storage.database import Database
from wagate.storage.datadir import DataDir
from wagate.storage.errors import StorageUnavailable
from wagate.web.principal import Principal, Scope

import_stores()

OPERATOR = Principal(account_id=AccountId(f"acc_{'0' * 26}"), scopes=frozenset(Scope), is_admin=True)

MANY = 10_000
PAYLOAD = next(c for c in store.ring_columns() if str(c) == "messages.payload")


async def fill(database: Database, ring: KeyRing, count: int) -> None:
    """Rows in every column that the ring seals."""
    for column in store.ring_columns():
        rows = sealed_rows(column, ring, count)
        await database.write(lambda tx, column=column, rows=rows: tx.execute(column.table.insert(), rows))  # type: ignore[misc]


async def opened(database: Database, ring: KeyRing) -> int:
    """How many values of all columns open where they stand, by the newest key."""
    count = 0
    for column in store.ring_columns():
        for row in await database.read(lambda tx, column=column: stored(tx, column)):  # type: ignore[misc]
            value = row[column.column.name]
            if value in (b"", None) or not value.startswith(b"\x01"):
                continue
            ring.open(value, column.place(row))
            assert KeyRing.key_id_of(value) == ring.newest
            count += 1
    return count


async def test_a_rotation_seals_every_value_of_every_column_anew(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    await fill(database, file_ring, 3)
    process = Process(database, file_ring, clock, folder)
    begun = await process.keys.rotate(OPERATOR)
    assert (begun.key_id, file_ring.ids, begun.finished_at) == ("2", ("2", "1"), None)
    assert folder.key_file.stat().st_mode & 0o777 == 0o600
    assert (await process.keys.rotate(OPERATOR)).key_id == "2", "a second wish joins the rotation under way"
    await process.job.run_once()
    ended = await process.keys.rotation()
    assert ended is not None
    assert ended.finished_at is not None
    values = 3 * len(store.ring_columns())
    assert (ended.total, ended.done) == (values, values)
    assert await opened(database, file_ring) == values
    # And with what the next start reads from the file.
    assert await opened(database, await unlock(database, folder, SETTINGS)) == values


async def test_ten_thousand_values_are_rotated_under_traffic_and_no_reading_fails(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    rows = sealed_rows(PAYLOAD, file_ring, MANY)
    await database.write(lambda tx: tx.execute(messages.insert(), rows))
    ids = [row["id"] for row in rows]
    process = Process(database, file_ring, clock, folder)
    reads, writes = 0, 0
    over = asyncio.Event()

    async def read(seed: int) -> None:
        nonlocal reads
        choose = random.Random(seed)
        while not over.is_set():
            query = select(messages).where(messages.c.id == choose.choice(ids))
            row = await database.read(lambda tx, query=query: tx.execute(query).mappings().one())  # type: ignore[misc]
            assert file_ring.open(row["payload"], PAYLOAD.place(row)).startswith((b"secret", b"changed"))
            reads += 1

    async def write() -> None:
        """New rows, and old ones that change while they are rotated."""
        nonlocal writes
        choose = random.Random(0)
        while not over.is_set():
            fresh = row_of(messages)
            fresh["payload"] = file_ring.seal(b"secret new", PAYLOAD.place(fresh))  # type: ignore[arg-type]
            old = choose.choice(rows)
            changed = file_ring.seal(b"changed", PAYLOAD.place(old))  # type: ignore[arg-type]
            same = update(messages).where(messages.c.id == old["id"]).values(payload=changed)
            await database.write(lambda tx, fresh=fresh: tx.execute(messages.insert(), fresh))  # type: ignore[misc]
            await database.write(lambda tx, same=same: tx.execute(same))  # type: ignore[misc]
            old["changed"] = True
            writes += 1

    traffic = [asyncio.create_task(work) for work in (read(1), read(2), write())]
    try:
        await process.keys.rotate(OPERATOR)
        await process.job.run_once()
    finally:
        over.set()
        await asyncio.gather(*traffic)
    assert (reads > 100, writes > 10) == (True, True)
    assert await opened(database, file_ring) == MANY + writes
    query = select(messages).where(messages.c.id.in_([row["id"] for row in rows if "changed" in row][:500]))
    for row in await database.read(lambda tx: tx.execute(query).mappings().all()):
        assert file_ring.open(row["payload"], PAYLOAD.place(row)) == b"changed", "a change was undone"


async def test_a_rotation_that_is_cut_short_goes_on_after_the_next_start(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    await fill(database, file_ring, 300)
    process = Process(database, file_ring, clock, folder)
    await process.keys.rotate(OPERATOR)
    working = asyncio.create_task(process.job.run_once())
    while (rotation := await process.keys.rotation()) is None or not rotation.done:
        await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    left = (await process.keys.keys())[1].needed
    assert 0 < sum(left.values()) < 300 * len(store.ring_columns())

    again = await unlock(database, folder, SETTINGS)
    later = Process(database, again, clock, folder)
    # Its predecessor may still live for all it knows, and is waited for.
    while (rotation := await later.keys.rotation()) is None or rotation.finished_at is None:
        await later.job.run_once()
        await asyncio.sleep(0)
    assert await opened(database, again) == 300 * len(store.ring_columns())


async def test_a_crash_between_the_file_and_the_database_loses_nothing_and_is_made_good(
    database: Database,
    folder: DataDir,
    file_ring: KeyRing,
    clock: ManualClock,
    time_passes: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fill(database, file_ring, 2)
    process = Process(database, file_ring, clock, folder)
    with monkeypatch.context() as patch:

        async def away(*_arguments: object, **_more: object) -> None:
            raise StorageUnavailable

        patch.setattr(database, "write", away)
        with pytest.raises(StorageUnavailable):
            await process.keys.rotate(OPERATOR)
    assert file_ring.ids == ("1",), "nothing may be sealed by a key that the database does not know"
    assert [key.id for key in await process.keys.keys()] == ["1"]

    # Asked again, it takes the key that the file has, and makes no third.
    same = KeyRing.parse(file_ring.to_text())
    assert (await Process(database, same, clock, folder).keys.rotate(OPERATOR)).key_id == "2"
    # Or the next start finds it.
    await database.write(lambda tx: tx.execute(store.key_rotations.delete()))
    again = await unlock(database, folder, SETTINGS)
    later = Process(database, again, clock, folder)
    await later.keys.resume()
    await later.job.run_once()
    assert await opened(database, again) == 2 * len(store.ring_columns())
    assert again.ids == ("2", "1")


async def test_a_key_is_retired_only_when_nothing_needs_it(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    await fill(database, file_ring, 2)
    process = Process(database, file_ring, clock, folder)
    with pytest.raises(SecretKeyNeeded, match="seals everything"):
        await process.keys.retire(OPERATOR, "1")
    await process.keys.rotate(OPERATOR)
    with pytest.raises(SecretKeyNeeded, match="under way"):
        await process.keys.retire(OPERATOR, "1")
    await process.job.run_once()
    # A straggler that a process with the former ring stored.
    row = sealed_rows(PAYLOAD, KeyRing.parse(file_ring.to_text().split(",")[1]), 1)[0]
    await database.write(lambda tx: tx.execute(messages.insert(), row))
    with pytest.raises(SecretKeyNeeded, match=r"1 in messages\.payload"):
        await process.keys.retire(OPERATOR, "1")
    await process.keys.rotate(OPERATOR)
    await process.job.run_once()
    assert file_ring.ids == ("3", "2", "1")
    await process.keys.retire(OPERATOR, "1")
    await process.keys.retire(OPERATOR, "2")
    with pytest.raises(SecretKeyNotFound):
        await process.keys.retire(OPERATOR, "1")
    entries = await AuditLog(database).page(Query(), before=None, limit=10)
    assert [(entry.action, entry.target) for entry in reversed(entries)] == [
        (Action.SECRET_KEYS_ROTATED, "2"),
        (Action.SECRET_KEYS_ROTATED, "3"),
        (Action.SECRET_KEY_RETIRED, "1"),
        (Action.SECRET_KEY_RETIRED, "2"),
    ]
    assert file_ring.ids == ("3",)
    again = await unlock(database, folder, SETTINGS)
    assert again.ids == ("3",)
    assert await opened(database, again) == 2 * len(store.ring_columns()) + 1
    assert (await Process(database, again, clock, folder).keys.rotate(OPERATOR)).key_id == "4", (
        "ids are not given twice"
    )


async def test_a_value_that_no_key_opens_is_left_and_told_and_stops_nothing(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    rows = sealed_rows(PAYLOAD, file_ring, 3)
    rows[1]["payload"] = rows[0]["payload"]
    await database.write(lambda tx: tx.execute(messages.insert(), rows))
    process = Process(database, file_ring, clock, folder)
    await process.keys.rotate(OPERATOR)
    await process.job.run_once()
    rotation = await process.keys.rotation()
    assert rotation is not None
    assert (rotation.done, rotation.unreadable, rotation.finished_at is None) == (2, 1, False)
    with pytest.raises(SecretKeyNeeded, match="1 in messages"):
        await process.keys.retire(OPERATOR, "1")


async def test_a_ring_out_of_the_settings_is_rotated_to_its_first_key(
    database: Database, folder: DataDir, ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    """As the operator rolls it: known everywhere first, then in the first place everywhere, then rotated."""
    await fill(database, ring, 2)
    newer = ring.with_new_key()
    behind = KeyRing.parse(",".join(reversed(newer.to_text().split(","))))
    assert behind.newest == "1"
    first, second = (Process(database, each, clock, None) for each in (behind, newer))
    await database.write(lambda tx: tx.execute(messages.insert(), sealed_rows(PAYLOAD, newer, 1)))
    assert (await second.keys.rotate(OPERATOR)).key_id == "2"
    # Who does not seal by that key leaves it to others.
    await first.job.run_once()
    rotation = await first.keys.rotation()
    assert rotation is not None
    assert rotation.finished_at is None
    await second.job.run_once()
    assert await opened(database, newer) == 2 * len(store.ring_columns()) + 1
    with pytest.raises(SealBroken):
        ring.open((await database.read(lambda tx: stored(tx, PAYLOAD)))[0]["payload"], b"")
    await second.keys.retire(OPERATOR, "1")
    assert not folder.key_file.exists()


async def test_only_one_of_two_processes_works_at_a_rotation(
    database: Database, ring: KeyRing, clock: ManualClock
) -> None:
    await fill(database, ring, 1)
    newer = ring.with_new_key()
    one, other = (Process(database, newer, clock, None) for _ in range(2))
    await one.keys.rotate(OPERATOR)
    now = clock.now()
    assert await database.write(lambda tx: store.hold(tx, "2", "somebody", now=now, until=now.replace(year=2027)))
    await asyncio.gather(one.job.run_once(), other.job.run_once())
    rotation = await one.keys.rotation()
    assert rotation is not None
    assert (rotation.done, rotation.finished_at) == (0, None)


async def test_a_start_with_a_ring_from_before_the_rotation_is_refused(
    database: Database, folder: DataDir, file_ring: KeyRing, clock: ManualClock, time_passes: None
) -> None:
    before = folder.key_file.read_text()
    process = Process(database, file_ring, clock, folder)
    await process.keys.rotate(OPERATOR)
    folder.key_file.write_text(before)
    with pytest.raises(StartupError, match="lack 2, which the database still needs"):
        await unlock(database, folder, SETTINGS)
    assert folder.key_file.read_text() == before
