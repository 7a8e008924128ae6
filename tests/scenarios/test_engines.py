"""A session changes engines under the eyes of those it talks to; all over HTTP and the command line."""

import asyncio
import contextlib
import hashlib
import os
from pathlib import Path

import pytest

from tests.contracts.engine.program import run_program
from tests.scenarios.rig import Json, Rig, media
from wagate.cli import commands
from wagate.cli.client import ApiClient, ApiFailure
from wagate.cli.importing import import_session
from wagate.engine.port import Endpoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.bridge]

#: What each engine calls the record of who a device is.
DEVICE = {"baileys": "creds", "native": "native/device"}


def other(engine: str) -> str:
    return "native" if engine == "baileys" else "baileys"


async def change(rig: Rig, session: str, engine: str) -> Json:
    """Change the engine and wait until the session is connected again."""
    answer = await rig.api.call("POST", f"/api/sessions/{session}/engine", {"engine": engine})
    assert answer["engine"] == engine
    return await rig.reaches(session, "connected")


async def well(rig: Rig, *numbers: str, retries: int = 0) -> None:
    """Nothing was asked for again or refused, and no message key was used for two messages."""
    for number in numbers:
        entries = await rig.wire(number)
        assert len([e for e in entries if e["stanza"] == "receipt" and e["type"] == "retry"]) == retries
        used: set[tuple[str, str, int]] = set()
        for entry in entries:
            for cipher in entry["ciphers"] if entry["direction"] == "in" else ():
                key = ("" if cipher["kind"] == "skmsg" else cipher["to"], cipher["chain"], cipher["counter"])
                assert key not in used, "a message key was used twice"
                used.add(key)
    assert await rig.complaints() == {}


async def test_sessions_change_engines_while_they_talk(rig: Rig, engine: str, shop: str, ada: str, bob: str) -> None:
    session, friend = await rig.linked(shop), await rig.linked(ada, "friend")
    await rig.phone(bob)
    made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "Orders", "members": [bob, shop, ada]})
    group = str(made["id"])
    sent: list[Json] = []
    to_us: list[str] = []
    for round_, now in enumerate((engine, other(engine), engine, other(engine))):
        if round_:
            # Some are queued when the engine changes, some come while it does.
            sent += [await rig.submit(session, bob, text=f"{round_} queued {n}") for n in range(3)]
            changing = asyncio.create_task(change(rig, session, now))
            to_us += [await rig.phone_sends(bob, to=shop, text=f"{round_} on the way {n}") for n in range(3)]
            assert (await changing)["engine"] == now
        sent.append(await rig.send(session, bob, text=f"{round_} to the phone"))
        sent.append(await rig.send(session, group, text=f"{round_} to the group"))
        to_us.append(str((await rig.send(friend, shop, text=f"{round_} from the friend"))["waId"]))
        answer = await rig.send(session, ada, text=f"{round_} to the friend")
        assert (await rig.received(friend, answer["waId"]))["text"] == f"{round_} to the friend"
        to_us.append(await rig.phone_sends(bob, to=group, text=f"{round_} in the group"))
        for wa_id in to_us:
            await rig.received(session, wa_id)

    for message in sent:
        # What was written and not acknowledged when the engine changed is sent again under its id, and shown once.
        await rig.shown(bob, message["waId"])
    on_screen = [message["waId"] for message in await rig.inbox(bob)]
    assert len(set(on_screen)) == len(on_screen)
    history = await rig.history(session)
    assert len({m["waId"] for m in history}) == len(history)
    await well(rig, shop, ada)


async def test_files_go_from_a_session_on_one_engine_to_one_on_the_other_also_after_a_restart(
    rig: Rig, engine: str, shop: str, ada: str
) -> None:
    session, friend = await rig.linked(shop), await rig.linked(ada, "friend")
    await change(rig, friend, other(engine))
    contents = {name: os.urandom(50_000) for name in ("ours", "theirs", "ours later", "theirs later")}

    async def goes(sender: str, to: str, reader: str, name: str) -> None:
        file = media(contents[name], "application/pdf", f"{name}.pdf")
        sent = await rig.send(sender, to, type="document", media=file)

        async def ready() -> Json | None:
            message = await rig.received(reader, sent["waId"])
            return message if message["media"]["state"] == "ready" else None

        arrived = await rig.until(ready, f"{name}.pdf")
        assert arrived["media"]["sha256"] == hashlib.sha256(contents[name]).hexdigest()

    await goes(session, ada, friend, "ours")
    await goes(friend, shop, session, "theirs")
    await rig.kill_gateway()
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    await rig.reaches(friend, "connected")
    await goes(session, ada, friend, "ours later")
    await goes(friend, shop, session, "theirs later")
    await well(rig, shop, ada)


