"""Keys over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from wagate.accounts.keys import is_well_formed
from wagate.core.ids import KeyId, SessionId
from wagate.web.principal import Scope


async def create(rig: Any, **fields: Any) -> Any:
    answer = await rig.admin.post("/api/keys", json={"name": "test", **fields})
    assert answer.status == 201, answer.body
    return answer.json()


async def test_a_key_is_shown_once_and_works(rig: Any) -> None:
    made = await create(rig, name="  My key ", scopes=["read", "send"])
    assert made["name"] == "My key"
    assert is_well_formed(made["key"])
    assert made["scopes"] == ["read", "send"]
    assert made["sessions"] is None and made["expiresAt"] is None and made["lastUsedAt"] is None
    listed = (await rig.admin.get("/api/keys")).body.decode()
    assert made["id"] in listed and made["hint"] in listed
    assert made["key"] not in listed
    me = await rig.client(made["key"]).get("/api/me")
    assert (me.status, me.json()["key"]["id"]) == (200, made["id"])


async def test_who_am_i(rig: Any) -> None:
    me = (await rig.admin.get("/api/me")).json()
    assert me["user"]["email"] == "admin@wagate.local"
    assert (me["user"]["role"], me["user"]["isAdmin"]) == ("owner", True)
    assert me["account"]["id"].startswith("acc_")
    assert me["key"]["scopes"] == ["admin"]
    assert me["limits"] == {"sessions": None, "messagesPerDay": None, "messagesPerMonth": None}
    assert rig.admin_key not in str(me) and "argon2" not in str(me)
    other = (await rig.client(await rig.other_account()).get("/api/me")).json()
    assert other["user"] is None
    assert other["account"]["name"] == "Other"


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_only_admin_keys_manage_keys(rig: Any, scope: Scope) -> None:
    made = await create(rig, scopes=[scope])
    client = rig.client(made["key"])
    assert (await client.get("/api/keys")).status == 403
    assert (await client.post("/api/keys", json={"name": "x"})).status == 403
    assert (await client.delete(f"/api/keys/{made['id']}")).status == 403
    assert (await client.get("/api/me")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"name": 5},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": "read"},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "sessions": []},
        {"name": "x", "sessions": ["ses_1"]},
        {"name": "x", "expiresAt": "tomorrow"},
        {"name": "x", "expiresAt": "2027-01-01"},
        {"name": "x", "isAdmin": True},
        {"name": "x", "accountId": "acc_00000000000000000000000000"},
        {"name": "x", "userId": None},
        {"name": "x", "key": "wag_chosen"},
    ],
)
async def test_malformed_keys_are_not_made(rig: Any, body: dict[str, Any]) -> None:
    answer = await rig.admin.post("/api/keys", json=body)
    assert (answer.status, answer.json()["code"]) == (400, "validation_failed")
    assert len((await rig.admin.get("/api/keys")).json()["items"]) == 1


async def test_a_key_expires(rig: Any) -> None:
    past = await rig.admin.post("/api/keys", json={"name": "x", "expiresAt": "2025-12-31T23:59:59Z"})
    assert (past.status, past.json()["code"]) == (422, "expiry_passed")
    end = (rig.clock.now() + timedelta(hours=1)).isoformat().replace("+00:00", "+05:00")
    made = await create(rig, expiresAt=(rig.clock.now() + timedelta(hours=1)).isoformat())
    assert end.endswith("+05:00") and made["expiresAt"] == "2026-01-01T01:00:00Z"
    await rig.clock.advance(3601)
    assert (await rig.client(made["key"]).get("/api/me")).status == 401


async def test_a_deleted_key_is_gone(rig: Any) -> None:
    made = await create(rig)
    client = rig.client(made["key"])
    assert (await client.get("/api/me")).status == 200
    gone = await rig.admin.delete(f"/api/keys/{made['id']}")
    assert (gone.status, gone.body) == (204, b"")
    assert (await client.get("/api/me")).status == 401
    assert made["id"] not in (await rig.admin.get("/api/keys")).body.decode()
    assert (await rig.admin.delete(f"/api/keys/{made['id']}")).status == 404


async def test_keys_of_others_and_keys_of_nobody_answer_the_same(rig: Any) -> None:
    made = await create(rig)
    stranger = rig.client(await rig.other_account())
    theirs = await stranger.delete(f"/api/keys/{made['id']}")
    nobodys = await stranger.delete(f"/api/keys/{KeyId.new(rig.clock.now())}")
    assert theirs.status == nobodys.status == 404
    assert {**theirs.json(), "requestId": ""} == {**nobodys.json(), "requestId": ""}
    assert (await rig.client(made["key"]).get("/api/me")).status == 200


async def test_the_last_admin_key_can_not_be_deleted(rig: Any) -> None:
    own = (await rig.admin.get("/api/me")).json()["key"]["id"]
    answer = await rig.admin.delete(f"/api/keys/{own}")
    assert (answer.status, answer.json()["code"]) == (409, "last_admin_key")


async def test_a_key_can_not_give_what_it_lacks(rig: Any) -> None:
    one, two = SessionId.new(rig.clock.now()), SessionId.new(rig.clock.now())
    bound = await create(rig, scopes=["admin"], sessions=[one])
    assert bound["sessions"] == [one]
    client = rig.client(bound["key"])
    answer = await client.post("/api/keys", json={"name": "x", "sessions": [two]})
    assert (answer.status, answer.json()["code"]) == (403, "grant_too_wide")
    inherited = await client.post("/api/keys", json={"name": "x"})
    assert inherited.json()["sessions"] == [one]


async def test_keys_come_in_pages(rig: Any) -> None:
    ids = [(await rig.admin.get("/api/me")).json()["key"]["id"]]
    for _ in range(5):
        await rig.clock.advance(0.001)
        ids.append((await create(rig))["id"])
    seen: list[str] = []
    params: dict[str, str | int] = {"limit": 4}
    while True:
        page = (await rig.admin.get("/api/keys", params=params)).json()
        seen += [key["id"] for key in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen == ids
    wrong = await rig.admin.get("/api/keys", params={"cursor": "nonsense"})
    assert (wrong.status, wrong.json()["code"]) == (400, "invalid_cursor")
