"""An account that has one of everything, and what is remembered of it to be searched for in the answers to others."""

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from tests.conftest import import_stores
from tests.probes.requests import KINDS, Operation, operations
from tests.probes.whole import Gateway, Json
from wagate.cli.demo import picture
from wagate.cli.sink import WebhookSink
from wagate.core.ids import AccountId, SessionId, UserId
from wagate.sessions.codes import ShownCode
from wagate.storage.database import Tx, metadata
from wagate.web.principal import Scope
from wagate.web.testing import AsgiClient

#: Kinds of ids that name nothing of an account's.
NOT_OF_ACCOUNTS: Final = frozenset({"wrk", "req", "aud"})
#: Seconds after which a webhook that was not told will not be.
PATIENCE: Final = 30
#: Columns that change though nobody changes anything: when a key was used is noted at most once a minute.
_RESTLESS: Final = frozenset({"last_used_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An account, its administrator's key, one id of each kind, and what nobody else may ever see."""

    account: AccountId
    user: UserId
    key: str
    #: By prefix; what has a session is of the session ``ses``. Whoever probes knows these, and the words.
    ids: Mapping[str, str]
    #: A session of the account that has nothing but itself.
    spare: SessionId
    number: str
    canaries: frozenset[str]
    #: Words that are not ids and still name something: by what they are.
    words: Mapping[str, str]


async def new_tenant(gateway: Gateway, name: str, number: str) -> Tenant:
    """Make an account with one of everything, while the gateway's dispatcher runs. Its texts, names, addresses and
    secrets all hold ``name``.
    """
    account, user = await gateway.account(name)
    _, key = await gateway.key(account, user, Scope.ADMIN)
    client = gateway.client(key)
    session = await gateway.linked_session(account, f"{name} session", number)
    spare = await gateway.linked_session(account, f"{name} spare", f"{number}9")
    await gateway.runtime.sessions.codes.show_qr(
        session, ShownCode(code=f"{name}-qr-code", expires_at=gateway.runtime.clock.now() + timedelta(hours=1))
    )
    async with WebhookSink() as sink:
        hook = {"url": f"{sink.url}?{name}", "headers": {"x-secret": f"{name}-header"}, "sessions": [session]}
        endpoint = await _made(client, "/api/webhooks/endpoints", hook)
        sink.secret = endpoint["secret"]
        sent = await _made(
            client,
            f"/api/sessions/{session}/send?wait=0",
            {"to": f"+{number}1", "text": f"{name} text"},
            headers={"idempotency-key": f"{name}-idempotency-key"},
        )
        deliveries = f"/api/webhooks/endpoints/{endpoint['id']}/deliveries"
        async with asyncio.timeout(PATIENCE):
            while not (found := (await client.get(deliveries)).json()["items"]) or found[0]["status"] != "delivered":
                await asyncio.sleep(0.01)
    file = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'.png"\r\n\r\n'
    media = await client.post(
        "/api/media",
        body=file + picture() + name.encode() + b"\r\n--XX--\r\n",
        headers={"content-type": "multipart/form-data; boundary=XX"},
    )
    assert media.status == 201, media.body
    member = {"email": f"{name}@example.org", "name": f"{name} member", "role": "viewer"}
    added = await _made(client, "/api/users", member)
    other_key = await _made(client, "/api/keys", {"name": f"{name} key"})
    event = (await client.get("/api/events", params={"session": session})).json()["items"][0]
    ids = {
        "acc": account,
        # One who may be removed, so that it would be noticed.
        "usr": added["id"],
        "key": other_key["id"],
        "ses": session,
        "msg": sent["id"],
        "med": media.json()["id"],
        "evt": event["id"],
        "whe": endpoint["id"],
        "whd": found[0]["id"],
    }
    lacking = set(KINDS) - set(ids) - NOT_OF_ACCOUNTS
    assert not lacking, f"make one of these for the tenant in tests/probes/tenants.py: {lacking}"
    secrets = {key, other_key["key"], endpoint["secret"], added["password"], f"{number}1", spare}
    of_rows = {
        row["id"]
        for rows in (await rows_of(gateway, account)).values()
        for row in rows
        if isinstance(row.get("id"), str)
    }
    return Tenant(
        account=account,
        user=user,
        key=key,
        ids=ids,
        spare=spare,
        number=number,
        canaries=frozenset({name, *secrets, *of_rows} - set(ids.values())),
        words={
            "number": f"+{number}",
            "jid": f"{number}@s.whatsapp.net",
            "lid": f"9{number}@lid",
            "idempotency-key": f"{name}-idempotency-key",
            "etag": f'"{media.json()["sha256"]}"',
            "whatsapp id": sent["waId"],
        },
    )


@dataclass(frozen=True, slots=True)
class World:
    """A gateway with one tenant, and everything that can be asked of it."""

    gateway: Gateway
    tenant: Tenant
    operations: tuple[Operation, ...]


async def world_of(gateway: Gateway) -> World:
    """Give the gateway its tenant."""
    dispatcher = gateway.runtime.new_dispatcher()
    await dispatcher.start()
    tenant = await new_tenant(gateway, "tenant", "491701112223")
    await dispatcher.stop()
    return World(gateway, tenant, tuple(operations(await gateway.document())))


async def rows_of(gateway: Gateway, account: AccountId) -> dict[str, list[Json]]:
    """Every row that belongs to an account: those that name it, and those that name such a row."""
    import_stores()

    def work(tx: Tx) -> dict[str, list[Json]]:
        return {
            table.name: [dict(row) for row in tx.execute(select(table)).mappings()] for table in metadata.sorted_tables
        }

    everything = await gateway.runtime.db.read(work)
    known: set[Any] = {str(account)}
    while True:
        found = {
            name: [
                {column: value for column, value in row.items() if column not in _RESTLESS}
                for row in rows
                if any(row[column] in known for column in row if column == "id" or column.endswith("_id"))
            ]
            for name, rows in everything.items()
        }
        more = {str(row["id"]) for rows in found.values() for row in rows if isinstance(row.get("id"), str)}
        if more <= known:
            return found
        known |= more


def ghost_of(value: str) -> str:
    """What looks like ``value``, sorts beside it, and does not exist."""
    if re.fullmatch(r"[a-z]{3}_[0-9a-z]{26}", value):
        # The first ten characters are the time.
        return value[:14] + "".join("z" if letter != "z" else "y" for letter in value[14:])
    if "@" in value:
        user, _, server = value.partition("@")
        return f"{ghost_of(user)}@{server}"
    return re.sub(r"[0-9a-zA-Z](?=[0-9a-zA-Z]{4})", _another, value)


def cursor_of(value: str) -> str:
    """The cursor of a list that was shown up to ``value``."""
    return base64.urlsafe_b64encode(f'["{value}"]'.encode()).decode().rstrip("=")


def _another(letter: re.Match[str]) -> str:
    if letter.start() < 5:
        # What says the kind of thing it is.
        return letter[0]
    return {"9": "8", "z": "y", "Z": "Y"}.get(letter[0], chr(ord(letter[0]) + 1))


async def _made(client: AsgiClient, path: str, body: Json, **options: Any) -> Json:
    answer = await client.post(path, json=body, **options)
    assert answer.status in (201, 202), (path, answer.body)
    made: Json = answer.json()
    return made
