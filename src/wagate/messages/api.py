"""The routes of messages."""

import re
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from wagate.core import jsontext
from wagate.core.errors import UnsupportedMedia, WagateError
from wagate.core.ids import SessionId
from wagate.media.api import FORM_SLACK
from wagate.media.errors import (
    EmptyFile,
    FileTooLarge,
    MediaNotFound,
    MediaPending,
    MediaUrlFailed,
    NotAPicture,
    PictureTooLarge,
)
from wagate.media.multipart import FormMalformed
from wagate.media.service.library import Library
from wagate.messages.bodies import SEND_BODY, SEND_FROM_SESSION_BODY, MessageBody, SentBody
from wagate.messages.errors import (
    AccountRestricted,
    BadIdempotencyKey,
    FirstContactBudget,
    IdempotencyMismatch,
    InvalidRecipient,
    MediaUnavailable,
    MessageNotFound,
    NewChatsRestricted,
    NotOnWhatsApp,
    NotSent,
    RefusedByWhatsApp,
    ReplyNotFound,
    SendingTooFast,
    SessionLoggedOut,
    SessionNotLinked,
    StaleAddress,
    StaleGroup,
    TextTooLong,
    UnsupportedType,
    stored_failure,
)
from wagate.messages.model import PENDING, Direction, Message, MessageStatus, rfc3339
from wagate.messages.recipient import resolve
from wagate.messages.requests import Invalid, read_json, read_request, session_of
from wagate.messages.service.query import History
from wagate.messages.service.send import DEFAULT_WAIT, MAX_WAIT, Messages
from wagate.messages.service.sources import BadBase64, MediaMissing
from wagate.messages.store import Filters
from wagate.plans.errors import PlanLimit
from wagate.sessions.errors import SessionNotConnected, SessionNotFound
from wagate.web.auth import ReadAccess, SendAccess
from wagate.web.egress import EgressRefused
from wagate.web.limits import check_send
from wagate.web.models import Timestamp
from wagate.web.pages import (
    DEFAULT_LIMIT,
    Cursor,
    CursorInvalid,
    Limit,
    Page,
    decode_cursor,
    encode_cursor,
)
from wagate.web.principal import Principal
from wagate.web.problems import BodyMalformed, ProblemResponse, problem, problem_responses
from wagate.web.routing import ApiRouter
from wagate.web.shortcuts import shortcut

Wait = Annotated[
    float,
    Query(ge=0, le=MAX_WAIT, description="Seconds to wait for WhatsApp's acknowledgement; 0 answers at once."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(description="The same key and body within 24 hours give the first answer again, and send nothing."),
]

_REFUSALS: Final[tuple[type[WagateError], ...]] = (
    PlanLimit,
    FirstContactBudget,
    NewChatsRestricted,
    FormMalformed,
    BodyMalformed,
    BadIdempotencyKey,
    BadBase64,
    MediaMissing,
    UnsupportedMedia,
    SessionNotFound,
    MediaNotFound,
    SessionLoggedOut,
    SessionNotLinked,
    MediaPending,
    FileTooLarge,
    NotAPicture,
    InvalidRecipient,
    UnsupportedType,
    TextTooLong,
    ReplyNotFound,
    IdempotencyMismatch,
    MediaUrlFailed,
    EgressRefused,
    PictureTooLarge,
    EmptyFile,
    NotOnWhatsApp,
    RefusedByWhatsApp,
    SendingTooFast,
    AccountRestricted,
    StaleAddress,
    StaleGroup,
    MediaUnavailable,
    NotSent,
)
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    201: {"description": "WhatsApp acknowledged it", "model": SentBody},
    202: {"description": "Accepted; it is not acknowledged yet, and will be sent", "model": SentBody},
}
#: ``wait`` alone, in whole seconds up to a minute.
_PLAIN_WAIT: Final = re.compile(rb"wait=([1-5]?[0-9]|60)")


