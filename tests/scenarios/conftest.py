from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.scenarios.rig import Rig, new_number, open_rig


@pytest.fixture(scope="module", params=["native", pytest.param("baileys", marks=pytest.mark.bridge)])
def engine(request: pytest.FixtureRequest) -> str:
    """Every scenario runs on every engine."""
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_rig(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[Rig]:
    """Sandbox and gateway as programs of their own, for all scenarios of one file."""
    # Every route is asked with wrong keys from one address.
    unlimited = {"WAGATE_RATE_LIMIT_FAILURES": "0"}
    async with open_rig(tmp_path_factory.mktemp("rig"), engine, **unlimited) as rig:
        yield rig


@pytest_asyncio.fixture(loop_scope="module")
async def rig(module_rig: Rig) -> AsyncIterator[Rig]:
    """The file's rig with nothing linked and no fault."""
    yield module_rig
    await module_rig.tidy()


@pytest.fixture
def shop() -> str:
    """A number for the phone that a session is linked to."""
    return new_number()


@pytest.fixture
def ada() -> str:
    """A number for somebody else's phone."""
    return new_number()


@pytest.fixture
def bob() -> str:
    """A number for one more phone."""
    return new_number()
