"""The routes: paths, scopes, status codes and the shape of what they answer."""

import asyncio
from datetime import timedelta

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.world import World, principal_of
from wagate.core.ids import SessionId
from wagate.engine.port import Vitals
from wagate.sessions.api import SessionBody, router
from wagate.sessions.codes import ShownCode
from wagate.sessions.links import Stage
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of

CARD = {
    "id",
    "name",
    "phone",
    "purpose",
    "engine",
    "status",
    "statusReason",
    "workerId",
    "me",
    "createdAt",
    "updatedAt",
    "lastConnectedAt",
    "lastDisconnectedAt",
    "createdBy",
}
CODE = "2@ref,noise,identity,secret,1"


@pytest.fixture
def clients(world: World) -> dict[str, AsgiClient]:
    """One for each scope, and a stranger's."""
    principals = {
        scope.value: Principal(account_id=world.principal.account_id, scopes=frozenset({scope})) for scope in Scope
    }
    principals["stranger"] = principal_of(world.clock, world.entropy)
    app = app_of(router(world.sessions), keys=principals)
    return {key: AsgiClient(app, key) for key in principals}


@pytest.fixture
def client(clients: dict[str, AsgiClient]) -> AsgiClient:
    return clients["manage"]


async def test_a_session_is_made_read_changed_listed_and_deleted(client: AsgiClient, world: World) -> None:
    body = {"name": " shop ", "phone": "+49 170 1234567", "purpose": "support", "metadata": {"a": [1]}}
    made = await client.post("/api/sessions", json=body)
    assert made.status == 201
    card = made.json()
    assert set(card) >= CARD
    assert (card["name"], card["phone"], card["status"], card["me"]) == ("shop", "+491701234567", "disconnected", None)
    path = f"/api/sessions/{card['id']}"
    assert (await client.get(path)).json() == card

    changed = await client.patch(path, json={"name": "store", "purpose": None})
    assert changed.status == 200
    assert (changed.json()["name"], changed.json()["purpose"]) == ("store", None)
    assert changed.json()["metadata"] == {"a": [1]}
    assert [s["name"] for s in (await client.get("/api/sessions")).json()["items"]] == ["store"]

    gone = await client.delete(path)
    assert (gone.status, gone.body) == (204, b"")
    assert (await client.get(path)).status == 404
    assert (await client.delete(path)).status == 404


async def test_pages_carry_a_cursor_until_the_last(client: AsgiClient, world: World) -> None:
    for n in range(5):
        await world.new(f"s{n}")
        await world.clock.advance(1)
    names, cursor, pages = [], "", 0
    while cursor is not None:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/sessions", params=query)).json()
        names += [s["name"] for s in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (names, pages) == (["s4", "s3", "s2", "s1", "s0"], 3)
    assert (await client.get("/api/sessions", params={"cursor": "bm9uc2Vuc2U"})).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": 3},
        {"name": "x", "colour": "red"},
        {"name": "x", "metadata": {"a": "b" * 20_000}},
        {"name": "x", "metadata": [1]},
        {"name": None},
    ],
)
async def test_a_malformed_session_is_refused(client: AsgiClient, body: object, world: World) -> None:
    answer = await client.post("/api/sessions", json=body)
    assert (answer.status, answer.json()["code"]) == (400, "validation_failed")
    session = await world.new()
    if body:
        assert (await client.patch(f"/api/sessions/{session.id}", json=body)).status == 400


async def test_a_phone_that_is_none_is_a_422(client: AsgiClient) -> None:
    answer = await client.post("/api/sessions", json={"name": "shop", "phone": "12345"})
    assert (answer.status, answer.json()["code"]) == (422, "invalid_phone")


@pytest.mark.parametrize(
    ("wish", "status"),
    [("connect", "connecting"), ("reconnect", "connecting"), ("disconnect", "disconnected"), ("logout", "logged_out")],
)
async def test_each_wish_is_a_202_with_the_session_and_twice_is_harmless(
    client: AsgiClient, world: World, wish: str, status: str
) -> None:
    session = await world.new()
    for _ in range(2):
        answer = await client.post(f"/api/sessions/{session.id}/{wish}")
        assert (answer.status, answer.json()["status"]) == (202, status)


