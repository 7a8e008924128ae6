"""A running gateway gets other keys, and a stopped one another database; the sessions notice neither."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.scenarios.rig import Json, Rig, media, open_rig
from tests.servers import Buckets


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path, "native") as rig:
        yield rig


async def command(
    rig: Rig, *arguments: str, given: str = "", kill_after: float | None = None, **environment: str
) -> tuple[int, str]:
    """A command of wagate that is ``given`` a text; its exit code and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wagate.cli.main", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "WAGATE_DATA_DIR": str(rig.folder / "data"), **environment},
    )
    if kill_after is not None:
        await asyncio.sleep(kill_after)
        process.send_signal(signal.SIGKILL)
    out, _ = await process.communicate(given.encode())
    assert process.returncode is not None
    return process.returncode, out.decode()


async def no_key_was_used_twice(rig: Rig, *numbers: str) -> None:
    for number in numbers:
        used: set[tuple[str, str, int]] = set()
        for entry in await rig.wire(number):
            for cipher in entry["ciphers"] if entry["direction"] == "in" else ():
                key = ("" if cipher["kind"] == "skmsg" else cipher["to"], cipher["chain"], cipher["counter"])
                assert key not in used, "a message key was used twice"
                used.add(key)
    assert await rig.complaints() == {}


async def ready(rig: Rig, session: str, wa_id: str) -> Json:
    async def look() -> Json | None:
        message = await rig.received(session, wa_id)
        return message if message["media"]["state"] == "ready" else None

    return await rig.until(look, f"the file of {wa_id}")


async def test_keys_are_rotated_and_retired_under_a_running_gateway(rig: Rig, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.subscribe()
    sent = [await rig.send(session, ada, text=f"before {n}") for n in range(10)]
    assert rig.gateway is not None
    rotating = asyncio.create_task(command(rig, "keys", "rotate", WAGATE_URL=rig.gateway.url))
    sent += [await rig.send(session, ada, text=f"meanwhile {n}") for n in range(10)]
    code, told = await rotating
    assert (code, "everything is sealed by key 2" in told) == (0, True), told
    got = await rig.phone_sends(ada, to=shop, text="hello")
    assert (await rig.told("message.received", got))["data"]["text"] == "hello"

    code, told = await command(rig, "keys", "retire", "2", WAGATE_URL=rig.gateway.url)
    assert (code, "seals everything" in told) == (1, True), told
    assert (await command(rig, "keys", "retire", "1", WAGATE_URL=rig.gateway.url))[0] == 0
    assert (rig.folder / "data" / "secret-keys").read_text().startswith("2:")
    assert "1:" not in (rig.folder / "data" / "secret-keys").read_text()

    await rig.kill_gateway()
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    sent.append(await rig.send(session, ada, text="after", replyTo=sent[0]["id"]))
    for message in sent:
        assert (await rig.shown(ada, message["waId"]))["seen"] == 1
    await no_key_was_used_twice(rig, shop)


@pytest.mark.postgres
async def test_an_installation_moves_to_postgresql_and_s3_and_goes_on_without_a_scan(
    rig: Rig, new_postgres_database: Callable[[], str], s3_server: Buckets, shop: str, ada: str
) -> None:
    s3_server.make("whatsapp-media")
    s3_server.make("whatsapp-sessions")
    bucket = {
        "WAGATE_S3_ENDPOINT": s3_server.endpoint,
        "WAGATE_S3_REGION": s3_server.region,
        "WAGATE_S3_ACCESS_KEY_ID": s3_server.access_key_id,
        "WAGATE_S3_SECRET_ACCESS_KEY": s3_server.secret_access_key,
    }
    target = new_postgres_database()
    session = await rig.linked(shop)
    await rig.phone(ada)
    made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "Orders", "members": [ada, shop]})
    group = str(made["id"])
    picture = media(os.urandom(200_000), "application/pdf", "offer.pdf")
    sent = [await rig.send(session, to, text=f"{to} {n}") for n in range(3) for to in (ada, group)]
    sent.append(await rig.send(session, ada, type="document", media=picture))
    file = await rig.phone_sends(ada, to=shop, type="document", media=picture)
    before = (await ready(rig, session, file))["media"]
    wired = await rig.now_on_wire()

    code, told = await command(rig, "migrate", "--to", target)
    assert (code, "another wagate process" in told) == (1, True), told
    await rig.stop_gateway()
    # A quick machine is done after some 1.5 s. What is cut short at each step stands in tests/storage/test_transfer.py.
    for seconds in (0.3, 0.6, 0.9):
        await command(rig, "migrate", "--to", target, "--s3", kill_after=seconds, **bucket)
        assert not (rig.folder / "data" / "moved.json").exists(), "killed too late to show anything"
    # The source starts after that, and its sessions go on where they were.
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    sent.append(await rig.send(session, ada, text="not moved yet"))
    await rig.stop_gateway()

    code, told = await command(rig, "migrate", "--to", "-", "--s3", given=f"{target}\n", **bucket)
    assert (code, "moved to" in told) == (0, True), told
    code, told = await command(rig, "up", "--port", "0", WAGATE_SANDBOX_URL=rig.sandbox.url)
    assert (code, "was moved to" in told) == (1, True), told

    # Elsewhere, with nothing but what stands in the file.
    lines = (rig.folder / "data" / "moved.env").read_text().splitlines()
    rig.environment = {**rig.environment, **dict(line.split("=", 1) for line in lines)}
    admin = (rig.folder / "data" / "admin.json").read_text()
    (rig.folder / "data").rename(rig.folder / "old")
    (rig.folder / "data").mkdir(mode=0o700)
    (rig.folder / "data" / "admin.json").write_text(admin)
    missed = await rig.phone_sends(ada, to=shop, text="while it moved")
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    assert (await rig.received(session, missed))["text"] == "while it moved"
    sent += [await rig.send(session, to, text="from PostgreSQL") for to in (ada, group)]
    sent.append(await rig.send(session, ada, type="document", media={"id": before["id"]}))
    for message in sent:
        assert (await rig.shown(ada, message["waId"]))["seen"] == 1
    came = await rig.phone_sends(ada, to=group, text="in the group")
    assert (await rig.received(session, came))["text"] == "in the group"
    assert len(await rig.history(session)) == len(sent) + 3
    entries = await rig.wire(shop, wired)
    assert [e for e in entries if e["stanza"] == "receipt" and e["type"] == "retry"] == []
    await no_key_was_used_twice(rig, shop)
