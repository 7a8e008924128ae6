"""Several engines behind one port."""

import pytest

from tests.sessions.fakes import FakeLink
from tests.worker.fakes import FakeEngine
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy, SessionId
from wagate.engine.choice import EngineChoice
from wagate.engine.port import Endpoint, EngineEvent, OpenRequest, WrongEngine


async def sink(event: EngineEvent) -> None:
    pass


async def test_a_session_is_opened_by_the_engine_that_it_names(clock: ManualClock, entropy: Entropy) -> None:
    one, other = FakeEngine(), FakeEngine()
    choice = EngineChoice({"one": one, "other": other})
    await choice.start()
    assert one.running and other.running

    def request(engine: str) -> OpenRequest:
        return OpenRequest(session=SessionId.new(clock.now(), entropy), epoch=1, endpoint=Endpoint(), engine=engine)

    link = await choice.open(request("other"), sink)
    assert isinstance(link, FakeLink)
    assert (one.opened, other.opened) == ([], [link])
    with pytest.raises(WrongEngine, match="no engine 'third'"):
        await choice.open(request("third"), sink)
    await choice.stop()
    assert not one.running
    assert link.closed
