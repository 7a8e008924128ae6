"""The users of an account, and who may do what with them."""

from typing import Any

import pytest

from wagate.core.ids import SessionId, UserId

from .conftest import EMAIL, PASSWORD

Json = dict[str, Any]


async def owner_of(rig: Any, email: str = EMAIL) -> Any:
    return rig.client((await rig.register(email))["token"])


async def add(client: Any, email: str, role: str) -> Json:
    answer = await client.post("/api/users", json={"email": email, "role": role, "password": PASSWORD})
    assert answer.status == 201, answer.body
    made: Json = answer.json()
    return made


async def test_a_member_is_added_listed_changed_and_removed(rig: Any) -> None:
    owner = await owner_of(rig)
    made = await add(owner, "Bob@Example.org", "operator")
    assert (made["email"], made["role"], made["name"], made["password"]) == ("bob@example.org", "operator", "", None)
    where = f"/api/users/{made['id']}"
    assert [user["email"] for user in (await owner.get("/api/users")).json()["items"]] == [EMAIL, "bob@example.org"]
    assert (await owner.get(where)).json()["role"] == "operator"
    changed = await owner.patch(where, json={"name": "Bob", "role": "viewer"})
    assert (changed.json()["name"], changed.json()["role"]) == ("Bob", "viewer")
    assert (await owner.delete(where)).status == 204
    assert (await owner.get(where)).json()["code"] == "user_not_found"
    await add(owner, "bob@example.org", "viewer")


async def test_a_password_is_made_and_shown_once_unless_one_is_given(rig: Any) -> None:
    owner = await owner_of(rig)
    made = (await owner.post("/api/users", json={"email": "bob@example.org", "role": "viewer"})).json()
    assert len(made["password"]) == 18
    assert "password" not in (await owner.get(f"/api/users/{made['id']}")).json()
    assert (await rig.log_in("bob@example.org", made["password"])).status == 200


async def test_members_come_in_pages(rig: Any) -> None:
    owner = await owner_of(rig)
    for number in range(4):
        await rig.clock.advance(0.001)
        await add(owner, f"user{number}@example.org", "viewer")
    first = (await owner.get("/api/users", params={"limit": 3})).json()
    rest = (await owner.get("/api/users", params={"limit": 3, "cursor": first["next"]})).json()
    names = [user["email"].partition("@")[0] for user in (*first["items"], *rest["items"])]
    assert (names, rest["next"]) == (["ada", "user0", "user1", "user2", "user3"], None)


async def test_users_of_others_and_users_of_nobody_answer_the_same(rig: Any) -> None:
    owner, stranger = await owner_of(rig), await owner_of(rig, "eve@example.org")
    bob = await add(owner, "bob@example.org", "viewer")
    nobody = UserId.new(rig.clock.now())
    for method, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        theirs = await stranger.request(method, f"/api/users/{bob['id']}", json=body)
        nobodys = await stranger.request(method, f"/api/users/{nobody}", json=body)
        assert theirs.status == nobodys.status == 404
        assert {**theirs.json(), "requestId": ""} == {**nobodys.json(), "requestId": ""}
    assert [user["email"] for user in (await stranger.get("/api/users")).json()["items"]] == ["eve@example.org"]


async def test_an_account_always_has_an_owner_who_can_log_in(rig: Any) -> None:
    owner = await owner_of(rig)
    me = (await owner.get("/api/me")).json()["user"]["id"]
    second = await add(owner, "bob@example.org", "owner")
    await owner.patch(f"/api/users/{second['id']}", json={"disabled": True})
    for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True}), ("DELETE", None)):
        answer = await owner.request(method, f"/api/users/{me}", json=body)
        assert (answer.status, answer.json()["code"]) == (409, "last_owner")
    await owner.patch(f"/api/users/{second['id']}", json={"disabled": False})
    assert (await owner.delete(f"/api/users/{me}")).status == 204


