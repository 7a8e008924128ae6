"""The door: who is let in, how often somebody may try, and how a log-in ends."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select, update

from wagate.accounts import passwords, store
from wagate.accounts.attempts import Allowance, Attempts
from wagate.accounts.errors import LoginsBusy
from wagate.accounts.passwords import Passwords, hash_password
from wagate.accounts.service.logins import PER_ADDRESS, PER_IP, REGISTRATIONS
from wagate.core.clock import ManualClock
from wagate.storage.rates import LocalRates, Subject

from .conftest import EMAIL, PASSWORD

WRONG = "not the right one"


async def test_a_stranger_registers_and_is_logged_in(rig: Any) -> None:
    made = await rig.register(" Ada@Example.ORG ")
    assert made["user"]["email"] == EMAIL
    assert (made["user"]["role"], made["user"]["isAdmin"]) == ("owner", False)
    me = (await rig.client(made["token"]).get("/api/me")).json()
    assert (me["user"], me["account"], me["key"]) == (made["user"], made["account"], None)
    assert me["csrfToken"] is None, "only what comes by cookie needs one"


async def test_an_address_is_taken_once_whatever_its_letters_look_like(rig: Any) -> None:
    await rig.register()
    again = await rig.client().post("/api/register", json={"email": EMAIL.upper(), "password": PASSWORD})
    assert (again.status, again.json()["code"]) == (409, "email_taken")
    accounts = await rig.db.read(lambda tx: len(tx.execute(select(store.accounts)).all()))
    assert accounts == 2, "the refused one left no account behind"


async def test_registration_can_be_closed_while_the_gateway_runs(rig: Any) -> None:
    await rig.admin.patch("/api/admin/settings", json={"registration": "closed"})
    for gateway in (rig, rig.another_gateway()):
        answer = await gateway.client().post("/api/register", json={"email": EMAIL, "password": PASSWORD})
        assert (answer.status, answer.json()["code"]) == (403, "registration_closed")


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        ("nobody", PASSWORD, "invalid_email"),
        ("a@b@c", PASSWORD, "invalid_email"),
        ("a b@example.org", PASSWORD, "invalid_email"),
        (EMAIL, "seven77", "weak_password"),
        (EMAIL, EMAIL.upper(), "weak_password"),
        ("x" * 250 + "@example.org", PASSWORD, "validation_failed"),
        (EMAIL, "x" * 257, "validation_failed"),
        (EMAIL, 12345678, "validation_failed"),
    ],
)
async def test_what_is_no_address_or_password_is_refused(rig: Any, email: str, password: Any, code: str) -> None:
    answer = await rig.client().post("/api/register", json={"email": email, "password": password})
    assert (answer.status, answer.json()["code"]) == (400, code)
    assert str(password) not in answer.body.decode()


async def test_a_log_in_works_until_its_end(rig: Any) -> None:
    await rig.register()
    answer = await rig.log_in()
    body = answer.json()
    assert set(body) == {"token", "expiresAt", "user"}
    assert body["expiresAt"] == "2026-01-01T12:00:00Z"
    client = rig.client(body["token"])
    assert (await client.get("/api/me")).status == 200
    await rig.clock.advance(12 * 3600 - 1)
    assert (await client.get("/api/me")).status == 200
    await rig.clock.advance(1)
    assert (await client.get("/api/me")).status == 401


async def test_the_first_admin_logs_in_with_the_password_that_was_shown(rig: Any) -> None:
    token = await rig.token("admin@wagate.local", rig.admin_password)
    assert (await rig.client(token).get("/api/admin/settings")).status == 200


# -- guessing ---------------------------------------------------------------------------------------------------------


async def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argon2 work is what can be measured from afar: one of the same strength for each."""
    made = await rig.register()
    await rig.register("eve@example.org")
    await rig.register("no@example.org")
    await rig.db.write(
        lambda tx: (
            tx.execute(
                update(store.users).where(store.users.c.email == "eve@example.org").values(disabled_at=rig.clock.now())
            ).rowcount
        )
    )
    await rig.db.write(
        lambda tx: (
            tx.execute(
                update(store.users).where(store.users.c.email == "no@example.org").values(password_hash=None)
            ).rowcount
        )
    )
    strengths: list[str] = []
    real = passwords._verify

    def watched(kept: str, password: str) -> bool:
        strengths.append(kept.rpartition("$")[0].rpartition("$")[0])
        return real(kept, password)

    monkeypatch.setattr(passwords, "_verify", watched)
    tries = [
        ("nobody@example.org", PASSWORD),
        (EMAIL, WRONG),
        ("eve@example.org", PASSWORD),
        ("no@example.org", PASSWORD),
        ("not an address", PASSWORD),
    ]
    answers = [await rig.log_in(*one) for one in tries]
    assert {answer.status for answer in answers} == {401}
    assert len({str({**answer.json(), "requestId": ""}) for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert strengths == ["$argon2id$v=19$m=19456,t=2,p=1"] * len(tries)
    assert (await hash_password(PASSWORD)).startswith(strengths[0])
    assert made["user"]["email"] == EMAIL


def test_refusing_an_unknown_address_takes_the_processor_as_long() -> None:
    """Processor time of this thread, and the least of several, so that a busy machine says nothing."""
    kept = asyncio.run(hash_password(PASSWORD))

    def least(of: str) -> float:
        taken = []
        for _ in range(5):
            began = time.thread_time()
            assert not passwords._verify(of, WRONG)
            taken.append(time.thread_time() - began)
        return min(taken)

    known, unknown = least(kept), least(passwords._NOBODYS)
    assert 0.5 < known / unknown < 2


async def test_one_address_is_tried_only_so_often(rig: Any) -> None:
    await rig.register()
    for _ in range(PER_ADDRESS.tries):
        assert (await rig.log_in(EMAIL, WRONG)).status == 401
    refused = await rig.log_in()
    assert (refused.status, refused.json()["code"]) == (429, "too_many_attempts"), "the right password does not help"
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= PER_ADDRESS.seconds
    assert (await rig.log_in("other@example.org", WRONG)).status == 401, "others are not kept out"
    await rig.clock.advance(wait)
    assert (await rig.log_in()).status == 200


async def test_tries_side_by_side_count_like_those_one_after_the_other(rig: Any) -> None:
    await rig.register()
    answers = await asyncio.gather(*(rig.log_in(EMAIL, WRONG) for _ in range(PER_ADDRESS.tries + 8)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [401] * PER_ADDRESS.tries + [429] * 8


async def test_one_sender_tries_only_so_many_addresses(rig: Any) -> None:
    for number in range(PER_IP.tries):
        assert (await rig.log_in(f"user{number}@example.org", WRONG)).status == 401
    assert (await rig.log_in("another@example.org", WRONG)).status == 429


async def test_who_logs_in_rightly_may_do_so_all_day(rig: Any) -> None:
    await rig.register()
    for _ in range(PER_ADDRESS.tries + 5):
        assert (await rig.log_in()).status == 200


async def test_one_sender_registers_only_so_often(rig: Any) -> None:
    for number in range(REGISTRATIONS.tries):
        await rig.register(f"user{number}@example.org")
    answer = await rig.client().post("/api/register", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status == 429


async def test_tries_are_counted_from_the_first_and_given_back(clock: ManualClock) -> None:
    attempts, allowance = Attempts(LocalRates(clock)), Allowance(subject=Subject.LOGIN_IP, tries=3, seconds=30)
    assert [await attempts.take(allowance, "a") for _ in range(4)] == [0, 0, 0, 30]
    assert await attempts.take(allowance, "b") == 0
    await clock.advance(29.5)
    assert await attempts.take(allowance, "a") == 1
    for _ in range(3):
        await attempts.give_back(allowance, "a")
    assert await attempts.take(allowance, "a") == 0
    await clock.advance(1)
    assert [await attempts.take(allowance, "a") for _ in range(4)] == [0, 0, 0, 30]


async def test_two_hashes_at_once_and_a_bounded_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = 0

    async def watched(_password: str) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return "hash"

    monkeypatch.setattr(passwords, "hash_password", watched)
    found = await asyncio.gather(*[Passwords().hash("x")], return_exceptions=True)
    assert found == ["hash"]
    shared = Passwords()
    found = await asyncio.gather(*(shared.hash("x") for _ in range(200)), return_exceptions=True)
    assert most == 2
    refused = [one for one in found if isinstance(one, LoginsBusy)]
    assert len(refused) == 200 - 64
    assert await shared.hash("x") == "hash", "the queue is free again"


# -- the end of a log-in ----------------------------------------------------------------------------------------------


async def member(rig: Any, owner: str, role: str = "operator", email: str = "bob@example.org") -> tuple[str, str]:
    """A member's id and token."""
    answer = await rig.client(owner).post(
        "/api/users", json={"email": email, "role": role, "password": PASSWORD, "name": "Bob"}
    )
    assert answer.status == 201, answer.body
    return answer.json()["id"], await rig.token(email)


@pytest.mark.parametrize(
    "how", ["logout", "own password", "given password", "role", "disabled", "removed", "account disabled"]
)
async def test_a_users_tokens_are_dead_at_once_here_and_within_a_second_elsewhere(rig: Any, how: str) -> None:
    made = await rig.register()
    elsewhere = rig.another_gateway()
    user_id, token = await member(rig, made["token"])
    second = await rig.token("bob@example.org")
    for gateway in (rig, elsewhere):
        for one in (token, second):
            assert (await gateway.client(one).get("/api/me")).status == 200
    owner, bob, where = rig.client(made["token"]), rig.client(token), f"/api/users/{user_id}"
    match how:
        case "logout":
            done = await bob.post("/api/logout")
        case "own password":
            change = {"password": "another good one", "currentPassword": PASSWORD}
            done = await bob.patch("/api/users/me", json=change)
        case "given password":
            done = await owner.patch(where, json={"password": "another good one"})
        case "role":
            done = await owner.patch(where, json={"role": "viewer"})
        case "disabled":
            done = await owner.patch(where, json={"disabled": True})
        case "removed":
            done = await owner.delete(where)
        case _:
            account = made["account"]["id"]
            done = await rig.admin.patch(f"/api/admin/accounts/{account}", json={"disabled": True})
    assert done.status in (200, 204), done.body
    for one in (token, second):
        assert (await rig.client(one).get("/api/me")).status == 401, "here, at once"
    await rig.clock.advance(0.999)
    for one in (token, second):
        assert (await elsewhere.client(one).get("/api/me")).status == 401, "elsewhere, within a second"
    if how != "account disabled":
        assert (await owner.get("/api/me")).status == 200, "others stay"


async def test_whoever_was_shut_out_logs_in_again_only_if_they_may(rig: Any) -> None:
    made = await rig.register()
    user_id, _ = await member(rig, made["token"])
    owner = rig.client(made["token"])
    await owner.patch(f"/api/users/{user_id}", json={"disabled": True})
    assert (await rig.log_in("bob@example.org")).status == 401
    await owner.patch(f"/api/users/{user_id}", json={"disabled": False})
    assert (await rig.log_in("bob@example.org")).status == 200


async def test_a_look_up_that_was_under_way_does_not_bring_a_log_in_back(rig: Any) -> None:
    made = await rig.register()
    _, token = await member(rig, made["token"])
    has_read, go_on = asyncio.Event(), asyncio.Event()
    read = rig.db.read

    async def slow(work: Any) -> Any:
        found = await read(work)
        rig.accounts._db = rig.db
        has_read.set()
        await go_on.wait()
        return found

    class Slow:
        write = rig.db.write

        read = staticmethod(slow)

    rig.accounts._db = Slow()
    racing = asyncio.create_task(rig.client(token).get("/api/me"))
    await has_read.wait()
    assert (await rig.client(token).post("/api/logout")).status == 204
    go_on.set()
    await racing
    assert (await rig.client(token).get("/api/me")).status == 401


async def test_a_key_can_not_log_out_or_change_a_user(rig: Any) -> None:
    for method, path, body in (("POST", "/api/logout", None), ("PATCH", "/api/users/me", {"name": "X"})):
        answer = await rig.admin.request(method, path, json=body)
        assert (answer.status, answer.json()["code"]) == (403, "login_needed")


# -- the cookie -------------------------------------------------------------------------------------------------------

AT_HOME = {"host": "localhost:8080"}


def cookie_of(answer: Any) -> tuple[str, str]:
    first, _, rest = answer.headers["set-cookie"].partition("; ")
    return first, rest


async def test_a_log_in_sets_a_cookie_that_scripts_and_other_sites_can_not_use(rig: Any) -> None:
    await rig.register()
    pair, attributes = cookie_of(await rig.log_in())
    assert pair.startswith("__Host-wagate_login=ey")
    assert set(attributes.split("; ")) == {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict", "Secure"}
    pair, attributes = cookie_of(await rig.log_in(headers=AT_HOME))
    assert pair.startswith("wagate_login=ey") and "Secure" not in attributes and "HttpOnly" in attributes


async def test_a_public_gateway_sets_secure_cookies_whatever_a_request_says(rig: Any) -> None:
    await rig.register()
    rig.app.state.public_https = True
    _, attributes = cookie_of(await rig.log_in(headers=AT_HOME))
    assert "Secure" in attributes


@pytest.mark.parametrize("host", ["localhost", "example.org"])
async def test_with_the_cookie_changes_need_the_header(rig: Any, host: str) -> None:
    await rig.register()
    browser = {"host": host}
    answer = await rig.log_in(headers=browser)
    browser["cookie"] = cookie_of(answer)[0]
    client = rig.client()
    me = await client.get("/api/me", headers=browser)
    assert me.status == 200
    csrf = me.json()["csrfToken"]
    assert csrf and csrf not in answer.json()["token"]
    for headers in ({}, {"x-csrf-token": ""}, {"x-csrf-token": csrf[:-1]}, {"x-csrf-token": "é"}):
        refused = await client.post("/api/keys", json={"name": "x"}, headers={**browser, **headers})
        assert (refused.status, refused.json()["code"]) == (403, "csrf_token_wrong")
    assert len((await client.get("/api/keys", headers=browser)).json()["items"]) == 0
    made = await client.post("/api/keys", json={"name": "x"}, headers={**browser, "x-csrf-token": csrf})
    assert made.status == 201

    out = await client.post("/api/logout", headers={**browser, "x-csrf-token": csrf})
    assert out.status == 204
    pair, attributes = cookie_of(out)
    assert pair.endswith('=""') and "Max-Age=0" in attributes
    assert (await client.get("/api/me", headers=browser)).status == 401


async def test_the_csrf_value_of_one_log_in_is_none_of_another(rig: Any) -> None:
    await rig.register()
    await rig.register("eve@example.org")
    cookies = [cookie_of(await rig.log_in(email))[0] for email in (EMAIL, "eve@example.org")]
    mine, hers = [
        (await rig.client().get("/api/me", headers={"cookie": cookie})).json()["csrfToken"] for cookie in cookies
    ]
    assert mine != hers
    answer = await rig.client().post(
        "/api/keys", json={"name": "x"}, headers={"cookie": cookies[0], "x-csrf-token": hers}
    )
    assert answer.status == 403


async def test_a_header_counts_before_the_cookie_and_needs_no_csrf_value(rig: Any) -> None:
    await rig.register()
    cookie = cookie_of(await rig.log_in())[0]
    me = await rig.admin.get("/api/me", headers={"cookie": cookie})
    assert me.json()["user"]["isAdmin"] is True and me.json()["csrfToken"] is None
    assert (await rig.admin.post("/api/keys", json={"name": "x"}, headers={"cookie": cookie})).status == 201
    wrong = await rig.client("wag_nonsense").get("/api/me", headers={"cookie": cookie})
    assert wrong.status == 401, "a bad header is not made good by a cookie"


async def test_the_plain_cookie_opens_nothing_from_afar(rig: Any) -> None:
    token = (await rig.register())["token"]
    afar = await rig.client().get("/api/me", headers={"cookie": f"wagate_login={token}", "host": "example.org"})
    assert afar.status == 401


@pytest.mark.parametrize("host", ["[", "[::1", "", ":", "localhost:port", "é", "a@b", "[::1]:80"])
async def test_no_host_name_makes_it_fail_in_an_unexpected_way(rig: Any, host: str) -> None:
    answer = await rig.client().get("/api/me", headers={"host": host, "cookie": "wagate_login=x"})
    assert answer.status == 401


async def test_a_token_in_the_url_is_none(rig: Any) -> None:
    token = (await rig.register())["token"]
    for name in ("token", "access_token", "authorization", "wagate_login"):
        assert (await rig.client().get("/api/me", params={name: token})).status == 401
