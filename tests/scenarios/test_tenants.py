"""What another account asks for with the ids of this one while everything runs: sessions, webhooks, workers.

That no route answers such ids otherwise than those that do not exist is in tests/probes, without workers.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio

from tests.scenarios.caller import Caller
from tests.scenarios.rig import Rig
from wagate.accounts import store
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey
from wagate.core.ids import AccountId, KeyId
from wagate.storage.database import Database, Tx
from wagate.web.principal import Scope

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """The one who has something, the one who tries, and what is there to be had."""

    owner: Caller
    other: Caller
    session: str
    event: str


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tenants(module_rig: Rig) -> AsyncIterator[Tenants]:
    rig = module_rig
    session = await rig.linked("491799999001")
    await rig.phone("491799999002")
    await rig.subscribe()
    message = await rig.send(session, "491799999002", text="secret")
    await rig.told("message.read", message["waId"])
    await rig.stop_gateway()
    key = await _second_account(f"sqlite:///{rig.folder / 'data' / 'wagate.db'}")
    await rig.start_gateway()
    assert rig.gateway is not None
    await rig.reaches(session, "connected")
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{rig.api.url}/openapi.json") as answer:
            owner = Caller(http, rig.api.url, rig.gateway.admin_key, await answer.json())
        event = (await owner.json("GET", "/api/events"))["items"][0]["id"]
        yield Tenants(owner=owner, other=owner.having(key), session=session, event=event)


async def _second_account(url: str) -> str:
    """Put an account into the database of a gateway that does not run; the key of its administrator."""
    now, secret = datetime.now(UTC), new_key(os.urandom)
    account = Account(id=AccountId.new(now), name="other", created_at=now)
    key = ApiKey(
        id=KeyId.new(now),
        account_id=account.id,
        user_id=None,
        name="admin of the other",
        hint=hint(secret),
        scopes=frozenset({Scope.ADMIN}),
        sessions=None,
        created_at=now,
    )

    def work(tx: Tx) -> None:
        store.add_account(tx, account)
        store.add_key(tx, key, fingerprint(secret))

    db = await Database.open(url)
    await db.write(work)
    await db.close()
    return secret


async def test_ids_of_others_in_bodies_lead_nowhere(rig: Rig, tenants: Tenants) -> None:
    other, session = tenants.other, tenants.session
    await other("POST", "/api/send", 404, "session_not_found", json={"sessionId": session, "to": "1", "text": "x"})
    bound = await other.json("POST", "/api/keys", 201, json={"name": "x", "sessions": [session]})
    assert await other.having(bound["key"]).pages("/api/sessions") == []
    await other.having(bound["key"])("GET", f"/api/sessions/{session}", 404, "session_not_found")
    made = await other.json("POST", "/api/webhooks/endpoints", 201, json={"url": rig.sink.url, "sessions": [session]})
    await other("POST", f"/api/webhooks/endpoints/{made['id']}/replay", 202, json={"after": tenants.event})
    # Whatever the endpoint of the other is told does not verify with the owner's secret.
    sent = await rig.send(session, "491799999002", text="for the owner")
    await rig.told("message.read", sent["waId"])
    assert rig.sink.refused == 0
    assert await other.pages(f"/api/webhooks/endpoints/{made['id']}/deliveries") == []
