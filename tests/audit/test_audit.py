"""The audit log is part of what it logs, and nobody changes it afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from wagate.audit import service as audit
from wagate.audit.model import Action, Actor, Entry, Query
from wagate.audit.service import AuditLog
from wagate.audit.store import audit as table
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, KeyId, UserId
from wagate.storage import schema
from wagate.storage.database import Database, Tx
from wagate.web.principal import Origin, Principal, Scope


def principal(clock: ManualClock) -> Principal:
    return Principal(
        account_id=AccountId.new(clock.now()),
        key_id=KeyId.new(clock.now()),
        user_id=UserId.new(clock.now()),
        scopes=frozenset({Scope.ADMIN}),
        origin=Origin(ip="192.0.2.1", request_id="req-1"),
    )


async def entries(database: Database, query: Query | None = None) -> list[Entry]:
    return await AuditLog(database).page(query or Query(), before=None, limit=100)


async def test_one_call_logs_who_did_what(database: Database, clock: ManualClock) -> None:
    who = principal(clock)
    detail = {"fields": ["name"]}
    await database.write(
        lambda tx: audit.append(tx, who, Action.SESSION_UPDATED, "ses_1", now=clock.now(), detail=detail)
    )
    (entry,) = await entries(database)
    assert (entry.account_id, entry.action, entry.target, entry.at) == (
        who.account_id,
        Action.SESSION_UPDATED,
        "ses_1",
        clock.now(),
    )
    assert entry.actor == Actor.of(who) and entry.actor.origin == who.origin
    assert entry.detail == detail


async def test_a_worker_and_another_accounts_thing(database: Database, clock: ManualClock) -> None:
    who, other = principal(clock), AccountId.new(clock.now())
    worker = Actor(worker="wrk_1")
    await database.write(
        lambda tx: audit.append(tx, worker, Action.SESSION_LOGGED_OUT, now=clock.now(), account_id=other)
    )
    await database.write(
        lambda tx: audit.append(tx, who, Action.ACCOUNT_DISABLED, other, now=clock.now(), account_id=other)
    )
    assert len(await entries(database, Query(account=other))) == 2
    assert [entry.actor.worker for entry in await entries(database, Query(actor="wrk_1"))] == ["wrk_1"]


async def test_what_did_not_happen_is_not_logged(database: Database, clock: ManualClock) -> None:
    def work(tx: Tx) -> None:
        audit.append(tx, principal(clock), Action.KEY_CREATED, now=clock.now())
        raise RuntimeError("changed its mind")

    with pytest.raises(RuntimeError):
        await database.write(work)
    assert await entries(database) == []


@pytest.mark.parametrize("made_by", ["declaration", "migration"])
@pytest.mark.parametrize(
    "statement", [update(table).values(target="x"), delete(table), delete(table).where(table.c.action == "key.created")]
)
async def test_an_entry_can_be_neither_changed_nor_dropped(
    database_url: str, made_by: str, statement: object, clock: ManualClock
) -> None:
    if made_by == "migration":
        await schema.migrate(database_url)
    db = await Database.open(database_url)
    try:
        if made_by == "declaration":
            await db.write(lambda tx: table.create(tx.connection))
        await db.write(lambda tx: audit.append(tx, Actor(), Action.KEY_CREATED, now=clock.now()))
        with pytest.raises(Exception, match="only added to"):
            await db.write(lambda tx: tx.execute(statement).rowcount)  # type: ignore[arg-type]
        await db.write(lambda tx: audit.append(tx, Actor(), Action.KEY_REVOKED, now=clock.now() + timedelta(seconds=1)))
        found = await db.read(
            lambda tx: [row.action for row in tx.execute(select(table.c.action).order_by(table.c.id))]
        )
        assert found == ["key.created", "key.revoked"]
    finally:
        await db.close()
