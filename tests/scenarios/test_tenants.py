"""What one account has, another can neither see nor touch nor tell from what does not exist: every route that the
document knows, with the ids of the other account in every place where an id can stand.
"""

import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio

from tests.scenarios.caller import Caller
from tests.scenarios.rig import Json, Rig
from wagate.accounts import store
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey
from wagate.core.ids import AccountId, KeyId
from wagate.storage.database import Database, Tx
from wagate.web.principal import Scope

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: A body for each route that reads one before it looks for what its path names.
BODIES: dict[str, Json] = {
    "changeSession": {"name": "theirs"},
    "changeSessionEngine": {"engine": "native"},
    "askPairingCode": {"phone": "+491701234567"},
    "answerPasskey": {
        "id": "AA",
        "rawId": "AA",
        "type": "public-key",
        "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"},
    },
    "sendFromSession": {"to": "+491701234567", "text": "x"},
    "updateWebhookEndpoint": {"enabled": False},
    "replayWebhooks": {"after": "2026-01-01T00:00:00Z"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """The one who has everything, the one who tries, and what is there to be had, by the names that paths use."""

    owner: Caller
    other: Caller
    ids: Json
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
        form = aiohttp.FormData()
        form.add_field("file", b"secret", filename="a.txt")
        endpoint = (await owner.pages("/api/webhooks/endpoints"))[0]["id"]
        ids = {
            "account_id": (await owner.json("GET", "/api/me"))["account"]["id"],
            "session_id": session,
            "message_id": message["id"],
            "media_id": (await owner.json("POST", "/api/media", 201, data=form))["id"],
            "key_id": (await owner.json("POST", "/api/keys", 201, json={"name": "k"}))["id"],
            "endpoint_id": endpoint,
            "delivery_id": (await owner.pages(f"/api/webhooks/endpoints/{endpoint}/deliveries"))[0]["id"],
        }
        event = (await owner.json("GET", "/api/events"))["items"][0]["id"]
        yield Tenants(owner=owner, other=owner.having(key), ids=ids, event=event)


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


async def _state(tenants: Tenants) -> list[Json]:
    """Everything of the owner that somebody could have changed."""
    endpoint = tenants.ids["endpoint_id"]
    return [
        await tenants.owner.json("GET", f"/api/sessions/{tenants.ids['session_id']}"),
        await tenants.owner.json("GET", f"/api/messages/{tenants.ids['message_id']}"),
        await tenants.owner.json("GET", f"/api/webhooks/endpoints/{endpoint}"),
    ]


async def test_ids_of_others_in_paths_are_as_if_they_did_not_exist(tenants: Tenants) -> None:
    before = await _state(tenants)
    tried = set()
    for path, item in tenants.owner.document["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        unknown = set(names) - set(tenants.ids)
        assert not unknown, f"{path}: make one of these for the owner, so that the other can try for it: {unknown}"
        for method, entry in item.items():
            if names:
                real = re.sub(r"\{(\w+)\}", lambda match: tenants.ids[match[1]], path)
                ghost = re.sub(r"(\w{3})_\w{26}", r"\1_" + "0" * 26, real)
                body = BODIES.get(entry["operationId"])
                # What is for those who run the gateway is refused before anything is looked for.
                status = 403 if path.startswith("/api/admin/") else 404
                told = [(await tenants.other(method.upper(), at, status, json=body)).json() for at in (real, ghost)]
                assert {**told[0], "requestId": ""} == {**told[1], "requestId": ""}, (method, path)
                tried.add(entry["operationId"])
    assert set(BODIES) <= tried
    assert len(tried) >= 20
    assert await _state(tenants) == before


async def test_lists_hold_nothing_of_others(tenants: Tenants) -> None:
    everything = [*tenants.ids.values(), tenants.event]
    for path, item in tenants.owner.document["paths"].items():
        if "{" not in path and "get" in item and "stream" not in path:
            shown = json.dumps(await tenants.other.json("GET", path))
            assert [found for found in everything if found in shown] == [], path
    for query in ({"session": tenants.ids["session_id"]}, {"after": tenants.event}):
        assert (await tenants.other.json("GET", "/api/events", query=query))["items"] == []


async def test_ids_of_others_in_bodies_lead_nowhere(rig: Rig, tenants: Tenants) -> None:
    other, session = tenants.other, tenants.ids["session_id"]
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
