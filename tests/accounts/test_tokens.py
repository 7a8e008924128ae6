"""The token of a log-in says only what we signed."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.accounts.tokens import Tokens
from wagate.core.clock import ManualClock
from wagate.core.errors import Unauthorized
from wagate.core.ids import AccountId, UserId
from wagate.core.seal import KeyRing

LIFE = timedelta(hours=12)
CLOCK = ManualClock()
USER, ACCOUNT = UserId.new(CLOCK.now()), AccountId.new(CLOCK.now())
RING = KeyRing({"one": b"1" * 32})


def made(ring: KeyRing = RING) -> str:
    return Tokens(ring, CLOCK).make(USER, ACCOUNT, 3, LIFE)[0]


def test_a_token_says_who_and_until_when(clock: ManualClock) -> None:
    token, expires_at = Tokens(RING, clock).make(USER, ACCOUNT, 3, LIFE)
    claims = Tokens(RING, clock).read(token)
    assert (claims.user_id, claims.account_id, claims.epoch) == (USER, ACCOUNT, 3)
    assert claims.expires_at == expires_at == clock.now() + LIFE


async def test_a_token_expires_by_our_clock(clock: ManualClock) -> None:
    tokens = Tokens(RING, clock)
    token, _ = tokens.make(USER, ACCOUNT, 0, LIFE)
    await clock.advance(LIFE.total_seconds() - 1)
    tokens.read(token)
    await clock.advance(1)
    with pytest.raises(Unauthorized):
        tokens.read(token)


def test_a_rotated_ring_logs_nobody_out_and_signs_with_its_newest_key() -> None:
    rotated = Tokens(KeyRing({"two": b"2" * 32, "one": b"1" * 32}), CLOCK)
    assert rotated.read(made()).user_id == USER
    fresh, _ = rotated.make(USER, ACCOUNT, 3, LIFE)
    assert jwt.get_unverified_header(fresh)["kid"] == "two"
    with pytest.raises(Unauthorized):
        Tokens(RING, CLOCK).read(fresh)
    with pytest.raises(Unauthorized):
        Tokens(KeyRing({"two": b"2" * 32}), CLOCK).read(made())


def test_the_keys_of_the_ring_sign_nothing_themselves() -> None:
    keys = RING.derive(b"login token")
    assert keys["one"] != b"1" * 32 and len(keys["one"]) == 32
    assert keys != RING.derive(b"something else")
    assert keys == KeyRing({"one": b"1" * 32}).derive(b"login token"), "the same after a restart"


def forged(head: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(head)}.{part(body)}.{signature}"


GOOD = {"iss": "wagate", "sub": USER, "acc": ACCOUNT, "ver": 3, "iat": 1767225600, "exp": 1767268800}


def signed(body: dict[str, Any], key: bytes | None = None, algorithm: str = "HS256", kid: Any = "one") -> str:
    right = RING.derive(b"login token")["one"]
    return jwt.encode(body, right if key is None else key, algorithm=algorithm, headers={"kid": kid})


def test_what_these_forgeries_are_made_of_is_good() -> None:
    assert Tokens(RING, CLOCK).read(signed(GOOD)).epoch == 3


@pytest.mark.parametrize(
    "token",
    [
        forged({"alg": "none", "typ": "JWT", "kid": "one"}, GOOD),
        forged({"alg": "HS256", "typ": "JWT", "kid": "one"}, GOOD),
        signed(GOOD, b"1" * 32),
        signed(GOOD, 2 * RING.derive(b"login token")["one"], algorithm="HS512"),
        signed(GOOD, kid="two"),
        signed({**GOOD, "iss": "elsewhere"}),
        signed({**GOOD, "sub": ACCOUNT}),
        signed({**GOOD, "acc": USER}),
        signed({**GOOD, "ver": "3"}),
        signed({**GOOD, "ver": True}),
        signed({**GOOD, "exp": None}),
        signed({**GOOD, "exp": 1767225600}),
        signed({**GOOD, "exp": 10**15}),
        signed({**GOOD, "exp": 1e400}),
        signed({name: value for name, value in GOOD.items() if name != "sub"}),
        signed({name: value for name, value in GOOD.items() if name != "ver"}),
        signed({**GOOD, "more": "x" * 2000}),
        "a.b.c",
        "..",
        "é.é.é",
        "",
    ],
)
def test_forgeries_are_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        Tokens(RING, CLOCK).read(token)


@given(at=st.integers(0, 2000), letter=st.sampled_from("ABab01-_."))
def test_a_token_with_one_changed_letter_is_none(at: int, letter: str) -> None:
    token = made()
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]
    try:
        claims = Tokens(RING, CLOCK).read(changed)
    except Unauthorized:
        return
    # The last letter of base64 has bits that mean nothing.
    assert changed == token or at == len(token) - 1
    assert claims.user_id == USER


async def test_a_token_for_another_account_or_epoch_opens_nothing(rig: Any) -> None:
    registered = await rig.register()
    user, account = UserId(registered["user"]["id"]), AccountId(registered["account"]["id"])
    make = rig.accounts.tokens.make
    for wrong in (
        make(user, AccountId.new(rig.clock.now()), 0, LIFE)[0],
        make(UserId.new(rig.clock.now()), account, 0, LIFE)[0],
        make(user, account, 1, LIFE)[0],
        make(user, account, -1, LIFE)[0],
    ):
        assert (await rig.client(wrong).get("/api/me")).status == 401
    assert (await rig.client(make(user, account, 0, LIFE)[0]).get("/api/me")).status == 200


async def test_a_token_is_looked_up_once_in_a_while(rig: Any) -> None:
    token = (await rig.register())["token"]
    reads = 0
    read = rig.db.read

    async def counted(work: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(work)

    rig.accounts._db = type("Counted", (), {"read": staticmethod(counted)})()
    for _ in range(50):
        await rig.accounts.authenticate(token)
    assert reads == 1
    await rig.clock.advance(1)
    await rig.accounts.authenticate(token)
    assert reads == 2


async def test_what_is_no_token_costs_no_look_up(rig: Any) -> None:
    rig.accounts._db = None
    for wrong in ("a.b.c", made() + "x", "." * 2, made()[:-4]):
        with pytest.raises(Unauthorized):
            await rig.accounts.authenticate(wrong)


async def test_no_token_is_stored(rig: Any) -> None:
    from sqlalchemy import select

    from wagate.accounts import store
    from wagate.audit.store import audit

    token = (await rig.register())["token"]
    await rig.client(token).get("/api/me")
    tables = (store.accounts, store.users, store.api_keys, audit)
    rows = await rig.db.read(
        lambda tx: "".join(str(tuple(row)) for table in tables for row in tx.execute(select(table)))
    )
    assert token not in rows and token.rpartition(".")[2] not in rows
