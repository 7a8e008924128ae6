"""What those who run the gateway do with accounts and settings."""

from typing import Any

import pytest

from wagate.core.ids import AccountId
from wagate.web.pages import encode_cursor

from .conftest import EMAIL, PASSWORD


async def test_every_account_is_listed_in_pages(rig: Any) -> None:
    ids = [(await rig.admin.get("/api/me")).json()["account"]["id"]]
    for number in range(3):
        await rig.clock.advance(0.001)
        ids.append((await rig.register(f"user{number}@example.org"))["account"]["id"])
    first = (await rig.admin.get("/api/admin/accounts", params={"limit": 3})).json()
    rest = (await rig.admin.get("/api/admin/accounts", params={"limit": 3, "cursor": first["next"]})).json()
    assert [account["id"] for account in (*first["items"], *rest["items"])] == ids
    one = (await rig.admin.get(f"/api/admin/accounts/{ids[1]}")).json()
    assert one == first["items"][1] and one["disabledAt"] is None


async def test_nothing_opens_a_disabled_account_and_its_sessions_are_stopped(rig: Any) -> None:
    made = await rig.register()
    owner, elsewhere = rig.client(made["token"]), rig.another_gateway()
    key = (await owner.post("/api/keys", json={"name": "program"})).json()["key"]
    for credential in (made["token"], key):
        assert (await elsewhere.client(credential).get("/api/me")).status == 200
    where = f"/api/admin/accounts/{made['account']['id']}"
    answer = await rig.admin.patch(where, json={"disabled": True})
    assert answer.json()["disabledAt"] == "2026-01-01T00:00:00Z"
    assert rig.stopped == [(made["account"]["id"], rig.clock.now())]
    for credential in (made["token"], key):
        assert (await rig.client(credential).get("/api/me")).status == 401
    await rig.clock.advance(0.9)
    assert (await rig.log_in()).json()["code"] == "login_failed"
    await rig.clock.advance(0.099)
    for credential in (made["token"], key):
        assert (await elsewhere.client(credential).get("/api/me")).status == 401

    await rig.admin.patch(where, json={"disabled": False})
    assert (await rig.client(key).get("/api/me")).status == 200
    assert len(rig.stopped) == 1
    actions = [entry["action"] for entry in await rig.audited(account=made["account"]["id"])]
    assert actions[:3] == ["account.enabled", "user.login_failed", "account.disabled"]


async def test_nobody_locks_themselves_out(rig: Any) -> None:
    own = (await rig.admin.get("/api/me")).json()["account"]["id"]
    answer = await rig.admin.patch(f"/api/admin/accounts/{own}", json={"disabled": True})
    assert (answer.status, answer.json()["code"]) == (409, "own_account")
    assert (await rig.admin.get("/api/me")).status == 200


async def test_an_account_that_is_not_there(rig: Any) -> None:
    where = f"/api/admin/accounts/{AccountId.new(rig.clock.now())}"
    for method, body in (("GET", None), ("PATCH", {"name": "X"})):
        answer = await rig.admin.request(method, where, json=body)
        assert (answer.status, answer.json()["code"]) == (404, "account_not_found")


async def test_settings_hold_at_once_on_every_gateway_until_they_are_given_back(rig: Any) -> None:
    elsewhere = rig.another_gateway().client(rig.admin_key)
    assert (await elsewhere.get("/api/admin/settings")).json() == {"registration": "open", "loginHours": 12}
    changed = await rig.admin.patch("/api/admin/settings", json={"registration": "closed", "loginHours": 1})
    assert changed.json() == {"registration": "closed", "loginHours": 1}
    assert (await elsewhere.get("/api/admin/settings")).json() == changed.json()
    back = await rig.admin.patch("/api/admin/settings", json={"registration": None})
    assert back.json() == {"registration": "open", "loginHours": 1}
    await rig.register()
    assert (await rig.log_in()).json()["expiresAt"] == "2026-01-01T01:00:00Z"
    assert (await rig.audited(action="settings.changed"))[0]["detail"] == {"registration": None}


@pytest.mark.parametrize("body", [{"registration": "maybe"}, {"loginHours": 0}, {"loginHours": 169}, {"other": 1}])
async def test_settings_that_make_no_sense_are_refused(rig: Any, body: dict[str, Any]) -> None:
    assert (await rig.admin.patch("/api/admin/settings", json=body)).status == 400


