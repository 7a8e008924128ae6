"""The laboratory of the engine contract, for what is true of the native engine only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import ENGINES, Lab, open_lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A native engine, a database and a sandbox; nobody is linked."""
    async with open_lab(tmp_path, ENGINES["native"]) as lab:
        yield lab
