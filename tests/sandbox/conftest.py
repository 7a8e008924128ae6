from collections.abc import AsyncIterator

import pytest

from tests.sandbox.client import Rig, running
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy


@pytest.fixture
async def rig(clock: ManualClock, entropy: Entropy) -> AsyncIterator[Rig]:
    """A sandbox whose time stands still; nobody is in it."""
    async with running(clock, entropy) as rig:
        yield rig
