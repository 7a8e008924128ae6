"""Keys and inbox on both databases: all or nothing, fenced, sealed."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from tests.contracts.engine.lab import fence
from wagate.core.clock import ManualClock
from wagate.core.ids import Entropy, SessionId
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.lease import StaleEpoch, check_epoch
from wagate.engine.port import InboxKind, Records, WrongEngine
from wagate.engine.protocol import Stanza
from wagate.engine.store import (
    KEPT_FOR_REDELIVERY,
    DataKeys,
    Inbox,
    KeyChange,
    KeyStore,
    NewArrival,
    inbox,
    session_secrets,
    signal_keys,
)
from wagate.storage.database import Database, Tx
from wagate.wire.jid import Jid

SECRET = b"a private key that nobody may read"


@pytest.fixture
async def session(store_database: Database, clock: ManualClock, entropy: Entropy) -> SessionId:
    return await new_session(store_database, clock, entropy)


async def new_session(db: Database, clock: ManualClock, entropy: Entropy) -> SessionId:
    session = SessionId.new(clock.now(), entropy)
    await db.write(lambda tx: tx.execute(insert(fence), {"id": session, "epoch": 1}))
    return session


@pytest.fixture
async def store_database(database_url: str) -> AsyncIterator[Database]:
    def create(tx: Tx) -> None:
        for table in (fence, signal_keys, session_secrets, inbox):
            table.create(tx.connection)

    db = await Database.open(database_url)
    await db.write(create)
    yield db
    await db.close()


@pytest.fixture
def keys(store_database: Database, ring: KeyRing, clock: ManualClock) -> KeyStore:
    return KeyStore(store_database, DataKeys(store_database, ring), clock)


@pytest.fixture
def box(store_database: Database, ring: KeyRing, clock: ManualClock) -> Inbox:
    return Inbox(store_database, DataKeys(store_database, ring), clock)


def put(key: str, value: bytes | None, kind: str = "session") -> KeyChange:
    return KeyChange(kind=kind, key=key, value=value)


def arrival(wa_id: str, plaintext: bytes = b"hello", *, digest: bytes = b"", hidden: bool = False) -> NewArrival:
    return NewArrival(
        kind=InboxKind.MESSAGE,
        wa_id=wa_id,
        digest=digest or wa_id.encode(),
        stanza=Stanza("message", {"id": wa_id, "from": "491700000002@s.whatsapp.net"}),
        plaintext=plaintext,
        hidden=hidden,
    )


async def everything(db: Database) -> bytes:
    """All that is stored, as one piece."""

    def work(tx: Tx) -> bytes:
        rows = [row for table in (signal_keys, session_secrets, inbox) for row in tx.execute(select(table)).all()]
        return b"".join(bytes(v) for row in rows for v in row if isinstance(v, bytes | memoryview))

    return await db.read(work)


async def test_what_was_committed_is_loaded_in_the_order_of_the_question(keys: KeyStore, session: SessionId) -> None:
    await keys.commit(session, 1, [put("1.0", b"one"), put("2.0", b"two"), put("1.0", b"other", "pre-key")])

    assert await keys.load(session, "session", ["2.0", "3.0", "1.0"]) == [b"two", None, b"one"]


async def test_values_are_replaced_and_deleted(keys: KeyStore, session: SessionId) -> None:
    await keys.commit(session, 1, [put("1.0", b"old"), put("2.0", b"old")])
    await keys.commit(session, 1, [put("1.0", b"new"), put("2.0", None)])

    assert await keys.load(session, "session", ["1.0", "2.0"]) == [b"new", None]


async def test_a_commit_under_another_epoch_changes_nothing(keys: KeyStore, box: Inbox, session: SessionId) -> None:
    await keys.commit(session, 1, [put("1.0", b"mine")])

    for epoch in (0, 2):
        with pytest.raises(StaleEpoch):
            await keys.commit(session, epoch, [put("1.0", b"theirs")], [arrival("m1")])

    assert await keys.load(session, "session", ["1.0"]) == [b"mine"]
    assert await box.pending(session, 10) == []


async def test_a_session_that_is_gone_has_no_epoch(keys: KeyStore, clock: ManualClock, entropy: Entropy) -> None:
    with pytest.raises(StaleEpoch):
        await keys.commit(SessionId.new(clock.now(), entropy), 1, [put("1.0", b"x")])


async def test_what_relies_on_an_epoch_that_changes_before_the_transaction_ends_is_undone(
    store_database: Database, session: SessionId
) -> None:
    def work(tx: Tx) -> None:
        check_epoch(tx, session, 1)
        tx.execute(update(fence).where(fence.c.id == session).values(epoch=2))

    with pytest.raises(StaleEpoch):
        await store_database.write(work)
    await store_database.write(lambda tx: check_epoch(tx, session, 1))


async def test_nothing_stored_can_be_read_without_the_key_ring(
    store_database: Database, keys: KeyStore, session: SessionId, clock: ManualClock
) -> None:
    await keys.commit(session, 1, [put("1.0", SECRET)], [arrival("m1", SECRET)])

    stored = await everything(store_database)
    assert SECRET not in stored and b"491700000002" not in stored
    stranger = KeyStore(store_database, DataKeys(store_database, KeyRing.generate()), clock)
    with pytest.raises(SealBroken):
        await stranger.load(session, "session", ["1.0"])


async def test_whoever_opens_a_session_goes_by_the_data_key_that_is_stored_now(
    store_database: Database, keys: KeyStore, box: Inbox, ring: KeyRing, clock: ManualClock, session: SessionId
) -> None:
    """A process remembers the data key of a session that loses its rows, and is given others by another one."""
    await keys.commit(session, 1, [put("", b"lost", "creds")])
    await store_database.write(lambda tx: keys.wipe(tx, session))
    await store_database.write(lambda tx: tx.execute(delete(session_secrets)))
    elsewhere = DataKeys(store_database, ring)
    await KeyStore(store_database, elsewhere, clock).commit(session, 1, [put("", b"restored", "creds")])

    assert await keys.device(session, "creds") == b"restored"
    await keys.commit(session, 1, [put("1.0", SECRET)], [arrival("m1")])
    assert len(await box.pending(session, 10)) == 1
    assert await KeyStore(store_database, elsewhere, clock).load(session, "session", ["1.0"]) == [SECRET]


async def test_a_row_that_was_moved_does_not_open(
    store_database: Database, keys: KeyStore, session: SessionId, clock: ManualClock, entropy: Entropy
) -> None:
    other = await new_session(store_database, clock, entropy)
    await keys.commit(session, 1, [put("1.0", b"one"), put("2.0", b"two")])
    await keys.commit(other, 1, [put("1.0", b"theirs")])

    def swap(tx: Tx) -> None:
        def value(of: SessionId, key: str) -> bytes:
            at = (signal_keys.c.session_id == of) & (signal_keys.c.key == key)
            return bytes(tx.execute(select(signal_keys.c.value).where(at)).scalar_one())

        one, two, theirs = value(session, "1.0"), value(session, "2.0"), value(other, "1.0")
        for of, key, moved in ((session, "1.0", theirs), (session, "2.0", one), (other, "1.0", two)):
            at = (signal_keys.c.session_id == of) & (signal_keys.c.key == key)
            tx.execute(update(signal_keys).where(at).values(value=moved))

    await store_database.write(swap)

    for of, key in ((session, "1.0"), (session, "2.0"), (other, "1.0")):
        with pytest.raises(SealBroken):
            await keys.load(of, "session", [key])


async def test_the_inbox_is_handed_out_in_order_until_it_is_taken(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId, clock: ManualClock
) -> None:
    await keys.commit(session, 1, [], [arrival("m1"), arrival("m2")])
    await keys.commit(session, 1, [], [arrival("m3")])

    first, second, third = await box.pending(session, 10)
    assert [i.stanza.get("id") for i in (first, second, third)] == ["m1", "m2", "m3"]
    assert first.stanza.jid("from") == Jid("491700000002")
    assert (first.plaintext, first.received_at) == (b"hello", clock.now())
    assert [i.seq for i in await box.pending(session, 2)] == [first.seq, second.seq]

    await store_database.write(lambda tx: box.take(tx, session, [second.seq]))
    assert [i.seq for i in await box.pending(session, 10)] == [first.seq, third.seq]


async def test_taking_is_undone_with_the_transaction_it_was_part_of(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId
) -> None:
    await keys.commit(session, 1, [], [arrival("m1")])
    (item,) = await box.pending(session, 10)

    def work(tx: Tx) -> None:
        box.take(tx, session, [item.seq])
        raise RuntimeError("the feature failed")

    with pytest.raises(RuntimeError):
        await store_database.write(work)

    assert await box.pending(session, 10) == [item]


async def test_a_redelivery_adds_nothing_and_finds_the_plaintext_even_after_it_was_taken(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId
) -> None:
    await keys.commit(session, 1, [], [arrival("m1", b"first", digest=b"d" * 32)])
    (item,) = await box.pending(session, 10)
    await store_database.write(lambda tx: box.take(tx, session, [item.seq]))

    await keys.commit(session, 1, [], [arrival("m1", b"second", digest=b"d" * 32)])

    assert await box.pending(session, 10) == []
    assert await keys.plaintext_of(session, b"d" * 32) == b"first"
    assert await keys.plaintext_of(session, b"e" * 32) is None


async def test_a_hidden_row_answers_redeliveries_and_is_never_handed_out(
    keys: KeyStore, box: Inbox, session: SessionId
) -> None:
    await keys.commit(session, 1, [], [arrival("m1", b"a sender key", digest=b"d" * 32, hidden=True)])

    assert await box.pending(session, 10) == []
    assert await keys.plaintext_of(session, b"d" * 32) == b"a sender key"


async def test_only_what_was_taken_long_ago_is_pruned(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId, clock: ManualClock
) -> None:
    await keys.commit(session, 1, [], [arrival("taken"), arrival("waiting"), arrival("aside")])
    taken, waiting, aside = await box.pending(session, 10)
    await store_database.write(lambda tx: box.take(tx, session, [taken.seq]))
    await store_database.write(lambda tx: box.quarantine(tx, session, aside.seq, "ValueError"))

    await clock.advance(KEPT_FOR_REDELIVERY.total_seconds())
    assert await box.prune() == 0
    await clock.advance(timedelta(seconds=1).total_seconds())
    assert await box.prune() == 1

    assert await box.pending(session, 10) == [waiting]
    assert await keys.plaintext_of(session, b"taken") is None
    assert await keys.plaintext_of(session, b"aside") == b"hello"


async def test_wiping_ends_the_link_and_keeps_what_arrived(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId
) -> None:
    await keys.commit(session, 1, [put("", b"creds", "creds"), put("1.0", SECRET)], [arrival("m1")])

    await store_database.write(lambda tx: keys.wipe(tx, session))

    assert await keys.load(session, "creds", [""]) == [None]
    assert len(await box.pending(session, 10)) == 1


async def test_erasing_leaves_nothing_of_a_session_and_all_of_the_others(
    store_database: Database, keys: KeyStore, box: Inbox, session: SessionId, clock: ManualClock, entropy: Entropy
) -> None:
    other = await new_session(store_database, clock, entropy)
    for each in (session, other):
        await keys.commit(each, 1, [put("1.0", SECRET)], [arrival("m1")])

    await store_database.write(lambda tx: keys.erase(tx, session))

    assert await keys.load(session, "session", ["1.0"]) == [None]
    assert await box.pending(session, 10) == []
    assert await keys.load(other, "session", ["1.0"]) == [SECRET]
    assert len(await box.pending(other, 10)) == 1


# -- all keys at once


async def test_all_keys_of_a_session_are_replaced_in_one_transaction(
    keys: KeyStore, session: SessionId, store_database: Database, clock: ManualClock, entropy: Entropy
) -> None:
    other = await new_session(store_database, clock, entropy)
    await keys.commit(session, 1, [put("ada", b"1"), put("bob", b"2"), put("", b"3", kind="creds")])
    await keys.commit(other, 1, [put("ada", b"another's")])
    seen: list[Records] = []

    def rewritten(records: Records) -> Records:
        seen.append(dict(records))
        return {("native/device", ""): SECRET, ("session", "ada"): b"kept"}

    rewrite = await keys.rewriting(session, rewritten)
    await store_database.write(rewrite)

    assert seen == [{("session", "ada"): b"1", ("session", "bob"): b"2", ("creds", ""): b"3"}]
    assert await keys.load(session, "session", ["ada", "bob"]) == [b"kept", None]
    assert await keys.load(session, "creds", [""]) == [None]
    assert await keys.load(session, "native/device", [""]) == [SECRET]
    assert await keys.load(other, "session", ["ada"]) == [b"another's"]
    stored = await store_database.read(lambda tx: tx.execute(select(signal_keys.c.value)).scalars().all())
    assert not any(SECRET in value for value in stored)


async def test_keys_stay_as_they_were_if_they_cannot_be_rewritten(
    keys: KeyStore, session: SessionId, store_database: Database
) -> None:
    await keys.commit(session, 1, [put("ada", b"1")])

    def refuse(records: Records) -> Records:
        raise ValueError("unreadable")

    rewrite = await keys.rewriting(session, refuse)
    with pytest.raises(ValueError, match="unreadable"):
        await store_database.write(rewrite)
    moved = update(signal_keys).values(key="bob")
    await store_database.write(lambda tx: tx.execute(moved))
    rewrite = await keys.rewriting(session, lambda records: {})
    with pytest.raises(SealBroken):
        await store_database.write(rewrite)

    await store_database.write(lambda tx: tx.execute(update(signal_keys).values(key="ada")))
    assert await keys.load(session, "session", ["ada"]) == [b"1"]


@pytest.mark.parametrize(("kind", "engine"), [("creds", "baileys"), ("native/device", "native")])
async def test_whoever_would_link_anew_is_told_whose_keys_there_are(
    keys: KeyStore, session: SessionId, kind: str, engine: str
) -> None:
    await keys.commit(session, 1, [put("ada", b"1")])
    await keys.check_not_linked(session)
    await keys.commit(session, 1, [put("", b"2", kind=kind)])
    with pytest.raises(WrongEngine, match=engine):
        await keys.check_not_linked(session)
