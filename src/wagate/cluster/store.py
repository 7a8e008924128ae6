"""The tables of workers, and of what one process of all does. Neither belongs to an account."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Float, Index, Integer, Row, String, Table, delete, or_, select, update

from wagate.cluster.model import Metrics, Worker, WorkerStatus
from wagate.core.ids import WorkerId
from wagate.storage.database import Tx, metadata
from wagate.storage.dialect import insert_or_ignore, upsert
from wagate.storage.types import UtcDateTime

workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),
    Column("endpoint", String, nullable=False),
    Column("max_sessions", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("session_count", Integer, nullable=False),
    Column("active_connections", Integer, nullable=False),
    Column("cpu_usage", Float, nullable=False),
    Column("memory_usage", Float, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Index(None, "status"),
)

duties = Table(
    "duties",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

_w, _d = workers.c, duties.c


# -- workers ------------------------------------------------------------------------------------------------------


def add(tx: Tx, worker: Worker) -> bool:
    """Add a worker; ``False`` if there is one of that id."""
    return tx.execute(insert_or_ignore(workers, ["id"]), _columns(worker)).rowcount == 1


def find(tx: Tx, worker: WorkerId) -> Worker | None:
    row = tx.execute(select(workers).where(_w.id == worker)).one_or_none()
    return None if row is None else _worker(row)


def beat(tx: Tx, worker: WorkerId, metrics: Metrics, now: datetime) -> Worker | None:
    """Note that a worker lives; ``None`` if there is none such, or it was taken for dead."""
    statement = (
        update(workers)
        .where(_w.id == worker, _w.status != WorkerStatus.OFFLINE)
        .values(
            session_count=metrics.session_count,
            active_connections=metrics.active_connections,
            cpu_usage=metrics.cpu_usage,
            memory_usage=metrics.memory_usage,
            heartbeat_at=now,
        )
        .returning(workers)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else _worker(row)


def set_status(tx: Tx, worker: WorkerId, status: WorkerStatus, allowed: frozenset[WorkerStatus]) -> Worker | None:
    """Change a worker's status if it has one of ``allowed``; the worker, ``None`` if nothing was changed."""
    statement = update(workers).where(_w.id == worker, _w.status.in_(sorted(allowed))).values(status=status)
    row = tx.execute(statement.returning(workers)).one_or_none()
    return None if row is None else _worker(row)


def everybody(tx: Tx) -> list[Worker]:
    """All workers that are known, those that are gone included."""
    return [_worker(row) for row in tx.execute(select(workers).order_by(_w.id))]


def forget(tx: Tx, before: datetime) -> int:
    """Delete the rows of workers that are gone since ``before``; how many it were."""
    gone = delete(workers).where(_w.status == WorkerStatus.OFFLINE, _w.heartbeat_at < before)
    return tx.execute(gone).rowcount


# -- duties -------------------------------------------------------------------------------------------------------


def take_duty(tx: Tx, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or keep a duty until then; ``False`` if another has it."""
    statement = upsert(duties, ["name"], ["holder", "until"], where=lambda _: or_(_d.holder == holder, _d.until < now))
    return tx.execute(statement, {"name": name, "holder": holder, "until": until}).rowcount == 1


def resign(tx: Tx, name: str, holder: str) -> None:
    """Give a duty up, if it is held."""
    tx.execute(delete(duties).where(_d.name == name, _d.holder == holder))


# -- rows ---------------------------------------------------------------------------------------------------------


def _columns(worker: Worker) -> dict[str, Any]:
    return {
        "id": worker.id,
        "endpoint": worker.endpoint,
        "max_sessions": worker.max_sessions,
        "status": worker.status,
        "session_count": worker.metrics.session_count,
        "active_connections": worker.metrics.active_connections,
        "cpu_usage": worker.metrics.cpu_usage,
        "memory_usage": worker.metrics.memory_usage,
        "registered_at": worker.registered_at,
        "heartbeat_at": worker.heartbeat_at,
    }


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        id=WorkerId(row.id),
        endpoint=row.endpoint,
        max_sessions=row.max_sessions,
        status=WorkerStatus(row.status),
        metrics=Metrics(
            session_count=row.session_count,
            active_connections=row.active_connections,
            cpu_usage=row.cpu_usage,
            memory_usage=row.memory_usage,
        ),
        registered_at=row.registered_at,
        heartbeat_at=row.heartbeat_at,
    )
