"""An account that is protected by a passkey is linked over the API; its owner's browser is played by the sandbox."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.rig import Json, Rig
from wagate.cli.client import ApiFailure

pytestmark = pytest.mark.asyncio(loop_scope="module")

NONSENSE = {
    "id": "AA",
    "rawId": "AA",
    "type": "public-key",
    "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"},
}


async def refusal(rig: Rig, method: str, session: str, body: Json | None = None) -> str:
    with pytest.raises(ApiFailure) as refused:
        await rig.api.call(method, f"/api/sessions/{session}/passkey", body)
    return str(refused.value.problem["code"])


async def scan(rig: Rig, shop: str) -> tuple[str, "asyncio.Task[Json]"]:
    """A session whose code is being scanned by the phone of an account with a passkey."""
    await rig.phone(shop, "Shop", passkey=True)
    session = await rig.new_session()
    await rig.api.call("POST", f"/api/sessions/{session}/connect")
    code = await rig.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    scanned = rig.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": code["qrString"]})
    return session, asyncio.create_task(scanned)


@pytest.mark.parametrize("engine", ["native"], scope="module")
async def test_whoever_holds_the_passkey_answers_and_the_session_is_linked(
    rig: Rig, engine: str, shop: str, ada: str
) -> None:
    await rig.subscribe()
    session, scanning = await scan(rig, shop)

    async def asked() -> Json | None:
        found = await rig.session(session)
        return found if found["statusReason"] == "passkey_required" else None

    assert (await rig.until(asked, "a passkey is asked for"))["status"] == "qr_required"
    wanted = await rig.api.call("GET", f"/api/sessions/{session}/passkey")
    assert wanted["publicKey"]["rpId"] == "web.whatsapp.com"

    async def told() -> Json | None:
        return next((e for e in rig.sink.events if e["type"] == "session.passkey"), None)

    event = await rig.until(told, "a webhook about the passkey")
    assert event["data"]["publicKey"] == wanted["publicKey"]
    with pytest.raises(ApiFailure, match="no QR code"):
        await rig.api.call("GET", f"/api/sessions/{session}/qr")
    challenge = wanted["publicKey"]["challenge"].encode()
    files = [path for path in (rig.folder / "data").rglob("*") if path.is_file()]
    assert [path for path in files if challenge in path.read_bytes()] == [], "the challenge is stored"

    assert await refusal(rig, "POST", session, NONSENSE) == "query_failed"
    answer = await rig.phones.call("POST", f"/sandbox/phones/{shop}/passkey", {"publicKey": wanted["publicKey"]})
    browsers_own: Json = {**answer, "authenticatorAttachment": "cross-platform", "clientExtensionResults": {}}
    await rig.api.call("POST", f"/api/sessions/{session}/passkey", browsers_own)

    await scanning
    await rig.reaches(session, "connected")
    assert await refusal(rig, "GET", session) == await refusal(rig, "POST", session, answer) == "already_connected"
    await rig.phone(ada, "Ada")
    sent = await rig.send(session, ada, text="linked by passkey")
    assert (await rig.shown(ada, sent["waId"]))["text"] == "linked by passkey"
    assert challenge.decode() not in rig.log
    assert Path(rig.folder / "gateway.log").exists()


@pytest.mark.parametrize("engine", ["native"], scope="module")
async def test_a_session_that_nobody_asked_says_so_and_what_is_no_answer_is_refused(
    rig: Rig, engine: str, shop: str
) -> None:
    session = await rig.new_session()
    assert await refusal(rig, "GET", session) == await refusal(rig, "POST", session, NONSENSE) == "passkey_not_wanted"
    for wrong in ({}, {**NONSENSE, "type": "password"}, {**NONSENSE, "id": "a b"}, {**NONSENSE, "response": {}}):
        assert await refusal(rig, "POST", session, wrong) == "validation_failed"


@pytest.mark.bridge
@pytest.mark.parametrize("engine", ["baileys"], scope="module")
async def test_on_baileys_it_says_that_this_engine_cant(rig: Rig, engine: str, shop: str) -> None:
    session, scanning = await scan(rig, shop)
    with pytest.raises(ApiFailure, match="went away"):
        await scanning
    ended = await rig.reaches(session, "error")
    assert ended["statusReason"] == "passkey_unsupported"
    assert await refusal(rig, "POST", session, NONSENSE) == await refusal(rig, "GET", session) == "passkey_unsupported"
