"""Sessions with a proxy of their own, over the API: what goes through it, what is said when it fails, what is kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.engine.proxies.servers import KINDS, HttpProxy, SocksProxy
from tests.scenarios.rig import Json, Rig, media, open_rig
from wagate.cli.client import ApiFailure
from wagate.cli.demo import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOGIN = ("ada", "hunter2-correct-horse")
ESTABLISHED = "01"


async def proxied(rig: Rig, proxy: str, number: str) -> str:
    """A session that connects through ``proxy``, not linked yet."""
    await rig.phone(number, "Shop")
    body: Json = {"name": "shop", "proxy": proxy}
    session = str((await rig.api.call("POST", "/api/sessions", body))["id"])
    rig.forget_later(session)
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    return session


async def link(rig: Rig, session: str, number: str) -> None:
    code = await rig.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    await rig.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": code["qrString"]})
    await rig.reaches(session, "connected")


async def said(rig: Rig, session: str, reason: str) -> None:
    async def look() -> bool | None:
        found = await rig.session(session)
        return True if (found["status"], found["statusReason"]) == ("connecting", reason) else None

    await rig.until(look, f"{session} says {reason}")


def ports_connected_to(port: int) -> set[int]:
    """The near ports of this machine's connections to that port of loopback."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if int(row[2].rpartition(":")[2], 16) == port and row[3] == ESTABLISHED
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_link_texts_and_pictures_go_through_the_proxy_and_nothing_past_it(
    rig: Rig, shop: str, ada: str, kind: str
) -> None:
    async with KINDS[kind](LOGIN) as proxy:
        session = await proxied(rig, proxy.url(":".join(LOGIN)), shop)
        await link(rig, session, shop)
        await rig.phone(ada, "Ada")

        text = await rig.send(session, ada, text="hello")
        assert (await rig.shown(ada, text["waId"]))["text"] == "hello"
        chat = set(proxy.targets)
        content = picture()
        sent = await rig.send(session, ada, type="image", media=media(content, "image/png", "a.png"))
        assert (await rig.shown(ada, sent["waId"]))["type"] == "image"
        assert set(proxy.targets) > chat, "the picture was not brought through the proxy"
        brought = len(proxy.targets)
        wa_id = await rig.phone_sends(ada, to=shop, media=media(content, "image/png", "b.png"))

        async def fetched() -> bool | None:
            found = await rig.received(session, wa_id)
            return True if found["media"]["state"] == "ready" else None

        await rig.until(fetched, "the picture is fetched")
        # The connection to the media host may have been kept; either way it is one of the proxy's.
        assert len(proxy.targets) >= brought
        for _, port in set(proxy.targets):
            assert ports_connected_to(port) <= proxy.local_ports, "a connection went past the proxy"
        await rig.api.call("DELETE", f"/api/sessions/{session}")


async def test_a_proxy_that_goes_away_is_said_and_the_session_is_back_with_it(rig: Rig, shop: str, ada: str) -> None:
    async with SocksProxy(LOGIN) as proxy:
        session = await proxied(rig, proxy.url(":".join(LOGIN)), shop)
        await link(rig, session, shop)
        await rig.phone(ada, "Ada")

        await proxy.stop()
        await said(rig, session, "proxy_unreachable")
        waiting = await rig.submit(session, ada, text="while it was away")
        await proxy.start()

        await rig.reaches(session, "connected")
        await rig.message_reaches(waiting["id"], "read")
        await rig.api.call("DELETE", f"/api/sessions/{session}")


async def test_a_wrong_password_is_said_and_can_be_put_right(rig: Rig, shop: str) -> None:
    async with HttpProxy(LOGIN) as proxy:
        session = await proxied(rig, proxy.url("ada:wrong"), shop)
        await said(rig, session, "proxy_login_refused")

        await rig.api.call("PATCH", f"/api/sessions/{session}", {"proxy": proxy.url(":".join(LOGIN))})
        await rig.api.call("POST", f"/api/sessions/{session}/reconnect")
        await link(rig, session, shop)
        proxy.targets.clear()
        await rig.api.call("PATCH", f"/api/sessions/{session}", {"proxy": None})
        await rig.api.call("POST", f"/api/sessions/{session}/reconnect")
        logins = await rig.logins(shop)
        await rig.logs_in_again(shop, logins - 1)
        await rig.reaches(session, "connected")
        assert proxy.targets == [], "a proxy that was taken away was used"


async def test_a_proxys_password_is_in_no_answer_event_log_file_or_process(rig: Rig, shop: str) -> None:
    secret = LOGIN[1]
    async with HttpProxy(LOGIN) as proxy:
        session = await proxied(rig, proxy.url(":".join(LOGIN)), shop)
        await link(rig, session, shop)
        await proxy.stop()
        await said(rig, session, "proxy_unreachable")
        for wrong in (
            {"proxy": f"http://ada:{secret}@h"},
            {"proxy": [f"http://ada:{secret}@h:1"]},
            {"proxy": secret * 99},
        ):
            with pytest.raises(ApiFailure) as refused:
                await rig.api.call("PATCH", f"/api/sessions/{session}", wrong)
            assert secret not in f"{refused.value} {refused.value.problem}"

        answers = [await rig.session(session), await rig.api.call("GET", "/api/sessions"), await rig.events()]
        assert secret not in repr(answers)
        assert secret not in rig.log
        files = [path for path in (rig.folder / "data").rglob("*") if path.is_file()]
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
        for pid in (rig.gateway_pid, *rig.bridges()):
            for view in ("cmdline", "environ"):
                assert secret.encode() not in Path(f"/proc/{pid}/{view}").read_bytes()
        await rig.api.call("DELETE", f"/api/sessions/{session}")


@pytest_asyncio.fixture(loop_scope="module")
async def strict(tmp_path: Path) -> AsyncIterator[Rig]:
    """A gateway that may connect to nothing private."""
    async with open_rig(tmp_path, "native", WAGATE_ALLOW_PRIVATE_NETWORKS="") as rig:
        yield rig


@pytest.mark.parametrize("engine", ["native"], scope="module")
async def test_a_proxy_at_a_private_address_is_refused_when_given_and_again_when_connected_to(
    strict: Rig, engine: str, shop: str
) -> None:
    async def refusal(host: str) -> str:
        with pytest.raises(ApiFailure) as refused:
            await strict.api.call("POST", "/api/sessions", {"name": "x", "proxy": f"socks5://ada:secret@{host}:1080"})
        assert refused.value.problem["status"] == 422
        return str(refused.value.problem["code"])

    hosts = ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[fe80::1]", "localhost", "0x7f000001")
    assert {await refusal(host) for host in hosts} == {"address_not_allowed"}

    async with HttpProxy() as proxy:
        # As if the name had led elsewhere when it was given: the stored address is one that is forbidden now.
        await strict.stop_gateway()
        strict.environment = {"WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
        await strict.start_gateway()
        session = await proxied(strict, proxy.url(), shop)
        await link(strict, session, shop)
        await strict.stop_gateway()
        callers = proxy.callers
        strict.environment = {"WAGATE_ALLOW_PRIVATE_NETWORKS": ""}
        await strict.start_gateway()
        await said(strict, session, "proxy_not_allowed")
        assert proxy.callers == callers
