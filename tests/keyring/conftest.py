import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.keyring.world import SETTINGS
from wagate.core.clock import ManualClock
from wagate.core.seal import KeyRing
from wagate.storage.canary import unlock
from wagate.storage.database import Database
from wagate.storage.datadir import DataDir


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataDir]:
    with DataDir.open(tmp_path / "data") as folder:
        yield folder


@pytest.fixture
async def file_ring(database: Database, folder: DataDir, clock: ManualClock) -> KeyRing:
    """The ring of a key file, as a start finds it."""
    return await unlock(database, folder, SETTINGS, clock=clock)


@pytest.fixture
async def time_passes(clock: ManualClock) -> AsyncIterator[None]:
    """A second with every few turns of the loop."""

    async def pass_() -> None:
        while True:
            await clock.advance(1)

    passing = asyncio.create_task(pass_())
    yield
    passing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await passing
