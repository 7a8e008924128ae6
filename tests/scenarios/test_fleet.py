"""Several gateways and workers, as programs, on PostgreSQL and Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from redis import Redis

from tests.realtime.listeners import Listener
from tests.scenarios.fleet import ADMIN_KEY, Fleet, open_fleet
from tests.scenarios.rig import new_number
from tests.servers import Valkey

pytestmark = [pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_fleet(
    tmp_path_factory: pytest.TempPathFactory, module_postgres_database: str, redis_server: str
) -> AsyncIterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    async with open_fleet(folder, database_url=module_postgres_database, redis_url=redis_server) as fleet:
        yield fleet


@pytest_asyncio.fixture(loop_scope="module")
async def fleet(module_fleet: Fleet) -> AsyncIterator[Fleet]:
    """The file's fleet with all its workers, and nothing linked."""
    await module_fleet.complete()
    yield module_fleet
    await module_fleet.tidy()


async def test_sessions_are_spread_and_every_gateway_serves_all_of_them(fleet: Fleet) -> None:
    ada = await fleet.phone(new_number())
    sessions = [await fleet.linked(new_number()) for _ in range(3)]
    assert {await fleet.worker_of(session) for session in sessions} == set(fleet.workers)

    await fleet.subscribe()
    for session in sessions:
        for api in fleet.apis:
            sent = await api.call(
                "POST", f"/api/sessions/{session}/send", {"to": f"+{ada}", "text": "hello"}, query={"wait": "20"}
            )
            assert sent["status"] == "sent"
            assert (await fleet.shown(ada, sent["waId"]))["seen"] == 1
            await fleet.told("message.sent", sent["waId"])


async def test_the_sessions_of_a_killed_worker_go_on_elsewhere_and_nothing_is_lost(fleet: Fleet) -> None:
    ada, shop = await fleet.phone(new_number()), new_number()
    session = await fleet.linked(shop)
    await fleet.subscribe()
    before = await fleet.worker_of(session)
    logins = await fleet.logins(shop)

    await fleet.kill_worker(before)
    waiting = await fleet.submit(session, ada, text="while nobody had it")
    missed = await fleet.phone_sends(ada, to=shop, text="to nobody")

    await fleet.logs_in_again(shop, logins)
    assert await fleet.worker_of(session) != before
    assert (await fleet.shown(ada, waiting["waId"]))["seen"] == 1
    await fleet.told("message.sent", waiting["waId"])
    assert (await fleet.told("message.received", missed))["data"]["text"] == "to nobody"
    assert await fleet.complaints() == {}


async def test_a_worker_that_ends_hands_its_sessions_over_one_after_the_other(fleet: Fleet) -> None:
    shops = [new_number() for _ in range(4)]
    sessions = [await fleet.linked(shop) for shop in shops]
    leaving = await fleet.worker_of(sessions[0])
    ada = await fleet.phone(new_number())

    assert await fleet.stop_worker(leaving) == 0

    for session in sessions:
        assert (await fleet.reaches(session, "connected"))["workerId"] is not None
        assert await fleet.worker_of(session) != leaving
        sent = await fleet.send(session, ada, text="from its new place")
        assert sent["status"] == "sent"


async def test_an_admin_moves_a_session_to_another_worker(fleet: Fleet) -> None:
    sessions = [await fleet.linked(new_number()) for _ in range(3)]
    ada = await fleet.phone(new_number())
    before = await fleet.worker_of(sessions[0])
    found = (await fleet.api.call("GET", "/api/admin/workers"))["items"]
    target = next(w["workerId"] for w in found if w["status"] == "online" and not w["workerId"].startswith(before))

    moving = await fleet.api.call("POST", f"/api/admin/sessions/{sessions[0]}/migrate", {"workerId": target})
    assert moving["toWorkerId"] == target

    async def there() -> bool | None:
        session = await fleet.session(sessions[0])
        return True if (session["workerId"], session["status"]) == (target, "connected") else None

    await fleet.until(there, "the session is online at its new worker")
    assert (await fleet.send(sessions[0], ada, text="moved"))["status"] == "sent"


async def test_a_worker_that_joins_gets_its_share(fleet: Fleet) -> None:
    sessions = [await fleet.linked(new_number()) for _ in range(12)]
    newest = await fleet.start_worker("late")

    async def even() -> bool | None:
        owners = [await fleet.worker_of(session) for session in sessions]
        return True if owners.count("late") >= 2 else None

    await fleet.until(even, "the newest worker has sessions", patience=60)
    for session in sessions:
        await fleet.reaches(session, "connected")
    assert newest.process.returncode is None
    assert await fleet.complaints() == {}


