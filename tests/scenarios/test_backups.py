"""A session loses its keys, or its whole database goes back in time: it goes on, and uses no message key twice."""

import asyncio
import shutil

import pytest

from tests.scenarios.rig import Json, Rig
from wagate.cli.client import ApiFailure

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def backed_up(rig: Rig, session: str, more_than: int = 0) -> list[Json]:
    async def look() -> list[Json] | None:
        found = (await rig.api.call("GET", f"/api/admin/sessions/{session}/backups"))["items"]
        return found if len(found) > more_than else None

    return await rig.until(look, f"a backup of {session}", patience=60)


async def no_key_was_used_twice(rig: Rig, *numbers: str) -> None:
    used: set[tuple[str, str, str, int]] = set()
    for number in numbers:
        for entry in await rig.wire(number):
            for cipher in entry["ciphers"] if entry["direction"] == "in" else ():
                to = "" if cipher["kind"] == "skmsg" else cipher["to"]
                key = (number, to, cipher["chain"], cipher["counter"])
                assert key not in used, f"a message key was used twice: {cipher}"
                used.add(key)
    assert used


async def chat(rig: Rig, session: str, phones: list[str], shop: str, group: str, word: str) -> None:
    """Everybody writes to everybody, and all of it is read."""
    sent = [(phone, await rig.send(session, phone, text=f"{word} to {phone}")) for phone in phones]
    answer = await rig.send(session, group, text=f"{word} to the group")
    sent += [(phone, answer) for phone in phones]
    came = [
        await rig.phone_sends(phone, to=to, text=f"{word} from {phone}") for phone in phones for to in (shop, group)
    ]
    for phone, message in sent:
        assert (await rig.shown(phone, message["waId"]))["seen"] == 1
    for wa_id in came:
        assert word in (await rig.received(session, wa_id))["text"]


async def refused(rig: Rig, session: str, **body: object) -> str:
    with pytest.raises(ApiFailure) as failure:
        await rig.api.call("POST", f"/api/admin/sessions/{session}/restore", body)
    return str(failure.value.problem["code"])


async def test_a_session_that_lost_its_keys_is_restored_and_chats_on(
    rig: Rig, engine: str, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "Orders", "members": [ada, bob, shop]})
    group, phones = str(made["id"]), [ada, bob]
    await chat(rig, session, phones, shop, group, "before")
    versions = await backed_up(rig, session)
    assert await refused(rig, session) == "session_intact"
    assert await refused(rig, session, version="00000001-20200101T000000") == "backup_not_found"
    await chat(rig, session, phones, shop, group, "after the backup")

    await rig.stop_gateway()
    assert rig.change_database("DELETE FROM signal_keys WHERE session_id = ?", session) > 10
    rig.change_database("DELETE FROM session_secrets WHERE session_id = ?", session)
    missed = await rig.phone_sends(ada, to=shop, text="while it was gone")
    await rig.start_gateway()
    await rig.reaches(session, "qr_required")
    before = await rig.now_on_wire()
    answer = await rig.api.call("POST", f"/api/admin/sessions/{session}/restore", {})
    assert answer["epoch"] > versions[0]["epoch"]
    await rig.reaches(session, "connected")

    assert (await rig.received(session, missed))["text"] == "while it was gone"
    await chat(rig, session, phones, shop, group, "restored")
    # And by force, although everything is there, with the oldest of the versions.
    await rig.api.call(
        "POST", f"/api/admin/sessions/{session}/restore", {"version": versions[-1]["version"], "force": True}
    )
    await rig.reaches(session, "connected")
    await chat(rig, session, phones, shop, group, "restored again")
    await no_key_was_used_twice(rig, shop)
    assert await rig.complaints() == {}
    # The key ring's rotation knows of backups, and they go with the session.
    await rig.api.call("POST", "/api/admin/keys/rotate")

    async def rotated() -> bool | None:
        return (await rig.api.call("GET", "/api/admin/keys/rotation"))["rotation"]["finishedAt"] and True

    await rig.until(rotated, "the rotation ends", patience=60)
    assert (await rig.api.call("GET", "/api/admin/keys"))["keys"][1]["needed"] == {}
    assert len([e for e in await rig.wire(shop, before) if e["stanza"] == "login"]) >= 2
    await rig.api.call("DELETE", f"/api/sessions/{session}")


async def test_a_database_that_went_back_in_time_is_noticed_and_uses_no_key_again(
    rig: Rig, engine: str, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "Orders", "members": [ada, bob, shop]})
    group, phones = str(made["id"]), [ada, bob]
    await chat(rig, session, phones, shop, group, "before")
    await rig.stop_gateway()
    data = rig.folder / "data"
    await asyncio.to_thread(shutil.copy, data / "wagate.db", data / "old.db")
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    await chat(rig, session, phones, shop, group, "after the snapshot")
    await rig.stop_gateway()
    for name in ("wagate.db-wal", "wagate.db-shm"):
        (data / name).unlink(missing_ok=True)
    (data / "old.db").replace(data / "wagate.db")

    await rig.start_gateway()
    assert "may have gone back in time" in rig.log_since_start
    await rig.reaches(session, "connected")
    await chat(rig, session, phones, shop, group, "with the old database")
    await no_key_was_used_twice(rig, shop)
    assert await rig.complaints() == {}
    # And an ordinary restart, or a kill, is no reason to begin anew.
    await rig.kill_gateway()
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    assert "may have gone back in time" not in rig.log_since_start
