"""What Database promises its callers, on both databases."""

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.storage.conftest import Together
from tests.storage.tables import add, count, notes, numbers
from wagate.core.errors import Conflict
from wagate.storage import database
from wagate.storage.database import MAX_GROUP, Database, Refutation, Tx
from wagate.storage.errors import StorageUnavailable


async def test_a_write_returns_what_work_returned_and_is_seen_by_the_next_read(db: Database) -> None:
    assert await db.write(add(7)) == 7
    assert await db.read(numbers) == [7]


async def test_jobs_that_queue_up_share_one_transaction(db: Database, together: Together) -> None:
    seen: set[int] = set()

    def note_transaction(tx: Tx) -> None:
        seen.add(id(tx.connection.get_transaction()))
        tx.execute(insert(notes), {"text": "x"})

    await together([note_transaction] * 50)
    assert len(seen) == 1
    assert await db.read(count) == 50


async def test_a_patient_write_shares_the_commit_of_the_next_one(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 60.0)
    seen: list[object] = []

    def note_transaction(tx: Tx) -> None:
        seen.append(tx.connection.get_transaction())

    patient = asyncio.create_task(db.write(note_transaction, patient=True))
    await asyncio.sleep(0)
    await db.write(note_transaction)
    await patient
    assert seen[0] is seen[1]


async def test_a_patient_write_does_not_wait_for_ever(db: Database) -> None:
    assert await db.write(add(7), patient=True) == 7
    assert await db.read(numbers) == [7]


async def test_more_jobs_than_fit_one_group_all_run_in_order(db: Database, together: Together) -> None:
    total = 2 * MAX_GROUP + 7
    assert await together([add(number) for number in range(total)]) == list(range(total))
    assert await db.read(count) == total


async def test_a_failing_job_fails_alone_and_the_others_of_its_group_are_stored(
    db: Database, together: Together
) -> None:
    await db.write(add(5))
    results = await together([add(number) for number in range(10)])
    assert isinstance(results.pop(5), IntegrityError)
    assert results == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert await db.read(numbers) == list(range(10))


async def test_what_a_failing_job_wrote_before_it_failed_is_gone(db: Database, together: Together) -> None:
    def write_then_fail(tx: Tx) -> None:
        tx.execute(insert(notes), {"id": 99, "text": "x"})
        raise Conflict("changed my mind")

    results = await together([add(1), write_then_fail, add(2)])
    assert isinstance(results[1], Conflict)
    assert await db.read(numbers) == [1, 2]


async def test_a_job_that_only_looked_and_refused_costs_its_group_nothing(db: Database, together: Together) -> None:
    runs: list[str] = []

    def counted(tx: Tx) -> None:
        runs.append("write")
        tx.execute(insert(notes), {"text": "x"})

    def refuse(tx: Tx) -> None:
        tx.execute(select(notes.c.id)).all()
        runs.append("refuse")
        raise Conflict

    results = await together([counted, refuse, counted])
    assert isinstance(results[1], Conflict)
    assert runs == ["write", "refuse", "write"]
    assert await db.read(count) == 2


async def test_a_job_that_hides_a_database_error_is_not_acknowledged(db: Database, together: Together) -> None:
    def hide(tx: Tx) -> str:
        tx.execute(insert(notes), {"id": 50, "text": "x"})
        try:
            tx.execute(insert(notes), {"id": 50, "text": "again"})
        except IntegrityError:
            return "stored, I believe"
        return "no error"

    results = await together([add(1), hide, add(2)])
    assert isinstance(results[1], IntegrityError)
    assert await db.read(numbers) == [1, 2]


async def test_what_jobs_leave_for_the_end_is_written_once_for_all_of_them_and_in_order(
    db: Database, together: Together
) -> None:
    calls: list[list[int]] = []

    def write(tx: Tx, given: list[int]) -> None:
        calls.append(given)
        tx.execute(insert(notes), [{"id": number, "text": "x"} for number in given])

    def leave(number: int) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tx.at_last(write, number)
            assert numbers(tx) == []
            if number == 3:
                raise Conflict("changed my mind")

        return work

    results = await together([leave(number) for number in range(6)])
    assert isinstance(results.pop(3), Conflict)
    assert results == [None] * 5
    assert calls == [[0, 1, 2, 4, 5]]
    assert await db.read(numbers) == [0, 1, 2, 4, 5]