async def test_a_frozen_owner_loses_its_session_and_what_it_writes_afterwards_is_refused(fleet: Fleet) -> None:
    shop, ada = new_number(), await fleet.phone(new_number())
    session = await fleet.linked(shop)
    owner = await fleet.worker_of(session)
    logins = await fleet.logins(shop)

    fleet.freeze(owner)
    waiting = await fleet.submit(session, ada, text="to a frozen owner")
    await fleet.logs_in_again(shop, logins)
    fleet.thaw(owner)

    assert (await fleet.shown(ada, waiting["waId"]))["seen"] == 1
    for text in ("one", "two"):
        sent = await fleet.send(session, ada, text=text)
        assert (await fleet.shown(ada, sent["waId"]))["seen"] == 1
    assert (await fleet.reaches(session, "connected"))["workerId"].partition(".")[0] != owner
    assert await fleet.complaints() == {}


async def test_without_redis_nothing_is_lost_and_little_is_slower(
    tmp_path: Path, new_postgres_database: Callable[[], str], valkey: Valkey
) -> None:
    async with open_fleet(tmp_path, database_url=new_postgres_database(), redis_url=valkey.url, workers=1) as fleet:
        shop, ada = new_number(), await fleet.phone(new_number())
        session = await fleet.linked(shop)
        await fleet.subscribe()
        valkey.stop()
        sent = await fleet.send(session, ada, text="without Redis")
        assert sent["status"] == "sent"
        came = await fleet.phone_sends(ada, to=shop, text="neither")
        await fleet.told("message.received", came)
        valkey.start()
        again = await fleet.send(session, ada, text="with it")
        assert again["status"] == "sent"


async def test_sockets_of_every_gateway_hear_what_workers_receive_whatever_becomes_of_redis_and_of_gateways(
    tmp_path: Path, new_postgres_database: Callable[[], str], valkey: Valkey
) -> None:
    async with open_fleet(tmp_path, database_url=new_postgres_database(), redis_url=valkey.url, workers=1) as fleet:
        shop, ada = new_number(), await fleet.phone(new_number())
        session = await fleet.linked(shop)
        other = await fleet.api.call("POST", "/api/sessions", {"name": "not listened to"})
        listeners = [await Listener(gateway.url).connect(token=ADMIN_KEY) for gateway in fleet.gateways]
        narrow = listeners[1]
        assert await narrow.ask("join", {"session": session}) == {"ok": True}

        async def told(listener: Listener, text: str) -> str:
            while True:
                name, event = await listener.next()
                assert listener is not narrow or event["sessionId"] == session
                if name == "message.received" and event["data"]["text"] == text:
                    return str(event["id"])

        await fleet.phone_sends(ada, to=shop, text="first")
        first = {await told(listener, "first") for listener in listeners}
        with Redis.from_url(valkey.url) as redis:
            redis.flushall()
        await fleet.api.call("PATCH", f"/api/sessions/{other['id']}", {"name": "still not"})
        await fleet.phone_sends(ada, to=shop, text="after the flush")
        after = {await told(listener, "after the flush") for listener in listeners}
        assert len(first) == len(after) == 1

        # A gateway goes; its client comes back by the other one, and has missed nothing.
        leaving = fleet.gateways.pop()
        await fleet.apis.pop().__aexit__(None, None, None)
        stopping = asyncio.create_task(leaving.stop())
        assert [name for name, _ in await listeners.pop().gone()] == []
        await fleet.phone_sends(ada, to=shop, text="while it was gone")
        assert await stopping == 0
        again = await Listener(fleet.gateways[0].url).connect(token=ADMIN_KEY, after=after.pop(), sessions=[session])
        await told(again, "while it was gone")
        for listener in (*listeners, again):
            await listener.close()


async def test_a_key_that_is_revoked_at_one_gateway_hears_nothing_more_at_another(fleet: Fleet) -> None:
    shop, ada = new_number(), await fleet.phone(new_number())
    await fleet.linked(shop)
    key = await fleet.api.call("POST", "/api/keys", {"name": "to be revoked", "scopes": ["read"]})
    listener = await Listener(fleet.gateways[1].url).connect(token=key["key"])
    await fleet.phone_sends(ada, to=shop, text="before")
    while (await listener.next())[0] != "message.received":
        pass
    await fleet.apis[0].call("DELETE", f"/api/keys/{key['id']}")
    # What the contract gives every gateway to learn of it.
    await asyncio.sleep(1)
    await fleet.phone_sends(ada, to=shop, text="after")
    heard = [(name, event) for name, event in await listener.gone() if "after" in str(event)]
    assert heard == []
    await listener.close()
