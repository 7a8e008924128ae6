"""The routes of workers: what workers call, as seed 003 spells it, and what those who run the fleet ask for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from wagate.cluster.errors import OnlyWorker, WorkerGone, WorkerIdTaken, WorkerNotFound, WorkerTakesNone
from wagate.cluster.model import HEARTBEAT_SECONDS, Metrics, Worker, WorkerStatus
from wagate.cluster.service.fleet import Fleet
from wagate.cluster.service.lone import LoneWorker
from wagate.core.ids import MessageId, SessionId, WorkerId
from wagate.sessions.errors import SessionNotFound
from wagate.web.auth import FleetAccess, PlatformAccess
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: Messages told of at once: what a worker settles within the 50 ms that it gathers, and more.
MAX_STATUSES = 1000

#: Wakes whoever waits for a message.
WakeMessage = Callable[[MessageId], None]


class RegisterWorker(ApiRequest):
    """A worker that begins to take sessions."""

    worker_id: WorkerId
    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+$", max_length=300)]
    """Where gateways reach it, such as `http://192.168.1.100:8001`."""
    max_sessions: Annotated[int, Field(ge=1, le=100_000)]


class WorkerMetrics(ApiModel):
    """What a worker says of itself; processor and memory in percent."""

    session_count: Annotated[int, Field(ge=0)] = 0
    cpu_usage: Annotated[float, Field(ge=0)] = 0.0
    memory_usage: Annotated[float, Field(ge=0)] = 0.0
    active_connections: Annotated[int, Field(ge=0)] = 0


class Heartbeat(ApiRequest):
    """A sign of life. `draining` if it takes no more sessions, `offline` as a farewell."""

    status: WorkerStatus
    metrics: WorkerMetrics = WorkerMetrics()


class WorkerBody(ApiModel):
    """A process that hosts sessions."""

    worker_id: WorkerId
    endpoint: str
    max_sessions: int
    status: WorkerStatus
    metrics: WorkerMetrics
    registered_at: datetime
    last_heartbeat: datetime


class WorkerOrders(WorkerBody):
    """A worker, and what it is to do."""

    heartbeat_seconds: float
    """How often to call."""
    workers: int
    """How many there are to share the fleet's limits, such as that of reconnecting."""
    place: int
    """Its own place among them, from 0."""


class WorkerList(ApiModel):
    """All workers."""

    items: list[WorkerBody]
    next: None = None


class WorkerEvent(ApiRequest):
    """Something that happened at a worker, for its log here."""

    event: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    session_id: SessionId | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class SessionReport(ApiRequest):
    """A session's state has changed; its row in the database says the same."""

    session_id: SessionId
    status: Annotated[str, StringConstraints(max_length=40)]
    qr_code: Annotated[str, StringConstraints(max_length=100_000)] | None = None
    qr_string: Annotated[str, StringConstraints(max_length=4_000)] | None = None
    timestamp: datetime


class MessageReport(ApiRequest):
    """A message's state has changed; its row in the database says the same."""

    message_id: MessageId
    status: Annotated[str, StringConstraints(max_length=40)]
    timestamp: datetime


class MessageReports(ApiRequest):
    """Messages whose states have changed."""

    messages: Annotated[list[MessageReport], Field(min_length=1, max_length=MAX_STATUSES)]


class MoveSession(ApiRequest):
    """Where a session is to go."""

    worker_id: WorkerId


class MovingSession(ApiModel):
    """A session on its way to another worker."""

    session_id: SessionId
    from_worker_id: WorkerId | None
    to_worker_id: WorkerId


class Accepted(ApiModel):
    """It was heard."""

    accepted: bool = True


