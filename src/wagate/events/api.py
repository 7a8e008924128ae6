"""Pulling the log over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from wagate.core.ids import AccountId, EventId, SessionId
from wagate.events.errors import EventTypeUnknown
from wagate.events.model import EventType, matching
from wagate.events.service import EventLog
from wagate.web.auth import ReadAccess
from wagate.web.models import ApiModel, Timestamp
from wagate.web.pages import DEFAULT_LIMIT, Limit, Page
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: A comma-separated list of event types. Give it the default ``None`` and read it with :func:`parse_types`.
Types = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="Only these types, separated by commas; `message.*` stands for all that begin so.",
        examples=["message.received,session.*"],
    ),
]


class EventBody(ApiModel):
    """Something that happened."""

    id: EventId
    type: EventType
    account_id: AccountId
    session_id: SessionId | None
    """The session it is about; null if it is about none."""
    timestamp: Timestamp
    data: dict[str, Any]
    """The whole resource as it was after the event."""


def parse_types(text: str | None) -> frozenset[EventType]:
    """Read a list of event types; none given means all, which is the empty set.

    :raises EventTypeUnknown: if one of them does not exist.
    """
    if text is None:
        return frozenset()
    return frozenset(kind for pattern in text.split(",") for kind in _known(pattern.strip()))


def _known(pattern: str) -> frozenset[EventType]:
    found = matching(pattern)
    if not found:
        raise EventTypeUnknown(f"There is no event of the type {pattern[:60]!r}")
    return found


def router(log: EventLog) -> APIRouter:
    """The route of the log."""
    routes = ApiRouter(tags=["events"])

    @routes.get("/api/events", response_model=Page[EventBody], responses=problem_responses(EventTypeUnknown))
    async def list_events(
        principal: ReadAccess,
        after: Annotated[
            EventId | None, Query(description="The last event that was seen; leave it out for the oldest that is kept.")
        ] = None,
        types: Types = None,
        session: Annotated[SessionId | None, Query(description="Only events about this session.")] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Response:
        """Events, oldest first. `next` is the id of the last one on the page, to be given as `after`; null when there
        are no more now. Events are kept for 30 days.
        """
        found = await log.read(
            principal.account_id,
            after=after,
            types=parse_types(types),
            session_id=session,
            sessions=principal.sessions,
            limit=limit + 1,
        )
        shown = found[:limit]
        following = f'"{shown[-1].id}"' if len(found) > limit else "null"
        items = ",".join(event.to_json() for event in shown)
        return Response(f'{{"items":[{items}],"next":{following}}}', media_type="application/json")

    return routes
