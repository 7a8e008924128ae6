"""A database that went back in time is noticed, and every session burnt forward before it can send."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from tests.backups.world import World
from wagate.backups import store
from wagate.backups.watermark import RECENT, Watermark
from wagate.core.ids import SessionId
from wagate.engine.native.records import RATCHETS
from wagate.storage.database import Database
from wagate.storage.errors import StorageUnavailable


async def ratchets(world: World, session: str) -> bool:
    return any(kind == RATCHETS.name for kind, _ in await world.records(session))  # type: ignore[arg-type]


async def go_back(world: World, generation: int, **more: object) -> None:
    values = {"generation": generation, **more}
    await world.db.write(lambda tx: tx.execute(update(store.watermark).values(**values)))


async def generation(world: World) -> int:
    mark: tuple[int, str, datetime] | None = await world.db.read(store.mark)
    assert mark is not None
    return mark[0]


async def become_an_older_copy(world: World) -> None:
    """The mark is raised twice, and the database put back to what it was between."""
    await world.watermark.check()
    older = await generation(world)
    await world.watermark.raise_once()
    await go_back(world, older)


@contextmanager
def store_away(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The store of backups can be neither written nor read."""

    async def put(*_arguments: object) -> int:
        raise StorageUnavailable

    def get(*_arguments: object) -> object:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.blobs, "put", put)
        patch.setattr(world.blobs, "get", get)
        yield


async def test_starts_and_crashes_in_order_burn_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await world.linked()
    for _ in range(3):
        assert await world.watermark.check() == 0
        await world.watermark.raise_once()
    # Killed between the database and the store: the database is ahead, which is no harm.
    with monkeypatch.context() as patch:

        async def killed(*_arguments: object) -> int:
            raise KeyboardInterrupt

        patch.setattr(world.blobs, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            await world.watermark.raise_once()
    assert await world.watermark.check() == 0
    assert await ratchets(world, session.id)


async def test_an_older_copy_is_burnt_forward_once(world: World) -> None:
    sessions = [await world.linked() for _ in range(2)]
    await become_an_older_copy(world)
    assert await world.watermark.check() == 2
    for session in sessions:
        assert not await ratchets(world, session.id)
    assert await world.watermark.check() == 0


async def test_a_gateway_that_started_first_does_not_raise_an_older_copy_as_if_nothing_were_wrong(world: World) -> None:
    session = await world.linked()
    await become_an_older_copy(world)
    gateway = Watermark(db=world.db, blobs=world.blobs, backups=world.backups, clock=world.clock)
    await gateway.raise_once()
    assert not await ratchets(world, session.id)
    assert await world.watermark.check() == 0


async def test_a_running_process_notices_an_older_copy_also_with_the_store_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.linked()
    await become_an_older_copy(world)
    with store_away(world, monkeypatch):
        await world.watermark.raise_once()
    assert not await ratchets(world, session.id)
    assert await world.watermark.check() == 0


async def test_what_one_process_has_burnt_another_that_started_with_it_leaves_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await world.linked()
    await become_an_older_copy(world)
    burn = world.backups.burn

    async def burn_while_another_does_it_all(session: SessionId) -> None:
        monkeypatch.setattr(world.backups, "burn", burn)
        other = Watermark(db=world.db, blobs=world.blobs, backups=world.backups, clock=world.clock)
        assert await other.check() == 3
        await burn(session)

    monkeypatch.setattr(world.backups, "burn", burn_while_another_does_it_all)
    assert await world.watermark.check() == 1
    assert await world.watermark.check() == 0


async def test_burning_that_was_cut_short_begins_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.linked()
    await become_an_older_copy(world)
    with monkeypatch.context() as patch:

        async def away(*_arguments: object) -> None:
            raise StorageUnavailable

        patch.setattr(world.backups, "burn", away)
        with pytest.raises(StorageUnavailable):
            await world.watermark.check()
    assert await world.watermark.check() == 1


async def test_another_timeline_is_a_doubt_also_under_a_running_fleet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.linked()
    monkeypatch.setattr(store, "timeline", lambda _tx: "00000001")
    await world.watermark.check()
    await world.watermark.raise_once()
    assert await ratchets(world, session.id)
    monkeypatch.setattr(store, "timeline", lambda _tx: "00000002")
    await world.watermark.raise_once()
    assert not await ratchets(world, session.id)
    assert await world.watermark.check() == 0


async def test_the_store_away_holds_nothing_up_and_in_doubt_burns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.linked()
    await world.watermark.check()
    with store_away(world, monkeypatch):
        await world.watermark.raise_once()
        # Somebody was at this database a moment ago.
        assert await world.watermark.check() == 0
        await world.clock.advance((RECENT + timedelta(seconds=1)).total_seconds())
        # It may be a copy of any age, and nobody can say.
        assert await world.watermark.check() == 1
    assert not await ratchets(world, session.id)
    assert await world.watermark.check() == 0


async def test_deleting_the_mark_says_that_everything_was_put_back(world: World) -> None:
    session = await world.linked()
    await world.watermark.check()
    await world.blobs.delete("watermark")
    assert await world.watermark.check() == 1
    assert not await ratchets(world, session.id)


async def test_keys_that_cannot_be_read_stop_no_other_session(world: World) -> None:
    broken, sound = await world.linked(), await world.linked()
    await world.change(broken, {("native/device", ""): b"\xc1"})
    await world.watermark.check()
    await world.blobs.delete("watermark")
    assert await world.watermark.check() == 1
    assert not await ratchets(world, sound.id)


@pytest.mark.postgres
async def test_postgresql_tells_its_timeline(postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    assert await database.read(store.timeline) == "00000001"
    await database.close()