def router(messages: Messages, history: History, library: Library) -> APIRouter:
    """The routes of messages."""
    routes = ApiRouter(tags=["messages"])
    # base64 adds a third to a file.
    max_body_size = library.max_bytes * 4 // 3 + FORM_SLACK

    async def accept(
        request: Request, principal: Principal, in_path: SessionId | None, key: str | None, wait: float
    ) -> Response:
        if in_path is not None and request.headers.get("content-type", "").startswith("multipart/"):
            await messages.check_sender(principal, in_path)
        try:
            given = await read_request(principal, request.headers.get("content-type", ""), request.stream(), library)
            session = session_of(given.body, in_path)
        except Invalid as error:
            raise RequestValidationError(
                [{**failure, "loc": ("body", *failure["loc"])} for failure in error.errors]
            ) from None
        await check_send(request, principal, session)
        message = await messages.send(principal, session, given.body, idempotency_key=key, file=given.file, wait=wait)
        return answer_to_send(request, message)

    async def accept_plain(request: Request, principal: Principal, raw: bytes) -> Response | None:
        wait = _plain_wait(request)
        if wait is None:
            return None
        try:
            in_path = SessionId.parse(request.path_params["session_id"])
            body = read_json(raw)
            session = session_of(body, in_path)
        except (ValueError, Invalid):
            return None
        key = request.headers.get("idempotency-key")
        await check_send(request, principal, session)
        return answer_to_send(request, await messages.send(principal, session, body, idempotency_key=key, wait=wait))

    @routes.post(
        "/api/sessions/{session_id}/send",
        status_code=201,
        response_model=SentBody,
        openapi_extra=SEND_FROM_SESSION_BODY,
        responses={**_ANSWERS, **problem_responses(*_REFUSALS)},
        max_body_size=max_body_size,
    )
    @shortcut(accept_plain)
    async def send_from_session(
        request: Request,
        session_id: SessionId,
        principal: SendAccess,
        wait: Wait = DEFAULT_WAIT,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Send a message. Once this answers with 2xx, the message is stored and will be sent, once.

        If it fails while waiting, the problem also has `messageId`, and `certain`: whether nothing was sent for sure.
        """
        return await accept(request, principal, session_id, idempotency_key, wait)

    @routes.post(
        "/api/send",
        status_code=201,
        response_model=SentBody,
        openapi_extra=SEND_BODY,
        responses={**_ANSWERS, **problem_responses(*_REFUSALS)},
        max_body_size=max_body_size,
    )
    async def send(
        request: Request,
        principal: SendAccess,
        wait: Wait = DEFAULT_WAIT,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Send a message from the session that the body names as `sessionId`."""
        return await accept(request, principal, None, idempotency_key, wait)

    @routes.get("/api/messages/{message_id}", response_model=MessageBody, responses=problem_responses(MessageNotFound))
    async def get_message(message_id: str, principal: ReadAccess) -> Response:
        """A message, sent or received."""
        return _json((await history.get(principal, message_id)).to_json())

    @routes.get(
        "/api/sessions/{session_id}/messages",
        response_model=Page[MessageBody],
        responses=problem_responses(CursorInvalid, SessionNotFound, InvalidRecipient),
    )
    async def list_messages(
        session_id: SessionId,
        principal: ReadAccess,
        chat: Annotated[
            str | None, Query(min_length=1, max_length=200, description="Only this chat: a number or an address.")
        ] = None,
        direction: Direction | None = None,
        status: MessageStatus | None = None,
        type: Annotated[str | None, Query(max_length=40)] = None,
        after: Annotated[Timestamp | None, Query(description="Only messages later than this.")] = None,
        before: Annotated[Timestamp | None, Query(description="Only messages earlier than this.")] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Response:
        """The messages of a session, newest first.

        Those from before it was linked, as far as the phone hands them over, come after all that it sent or received
        since. They are in no event and show no `media`.
        """
        filters = Filters(
            chat=resolve(chat, None) if chat is not None else None,
            direction=direction,
            status=status,
            type=type,
            after=after,
            before=before,
        )
        found = await history.page(principal, session_id, filters, before_seq=_position(cursor), limit=limit + 1)
        shown = found[:limit]
        following = encode_cursor(str(shown[-1].seq)) if len(found) > limit else None
        return _json({"items": [message.to_json() for message in shown], "next": following})

    @routes.post(
        "/api/messages/{message_id}/read",
        response_model=MessageBody,
        responses=problem_responses(MessageNotFound, SessionNotConnected),
    )
    async def mark_read(message_id: str, principal: SendAccess) -> Response:
        """Tell the sender that a received message was read (two blue ticks). Doing it twice is harmless."""
        return _json((await history.mark_read(principal, message_id)).to_json())

    return routes


def _plain_wait(request: Request) -> float | None:
    query = request.scope["query_string"]
    if not query:
        return DEFAULT_WAIT
    plain = _PLAIN_WAIT.fullmatch(query)
    return float(plain[1]) if plain is not None else None


def answer_to_send(request: Request, message: Message) -> Response:
    """What a request to send is told: the message as accepted, or why it failed meanwhile."""
    if message.failure is not None:
        return _failed(request, message)
    acknowledged = message.status not in PENDING
    body = {
        "id": str(message.id),
        "waId": message.wa_id,
        "sessionId": str(message.session_id),
        "to": str(message.recipient),
        "type": message.type,
        # A receipt may have come meanwhile; the answer of a repeated request stays the same all the same.
        "status": MessageStatus.SENT.value if acknowledged else message.status.value,
        "timestamp": rfc3339(message.timestamp),
    }
    return _json(body, status=201 if acknowledged else 202, headers={"Location": f"/api/messages/{message.id}"})


def _failed(request: Request, message: Message) -> Response:
    failure = message.failure
    assert failure is not None
    told = problem(stored_failure(failure.code), request)
    body = msgspec.json.decode(bytes(told.body))
    body |= {"messageId": str(message.id), "waId": message.wa_id, "certain": failure.certain}
    kept = {name: value for name, value in told.headers.items() if name == "retry-after"}
    return ProblemResponse(body, status_code=told.status_code, headers=kept)


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(jsontext.encode(body), status, headers, "application/json")


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (seq,) = decode_cursor(cursor)
    # Those of old messages are negative, of 19 digits.
    digits = seq.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 19 or abs(int(seq)) > 2**63 - 1:
        raise CursorInvalid
    return int(seq)
