"""Several gateways and workers, as programs, on PostgreSQL and Redis."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.scenarios.fleet import Fleet, open_fleet
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