async def test_a_session_goes_on_with_another_engine(client: AsgiClient, world: World) -> None:
    assert (await client.post("/api/sessions", json={"name": "x", "engine": "native"})).json()["engine"] == "native"
    session = await world.new()
    for _ in range(2):
        answer = await client.post(f"/api/sessions/{session.id}/engine", json={"engine": "native"})
        assert (answer.status, answer.json()["engine"]) == (202, "native")
    unknown = await client.post(f"/api/sessions/{session.id}/engine", json={"engine": "carrier pigeon"})
    assert (unknown.status, unknown.json()["code"]) == (400, "validation_failed")

    world.keys.kept[session.id] = {("broken", ""): b""}
    broken = await client.post(f"/api/sessions/{session.id}/engine", json={"engine": "baileys"})
    assert (broken.status, broken.json()["code"]) == (422, "keys_unreadable")
    assert (await client.get(f"/api/sessions/{session.id}")).json()["engine"] == "native"


async def test_an_imported_session_is_shown_without_its_keys_and_with_a_warning(client: AsgiClient) -> None:
    files = {"creds.json": "491700000001", "pre-key-1.json": {"private": {"type": "Buffer", "data": "c2VjcmV0"}}}
    made = await client.post("/api/sessions/import", json={"name": "old shop", "files": files})

    assert made.status == 201
    session = made.json()["session"]
    assert (session["me"]["jid"], session["status"]) == ("491700000001:2@s.whatsapp.net", "disconnected")
    assert "Stop the program" in made.json()["warning"]
    again = await client.post("/api/sessions/import", json={"name": "old shop", "files": files})
    assert (again.status, again.json()["code"]) == (409, "device_already_here")
    wrong = await client.post("/api/sessions/import", json={"name": "x", "files": {**files, "creds.json": 1}})
    assert (wrong.status, wrong.json()["code"]) == (422, "auth_folder_unreadable")
    malformed = await client.post("/api/sessions/import", json={"name": "x", "files": [files]})
    assert malformed.status == 400
    for answer in (made, again, wrong, malformed):
        assert "c2VjcmV0" not in str(answer.json())


