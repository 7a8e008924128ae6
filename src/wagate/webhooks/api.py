"""The routes of webhooks."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from wagate.core.ids import DeliveryId, EndpointId, EventId, SessionId
from wagate.events.errors import EventTypeUnknown
from wagate.events.model import matching
from wagate.web.auth import ManageAccess, ReadAccess
from wagate.web.egress import EgressRefused
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.pages import (
    DEFAULT_LIMIT,
    Cursor,
    CursorInvalid,
    Limit,
    Page,
    decode_cursor,
    page_of,
)
from wagate.web.principal import Principal, Scope
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter
from wagate.webhooks.errors import (
    DeliveryNotFound,
    DeliveryPending,
    EndpointNotFound,
    HeaderRefused,
    ReplayPositionUnknown,
    SessionsOutOfReach,
    TooManyEndpoints,
)
from wagate.webhooks.model import Delivery, DeliveryStatus, Endpoint
from wagate.webhooks.service import Webhooks
from wagate.webhooks.service.endpoints import NewEndpoint

_HIDDEN = "***"

Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Description = Annotated[str, StringConstraints(max_length=500)]
Patterns = Annotated[list[Annotated[str, StringConstraints(max_length=60)]], Field(min_length=1, max_length=100)]
Sessions = Annotated[list[SessionId], Field(min_length=1, max_length=1000)]


class CreateEndpoint(ApiRequest):
    """The endpoint to make."""

    url: Url
    """Where events are posted to: http or https, reachable from the public internet."""
    events: Patterns | None = None
    """Types of events, such as `message.received` or `session.*`; all unless given."""
    sessions: Sessions | None = None
    """Only events about these sessions; all, and those about no session, unless given."""
    headers: dict[str, str] | None = None
    """Sent along with every event."""
    description: Description | None = None
    enabled: bool = True


class UpdateEndpoint(ApiRequest):
    """What to change; what is left out stays. `null` takes a filter or the headers away."""

    url: Url | None = None
    events: Patterns | None = None
    sessions: Sessions | None = None
    headers: dict[str, str] | None = None
    description: Description | None = None
    enabled: bool | None = None


class EndpointBody(ApiModel):
    """A URL that is told what happens."""

    id: EndpointId
    url: str
    events: list[str] | None
    """Types of events; null for all."""
    sessions: list[SessionId] | None
    """Sessions; null for all."""
    headers: dict[str, str]
    """Sent along; the values are shown to keys with the scope `manage` only."""
    description: str
    enabled: bool
    disabled_reason: str | None
    """`gone` if the receiver answered 410."""
    created_at: datetime
    updated_at: datetime


class NewEndpointBody(EndpointBody):
    """An endpoint that was just made."""

    secret: str
    """Verifies the signatures. It is shown this once and can't be read again."""


class RotatedBody(NewEndpointBody):
    """An endpoint with another secret."""

    previous_secret_valid_until: datetime
    """Until then the secret before signs as well."""


class TestBody(ApiModel):
    """How a test went."""

    __test__ = False

    delivered: bool
    """Whether the receiver answered 2xx in time."""
    status: int | None
    """The receiver's HTTP status; null if there was no answer."""
    error: str | None
    duration_ms: int


class DeliveryBody(ApiModel):
    """One event on its way to one endpoint."""

    id: DeliveryId
    event_id: EventId
    """The `webhook-id` header of every attempt."""
    type: str
    endpoint_id: EndpointId
    status: DeliveryStatus
    """`dead` means given up; it can be replayed for 30 days."""
    attempts: int
    last_status: int | None
    """HTTP status of the last answer; null if there was none."""
    last_error: str | None
    next_attempt_at: datetime | None
    """Null while the delivery waits for those before it, and when it is finished."""
    created_at: datetime
    delivered_at: datetime | None


