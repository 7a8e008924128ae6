"""Every error as RFC 9457: ``{type, title, status, code, detail, errors?, requestId}``.

``type`` leads to the code's entry on the gateway's own page of errors. What a customer sent is never echoed: the
value that fails validation may be a password.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import ConfigDict
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wagate.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedMedia,
    WagateError,
)
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter
from wagate.web.models import ApiModel

MEDIA_TYPE = "application/problem+json"
ERRORS_PAGE = "/docs/errors"

#: Seconds to wait that a 429 or 503 names if the error does not say.
_DEFAULT_RETRY_AFTER = 1
#: One request can break as many rules as it has fields; nobody reads more than this.
_MAX_FIELD_ERRORS = 50
_MAX_NAME_LENGTH = 80

_PROBLEMS = Counter("wagate_http_problems_total", "Requests that ended with a problem, by its code.", ("code",))

_log = get_logger("wagate.web")


class ValidationFailed(BadRequest):
    """Some fields of the request are missing, unknown or not valid."""

    code = "validation_failed"


class BodyMalformed(BadRequest):
    """The body can't be read."""

    code = "malformed_body"


class RouteUnknown(NotFound):
    """There is no such route."""

    code = "unknown_route"


class MethodNotAllowed(WagateError):
    """This route does not answer that method."""

    code = "method_not_allowed"
    status: ClassVar[int] = 405


class Refused(WagateError):
    """The request was refused."""

    code = "refused"
    status: ClassVar[int] = 400


class FieldError(ApiModel):
    """What is wrong with one field."""

    field: str
    """Path of the field, such as `media.url` or `items.0.to`; empty for the whole body."""
    location: str
    """Where the field stands: `body`, `query` or `header`."""
    message: str
    """A sentence for people."""
    code: str
    """A stable name of the rule that was broken, such as `missing`."""


class Problem(ApiModel):
    """An error (RFC 9457). Some codes have members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    """Relative URI of the documentation of the code."""
    title: str
    """The same sentence for every error of this code."""
    status: int
    code: str
    """A stable name to decide by."""
    detail: str
    """What happened this time, for people."""
    errors: list[FieldError] | None = None
    """Each field that is wrong; only with some codes."""
    request_id: str
    """Quote it when asking for help; it is in the log."""


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


_BY_STATUS: Mapping[int, type[WagateError]] = {
    400: BodyMalformed,
    401: Unauthorized,
    403: Forbidden,
    404: RouteUnknown,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedMedia,
    422: Unprocessable,
    429: TooMany,
    503: Unavailable,
}


def problem(error: WagateError, request: HTTPConnection, status: int | None = None) -> ProblemResponse:
    """The answer that says what went wrong, with the error's own status unless another is given."""
    answered = status or error.status
    headers = {}
    if answered == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="wagate"'
    if answered in (429, 503):
        headers["Retry-After"] = str(retry_after(error))
    return ProblemResponse(problem_body(error, request, answered), status_code=answered, headers=headers)


def retry_after(error: WagateError) -> int:
    """Seconds to wait before trying again what ended with a 429 or 503."""
    return error.retry_after if error.retry_after is not None else _DEFAULT_RETRY_AFTER


def problem_body(error: WagateError, request: HTTPConnection, answered: int) -> dict[str, Any]:
    """What is said of an error, as JSON, in an answer with the status ``answered`` or in place of one."""
    body: dict[str, Any] = {
        "type": f"{ERRORS_PAGE}#{error.code}",
        "title": error.title(),
        "status": answered,
        "code": error.code,
        "detail": error.detail,
    }
    if error.errors:
        body["errors"] = error.errors
    body |= error.members()
    body["requestId"] = getattr(request.state, "request_id", "")
    return body


