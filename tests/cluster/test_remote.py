"""A connection that a worker holds, as a gateway uses it: the two ends over real HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.cluster.conftest import Ground
from tests.sessions.fakes import FakeLink
from wagate.cluster.errors import WorkerUnreachable
from wagate.cluster.service.calls import NobodyListens, Refused, WorkerCalls
from wagate.cluster.service.codes import FleetCodes
from wagate.cluster.service.handover import HandOver
from wagate.cluster.service.remote import RemoteLinks
from wagate.cluster.service.routes import Route
from wagate.core.ids import MessageId, SessionId, WorkerId
from wagate.engine.port import PasskeyAssertion, PasskeyNotWanted, QueryFailed
from wagate.gateway.app import build_inner_app
from wagate.gateway.server import HttpServer
from wagate.sessions.codes import Codes, ShownCode
from wagate.sessions.errors import SessionNotConnected, SessionNotFound
from wagate.sessions.links import Condition, LinkRegistry, Stage
from wagate.storage.bus import Kv
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.worker.api import router

TOKEN = "0123456789abcdef0123456789abcdef"
WORKER = WorkerId("worker-1")
HERE = SessionId("ses_" + "0" * 25 + "h")
ELSEWHERE = SessionId("ses_" + "0" * 25 + "e")
NODE = Node("iq", {"type": "get", "to": Jid("491", device=0)}, [Node("count", {}, b"\x00\xff")])


class Host:
    """A worker that hosts one session."""

    def __init__(self, ground: Ground) -> None:
        self.worker = WORKER
        self.sessions = frozenset({HERE})
        self.links = LinkRegistry()
        self.codes = ground.world.codes
        self.draining = False
        self.woken: list[SessionId] = []
        self.looks = 0
        self._clock = ground.clock

    def now(self) -> Any:
        return self._clock.now()

    def mine(self, session: SessionId) -> SessionId:
        if session != HERE:
            raise SessionNotFound
        return session

    def look(self) -> None:
        self.looks += 1

    def release(self, session: SessionId) -> None:
        self.mine(session)

    def wake_outbox(self, session: SessionId) -> None:
        self.woken.append(self.mine(session))

    def wakes_outbox(self, session: SessionId) -> bool:
        if session == ELSEWHERE:
            return False
        self.woken.append(session)
        return True

    async def count_messages(self) -> dict[str, int]:
        return {"sent": 2}

    def begin_drain(self) -> None:
        self.draining = True


@pytest.fixture
def host(ground: Ground) -> Host:
    return Host(ground)


@pytest.fixture
async def server(ground: Ground, host: Host) -> AsyncIterator[HttpServer]:
    app = build_inner_app(
        router(host),  # type: ignore[arg-type]
        token=TOKEN,
        scrape_token="",
        worker=WORKER,
        checks=(),
        clock=ground.clock,
    )
    server = HttpServer(app, host="127.0.0.1", port=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def calls() -> AsyncIterator[WorkerCalls]:
    async with WorkerCalls(TOKEN) as calls:
        yield calls


@pytest.fixture
async def links(ground: Ground, server: HttpServer, calls: WorkerCalls) -> RemoteLinks:
    for session in (HERE, ELSEWHERE):
        await ground.routes.put(session, Route(WORKER, server.url))
    return RemoteLinks(ground.routes, calls, ground.clock)


async def test_a_connection_is_found_with_its_stage_and_evidence_of_life(
    ground: Ground, host: Host, links: RemoteLinks
) -> None:
    assert await links.find(HERE) is None
    with pytest.raises(SessionNotConnected):
        await links.use(HERE)
    held = FakeLink()
    host.links.put(HERE, held, Stage.ONLINE, ground.clock.now())
    link = await links.find(HERE)
    assert link is not None
    assert (link.stage, link.since, link.session.links_by_passkey) == (Stage.ONLINE, ground.clock.now(), True)
    assert (await links.condition(HERE, ground.clock.now())).vitals == held.vitals()
    host.links.report_stall(HERE, held, True)
    assert (await links.condition(HERE, ground.clock.now())).send_stalled


async def test_everything_that_a_request_may_ask_reaches_the_connection(
    ground: Ground, host: Host, links: RemoteLinks
) -> None:
    held = Recording()
    host.links.put(HERE, held, Stage.ONLINE, ground.clock.now())
    connection = await links.use(HERE)
    assert await connection.query(NODE) == Node("iq", {"type": "result"}, b"\x01")
    await connection.send(NODE)
    assert await connection.request_pairing_code("491700000001") == "ABCDEFGH"
    assertion = PasskeyAssertion(id="i", raw_id="r", client_data="c", authenticator_data="a", signature="s")
    await connection.answer_passkey(assertion)
    await connection.logout()
    await connection.close()
    assert held.asked == [NODE, NODE, "491700000001", assertion, "logout", "close"]


async def test_what_a_connection_refuses_is_refused_here_in_the_same_words(
    ground: Ground, host: Host, links: RemoteLinks
) -> None:
    host.links.put(HERE, Refusing(), Stage.ONLINE, ground.clock.now())
    connection = await links.use(HERE)
    with pytest.raises(QueryFailed):
        await connection.query(NODE)
    with pytest.raises(PasskeyNotWanted):
        await connection.answer_passkey(
            PasskeyAssertion(id="i", raw_id="r", client_data="c", authenticator_data="a", signature="s")
        )


async def test_a_session_that_is_not_there_is_as_if_not_connected_and_its_route_forgotten(
    ground: Ground, links: RemoteLinks
) -> None:
    assert await links.find(ELSEWHERE) is None
    assert await links.condition(ELSEWHERE, ground.clock.now()) == Condition()
    assert await ground.kv.get(f"session:{ELSEWHERE}:worker") is None


async def test_a_worker_that_does_not_answer_is_as_if_not_connected(ground: Ground, calls: WorkerCalls) -> None:
    await ground.routes.put(HERE, Route(WORKER, "http://127.0.0.1:9"))
    links = RemoteLinks(ground.routes, calls, ground.clock)
    assert await links.find(HERE) is None


async def test_who_does_not_know_the_token_learns_nothing(server: HttpServer, host: Host) -> None:
    paths = [
        ("POST", "/session/create"),
        ("GET", f"/session/{HERE}/qr"),
        ("GET", f"/session/{HERE}/status"),
        ("DELETE", f"/session/{HERE}"),
        ("POST", f"/{HERE}/send"),
        ("GET", "/message/stats"),
        ("POST", "/drain"),
        *(("POST", f"/session/{HERE}/{what}") for what in ("logout", "close", "stanza", "query", "pairing-code")),
    ]
    async with aiohttp.ClientSession() as http:
        for method, path in paths:
            for headers in ({}, {"Authorization": "Bearer " + TOKEN[:-1] + "x"}):
                async with http.request(method, server.url + path, headers=headers, json={}) as answer:
                    assert answer.status == 401, (method, path)
        async with http.get(server.url + "/health") as answer:
            assert (await answer.json())["workerId"] == WORKER
    assert (host.looks, host.woken, host.draining) == (0, [], False)


async def test_the_routes_of_the_seed(ground: Ground, host: Host, server: HttpServer, calls: WorkerCalls) -> None:
    body = {"sessionId": HERE, "userId": "usr_1", "epoch": 3}
    await calls.call(server.url, "POST", "/session/create", body)
    assert host.looks == 1
    with pytest.raises(Refused) as refusal:
        await calls.call(server.url, "GET", f"/session/{HERE}/qr")
    assert refusal.value.code == "qr_not_available"
    soon = ground.clock.now() + timedelta(seconds=20)
    await host.codes.show_qr(HERE, ShownCode(code="2@abc", expires_at=soon))
    shown = await calls.call(server.url, "GET", f"/session/{HERE}/qr")
    assert shown["qrString"] == "2@abc"
    assert shown["qrCode"].startswith("data:image/png;base64,")
    assert (await calls.call(server.url, "GET", "/message/stats"))["messages"] == {"sent": 2}
    with pytest.raises(Refused) as refusal:
        await calls.call(server.url, "DELETE", f"/session/{ELSEWHERE}")
    assert (refusal.value.status, refusal.value.code) == (404, "session_not_found")


async def test_a_code_on_show_is_found_though_redis_forgot_it(
    ground: Ground, host: Host, server: HttpServer, calls: WorkerCalls
) -> None:
    forgetful = Kv(ground.clock)
    gateways = Codes(FleetCodes(forgetful, ground.routes, calls), ground.clock)
    await ground.routes.put(HERE, Route(WORKER, server.url))
    assert await gateways.qr(HERE) is None
    shown = ShownCode(code="2@abc", expires_at=ground.clock.now() + timedelta(seconds=20), version=3)
    await host.codes.show_qr(HERE, shown)
    assert await gateways.qr(HERE) == shown


async def test_a_burst_of_messages_is_handed_over_by_few_calls(
    ground: Ground, host: Host, server: HttpServer, calls: WorkerCalls
) -> None:
    await ground.routes.put(HERE, Route(WORKER, server.url))
    otherwise: list[SessionId] = []
    hand_over = HandOver(ground.routes, calls, otherwise.append)
    for number in range(100):
        hand_over(HERE, MessageId("msg_" + f"{number:026}"))
    await hand_over.done()
    assert 1 <= len(host.woken) <= 3
    assert otherwise == []


async def test_messages_of_many_sessions_are_handed_over_by_few_calls(
    ground: Ground, host: Host, server: HttpServer, calls: WorkerCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [SessionId("ses_" + f"{number:026}") for number in range(100)]
    otherwise: list[SessionId] = []
    hand_over = HandOver(ground.routes, calls, otherwise.append)
    for session in sessions:
        await ground.routes.put(session, Route(WORKER, server.url))
    made: list[str] = []
    call = calls.call

    async def counted(endpoint: str, method: str, path: str, body: Any, **more: Any) -> Any:
        made.append(path)
        return await call(endpoint, method, path, body, **more)

    monkeypatch.setattr(calls, "call", counted)
    for session in sessions:
        hand_over(session, MessageId("msg_" + "0" * 26))
    await hand_over.done()
    assert sorted(host.woken) == sessions
    assert len(made) <= 2
    assert otherwise == []


async def test_what_a_worker_does_not_host_is_looked_up_again(
    ground: Ground, host: Host, server: HttpServer, calls: WorkerCalls
) -> None:
    otherwise: list[SessionId] = []
    hand_over = HandOver(ground.routes, calls, otherwise.append)
    for session in (HERE, ELSEWHERE):
        await ground.routes.put(session, Route(WORKER, server.url))
        hand_over(session, MessageId("msg_" + "0" * 26))
    await hand_over.done()
    assert host.woken == [HERE]
    assert otherwise == [ELSEWHERE]
    assert ground.routes.remembered(ELSEWHERE) is None


async def test_what_can_not_be_handed_over_goes_by_the_bus(ground: Ground, calls: WorkerCalls) -> None:
    otherwise: list[SessionId] = []
    hand_over = HandOver(ground.routes, calls, otherwise.append)
    hand_over(ELSEWHERE, MessageId("msg_" + "0" * 26))
    await ground.routes.put(HERE, Route(WORKER, "http://127.0.0.1:9"))
    hand_over(HERE, MessageId("msg_" + "1" * 26))
    await hand_over.done()
    assert sorted(otherwise) == sorted([ELSEWHERE, HERE])


async def test_after_five_calls_without_an_answer_none_is_tried_for_a_while(calls: WorkerCalls) -> None:
    for _ in range(5):
        with pytest.raises(NobodyListens):
            await calls.call("http://127.0.0.1:9", "GET", "/x")
    with pytest.raises(WorkerUnreachable) as failure:
        await calls.call("http://127.0.0.1:9", "GET", "/x")
    assert not isinstance(failure.value, NobodyListens)
    assert failure.value.retry_after is not None
    with pytest.raises(NobodyListens):
        await calls.probe("http://127.0.0.1:9", 1.0)


class Recording(FakeLink):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    async def query(self, node: Node, timeout: float = 30.0) -> Node:
        self.asked.append(node)
        return Node("iq", {"type": "result"}, b"\x01")

    async def send(self, node: Node) -> None:
        self.asked.append(node)

    async def request_pairing_code(self, phone: str) -> str:
        self.asked.append(phone)
        return "ABCDEFGH"

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        self.asked.append(assertion)

    async def logout(self) -> None:
        self.asked.append("logout")

    async def close(self) -> None:
        self.asked.append("close")


class Refusing(FakeLink):
    """Refuses everything."""

    async def query(self, node: Node, timeout: float = 30.0) -> Node:
        raise QueryFailed(429, "too much")

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        raise PasskeyNotWanted