async def test_nobody_takes_over_who_runs_the_gateway(rig: Any) -> None:
    """An owner of their account could otherwise give them a password and log in as them."""
    await rig.admin.post("/api/users", json={"email": "bob@example.org", "role": "owner", "password": PASSWORD})
    bob = rig.client(await rig.token("bob@example.org"))
    admin = (await rig.admin.get("/api/me")).json()["user"]["id"]
    assert (await bob.get("/api/admin/accounts")).json()["code"] == "platform_admin_only"
    for method, body in (
        ("PATCH", {"password": "another good one"}),
        ("PATCH", {"role": "viewer"}),
        ("PATCH", {"disabled": True}),
        ("DELETE", None),
    ):
        answer = await bob.request(method, f"/api/users/{admin}", json=body)
        assert (answer.status, answer.json()["code"]) == (403, "user_runs_gateway")
    for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
        answer = await rig.admin.request(method, f"/api/users/{admin}", json=body)
        assert (answer.status, answer.json()["code"]) == (409, "last_platform_admin")


async def test_a_key_bound_to_sessions_makes_no_users_and_runs_no_gateway(rig: Any) -> None:
    session = SessionId.new(rig.clock.now())
    body = {"name": "bound", "scopes": ["admin"], "sessions": [session]}
    bound = rig.client((await rig.admin.post("/api/keys", json=body)).json()["key"])
    me = (await bound.get("/api/me")).json()["user"]["id"]
    for method, path, sent in (
        ("GET", "/api/users", None),
        ("POST", "/api/users", {"email": "bob@example.org", "role": "owner"}),
        ("GET", f"/api/users/{me}", None),
        ("PATCH", f"/api/users/{me}", {"password": "another good one"}),
        ("DELETE", f"/api/users/{me}", None),
    ):
        answer = await bound.request(method, path, json=sent)
        assert (answer.status, answer.json()["code"]) == (403, "grant_too_wide")
    assert (await bound.get("/api/admin/settings")).json()["code"] == "platform_admin_only"


async def test_another_password_of_ones_own_needs_the_current_one(rig: Any) -> None:
    owner = await owner_of(rig)
    new = "another good one"
    missing = await owner.patch("/api/users/me", json={"password": new})
    assert missing.status == 400
    wrong = await owner.patch("/api/users/me", json={"password": new, "currentPassword": "guessed it"})
    assert (wrong.status, wrong.json()["code"]) == (403, "wrong_password")
    weak = await owner.patch("/api/users/me", json={"password": "short", "currentPassword": PASSWORD})
    assert weak.json()["code"] == "weak_password"
    assert (await owner.patch("/api/users/me", json={"name": "Countess"})).json()["name"] == "Countess"
    assert (await owner.get("/api/me")).status == 200, "another name logs nobody out"
    right = await owner.patch("/api/users/me", json={"password": new, "currentPassword": PASSWORD})
    assert right.status == 200
    assert (await rig.log_in()).status == 401
    assert (await rig.log_in(EMAIL, new)).status == 200


async def test_a_stolen_token_does_not_guess_the_password(rig: Any) -> None:
    owner = await owner_of(rig)
    statuses = [
        (await owner.patch("/api/users/me", json={"password": "another", "currentPassword": f"guess {n}"})).status
        for n in range(12)
    ]
    assert statuses == [403] * 10 + [429] * 2


async def test_the_keys_of_a_removed_user_are_revoked_and_others_stay(rig: Any) -> None:
    owner = await owner_of(rig)
    bob = await add(owner, "bob@example.org", "owner")
    theirs = (await rig.client(await rig.token("bob@example.org")).post("/api/keys", json={"name": "bob's"})).json()
    mine = (await owner.post("/api/keys", json={"name": "mine"})).json()
    assert (await rig.client(theirs["key"]).get("/api/me")).json()["user"]["id"] == bob["id"]
    await owner.delete(f"/api/users/{bob['id']}")
    assert (await rig.client(theirs["key"]).get("/api/me")).status == 401
    assert (await rig.client(mine["key"]).get("/api/me")).status == 200
    assert [key["name"] for key in (await owner.get("/api/keys")).json()["items"]] == ["mine"]
    entry = (await rig.audited(action="user.removed"))[0]
    assert entry["detail"] == {"revokedKeys": [theirs["id"]]}