def problem_responses(*errors: type[WagateError]) -> dict[int | str, dict[str, Any]]:
    """What a route's ``responses=`` says about its own errors. Those of every route (keys, bodies, limits) are added
    where the document is made.
    """
    by_status: dict[int | str, list[type[WagateError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {status: response_of(group) for status, group in by_status.items()}


def response_of(errors: Sequence[type[WagateError]]) -> dict[str, Any]:
    """The OpenAPI response object of errors that share a status."""
    return {
        "description": " · ".join(f"`{error.code}`: {error.title()}" for error in errors),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {error.code: {"value": _example(error)} for error in errors},
            }
        },
    }


def _example(error: type[WagateError]) -> dict[str, Any]:
    return {
        "type": f"{ERRORS_PAGE}#{error.code}",
        "title": error.title(),
        "status": error.status,
        "code": error.code,
        "detail": error.title(),
        "requestId": "req_01kbs3a8e0h2v6w9x4y7z1c5f3",
    }


def install(app: FastAPI) -> None:
    """Let the application answer every expected error as a problem; :class:`ProblemMiddleware` does the rest."""
    app.add_exception_handler(WagateError, on_wagate_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def on_wagate_error(request: Request, error: Exception) -> Response:
    """The answer to a request that ended with a :class:`WagateError`."""
    failure = cast(WagateError, error)
    _PROBLEMS.add(failure.code)
    # A 503 is about others, who are known to go away.
    if failure.status >= 500 and failure.status != 503:
        _log.error("request failed", code=failure.code, exc_info=failure)
    return problem(failure, request)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    failures = cast(RequestValidationError, error).errors()
    if any(failure["loc"][0] == "path" for failure in failures):
        # An id that can't be one names nothing; saying more would tell the shapes of ids apart.
        return problem(NotFound(), request)
    if any(failure["type"] == "json_invalid" for failure in failures):
        return problem(BodyMalformed("The body is not valid JSON"), request)
    errors = [field_error(failure).model_dump() for failure in failures[:_MAX_FIELD_ERRORS]]
    first = errors[0]
    where = f"`{first['field']}`" if first["field"] else f"the {first['location']}"
    return problem(ValidationFailed(f"{where}: {first['message']}", errors=errors), request)


def field_error(failure: Mapping[str, Any]) -> FieldError:
    """One error of pydantic without the value that caused it."""
    location, *path = failure["loc"]
    kind, message = failure["type"], failure["msg"]
    if kind == "union_tag_invalid":
        message = f"Input should be one of: {failure['ctx']['expected_tags']}"
    elif kind == "extra_forbidden":
        message = "There is no such field"
    elif kind == "missing":
        message = "This field is required"
    return FieldError(
        field=".".join(str(part)[:_MAX_NAME_LENGTH] for part in path),
        location=str(location),
        message=message.removeprefix("Value error, "),
        code=kind,
    )


async def _on_http_exception(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    answer = problem(_of_status(refusal.status_code), request, refusal.status_code)
    if refusal.status_code == 405:
        answer.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


def _methods_at(request: Request) -> set[str]:
    """What may be done at the path of a request; the framework tells the methods of the first of its routes alone."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.methods and context.path_regex.match(request.scope["path"]):
            found |= context.methods
    return found


def _of_status(status: int) -> WagateError:
    known = _BY_STATUS.get(status)
    return known() if known is not None else Refused(HTTPStatus(status).phrase)


class ProblemMiddleware:
    """Makes problems of what no handler saw: unexpected exceptions, and plain-text refusals of the framework."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal started, replaced
            if replaced:
                return
            if message["type"] == "http.response.start":
                started = True
                if message["status"] >= 400 and _is_plain_text(message):
                    replaced = True
                    status = message["status"]
                    answer = problem(_of_status(status), HTTPConnection(scope), status)
                    await answer(scope, receive, send)
                    return
            await send(message)

        try:
            await self._app(scope, receive, send_problem)
        except Exception as error:
            _log.error("request failed", code=WagateError.code, exc_info=error)
            if started:
                raise
            await problem(WagateError(), HTTPConnection(scope))(scope, receive, send)


def _is_plain_text(message: Message) -> bool:
    return Headers(raw=message.get("headers", [])).get("content-type", "").startswith("text/plain")
