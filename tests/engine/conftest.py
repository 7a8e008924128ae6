from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.lab import Lab, open_lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A bridge, a database and a sandbox; nobody is linked."""
    async with open_lab(tmp_path) as lab:
        yield lab