class ReplayFrom(ApiRequest):
    """What to tell again."""

    after: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Everything after the event with this id, or since this time."""


class ReplayBody(ApiModel):
    """A replay that has begun."""

    endpoint_id: EndpointId
    after: str


def router(webhooks: Webhooks) -> APIRouter:
    """Routes of endpoints and deliveries."""
    routes = ApiRouter(prefix="/api/webhooks", tags=["webhooks"])
    refusals = (EventTypeUnknown, HeaderRefused, EgressRefused, SessionsOutOfReach)

    def body(principal: Principal, endpoint: Endpoint) -> EndpointBody:
        return EndpointBody(**_fields(webhooks, principal, endpoint))

    @routes.post("/endpoints", status_code=201, responses=problem_responses(*refusals, TooManyEndpoints))
    async def create_webhook_endpoint(request: CreateEndpoint, principal: ManageAccess) -> NewEndpointBody:
        """Make an endpoint. It is told what happens from now on."""
        new = NewEndpoint(
            url=request.url,
            description=request.description or "",
            events=_patterns(request.events),
            sessions=None if request.sessions is None else tuple(request.sessions),
            headers=request.headers or {},
            enabled=request.enabled,
        )
        endpoint, secret = await webhooks.create(principal, new)
        return NewEndpointBody(**_fields(webhooks, principal, endpoint), secret=secret)

    @routes.get("/endpoints", responses=problem_responses(CursorInvalid))
    async def list_webhook_endpoints(
        principal: ReadAccess, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[EndpointBody]:
        """The account's endpoints, oldest first."""
        after = None if cursor is None else decode_cursor(cursor)[0]
        found = await webhooks.list(principal, after=after, limit=limit + 1)
        return page_of(found, limit, lambda endpoint: body(principal, endpoint), lambda endpoint: endpoint.id)

    @routes.get("/endpoints/{endpoint_id}", responses=problem_responses(EndpointNotFound))
    async def get_webhook_endpoint(endpoint_id: EndpointId, principal: ReadAccess) -> EndpointBody:
        """One endpoint."""
        return body(principal, await webhooks.get(principal, endpoint_id))

    @routes.patch("/endpoints/{endpoint_id}", responses=problem_responses(EndpointNotFound, *refusals))
    async def update_webhook_endpoint(
        endpoint_id: EndpointId, request: UpdateEndpoint, principal: ManageAccess
    ) -> EndpointBody:
        """Change an endpoint. One that is enabled again is told what was waiting when it was disabled and what happens
        from now on; `replay` tells it the rest.
        """
        return body(principal, await webhooks.update(principal, endpoint_id, _changes(request)))

    @routes.delete("/endpoints/{endpoint_id}", status_code=204, responses=problem_responses(EndpointNotFound))
    async def delete_webhook_endpoint(endpoint_id: EndpointId, principal: ManageAccess) -> None:
        """Delete an endpoint and everything that waits for it."""
        await webhooks.delete(principal, endpoint_id)

    @routes.post("/endpoints/{endpoint_id}/rotate-secret", responses=problem_responses(EndpointNotFound))
    async def rotate_webhook_secret(endpoint_id: EndpointId, principal: ManageAccess) -> RotatedBody:
        """Give an endpoint another secret. Both sign for 24 hours."""
        endpoint, secret = await webhooks.rotate(principal, endpoint_id)
        return RotatedBody(
            **_fields(webhooks, principal, endpoint),
            secret=secret,
            previous_secret_valid_until=endpoint.previous_until or endpoint.updated_at,
        )

    @routes.post("/endpoints/{endpoint_id}/test", responses=problem_responses(EndpointNotFound))
    async def test_webhook_endpoint(endpoint_id: EndpointId, principal: ManageAccess) -> TestBody:
        """Post one event of the type `webhook.test` now and say how that went."""
        result = await webhooks.test(principal, endpoint_id)
        return TestBody(
            delivered=result.answer.accepted,
            status=result.answer.status,
            error=result.answer.error or None,
            duration_ms=round(result.seconds * 1000),
        )

    @routes.post(
        "/endpoints/{endpoint_id}/replay",
        status_code=202,
        responses=problem_responses(EndpointNotFound, ReplayPositionUnknown),
    )
    async def replay_webhooks(endpoint_id: EndpointId, request: ReplayFrom, principal: ManageAccess) -> ReplayBody:
        """Tell an endpoint again everything since an event or a time, in order, as its filters are now."""
        await webhooks.replay(principal, endpoint_id, _position(request.after))
        return ReplayBody(endpoint_id=endpoint_id, after=request.after)

    @routes.get("/endpoints/{endpoint_id}/deliveries", responses=problem_responses(EndpointNotFound, CursorInvalid))
    async def list_webhook_deliveries(
        endpoint_id: EndpointId,
        principal: ReadAccess,
        status: Annotated[DeliveryStatus | None, Query(description="Only deliveries that stand so.")] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[DeliveryBody]:
        """An endpoint's deliveries, newest event first. Delivered ones are kept for 7 days, dead letters for 30."""
        found = await webhooks.deliveries(
            principal, endpoint_id, status=status, before=_number(cursor), limit=limit + 1
        )
        return page_of(found, limit, _delivery_body, lambda delivery: str(delivery.event_seq))

    replay_errors = problem_responses(DeliveryNotFound, DeliveryPending)

    @routes.post("/deliveries/{delivery_id}/replay", status_code=202, responses=replay_errors)
    async def replay_webhook_delivery(delivery_id: DeliveryId, principal: ManageAccess) -> DeliveryBody:
        """Begin a finished delivery anew, with all its attempts."""
        return _delivery_body(await webhooks.replay_delivery(principal, delivery_id))

    @routes.post("/endpoints/deliveries/{delivery_id}/replay", status_code=202, responses=replay_errors)
    async def replay_webhook_delivery_by_short_path(delivery_id: DeliveryId, principal: ManageAccess) -> DeliveryBody:
        """The same as `POST /api/webhooks/deliveries/{id}/replay`."""
        return _delivery_body(await webhooks.replay_delivery(principal, delivery_id))

    @routes.post("/endpoints/{endpoint_id}/deliveries/{delivery_id}/replay", status_code=202, responses=replay_errors)
    async def replay_delivery_of_webhook_endpoint(
        endpoint_id: EndpointId, delivery_id: DeliveryId, principal: ManageAccess
    ) -> DeliveryBody:
        """The same as `POST /api/webhooks/deliveries/{id}/replay`, for a delivery of this endpoint."""
        return _delivery_body(await webhooks.replay_delivery(principal, delivery_id, endpoint_id))

    return routes


def _patterns(patterns: list[str] | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    for pattern in patterns:
        if not matching(pattern):
            raise EventTypeUnknown(f"There is no event of the type {pattern!r}")
    return tuple(dict.fromkeys(patterns))


def _changes(request: UpdateEndpoint) -> dict[str, Any]:
    """The fields that were given. `null` is a value for filters, nothing for the URL, the default for the others."""
    given = {name: getattr(request, name) for name in request.model_fields_set}
    if given.get("url", "") is None:
        del given["url"]
    if given.get("enabled", True) is None:
        del given["enabled"]
    if "events" in given:
        given["events"] = _patterns(given["events"])
    if given.get("sessions") is not None:
        given["sessions"] = tuple(given["sessions"])
    if "headers" in given:
        given["headers"] = given["headers"] or {}
    if "description" in given:
        given["description"] = given["description"] or ""
    return given


def _position(after: str) -> EventId | datetime:
    try:
        return EventId.parse(after)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(after)
    except ValueError:
        raise ReplayPositionUnknown from None
    if moment.tzinfo is None:
        raise ReplayPositionUnknown
    return moment


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    text = decode_cursor(cursor)[0]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise CursorInvalid
    return int(text)


def _fields(webhooks: Webhooks, principal: Principal, endpoint: Endpoint) -> dict[str, Any]:
    headers = webhooks.headers_of(endpoint)
    if not principal.allows(Scope.MANAGE):
        headers = dict.fromkeys(headers, _HIDDEN)
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": None if endpoint.events is None else list(endpoint.events),
        "sessions": None if endpoint.sessions is None else list(endpoint.sessions),
        "headers": headers,
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def _delivery_body(delivery: Delivery) -> DeliveryBody:
    return DeliveryBody(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.event_type,
        endpoint_id=delivery.endpoint_id,
        status=delivery.status,
        attempts=delivery.attempts,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
        delivered_at=delivery.finished_at if delivery.status is DeliveryStatus.DELIVERED else None,
    )
