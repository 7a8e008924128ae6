from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.engine.lab import EACH_ENGINE, ENGINES, Lab, open_lab


@pytest.fixture(params=EACH_ENGINE)
async def lab(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Lab]:
    """An engine, a database and a sandbox; nobody is linked. Every engine has to pass every test of this folder."""
    async with open_lab(tmp_path, ENGINES[request.param]) as lab:
        yield lab