async def test_registration_is_closed_unless_it_is_opened() -> None:
    from wagate.core.settings import Settings

    assert Settings(_env_file=None).registration == "closed"


# -- the audit log ----------------------------------------------------------------------------------------------------


async def test_every_change_is_logged_with_who_made_it(rig: Any) -> None:
    made = await rig.register()
    owner, me = rig.client(made["token"]), made["user"]["id"]
    key = (await owner.post("/api/keys", json={"name": "x"}, headers={"x-request-id": "mine-1"})).json()
    await owner.delete(f"/api/keys/{key['id']}")
    await rig.log_in(EMAIL, "wrong password")
    await rig.log_in("nobody@example.org", "wrong password")
    entries = list(reversed(await rig.audited()))
    seen = [(entry["action"], entry["actor"]["userId"], entry["target"]) for entry in entries]
    assert [action for action, _, _ in seen] == [
        "account.created",
        "account.created",
        "user.created",
        "key.created",
        "key.revoked",
        "user.login_failed",
        "user.login_failed",
    ]
    of_key = next(entry for entry in entries if entry["action"] == "key.created")
    assert of_key["actor"] == {"userId": me, "keyId": None, "worker": None}
    assert (of_key["target"], of_key["accountId"]) == (key["id"], made["account"]["id"])
    assert (of_key["ip"], of_key["requestId"]) == ("127.0.0.1", "mine-1")
    assert of_key["detail"] == {"name": "x", "scopes": ["manage", "read", "send"], "bound": False}
    failed = [entry for entry in entries if entry["action"] == "user.login_failed"]
    assert {entry["target"] for entry in failed} == {me, None}
    assert all(entry["actor"]["userId"] is None for entry in failed)


async def test_no_secret_is_in_the_log(rig: Any) -> None:
    made = await rig.register()
    owner = rig.client(made["token"])
    user = (await owner.post("/api/users", json={"email": "bob@example.org", "role": "viewer"})).json()
    key = (await owner.post("/api/keys", json={"name": "x"})).json()["key"]
    await owner.patch(f"/api/users/{user['id']}", json={"password": "a very secret one"})
    await owner.patch("/api/users/me", json={"password": "another secret one", "currentPassword": PASSWORD})
    await rig.log_in("typed-password-into-the-address-field", "wrong password")
    text = str(await rig.audited())
    assert len(text) > 1000
    for secret in (made["token"], key, user["password"], "secret one", PASSWORD, "typed-password", "wrong password"):
        assert secret not in text


async def test_the_log_is_searched_and_comes_in_pages(rig: Any) -> None:
    made = await rig.register()
    owner, me = rig.client(made["token"]), made["user"]["id"]
    for number in range(5):
        await rig.clock.advance(60)
        await owner.post("/api/keys", json={"name": f"key {number}"})
    mine = await rig.audited(actor=me, action="key.created")
    assert [entry["detail"]["name"] for entry in mine] == [f"key {number}" for number in (4, 3, 2, 1, 0)]
    window = await rig.audited(**{"from": "2026-01-01T00:02:00Z", "to": "2026-01-01T00:04:00Z", "actor": me})
    assert [entry["detail"]["name"] for entry in window] == ["key 2", "key 1"]
    first = (await rig.admin.get("/api/admin/audit", params={"limit": 4, "actor": me})).json()
    rest = (await rig.admin.get("/api/admin/audit", params={"cursor": first["next"], "actor": me})).json()
    assert [*first["items"], *rest["items"]] == await rig.audited(actor=me)
    other = (await rig.admin.get("/api/me")).json()["account"]["id"]
    assert me not in str(await rig.audited(account=other))
    assert (await rig.admin.get("/api/admin/audit", params={"action": "nothing"})).status == 400
    for cursor in (encode_cursor("abc"), encode_cursor("-1"), encode_cursor("9" * 40), encode_cursor("٣"), "nonsense"):
        answer = await rig.admin.get("/api/admin/audit", params={"cursor": cursor})
        assert (answer.status, answer.json()["code"]) == (400, "invalid_cursor")
