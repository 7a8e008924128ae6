"""One process of all does a duty; another takes over when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from tests.cluster.conftest import Ground
from wagate.cluster.service.duties import DUTY_SECONDS, Duty
from wagate.sessions.waiting import end
from wagate.storage.database import Database, Tx
from wagate.storage.errors import StorageUnavailable


class Work:
    """Notes who is at it."""

    def __init__(self) -> None:
        self.at_it: list[str] = []

    def of(self, name: str, ground: Ground, db: Database | None = None) -> Duty:
        async def work() -> None:
            self.at_it.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.at_it.remove(name)

        return Duty("placing", work, holder=name, db=db or ground.world.db, clock=ground.clock)


class CutOff:
    """One process's way to the database, which can be cut."""

    def __init__(self, db: Database) -> None:
        self.cut = False
        self._db = db

    async def write(self, work: Callable[[Tx], Any]) -> Any:
        if self.cut:
            raise StorageUnavailable
        return await self._db.write(work)


@asynccontextmanager
async def striving(duty: Duty) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(duty.run())
    try:
        yield task
    finally:
        await end(task)


async def until(ground: Ground, seconds: float) -> None:
    """Let so much time pass, in steps in which the database can answer."""
    for _ in range(int(seconds * 4)):
        await ground.world.db.read(lambda tx: None)
        await ground.world.db.write(lambda tx: None)
        await ground.clock.advance(0.25)


async def test_only_one_of_two_does_it(ground: Ground) -> None:
    work = Work()
    async with striving(work.of("a", ground)):
        await until(ground, 1)
        async with striving(work.of("b", ground)):
            await until(ground, 3 * DUTY_SECONDS)
            assert work.at_it == ["a"]


async def test_whoever_ends_properly_is_followed_at_the_next_look(ground: Ground) -> None:
    work = Work()
    async with striving(work.of("a", ground)) as first:
        await until(ground, 1)
        async with striving(work.of("b", ground)):
            await until(ground, 1)
            await end(first)
            assert work.at_it == []
            await until(ground, DUTY_SECONDS / 3 + 0.5)
            assert work.at_it == ["b"]


async def test_whoever_is_killed_is_followed_when_the_duty_runs_out(ground: Ground) -> None:
    work = Work()
    dead = work.of("a", ground)
    assert await dead._take()
    async with striving(work.of("b", ground)):
        await until(ground, DUTY_SECONDS - 1)
        assert work.at_it == []
        await until(ground, DUTY_SECONDS / 3 + 1.5)
        assert work.at_it == ["b"]


async def test_it_ends_before_the_duty_runs_out_and_is_back_as_soon_as_the_database_is(ground: Ground) -> None:
    work, way = Work(), CutOff(ground.world.db)
    async with striving(work.of("a", ground, cast(Database, way))):
        await until(ground, 1)
        way.cut = True
        await until(ground, DUTY_SECONDS)
        assert work.at_it == []
        await until(ground, 30)
        way.cut = False
        await until(ground, 1)
        assert work.at_it == ["a"]


async def test_work_that_fails_is_begun_again(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        raise RuntimeError("a bug")

    async with striving(Duty("placing", work, holder="a", db=ground.world.db, clock=ground.clock)):
        await until(ground, 2 * DUTY_SECONDS)
    assert begun >= 3
