from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.rig import Rig, open_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """Sandbox and gateway as programs of their own, nothing linked yet."""
    async with open_rig(tmp_path) as rig:
        yield rig
