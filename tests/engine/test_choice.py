"""Several engines behind one port."""

from collections.abc import Sequence

import pytest

from tests.sessions.fakes import FakeLink
from tests.worker.fakes import FakeEngine
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy, SessionId
from wagate.engine.choice import EngineChoice
from wagate.engine.port import Closed, Endpoint, EngineEvent, EngineUnavailable, OpenRequest, WrongEngine
from wagate.engine.proxies import Tunnels


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise AssertionError("nobody has a proxy here")


async def sink(event: EngineEvent) -> None:
    pass


async def test_a_session_is_opened_by_the_engine_that_it_names(clock: ManualClock, entropy: Entropy) -> None:
    one, other = FakeEngine(), FakeEngine()
    choice = EngineChoice({"one": one, "other": other}, Tunnels(nowhere, entropy))
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


async def test_a_session_with_a_proxy_is_never_opened_without_it(clock: ManualClock, entropy: Entropy) -> None:
    engine = FakeEngine()
    choice = EngineChoice({"one": engine}, Tunnels(nowhere, entropy))

    def request(proxy: str) -> OpenRequest:
        session = SessionId.new(clock.now(), entropy)
        return OpenRequest(session=session, epoch=1, endpoint=Endpoint(), engine="one", proxy=proxy)

    with pytest.raises(EngineUnavailable):
        await choice.open(request("nonsense"), sink)
    assert engine.opened == []
    link = await choice.open(request("socks5://ada:hunter2@proxy.example:1080"), sink)
    assert link.proxy.startswith("http://") and "@127.0.0.1:" in link.proxy
    assert "hunter2" not in link.proxy, "an engine has no use for the password"
    assert "hunter2" not in repr(request("socks5://ada:hunter2@proxy.example:1080"))
    await choice.stop()


async def test_the_way_out_closes_with_the_connection(clock: ManualClock, entropy: Entropy) -> None:
    engine = FakeEngine()
    tunnels = Tunnels(nowhere, entropy)
    choice = EngineChoice({"one": engine}, tunnels)
    told: list[EngineEvent] = []

    async def listen(event: EngineEvent) -> None:
        told.append(event)

    session = SessionId.new(clock.now(), entropy)
    request = OpenRequest(session=session, epoch=1, endpoint=Endpoint(), engine="one", proxy="http://proxy.example:80")
    link = await choice.open(request, listen)
    assert tunnels.count == 1
    await link.close()
    assert (tunnels.count, told[-1]) == (0, Closed(code=0, reason=""))
    await choice.stop()