async def test_a_kill_at_any_moment_of_the_change_leaves_a_session_that_goes_on(
    rig: Rig, engine: str, shop: str, ada: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    sent = [await rig.send(session, ada, text="before")]
    now = engine
    for delay in (0.01, 0.03, 0.045, 0.06, 0.075, 0.1, 0.2):
        now = other(now)
        asking = asyncio.create_task(
            rig.api.call("POST", f"/api/sessions/{session}/engine", {"engine": now}), name="change"
        )
        await asyncio.sleep(delay)
        await rig.kill_gateway()
        with contextlib.suppress(ApiFailure):
            await asking

        touched = "UPDATE signal_keys SET key = key WHERE session_id = ? AND kind = ?"
        engines = [name for name, kind in DEVICE.items() if rig.change_database(touched, session, kind)]
        assert len(engines) == 1, "keys of both engines, or of none"
        now = engines[0]
        named = "UPDATE sessions SET name = name WHERE id = ? AND engine = ?"
        assert rig.change_database(named, session, now) == 1
        missed = await rig.phone_sends(ada, to=shop, text=f"while it was dead {delay}")
        await rig.start_gateway()
        assert (await rig.reaches(session, "connected"))["engine"] == now
        await rig.received(session, missed)
        sent.append(await rig.send(session, ada, text=f"after {delay}"))
    for message in sent:
        assert (await rig.shown(ada, message["waId"]))["seen"] == 1
    await well(rig, shop)


async def test_keys_of_another_engine_are_not_linked_over(rig: Rig, engine: str, shop: str, ada: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.stop_gateway()
    assert rig.change_database("UPDATE sessions SET engine = ? WHERE id = ?", other(engine), session) == 1

    await rig.start_gateway()

    stopped = await rig.reaches(session, "error")
    assert stopped["statusReason"] == "wrong_engine"
    assert f"wagate sessions engine {session}" in rig.log_since_start
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    assert (await rig.reaches(session, "error"))["statusReason"] == "wrong_engine"

    assert (await change(rig, session, other(engine)))["me"]["jid"].startswith(shop)
    sent = await rig.send(session, ada, text="still linked")
    assert (await rig.shown(ada, sent["waId"]))["text"] == "still linked"
    await well(rig, shop)


async def test_a_bridge_runs_only_for_sessions_that_need_one(rig: Rig, engine: str, shop: str) -> None:
    await rig.stop_gateway()
    await rig.start_gateway()
    assert rig.bridges() == []
    session = await rig.linked(shop)
    await change(rig, session, "native")
    await rig.stop_gateway()
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    assert rig.bridges() == []
    await change(rig, session, "baileys")
    assert len(rig.bridges()) == 1


async def test_a_folder_is_imported_and_moved_from_the_command_line(
    rig: Rig, engine: str, shop: str, ada: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await rig.phone(shop, "Shop")
    await rig.phone(ada, "Ada")
    folder = tmp_path / "old-shop"
    async with run_program(await endpoint(rig), folder) as program:
        await rig.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": await program.says("qr")})
        await program.says("online")
        await rig.phone_sends(ada, to=shop, text="1 from ada")
        assert await program.says("text") == "1 from ada"
        await program.send(f"{ada}@s.whatsapp.net", "1 from the program")
        await program.stop()
    assert rig.gateway is not None
    client = ApiClient(rig.gateway.url, rig.gateway.admin_key)

    await import_session(client, folder, "", other(engine))

    told = capsys.readouterr().out
    session = next(word.rstrip(":") for word in told.split() if word.startswith("ses_"))
    rig.forget_later(session)
    assert "Stop the program" in told
    assert (await rig.session(session))["name"] == "old-shop"
    missed = await rig.phone_sends(ada, to=shop, text="2 from ada")
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    assert (await rig.received(session, missed))["text"] == "2 from ada"
    sent = [await rig.send(session, ada, text="2 from the session")]
    await commands.change_engine(client, session, engine)
    assert f"{session}: on {engine}" in capsys.readouterr().out
    await rig.reaches(session, "connected")
    sent.append(await rig.send(session, ada, text="3 from the session"))
    for message in sent:
        assert (await rig.shown(ada, message["waId"]))["seen"] == 1
    with pytest.raises(ApiFailure, match="device_already_here"):
        await import_session(client, folder, "", None)
    await well(rig, shop)
    for secret in ("privKey", "noiseKey", "advSecretKey"):
        assert secret not in rig.log


async def endpoint(rig: Rig) -> Endpoint:
    """The rig's sandbox."""
    facts = await rig.phones.call("GET", "/sandbox")
    root = bytes.fromhex(facts["rootPublicKey"])
    return Endpoint(url=facts["webSocketUrl"], root_key=root, ca_pem=facts["mediaCaPem"])
