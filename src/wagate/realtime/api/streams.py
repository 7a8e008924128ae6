"""Server-sent events."""

from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from wagate.core.errors import Forbidden
from wagate.core.ids import EventId, SessionId
from wagate.events.api import Types, parse_types
from wagate.events.errors import EventTypeUnknown
from wagate.realtime.errors import LastEventIdInvalid, TooManyStreams
from wagate.realtime.model import Wanted
from wagate.realtime.service import Feed
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.service import Sessions
from wagate.web.auth import ReadAccess, credential_of
from wagate.web.principal import Principal
from wagate.web.principal import Scope as KeyScope
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=64, description="The last event that was seen; what came after follows."),
]


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"

    def __init__(self, content: Any, status_code: int = 200, **options: Any) -> None:
        # The status is an argument of its own because FastAPI reads it here for the document.
        super().__init__(content, status_code, **options)
        self.headers["Cache-Control"] = "no-store"
        # nginx would collect it into large pieces.
        self.headers["X-Accel-Buffering"] = "no"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # From version 2.4 on Starlette learns that the reader is gone by sending, which a silent stream does seldom;
        # before that it listens. The stream is closed here and not by the garbage collector; Starlette's type for it
        # leaves out that it can be.
        listening = {**scope, "asgi": {**scope["asgi"], "spec_version": "2.3"}}
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().__call__(listening, receive, send)


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events as they happen: `id` is the event's id, `event` its type, `data` the event as "
        "`GET /api/events` shows it. A comment comes every 15 seconds when nothing happens.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def router(feed: Feed, sessions: Sessions) -> APIRouter:
    """Routes of streams."""
    routes = ApiRouter(tags=["events"])

    def stream(
        request: Request, principal: Principal, last_seen: str | None, types: str | None, session: SessionId | None
    ) -> EventStream:
        # That the session is one of those that the key may see was looked at.
        wanted = Wanted(parse_types(types), principal.sessions if session is None else frozenset({session}))
        position = event_id(last_seen)
        feed.check_room(principal.account_id)

        async def still_allowed() -> None:
            holder: Principal = await request.app.state.authenticate(credential_of(request))
            if not holder.allows(KeyScope.READ):
                raise Forbidden

        return EventStream(
            feed.stream(principal.account_id, last_seen=position, wanted=wanted, still_allowed=still_allowed)
        )

    errors = (EventTypeUnknown, LastEventIdInvalid, TooManyStreams)

    @routes.get("/api/events/stream", response_class=EventStream, responses={**_STREAM, **problem_responses(*errors)})
    async def stream_events(
        request: Request, principal: ReadAccess, last_event_id: LastEventId = None, types: Types = None
    ) -> EventStream:
        """What happens in the account, as it happens."""
        return stream(request, principal, last_event_id, types, None)

    @routes.get(
        "/api/sessions/{session_id}/events",
        response_class=EventStream,
        responses={**_STREAM, **problem_responses(SessionNotFound, *errors)},
    )
    async def stream_session_events(
        session_id: SessionId,
        request: Request,
        principal: ReadAccess,
        last_event_id: LastEventId = None,
        types: Types = None,
    ) -> EventStream:
        """What happens to one session, as it happens; QR codes come as `session.qr`."""
        await sessions.get(principal, session_id)
        return stream(request, principal, last_event_id, types, session_id)

    return routes


def event_id(text: str | None) -> EventId | None:
    """The last event that was seen, if one is named.

    :raises LastEventIdInvalid: if it is not an event's id.
    """
    if text is None or not text.strip():
        return None
    try:
        return EventId.parse(text.strip())
    except ValueError:
        raise LastEventIdInvalid from None