async def test_a_key_does_no_more_than_its_user_may_now(rig: Any) -> None:
    owner = await owner_of(rig)
    bob = await add(owner, "bob@example.org", "owner")
    body = {"name": "wide", "scopes": ["admin"]}
    key = (await rig.client(await rig.token("bob@example.org")).post("/api/keys", json=body)).json()["key"]
    client, elsewhere = rig.client(key), rig.another_gateway().client(key)
    for one in (client, elsewhere):
        assert (await one.get("/api/keys")).status == 200
    await owner.patch(f"/api/users/{bob['id']}", json={"role": "viewer"})
    assert (await client.get("/api/keys")).status == 403
    await rig.clock.advance(0.999)
    assert (await elsewhere.get("/api/keys")).status == 403
    assert (await client.get("/api/me")).status == 200


async def test_users_who_are_logged_in_make_keys_up_to_their_own_rights(rig: Any) -> None:
    owner = await owner_of(rig)
    made = (await owner.post("/api/keys", json={"name": "program", "scopes": ["admin"]})).json()
    me = (await rig.client(made["key"]).get("/api/me")).json()
    assert me["user"]["email"] == EMAIL and me["key"]["name"] == "program"
    assert (await owner.delete(f"/api/keys/{made['id']}")).status in (204, 409)


#: Every route of accounts, and which roles it lets in.
MATRIX: list[tuple[str, str, Json | None, set[str]]] = [
    ("GET", "/api/me", None, {"owner", "operator", "viewer"}),
    ("PATCH", "/api/users/me", {"name": "X"}, {"owner", "operator", "viewer"}),
    ("GET", "/api/keys", None, {"owner"}),
    ("POST", "/api/keys", {"name": "x", "scopes": ["read"]}, {"owner"}),
    ("DELETE", "/api/keys/{key}", None, {"owner"}),
    ("GET", "/api/users", None, {"owner"}),
    ("POST", "/api/users", {"email": "new@example.org", "role": "viewer"}, {"owner"}),
    ("GET", "/api/users/{user}", None, {"owner"}),
    ("PATCH", "/api/users/{user}", {"name": "Y"}, {"owner"}),
    ("DELETE", "/api/users/{user}", None, {"owner"}),
    ("GET", "/api/admin/accounts", None, set()),
    ("GET", "/api/admin/accounts/{account}", None, set()),
    ("PATCH", "/api/admin/accounts/{account}", {"name": "Z"}, set()),
    ("GET", "/api/admin/settings", None, set()),
    ("PATCH", "/api/admin/settings", {"loginHours": 1}, set()),
    ("GET", "/api/admin/audit", None, set()),
    ("POST", "/api/logout", None, {"owner", "operator", "viewer"}),
]


@pytest.mark.parametrize("role", ["owner", "operator", "viewer", "platform admin", "nobody"])
async def test_every_route_lets_in_exactly_its_roles(rig: Any, role: str) -> None:
    owner = await owner_of(rig)
    account = (await owner.get("/api/me")).json()["account"]["id"]
    named = {
        "account": account,
        "user": (await add(owner, "target@example.org", "viewer"))["id"],
        "key": (await owner.post("/api/keys", json={"name": "target"})).json()["id"],
    }
    match role:
        case "platform admin":
            client = rig.client(await rig.token("admin@wagate.local", rig.admin_password))
        case "nobody":
            client = rig.client()
        case _:
            await add(owner, "bob@example.org", role)
            client = rig.client(await rig.token("bob@example.org"))
    for method, path, body, allowed in MATRIX:
        answer = await client.request(method, path.format(**named), json=body)
        where = f"{role}: {method} {path} -> {answer.status} {answer.body[:200]!r}"
        if role == "nobody":
            assert answer.status == 401, where
        elif role == "platform admin":
            # Of another account: what is the account's own is not there, though the route is open.
            assert answer.status < 300 or answer.status == 404, where
        else:
            assert (answer.status < 300) is (role in allowed), where
            assert answer.status < 300 or answer.status == 403, where


async def test_the_matrix_names_every_route_that_needs_a_credential(rig: Any) -> None:
    from wagate.web.openapi import operations

    guarded = {(o.method, o.path.replace("_id}", "}")) for o in operations(rig.app) if o.guard is not None}
    assert guarded == {(method, path) for method, path, _, _ in MATRIX}
