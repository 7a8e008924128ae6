"""A fleet gets other keys, loses the keys of a session, and is put back to an older database; nothing is used twice."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, text

from tests.chaos.faults.restarts import replaced
from tests.chaos.fleet import GATEWAYS, WORKERS, ChaosFleet, open_fleet
from tests.conftest import import_stores
from tests.scenarios.fleet import ADMIN_KEY
from tests.scenarios.rig import new_number
from tests.scenarios.test_backups import backed_up, chat, no_key_was_used_twice
from tests.scenarios.test_keys_and_moves import command
from wagate.core.seal import KeyRing
from wagate.keyring import store
from wagate.storage.database import Database

pytestmark = [pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

_OLD = KeyRing.generate(os.urandom)
_NEW = _OLD.with_new_key()
#: Known to every process, and sealing nothing yet: where an operator is before the second rolling restart.
_KNOWN = ",".join(reversed(_NEW.to_text().split(",")))
_ALONE = _NEW.without("1").to_text()
_PAUSE = 0.2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChaosFleet]:
    """Two gateways and three workers with an old key that seals and a new one that is known."""
    async with open_fleet(tmp_path_factory.mktemp("fleet"), WAGATE_SECRET_KEYS=_KNOWN) as fleet:
        yield fleet


class People:
    """A session with two correspondents and a group of them all."""

    def __init__(self, fleet: ChaosFleet) -> None:
        self.fleet = fleet
        self.shop = new_number()
        self.phones = [new_number(), new_number()]
        self.session = ""
        self.group = ""

    async def meet(self) -> None:
        self.session = await self.fleet.linked(self.shop)
        for phone in self.phones:
            await self.fleet.phone(phone)
        members = [*self.phones, self.shop]
        made = await self.fleet.phones.call("POST", "/sandbox/groups", {"subject": "Orders", "members": members})
        self.group = str(made["id"])

    async def chat(self, word: str) -> None:
        """Everybody writes to everybody, and all of it is read once."""
        await chat(self.fleet, self.session, self.phones, self.shop, self.group, word)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(fleet: ChaosFleet) -> list[People]:
    """Three sessions, which are backed up while the first story is told."""
    found = [People(fleet) for _ in range(3)]
    await asyncio.gather(*(people.meet() for people in found))
    return found


@asynccontextmanager
async def going_on(people: list[People]) -> AsyncIterator[None]:
    """All of them chat meanwhile; a message that is refused, lost or doubled fails."""
    over = asyncio.Event()

    async def go_on(one: People) -> None:
        round_number = 0
        while not over.is_set():
            round_number += 1
            await one.chat(f"round {round_number}")
            await asyncio.sleep(_PAUSE)

    chats = [asyncio.create_task(go_on(one)) for one in people]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*chats)


async def restarted_with(fleet: ChaosFleet, ring: str) -> None:
    """A rolling restart with another key ring in the settings."""
    fleet.environment = {**fleet.environment, "WAGATE_SECRET_KEYS": ring}

    async def in_turn(names: tuple[str, ...]) -> None:
        for name in names:
            await replaced(fleet, name)

    await asyncio.gather(in_turn(GATEWAYS), in_turn(WORKERS))


async def sealed_by(fleet: ChaosFleet, key_id: str) -> dict[str, int]:
    """What of database and backups that key sealed, as seen in them."""
    import_stores()
    db = await Database.open(fleet.postgres.url)
    try:
        found = {
            str(column): await db.read(lambda tx, column=column: store.count_under(tx, column, key_id))  # type: ignore[misc]
            for column in store.ring_columns()
        }
    finally:
        await db.close()
    for name, content in fleet.objects.contents("whatsapp-sessions").items():
        if name != "watermark" and KeyRing.key_id_of(content) == key_id:
            found[name] = 1
    return {place: count for place, count in found.items() if count}


async def test_keys_are_rotated_while_sessions_go_on_and_the_old_one_is_taken_out(
    fleet: ChaosFleet, people: list[People]
) -> None:
    async with going_on(people):
        await restarted_with(fleet, _NEW.to_text())
        for one in people:
            await backed_up(fleet, one.session)
        assert {"messages.payload", "session_secrets.wrapped_key"} <= set(await sealed_by(fleet, "1"))
        to_gateway = {"WAGATE_URL": fleet.balancer.url, "WAGATE_KEY": ADMIN_KEY}
        code, told = await command(fleet, "keys", "rotate", **to_gateway)
        assert (code, "everything is sealed by key 2" in told) == (0, True), told
        assert await sealed_by(fleet, "1") == {}
        assert len(await sealed_by(fleet, "2")) > 3
        code, told = await command(fleet, "keys", "retire", "1", **to_gateway)
        assert code == 0, told
        await restarted_with(fleet, _ALONE)
    for one in people:
        await one.chat("with the new key alone")
    await no_key_was_used_twice(fleet, *(one.shop for one in people))
    assert await fleet.complaints() == {}


async def test_a_session_whose_rows_are_lost_comes_back_from_the_bucket_on_a_running_worker(
    fleet: ChaosFleet, people: list[People]
) -> None:
    lost = people[0]
    await lost.chat("before")
    versions = await backed_up(fleet, lost.session)
    former = (await fleet.session(lost.session))["workerId"]

    assert await changed(fleet, "DELETE FROM signal_keys WHERE session_id = :session", session=lost.session) > 10
    assert await changed(fleet, "DELETE FROM session_secrets WHERE session_id = :session", session=lost.session) == 1
    await fleet.api.call("POST", f"/api/sessions/{lost.session}/reconnect")
    await fleet.reaches(lost.session, "qr_required")
    missed = await fleet.phone_sends(lost.phones[0], to=lost.shop, text="while it was gone")
    answer = await fleet.api.call("POST", f"/api/admin/sessions/{lost.session}/restore", {})

    assert answer["epoch"] > versions[0]["epoch"]
    await fleet.reaches(lost.session, "connected")
    assert (await fleet.received(lost.session, missed))["text"] == "while it was gone"
    await lost.chat("restored")
    await hosted_by(fleet, lost.session, former)
    await lost.chat("where the lost keys are remembered")
    await no_key_was_used_twice(fleet, lost.shop)
    assert await fleet.complaints() == {}


async def test_a_fleet_on_an_older_dump_says_so_and_uses_no_message_key_again(
    fleet: ChaosFleet, people: list[People], tmp_path: Path
) -> None:
    await asyncio.gather(*(one.chat("before the dump") for one in people))
    postgres(fleet, "pg_dump", "--format=custom", "--file", str(tmp_path / "dump"), "wagate")
    # Each start raises the mark in the bucket, as 30 s would.
    await replaced(fleet, WORKERS[0])
    await asyncio.gather(*(one.chat("after the dump") for one in people))

    await ended(fleet)
    postgres(fleet, "dropdb", "wagate")
    postgres(fleet, "createdb", "--template=template0", "wagate")
    postgres(fleet, "pg_restore", "--dbname=wagate", str(tmp_path / "dump"))
    before = {name: len(log) for name, log in logs(fleet)}
    await asyncio.gather(*(fleet.run(name) for name in GATEWAYS))
    await asyncio.gather(*(fleet.run(name) for name in WORKERS))
    await fleet.until(fleet.is_whole, "the fleet is whole", 60)

    assert any("may have gone back in time" in log[before[name] :] for name, log in logs(fleet))
    for one in people:
        await fleet.reaches(one.session, "connected")
    await asyncio.gather(*(one.chat("with the old database") for one in people))
    await no_key_was_used_twice(fleet, *(one.shop for one in people))
    assert await fleet.complaints() == {}


async def hosted_by(fleet: ChaosFleet, session: str, worker: str) -> None:
    """Have a session move to that worker, if it is not there."""

    async def there() -> bool | None:
        found = await fleet.session(session)
        return True if (found["workerId"], found["status"]) == (worker, "connected") else None

    if not await there():
        await fleet.api.call("POST", f"/api/admin/sessions/{session}/migrate", {"workerId": worker})
    await fleet.until(there, f"{session} is online at {worker}")


async def changed(fleet: ChaosFleet, statement: str, **parameters: str) -> int:
    """Do to the running fleet's database what an accident might; the number of rows that it changed."""
    engine = create_engine(fleet.postgres.url)
    try:
        with engine.begin() as connection:
            return connection.execute(text(statement), parameters).rowcount
    finally:
        engine.dispose()


def postgres(fleet: ChaosFleet, program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs."""
    command = [str(fleet.postgres.programs / program), "-h", str(fleet.postgres.folder), "-U", "postgres", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def ended(fleet: ChaosFleet) -> None:
    """Every process of the fleet is asked to end, and has ended."""
    for name in (*GATEWAYS, *WORKERS):
        fleet.ask_to_end(name)
    await asyncio.gather(*(fleet.gone(name) for name in (*GATEWAYS, *WORKERS)))


def logs(fleet: ChaosFleet) -> list[tuple[str, str]]:
    return [(name, (fleet.folder / f"{name}.log").read_text()) for name in (*GATEWAYS, *WORKERS)]
