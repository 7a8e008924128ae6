"""A session's own proxy: everything goes through it, nothing past it, and what is wrong with it is said."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from tests.contracts.engine.lab import Lab, Member
from tests.engine.proxies.servers import KINDS, HttpProxy, ProxyServer
from wagate.engine.choice import EngineChoice
from wagate.engine.port import Closed, EngineEvent, Linked, Online, QrIssued
from wagate.engine.proxies import Tunnels
from wagate.sessions.model import reaction_to
from wagate.wire.jid import Jid

SHOP = "491700000001"
ADA = "491700000002"
LOGIN = ("ada", "hunter2")
#: Resolves nowhere but at the test's proxy: whoever comes to the sandbox by this name came through it.
ONLY_AT_PROXY = ("whatsapp.invalid", 5222)


async def anywhere(host: str, port: int) -> Sequence[str]:
    return [host]


@pytest.fixture(params=KINDS)
async def proxy(request: pytest.FixtureRequest, lab: Lab) -> AsyncIterator[ProxyServer]:
    port = int(lab.endpoint.url.partition("127.0.0.1:")[2].partition("/")[0])
    async with KINDS[request.param](LOGIN, {ONLY_AT_PROXY: ("127.0.0.1", port)}) as proxy:
        yield proxy


@pytest.fixture
async def member(lab: Lab, proxy: ProxyServer) -> AsyncIterator[Member]:
    """A session that knows WhatsApp by a name that only its proxy can resolve."""
    member = await lab.member(SHOP)
    choice = EngineChoice({lab.engine.name: lab.engine}, Tunnels(anywhere, os.urandom))
    member.engine = choice
    member.proxy = proxy.url("ada:hunter2")
    host, port = ONLY_AT_PROXY
    member.endpoint = replace(lab.endpoint, url=f"ws://{host}:{port}/ws/chat")
    yield member
    await choice.stop()


async def link(member: Member) -> None:
    phone = member.lab.phone(member.number)
    await member.open()
    await phone.linking.scan((await member.next(QrIssued)).code)
    await member.next(Linked)
    assert (await member.next(Closed)).code == 515
    await member.online()


async def test_a_session_is_linked_sends_and_receives_through_its_proxy(
    lab: Lab, proxy: ProxyServer, member: Member
) -> None:
    ada = lab.phone(ADA)
    await link(member)

    message_id = await member.relay(Jid(ADA), "through the wall")
    assert [entry.id for entry in member.wire("message")] == [message_id]
    ada.outbox.send_text(Jid(SHOP), "and back")
    assert await member.has_texts(1) == ["and back"]
    assert proxy.targets == [ONLY_AT_PROXY, ONLY_AT_PROXY], "the link and the login, by name"


async def test_a_proxy_that_goes_ends_the_connection_and_when_it_is_back_so_is_the_session(
    proxy: ProxyServer, member: Member
) -> None:
    await link(member)

    await proxy.stop()
    assert (await member.next(Closed)).code == 428
    await member.open()
    closed = await member.next(Closed)
    assert reaction_to(closed.code, linking=False).reason == closed.reason == "proxy_unreachable"

    await proxy.start()
    assert await member.online()


async def test_a_server_that_could_be_reached_directly_is_not(lab: Lab, proxy: ProxyServer, member: Member) -> None:
    await proxy.stop()
    member.endpoint = lab.endpoint
    await member.open()
    assert (await member.next(Closed)).reason == "proxy_unreachable"
    assert lab.sandbox.world.record.since(0, "", 10) == []


@pytest.mark.parametrize("wrong", ["ada:wrong", ""])
async def test_a_wrong_login_at_the_proxy_is_told_as_such(member: Member, proxy: ProxyServer, wrong: str) -> None:
    member.proxy = proxy.url(wrong)
    await member.open()
    closed = await member.next(Closed)
    assert reaction_to(closed.code, linking=False).reason == closed.reason == "proxy_login_refused"
    assert "wrong" not in repr(closed)


async def test_a_proxy_that_cant_reach_whatsapp_is_told_as_such(member: Member, proxy: ProxyServer) -> None:
    proxy.hosts.clear()
    await member.open()
    closed = await member.next(Closed)
    assert reaction_to(closed.code, linking=False).reason == closed.reason == "proxy_refused"


async def test_what_the_environment_names_is_not_used(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async with HttpProxy() as trap:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY", "SOCKS_PROXY"):
            monkeypatch.setenv(name, trap.url())
            monkeypatch.setenv(name.lower(), trap.url())
        monkeypatch.setenv("NODE_USE_ENV_PROXY", "1")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        await lab.linked(SHOP)
        assert trap.callers == 0


async def test_the_events_of_a_session_with_a_proxy_name_no_password(member: Member) -> None:
    await link(member)
    events: list[EngineEvent] = member.events
    assert [e for e in events if isinstance(e, Online)]
    assert "hunter2" not in repr(events)
