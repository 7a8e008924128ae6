"""What goes into a column comes out of it, and both databases mean the same by the same statement."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from wagate.core.clock import ManualClock
from wagate.core.ids import SessionId
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now, insert_or_ignore, take_turns, upsert
from wagate.storage.types import Json, RowNumber, UtcDateTime

things = Table(
    "things",
    MetaData(),
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("name", String, unique=True),
    Column("hits", Integer),
    Column("at", UtcDateTime),
    Column("data", Json),
    Column("sealed", LargeBinary),
)
DIALECT = sqlite.dialect()


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    await database.write(lambda tx: things.metadata.create_all(tx.connection))
    yield database
    await database.close()


def rows(tx: Tx) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in tx.execute(select(things).order_by(things.c.seq))]


async def test_values_come_back_as_they_went_in(db: Database) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    row = {
        "seq": 2**40,
        "name": "Zoë 🦊",
        "hits": None,
        "at": moment,
        "data": {"deep": [1, 2.5, "x", None, True]},
        "sealed": bytes(range(256)),
    }
    await db.write(lambda tx: tx.execute(insert(things), row).rowcount)
    assert await db.read(rows) == [row]


async def test_ids_and_enums_are_stored_as_their_text(db: Database) -> None:
    session = SessionId.new(datetime(2026, 1, 1, tzinfo=UTC))
    await db.write(lambda tx: tx.execute(insert(things), [{"name": session}, {"name": Colour.RED}]).rowcount)
    assert [row["name"] for row in await db.read(rows)] == [str(session), "red"]
    by_id = select(things.c.seq).where(things.c.name == session)
    assert await db.read(lambda tx: tx.execute(by_id).scalar_one()) == 1


async def test_moments_are_compared_in_the_database(db: Database) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    await db.write(
        lambda tx: (
            tx.execute(insert(things), [{"hits": n, "at": start + timedelta(hours=n)} for n in range(4)]).rowcount
        )
    )
    elsewhere = (start + timedelta(hours=2)).astimezone(timezone(timedelta(hours=-7)))
    later = select(things.c.hits).where(things.c.at >= elsewhere).order_by(things.c.at.desc())
    assert await db.read(lambda tx: list(tx.execute(later).scalars())) == [3, 2]


async def test_a_moment_without_time_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        await db.write(lambda tx: tx.execute(insert(things), {"at": datetime(2026, 1, 1)}).rowcount)  # noqa: DTZ001
    assert await db.read(rows) == []


@given(st.datetimes(timezones=st.timezones()))
def test_every_moment_survives_to_the_microsecond(moment: datetime) -> None:
    kind = UtcDateTime()
    stored = kind.process_bind_param(moment, DIALECT)
    assert isinstance(stored, int)
    try:
        assert kind.process_result_value(stored, DIALECT) == moment.astimezone(UTC)
    except OverflowError:
        assert moment.year in (1, 9999)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda t: st.lists(t) | st.dictionaries(st.text(), t),
    ).filter(lambda value: value is not None)
)
def test_every_json_value_survives(value: object) -> None:
    kind = Json()
    assert kind.process_result_value(kind.process_bind_param(value, DIALECT), DIALECT) == value


async def test_insert_or_ignore_keeps_the_row_that_was_there(db: Database) -> None:
    def work(tx: Tx) -> list[int]:
        statement = insert_or_ignore(things)
        return [tx.execute(statement, {"name": "a", "hits": hits}).rowcount for hits in (1, 2)]

    assert await db.write(work) == [1, 0]
    assert [(row["name"], row["hits"]) for row in await db.read(rows)] == [("a", 1)]

    def returning(tx: Tx) -> list[Any]:
        statement = insert_or_ignore(things, ["name"]).returning(things.c.name)
        return [tx.execute(statement, {"name": name}).scalar_one_or_none() for name in ("a", "b")]

    assert await db.write(returning) == [None, "b"]


async def test_upsert_takes_named_columns_from_the_new_row(db: Database) -> None:
    statement = upsert(things, ["name"], ["hits"])
    for hits in (1, 2):
        row = {"name": "a", "hits": hits, "data": [hits]}
        await db.write(lambda tx, row=row: tx.execute(statement, row).rowcount)  # type: ignore[misc]
    assert [(row["hits"], row["data"]) for row in await db.read(rows)] == [(2, [1])]


async def test_upsert_can_count_and_can_refuse(db: Database) -> None:
    counting = upsert(things, ["name"], lambda new: {"hits": things.c.hits + new.excluded.hits})
    rising = upsert(things, ["name"], ["hits"], where=lambda new: new.excluded.hits > things.c.hits)

    def work(tx: Tx) -> list[int]:
        statements = [(counting, 5), (counting, 2), (rising, 3), (rising, 9)]
        return [tx.execute(statement, {"name": "a", "hits": hits}).rowcount for statement, hits in statements]

    assert await db.write(work) == [1, 1, 0, 1]
    assert [row["hits"] for row in await db.read(rows)] == [9]


@pytest.mark.postgres
async def test_transactions_of_two_processes_take_turns(postgres_url: str) -> None:
    one, other = [await Database.open(postgres_url) for _ in range(2)]
    await one.write(lambda tx: things.metadata.create_all(tx.connection))

    def draw(tx: Tx) -> int:
        take_turns(tx, "things")
        return int(tx.execute(insert(things).returning(things.c.seq), {}).scalar_one())

    drawn: list[int] = []

    async def client(database: Database) -> None:
        for _ in range(30):
            seq = await database.write(draw)
            # Whatever was drawn before this one is visible by now: a reader by cursor misses nothing.
            below = select(things.c.seq).where(things.c.seq <= seq)
            seen = await database.read(lambda tx, below=below: list(tx.execute(below).scalars()))  # type: ignore[misc]
            assert sorted(seen) == list(range(1, seq + 1))
            drawn.append(seq)

    await asyncio.gather(*(client(database) for database in (one, other) for _ in range(4)))
    assert sorted(drawn) == list(range(1, 241))
    await one.close()
    await other.close()


async def test_the_databases_clock_is_the_servers_if_it_has_one(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    def twice(tx: Tx) -> tuple[datetime, datetime]:
        return database_now(tx, clock), database_now(tx, clock)

    first, second = await db.write(twice)
    assert first.tzinfo == second.tzinfo == UTC
    if database_url.startswith("sqlite"):
        assert first == second == clock.now()
    else:
        # It goes on within a transaction, and this machine is the server's.
        assert first < second
        assert abs(second - datetime.now(UTC)) < timedelta(minutes=1)