async def test_what_can_not_be_written_at_the_end_fails_the_job_that_left_it_and_no_other(
    db: Database, together: Together
) -> None:
    def write(tx: Tx, given: list[int]) -> None:
        tx.execute(insert(notes), [{"id": number, "text": "x"} for number in given])

    def leave(number: int) -> Callable[[Tx], int]:
        def work(tx: Tx) -> int:
            tx.at_last(write, number)
            return number

        return work

    await db.write(add(2))
    results = await together([leave(number) for number in range(6)])
    assert isinstance(results.pop(2), IntegrityError)
    assert results == [0, 1, 3, 4, 5]
    assert await db.read(numbers) == list(range(6))


async def test_what_is_checked_at_the_end_is_checked_once_and_undoes_the_jobs_that_it_refutes(
    db: Database, together: Together
) -> None:
    checked: list[list[int]] = []

    def check(tx: Tx, given: list[int]) -> Refutation | None:
        checked.append(given)
        bad = [place for place, number in enumerate(given) if number in (2, 4)]
        return (bad[0], Conflict(f"not {given[bad[0]]}")) if bad else None

    def claim(number: int) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tx.check_at_end(check, number)
            tx.execute(insert(notes), {"id": number, "text": "x"})

        return work

    results = await together([claim(number) for number in (1, 3, 5)])
    assert results == [None] * 3
    assert checked == [[1, 3, 5]]
    results = await together([claim(number) for number in (2, 4, 6, 8)])
    assert [str(result) for result in results[:2]] == ["not 2", "not 4"]
    assert results[2:] == [None, None]
    assert await db.read(numbers) == [1, 3, 5, 6, 8]


async def test_a_later_job_of_the_same_commit_refutes_no_earlier_one(db: Database, together: Together) -> None:
    def none_is_there(tx: Tx, given: list[int]) -> Refutation | None:
        return (0, Conflict("somebody came")) if numbers(tx) else None

    results = await together([lambda tx: tx.check_at_end(none_is_there, 1), add(7)])
    assert results == [None, 7]
    assert await db.read(numbers) == [7]


async def test_a_group_in_which_every_job_fails_stores_nothing(db: Database, together: Together) -> None:
    await db.write(add(1))
    results = await together([add(1)] * 60)
    assert [type(result) for result in results] == [IntegrityError] * 60
    assert await db.read(numbers) == [1]


@pytest.mark.parametrize("seed", range(12))
async def test_a_group_ends_as_if_its_jobs_had_run_one_after_the_other(
    db: Database, together: Together, seed: int
) -> None:
    choose = random.Random(seed)
    plan = [(choose.choice(["add", "change", "remove", "refuse", "spoil"]), choose.randrange(8)) for _ in range(80)]

    def job(verb: str, number: int, step: int) -> Any:
        def work(tx: Tx) -> int:
            if verb == "add":
                tx.execute(insert(notes), {"id": number, "text": str(step)})
            elif verb == "change":
                changed = tx.execute(update(notes).where(notes.c.id == number).values(text=str(step)))
                return changed.rowcount
            elif verb == "remove":
                return tx.execute(delete(notes).where(notes.c.id == number)).rowcount
            else:
                if verb == "spoil":
                    tx.execute(delete(notes))
                raise Conflict
            return 1

        return work

    def everything(tx: Tx) -> list[tuple[int, str]]:
        return [(row.id, row.text) for row in tx.execute(select(notes).order_by(notes.c.id))]

    one_by_one: list[object] = []
    for step, (verb, number) in enumerate(plan):
        try:
            one_by_one.append(await db.write(job(verb, number, step)))
        except (Conflict, IntegrityError) as error:
            one_by_one.append(type(error))
    expected = await db.read(everything)
    await db.write(lambda tx: tx.execute(delete(notes)).rowcount)

    results = await together([job(verb, number, step) for step, (verb, number) in enumerate(plan)])
    assert [type(each) if isinstance(each, Exception) else each for each in results] == one_by_one
    assert await db.read(everything) == expected


# -- after_commit ---------------------------------------------------------------------------------------------------


async def test_callbacks_run_on_the_loop_once_their_own_transaction_is_durable(
    db: Database, together: Together
) -> None:
    heard: list[tuple[str, bool]] = []
    loop_thread = threading.current_thread()

    def announce(name: str, fail: bool) -> Any:
        def work(tx: Tx) -> None:
            tx.after_commit(lambda: heard.append((name, threading.current_thread() is loop_thread)))
            tx.execute(insert(notes), {"text": name})
            if fail:
                raise Conflict

        return work

    await together([announce("first", False), announce("second", True), announce("third", False)])
    assert heard == [("first", True), ("third", True)]


