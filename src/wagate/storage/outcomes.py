"""What became of database jobs, and telling those who wait for it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from wagate.core.logging import get_logger
from wagate.storage import measures
from wagate.storage.connect import Failure, classify, describe
from wagate.storage.errors import OutcomeUnknown, StorageUnavailable

if TYPE_CHECKING:
    from wagate.storage.database import Tx

T = TypeVar("T")

_log = get_logger("storage")


class Job(Generic[T]):
    __slots__ = ("begun", "future", "patient", "withdrawn", "work")

    def __init__(self, work: Callable[["Tx"], T], future: asyncio.Future[T], *, patient: bool) -> None:
        self.work = work
        self.future = future
        self.patient = patient
        #: Whether it is too late to withdraw it, and whether that was done in time; changed under the database's lock.
        self.begun = False
        self.withdrawn = False


class Outcome:
    """What became of a job: committed with a value, or failed with an error."""

    __slots__ = ("callbacks", "error", "job", "value")

    def __init__(
        self,
        job: Job[Any],
        value: object = None,
        error: BaseException | None = None,
        callbacks: Sequence[Callable[[], None]] = (),
    ) -> None:
        self.job = job
        self.value = value
        self.error = error
        self.callbacks = callbacks


def deliver(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.job.future
        if outcome.error is not None:
            if not future.done():
                future.set_exception(outcome.error)
            continue
        for callback in outcome.callbacks:
            try:
                callback()
            except Exception:  # noqa: BLE001 - the change is durable; a listener can't make it undone
                _log.error("callback after commit failed", exc_info=True)
        if not future.done():
            future.set_result(outcome.value)


def failed(job: Job[Any], error: BaseException, *, in_commit: bool = False) -> Outcome:
    if isinstance(error, SQLAlchemyError):
        error = translated(error, in_commit=in_commit)
    return Outcome(job, error=error)


def report(outcomes: Iterable[Outcome]) -> None:
    """One line for a group that met a broken database, however many callers are told."""
    errors = [outcome.error for outcome in outcomes if isinstance(outcome.error, StorageUnavailable)]
    if errors:
        measures.WRITES_FAILED.add(errors[0].code, by=len(errors))
        _log.error("database writes failed", reason=errors[0].detail, code=errors[0].code, count=len(errors))


def translated(error: SQLAlchemyError, *, in_commit: bool = False) -> Exception:
    """The error a caller sees: the database's state as ours, a broken rule of the schema as it came."""
    failure = classify(error)
    if failure is Failure.REFUSED:
        return error
    if in_commit and failure in (Failure.LOST, Failure.BROKEN):
        return OutcomeUnknown(describe(error))
    return StorageUnavailable(describe(error))