ROUTES = [
    ("GET", "", "read"),
    ("POST", "", "manage"),
    ("GET", "/{id}", "read"),
    ("PATCH", "/{id}", "manage"),
    ("DELETE", "/{id}", "manage"),
    ("POST", "/{id}/connect", "manage"),
    ("POST", "/{id}/disconnect", "manage"),
    ("POST", "/{id}/reconnect", "manage"),
    ("POST", "/{id}/logout", "manage"),
    ("POST", "/import", "manage"),
    ("POST", "/{id}/engine", "manage"),
    ("GET", "/{id}/qr", "manage"),
    ("POST", "/{id}/pairing-code", "manage"),
    ("GET", "/{id}/passkey", "manage"),
    ("POST", "/{id}/passkey", "manage"),
    ("GET", "/{id}/status", "read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
async def test_scopes_and_strangers(
    clients: dict[str, AsgiClient], world: World, method: str, path: str, scope: str
) -> None:
    session = await world.new()
    url = "/api/sessions" + path.format(id=session.id)
    bodies = {
        "/{id}/pairing-code": {"phone": "+491701234567"},
        "/{id}/passkey": {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"},
        },
        "/{id}/engine": {"engine": "native"},
        "/import": {"name": "x", "files": {"creds.json": {}}},
    }
    body = bodies.get(path, {"name": "x"} if method in ("POST", "PATCH") else None)
    send = await clients["send"].request(method, url, json=body)
    assert send.status == 403
    if scope == "manage":
        assert (await clients["read"].request(method, url, json=body)).status == 403
    assert (await AsgiClient(clients["send"]._app).request(method, url)).status == 401
    if "{id}" in path:
        strange = await clients["stranger"].request(method, url, json=body)
        nowhere = "/api/sessions" + path.format(id=SessionId.new(world.clock.now()))
        nothing = await clients["stranger"].request(method, nowhere, json=body)
        assert (strange.status, strange.json()["code"]) == (404, "session_not_found")
        assert nothing.json()["code"] == "session_not_found"
        malformed = await clients["stranger"].request(method, "/api/sessions" + path.format(id="ses_x"), json=body)
        assert malformed.status == 404


async def test_every_route_has_a_case_above(world: World) -> None:
    routes = {
        (method, route.path.removeprefix("/api/sessions").replace("session_id", "id"))  # type: ignore[attr-defined]
        for route in router(world.sessions).routes
        for method in route.methods  # type: ignore[attr-defined]
    }
    assert routes == {(method, path) for method, path, _ in ROUTES}


# -- QR


async def test_a_qr_code_comes_in_four_forms_and_is_never_cached(client: AsgiClient, world: World) -> None:
    lease, session = await world.hosted()
    shown = ShownCode(code=CODE, expires_at=world.clock.now() + timedelta(seconds=60), version=1)
    await world.sessions.hosting.show_qr(lease, shown)
    path = f"/api/sessions/{session.id}/qr"

    found = await client.get(path)
    body = found.json()
    assert set(body) == {"status", "qrString", "qrCode", "expiresAt"}
    assert (body["status"], body["qrString"]) == ("qr_required", CODE)
    assert body["qrCode"].startswith("data:image/png;base64,")
    answers = {form: await client.get(path, params={"format": form}) for form in ("json", "png", "svg", "text")}

    assert answers["png"].headers["content-type"] == "image/png"
    assert answers["png"].body.startswith(b"\x89PNG")
    assert answers["svg"].headers["content-type"].startswith("image/svg+xml")
    assert "█" in answers["text"].body.decode()
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers.values())
    assert (await client.get(path, params={"format": "gif"})).status == 400


async def test_without_a_code_404_and_when_connected_409(client: AsgiClient, world: World) -> None:
    session = await world.new()
    answer = await client.get(f"/api/sessions/{session.id}/qr")
    assert (answer.status, answer.json()["code"]) == (404, "qr_not_available")
    _, online = await world.online()
    answer = await client.get(f"/api/sessions/{online.id}/qr", params={"wait": 30})
    assert (answer.status, answer.json()["code"]) == (409, "already_connected")
    assert (await client.get(f"/api/sessions/{online.id}/qr", params={"wait": 31})).status == 400


async def test_a_waiting_request_is_answered_by_the_code(client: AsgiClient, world: World) -> None:
    lease, session = await world.hosted()
    waiting = asyncio.create_task(client.get(f"/api/sessions/{session.id}/qr", params={"wait": 30}))
    await world.settle()
    shown = ShownCode(code=CODE, expires_at=world.clock.now() + timedelta(seconds=60), version=1)
    await world.sessions.hosting.show_qr(lease, shown)
    assert (await asyncio.wait_for(waiting, 5)).json()["qrString"] == CODE


async def test_a_pairing_code_is_answered_with_its_end(client: AsgiClient, world: World) -> None:
    session = await world.new()
    world.links.put(session.id, FakeLink(), Stage.LINKING, world.clock.now())
    path = f"/api/sessions/{session.id}/pairing-code"
    answer = await client.post(path, json={"phone": "+49 170 1234567"})
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"code": "ABCD-1234", "expiresAt": "2026-01-01T00:02:40Z"}
    assert (await client.post(path, json={"phone": "?"})).json()["code"] == "invalid_phone"


async def test_the_status_carries_evidence_of_life(client: AsgiClient, world: World) -> None:
    _, session = await world.online()
    link = FakeLink()
    link.health = Vitals(last_frame_at=world.clock.now(), ping_ms=12.5, unreadable_settings=("regular_high",))
    world.links.put(session.id, link, Stage.ONLINE, world.clock.now())
    assert (await client.get(f"/api/sessions/{session.id}/status")).json() == {
        "id": session.id,
        "status": "connected",
        "statusReason": None,
        "since": "2026-01-01T00:00:00Z",
        "health": {
            "lastFrameAt": "2026-01-01T00:00:00Z",
            "pingMs": 12.5,
            "sendStalled": False,
            "sendingPausedUntil": None,
            "unreadableSettings": ["regular_high"],
        },
    }


async def test_events_and_answers_show_the_same_session(client: AsgiClient, world: World) -> None:
    _, session = await world.online()
    (*_, last) = await world.told()
    answer = (await client.get(f"/api/sessions/{session.id}")).json()
    assert SessionBody.model_validate(last.data) == SessionBody.model_validate(answer)
    assert set(answer) == set(last.data)
    assert answer["me"] == {
        "jid": "491700000001:3@s.whatsapp.net",
        "lid": "900000000000001:3@lid",
        "pushName": "Corner Shop",
    }