async def test_a_callback_has_run_when_the_caller_continues(db: Database) -> None:
    heard: list[str] = []

    def work(tx: Tx) -> None:
        tx.execute(insert(notes), {"text": "x"})
        tx.after_commit(lambda: heard.append("told"))

    await db.write(work)
    assert heard == ["told"]


async def test_a_callback_that_raises_does_not_undo_the_write_or_stop_the_others(db: Database) -> None:
    heard: list[str] = []

    def work(tx: Tx) -> str:
        tx.execute(insert(notes), {"id": 1, "text": "x"})
        tx.after_commit(lambda: cast(None, 1 / 0))
        tx.after_commit(lambda: heard.append("told"))
        return "stored"

    assert await db.write(work) == "stored"
    assert heard == ["told"]
    assert await db.read(numbers) == [1]


# -- callers that go away -------------------------------------------------------------------------------------------


async def test_a_cancelled_caller_does_not_take_its_job_back_or_harm_others(db: Database) -> None:
    heard: list[str] = []

    def work(tx: Tx) -> None:
        tx.execute(insert(notes), {"id": 1, "text": "x"})
        tx.after_commit(lambda: heard.append("told"))

    leaving = asyncio.create_task(db.write(work))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await db.write(add(2)) == 2
    assert await db.read(numbers) == [1, 2]
    assert heard == ["told"]


async def test_close_finishes_what_is_queued_and_refuses_what_comes_later(database_url: str, db: Database) -> None:
    queued = [asyncio.create_task(db.write(add(number))) for number in range(20)]
    await asyncio.sleep(0)
    await db.close()
    assert await asyncio.gather(*queued) == list(range(20))
    for late in (db.write(add(99)), db.read(count)):
        with pytest.raises(StorageUnavailable, match="closed"):
            await late
    await db.close()
    again = await Database.open(database_url)
    assert await again.read(count) == 20
    await again.close()


async def test_a_coroutine_function_is_refused(db: Database) -> None:
    async def not_plain(tx: Tx) -> None:
        tx.execute(insert(notes), {"text": "x"})

    with pytest.raises(TypeError, match="plain function"):
        await db.write(cast(Callable[[Tx], None], not_plain))
    with pytest.raises(TypeError, match="plain function"):
        await db.read(cast(Callable[[Tx], None], not_plain))


# -- reading --------------------------------------------------------------------------------------------------------


async def test_a_read_sees_one_moment_while_writes_go_on(db: Database) -> None:
    looked, written = threading.Event(), threading.Event()

    def look_twice(tx: Tx) -> tuple[int, int]:
        before = count(tx)
        looked.set()
        assert written.wait(10)
        return before, count(tx)

    reading = asyncio.create_task(db.read(look_twice))
    await asyncio.to_thread(looked.wait, 10)
    await db.write(add(1))
    written.set()
    assert await reading == (0, 0)
    assert await db.read(count) == 1


async def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises((DBAPIError, StorageUnavailable)):
        await db.read(add(1))
    assert await db.read(count) == 0


async def test_a_read_does_not_wait_for_the_writer(db: Database) -> None:
    read_done = threading.Event()

    def wait(tx: Tx) -> bool:
        tx.execute(insert(notes), {"text": "x"})
        return read_done.wait(10)

    writing = asyncio.create_task(db.write(wait))
    assert await db.read(count) == 0
    read_done.set()
    assert await writing


async def test_a_read_leaves_nothing_for_the_end(db: Database) -> None:
    with pytest.raises(RuntimeError):
        await db.read(lambda tx: tx.at_last(lambda tx, given: None, 1))


async def test_a_read_has_no_commit_to_wait_for(db: Database) -> None:
    with pytest.raises(RuntimeError, match="no commit"):
        await db.read(lambda tx: tx.after_commit(lambda: None))


async def test_a_wrong_statement_fails_its_caller_and_nobody_else(db: Database, together: Together) -> None:
    results = await together([add(1), lambda tx: tx.execute(text("SELECT nothing FROM nowhere")), add(2)])
    assert isinstance(results[1], DBAPIError)
    with pytest.raises(DBAPIError):
        await db.read(lambda tx: tx.execute(text("SELECT nothing FROM nowhere")))
    assert await db.read(numbers) == [1, 2]