def router(fleet: Fleet | LoneWorker, wake_message: WakeMessage) -> APIRouter:
    """Routes of workers and of those who run the fleet."""
    routes = ApiRouter(tags=["workers"])

    @routes.post("/api/admin/workers/register", status_code=201, responses=problem_responses(WorkerIdTaken))
    async def register_worker(_: FleetAccess, body: RegisterWorker) -> WorkerOrders:
        """Join the fleet. Doing it twice is harmless."""
        return await _orders(fleet, await fleet.registry.register(body.worker_id, body.endpoint, body.max_sessions))

    @routes.put("/api/admin/workers/{worker_id}/heartbeat", responses=problem_responses(WorkerGone))
    async def put_heartbeat(_: FleetAccess, worker_id: WorkerId, body: Heartbeat) -> WorkerOrders:
        """Say that a worker lives. The answer tells it whether it is to drain."""
        metrics = Metrics(**body.metrics.model_dump(by_alias=False))
        return await _orders(fleet, await fleet.registry.heartbeat(worker_id, body.status, metrics))

    @routes.post("/api/admin/workers/{worker_id}/events", status_code=202, responses=problem_responses(WorkerNotFound))
    async def post_worker_event(_: FleetAccess, worker_id: WorkerId, body: WorkerEvent) -> Accepted:
        """Have something noted that happened at a worker."""
        await fleet.note(worker_id, body.event, body.session_id)
        return Accepted()

    @routes.post("/api/webhooks/session-status", status_code=202)
    async def post_session_status(_: FleetAccess, body: SessionReport) -> Accepted:
        """Have whoever waits for a session look at it."""
        fleet.wake_session(body.session_id)
        return Accepted()

    @routes.post("/api/webhooks/message-status", status_code=202)
    async def post_message_status(_: FleetAccess, body: MessageReports) -> Accepted:
        """Have whoever waits for a message look at it."""
        for report in body.messages:
            wake_message(report.message_id)
        return Accepted()

    @routes.get("/api/admin/workers")
    async def list_workers(_: PlatformAccess) -> WorkerList:
        """All workers, also those that are gone since yesterday."""
        return WorkerList(items=[_body(worker) for worker in await fleet.registry.everybody()])

    @routes.post(
        "/api/admin/workers/{worker_id}/drain", status_code=202, responses=problem_responses(WorkerNotFound, OnlyWorker)
    )
    async def drain_worker(principal: PlatformAccess, worker_id: WorkerId) -> WorkerBody:
        """Give a worker no more sessions, and have it hand over those it has, one at a time."""
        return _body(await fleet.drain(principal, worker_id))

    @routes.post(
        "/api/admin/sessions/{session_id}/migrate",
        status_code=202,
        responses=problem_responses(SessionNotFound, WorkerNotFound, WorkerTakesNone, OnlyWorker),
    )
    async def migrate_session(principal: PlatformAccess, session_id: SessionId, body: MoveSession) -> MovingSession:
        """Have a session go on at another worker; its link stays, and its messages wait meanwhile."""
        moving = await fleet.migrate(principal, session_id, body.worker_id)
        return MovingSession(session_id=session_id, from_worker_id=moving.worker_id, to_worker_id=body.worker_id)

    return routes


async def _orders(fleet: Fleet | LoneWorker, worker: Worker) -> WorkerOrders:
    place, workers = await fleet.registry.share_of(worker.id)
    return WorkerOrders(**_body(worker).model_dump(), heartbeat_seconds=HEARTBEAT_SECONDS, workers=workers, place=place)


def _body(worker: Worker) -> WorkerBody:
    metrics = worker.metrics
    return WorkerBody(
        worker_id=worker.id,
        endpoint=worker.endpoint,
        max_sessions=worker.max_sessions,
        status=worker.status,
        metrics=WorkerMetrics(
            session_count=metrics.session_count,
            cpu_usage=metrics.cpu_usage,
            memory_usage=metrics.memory_usage,
            active_connections=metrics.active_connections,
        ),
        registered_at=worker.registered_at,
        last_heartbeat=worker.heartbeat_at,
    )
