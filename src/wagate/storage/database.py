"""The database: one writer thread that commits in groups, and a few reader threads.

Everything that queued up while the last commit ran is run in one transaction and made durable by one commit; there is
no timer, so a lone write waits for nothing. Only what nobody waits for may ask to ride along with the next commit.
Callers see none of this: each job succeeds or fails by itself, in the order in which the jobs were queued.

When a job fails, its group is rolled back; the jobs before it are run and committed again, the job itself is run alone,
and the rest forms the next group. So a job may run more than once and must have no effect but on its transaction.

What is promised, per :meth:`Database.write`:

* it returns only after the commit is durable (SQLite ``synchronous=FULL``, PostgreSQL ``synchronous_commit``);
* :class:`~wagate.storage.errors.StorageUnavailable` means that nothing was stored;
* :class:`~wagate.storage.errors.OutcomeUnknown` means that the database went away between commit and answer;
* cancelling the caller does not take the job back: once queued it runs. Only when PostgreSQL falls silent and somebody
  waits for an answer (:mod:`wagate.storage.silence`) is a job that has not begun taken back.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import CoroutineType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable, MetaData, Select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from wagate.core.errors import StartupError
from wagate.core.logging import get_logger
from wagate.storage import measures
from wagate.storage.connect import Failure, classify, describe, parse_url, reader_engine, sqlite_path, writer_engine
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.storage.outcomes import Job, Outcome, deliver, failed, report, translated
from wagate.storage.silence import Silence, is_answering

T = TypeVar("T")
_Closing = Callable[["Tx", list[Any]], None]
#: What a check found wrong first: the place among the items that it was given, and the error of that item's job.
Refutation = tuple[int, Exception]
_Check = Callable[["Tx", list[Any]], Refutation | None]

#: Bounds how long one group holds the write lock and how much is run again when a job in it fails.
MAX_GROUP = 512
#: Readers wait for disk and for the interpreter lock in turn; more threads than this only queue elsewhere.
READERS = 4
#: How long a patient job waits for another commit to ride along with. Under load there is one every few milliseconds;
#: without load one more commit costs nobody anything.
PATIENCE_SECONDS = 0.005
_SILENT: Final = "the database does not answer"
#: A job that lost to another process's lock or to a reconnect is run again this often in all.
_ATTEMPTS = 3

metadata = MetaData(
    naming_convention={
        # Alembic can only change a constraint that has the same name everywhere.
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_log = get_logger("storage")


class Tx:
    """One database transaction, used by one job on a database thread and not after the job returned."""

    __slots__ = ("_callbacks", "checks", "connection", "failed", "last", "touched")

    def __init__(self, connection: Connection, callbacks: list[Callable[[], None]] | None) -> None:
        #: For storage itself (schema, tests); features go through :meth:`execute`.
        self.connection = connection
        #: Whether anything but plain SELECTs ran.
        self.touched = False
        #: The database error after which this transaction can't be committed, even if the job has caught it.
        self.failed: SQLAlchemyError | None = None
        #: What :meth:`check_at_end` and :meth:`at_last` were given.
        self.checks: list[tuple[_Check, Any]] = []
        self.last: list[tuple[_Closing, Any]] = []
        self._callbacks = callbacks

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run one statement; ``parameters`` is a mapping, or a list of mappings to run it for each."""
        if not isinstance(statement, Select):
            self.touched = True
        try:
            return self.connection.execute(statement, parameters)
        except SQLAlchemyError as error:
            self.failed = error
            raise

    def check_at_end(self, check: "Callable[[Tx, list[T]], Refutation | None]", item: T) -> None:
        """As :meth:`at_last`, which it comes before, for a condition that need not be known earlier: the job whose
        item ``check`` refutes is undone and fails.
        """
        if self._callbacks is None:
            raise RuntimeError("a reading transaction commits nothing")
        self.checks.append((check, item))

    def at_last(self, work: "Callable[[Tx, list[T]], None]", item: T) -> None:
        """Have ``work`` called just before the commit, once, with this item and all others that were given for it.

        Jobs share commits, so that what each of them adds a row to needs one statement for all of them. Nothing in
        this transaction sees what ``work`` will write.
        """
        if self._callbacks is None:
            raise RuntimeError("a reading transaction writes nothing")
        self.last.append((work, item))

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called on the event loop once this transaction is durable; dropped if it fails.

        Callbacks run in the order of commits, before the awaiting caller continues. They must not block.
        """
        if self._callbacks is None:
            raise RuntimeError("a reading transaction has no commit")
        self._callbacks.append(callback)


class _Spoiled(Exception):
    """The job at ``index`` failed and its group was rolled back."""

    def __init__(self, index: int, cause: BaseException) -> None:
        super().__init__(index)
        self.index = index
        self.cause = cause


class _CommitFailed(Exception):
    """The commit itself failed."""

    def __init__(self, cause: SQLAlchemyError) -> None:
        super().__init__()
        self.cause = cause


class _Unreachable(Exception):
    """No transaction could be begun."""

    def __init__(self, cause: SQLAlchemyError) -> None:
        super().__init__()
        self.cause = cause


def _run(work: Callable[[Tx], T], tx: Tx) -> T:
    value = work(tx)
    if tx.failed is not None:
        # PostgreSQL answers the commit of such a transaction by rolling back without an error.
        raise tx.failed
    if isinstance(value, CoroutineType):
        value.close()
        raise TypeError("a database job is a plain function, not a coroutine")
    return value


class Database:
    """An open database. It belongs to the event loop that opened it."""

    def __init__(self, url: str, writer: Engine, reader: Engine, silence: Silence | None) -> None:
        self.url = url
        self._silence = silence
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._beginning = threading.Lock()
        self._writer = _Writer(writer, self._queue, self._loop, self._beginning)
        self._reader = reader
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="wagate-reader")
        self._reads = 0
        self._leave_gauges = (
            measures.WRITE_QUEUE.follow(self._queue.qsize),
            measures.READ_QUEUE.follow(lambda: max(0, self._reads - READERS)),
        )
        self._thread = threading.Thread(target=self._writer.run, name="wagate-writer", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open ``sqlite:///path`` or ``postgresql+psycopg://…``; an SQLite file is made if there is none.

        :raises StartupError: if it can't be reached or is no database; an existing file is left untouched.
        """
        return cls(url, *await asyncio.to_thread(_open_engines, url))

    async def write(self, work: Callable[[Tx], T], *, patient: bool = False) -> T:
        """Run ``work`` in a transaction and return its value once that is durable.

        What is ``patient`` lets up to :data:`PATIENCE_SECONDS` pass to share the commit of another write.

        :raises StorageUnavailable: nothing was stored; :class:`OutcomeUnknown` if that can't be said.
        :raises Exception: whatever ``work`` raised; its transaction was rolled back.
        """
        if self._closed:
            raise StorageUnavailable("the database is closed", retry_after=None)
        future: asyncio.Future[T] = self._loop.create_future()
        job = Job(work, future, patient=patient)
        self._queue.put(job)
        if self._silence is not None and is_answering() and await self._silence.outlasts(future):
            future.cancel()
            with self._beginning:
                job.withdrawn = not job.begun
            raise StorageUnavailable(_SILENT) if job.withdrawn else OutcomeUnknown(_SILENT)
        return await future

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent snapshot, beside the writer and without locking it.

        :raises StorageUnavailable: if the database can't be read.
        :raises Exception: whatever ``work`` raised.
        """
        if self._closed:
            raise StorageUnavailable("the database is closed", retry_after=None)
        self._reads += 1
        try:
            found = self._loop.run_in_executor(self._readers, self._read, work)
            if self._silence is not None and is_answering() and await self._silence.outlasts(found):
                found.cancel()
                raise StorageUnavailable(_SILENT)
            return await found
        finally:
            self._reads -= 1

    async def ping(self) -> None:
        """Find out whether the database answers.

        :raises StorageUnavailable: if it does not.
        """
        await self.read(lambda tx: tx.connection.exec_driver_sql("SELECT 1"))

    async def close(self) -> None:
        """Finish what is queued, then let go of the database."""
        if self._closed:
            return
        self._closed = True
        for leave in self._leave_gauges:
            leave()
        self._queue.put(None)
        if self._silence is not None:
            self._silence.close()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        # What the writer handed over last is delivered in the loop's next turn.
        await asyncio.sleep(0)
        await asyncio.to_thread(self._reader.dispose)

    def _read(self, work: Callable[[Tx], T]) -> T:
        for attempt in range(_ATTEMPTS):
            try:
                with self._reader.connect() as connection:
                    return _run(work, Tx(connection, None))
            except DBAPIError as error:
                # A pooled connection that the server closed meanwhile fails at its first statement only.
                lost = classify(error) is Failure.LOST
                if not lost or attempt + 1 == _ATTEMPTS:
                    raise translated(error) from error
        raise AssertionError("unreachable")


class _Writer:
    """The thread that owns the writing connection."""

    def __init__(
        self,
        engine: Engine,
        jobs: queue.SimpleQueue[Job[Any] | None],
        loop: asyncio.AbstractEventLoop,
        beginning: threading.Lock,
    ) -> None:
        self._engine = engine
        self._beginning = beginning
        self._jobs = jobs
        self._loop = loop
        self._connection: Connection | None = None

    def run(self) -> None:
        open_for_more = True
        while open_for_more:
            group, open_for_more = self._next_group()
            group = self._not_withdrawn(group)
            begun = self._loop.time()
            try:
                outcomes = self._settle(group)
                report(outcomes)
            except Exception as error:  # noqa: BLE001 - a bug here must not leave callers waiting for ever
                _log.error("database writer failed", exc_info=True)
                self._drop_connection()
                outcomes = [Outcome(job, error=error) for job in group]
            if outcomes:
                measures.GROUP_JOBS.observe(len(outcomes))
                measures.GROUP_SECONDS.observe(self._loop.time() - begun)
                self._hand_over(outcomes)
        self._drop_connection()
        self._engine.dispose()

    def _next_group(self) -> tuple[list[Job[Any]], bool]:
        """Wait for a job, then take all that are queued; ``False`` if the end came with them."""
        group: list[Job[Any]] = []
        patience = PATIENCE_SECONDS
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if not job.patient:
                patience = 0.0
            if len(group) == MAX_GROUP:
                return group, True
            try:
                job = self._jobs.get(timeout=patience) if patience else self._jobs.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _not_withdrawn(self, group: list[Job[Any]]) -> list[Job[Any]]:
        """Those that nobody has taken back, which nobody can any more."""
        with self._beginning:
            left = [job for job in group if not job.withdrawn]
            for job in left:
                job.begun = True
        return left

    def _settle(self, jobs: Sequence[Job[Any]]) -> list[Outcome]:
        """Commit all that can be committed, in order."""
        outcomes: list[Outcome] = []
        groups = deque([jobs])
        while groups:
            group = groups.popleft()
            if not group:
                continue
            try:
                outcomes += self._settle_first(group, groups)
            except _Unreachable as unreachable:
                left = [*group, *(job for later in groups for job in later)]
                return outcomes + [failed(job, unreachable.cause) for job in left]
        return outcomes

    def _settle_first(self, group: Sequence[Job[Any]], groups: deque[Sequence[Job[Any]]]) -> list[Outcome]:
        """Commit a group, or settle what can be said of it now and put the rest in front of the others."""
        try:
            return self._attempt(group)
        except _Spoiled as spoiled:
            at = spoiled.index
            if len(group) > 1:
                groups.extendleft((group[at + 1 :], group[at : at + 1], group[:at]))
                return []
            return [self._alone(group[0], spoiled.cause)]
        except _CommitFailed as lost:
            if len(group) == 1:
                return [self._alone(group[0], lost.cause, in_commit=True)]
            if classify(lost.cause) in (Failure.REFUSED, Failure.RETRY):
                groups.extendleft([job] for job in reversed(group))
                return []
            return [failed(job, lost.cause, in_commit=True) for job in group]

    def _alone(self, job: Job[Any], error: BaseException, *, in_commit: bool = False) -> Outcome:
        """Run a job that failed by itself again while its failure is of the passing kind.

        :raises _Unreachable: if the database is away; the job is not settled then.
        """
        for _ in range(_ATTEMPTS - 1):
            passing = (Failure.RETRY,) if in_commit else (Failure.RETRY, Failure.LOST)
            if not isinstance(error, SQLAlchemyError) or classify(error) not in passing:
                break
            try:
                return self._attempt([job])[0]
            except _Spoiled as spoiled:
                error, in_commit = spoiled.cause, False
            except _CommitFailed as lost:
                error, in_commit = lost.cause, True
        return failed(job, error, in_commit=in_commit)

    def _attempt(self, jobs: Sequence[Job[Any]]) -> list[Outcome]:
        """Run the jobs in one transaction and commit it."""
        connection = self._begin()
        outcomes: list[Outcome] = []
        checks: dict[_Check, list[tuple[int, Any]]] = {}
        last: dict[_Closing, list[Any]] = {}
        for index, job in enumerate(jobs):
            callbacks: list[Callable[[], None]] = []
            tx = Tx(connection, callbacks)
            try:
                value = _run(job.work, tx)
            except Exception as error:  # noqa: BLE001 - it belongs to the caller who queued the job
                if tx.touched or tx.failed is not None:
                    self._roll_back(connection)
                    raise _Spoiled(index, error) from None
                # It only looked and decided against it: nothing to undo, the others need not run again.
                outcomes.append(Outcome(job, error=error))
            else:
                outcomes.append(Outcome(job, value, callbacks=callbacks))
                for check, item in tx.checks:
                    checks.setdefault(check, []).append((index, item))
                for closing, item in tx.last:
                    last.setdefault(closing, []).append(item)
        try:
            refuted = _first_refuted(connection, checks)
            for closing, items in last.items() if refuted is None else ():
                closing(Tx(connection, []), items)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the jobs
            # Whose it was shows as the jobs are taken out of the group one by one.
            self._roll_back(connection)
            raise _Spoiled(len(jobs) - 1, error) from None
        if refuted is not None:
            self._roll_back(connection)
            raise _Spoiled(*refuted)
        try:
            connection.commit()
        except SQLAlchemyError as error:
            self._roll_back(connection)
            raise _CommitFailed(error) from None
        return outcomes

    def _begin(self) -> Connection:
        # A connection that the server closed while nobody used it is noticed here, and replaced once.
        replaceable = self._connection is not None
        while True:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                self._connection.begin()
            except SQLAlchemyError as error:
                self._drop_connection()
                if not replaceable or classify(error) is not Failure.LOST:
                    raise _Unreachable(error) from None
                replaceable = False
            else:
                return self._connection

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except SQLAlchemyError:
            self._drop_connection()
        else:
            if connection.invalidated:
                self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except SQLAlchemyError:
                _log.debug("closing a broken database connection failed", exc_info=True)

    def _hand_over(self, outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(deliver, outcomes)
        except RuntimeError:
            # The loop is gone, and with it everybody who could have waited.
            _log.warning("database results arrived after the end", count=len(outcomes))


def _first_refuted(connection: Connection, checks: dict[_Check, list[tuple[int, Any]]]) -> Refutation | None:
    """The first job, by its index, that a check refutes, and the error that it fails with."""
    found: list[Refutation] = []
    for check, items in checks.items():
        if (refutation := check(Tx(connection, []), [item for _, item in items])) is not None:
            found.append((items[refutation[0]][0], refutation[1]))
    return min(found, key=lambda refuted: refuted[0], default=None)


def _open_engines(url: str) -> tuple[Engine, Engine, Silence | None]:
    writer = writer_engine(url)
    try:
        with writer.connect():
            pass
        # A file does not fall silent.
        silence = None if sqlite_path(parse_url(url)) is not None else Silence(writer_engine(url))
        return writer, reader_engine(url, READERS), silence
    except DBAPIError as error:
        writer.dispose()
        raise StartupError(f"the database cannot be opened: {describe(error)}") from error
