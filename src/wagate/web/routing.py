"""Routes that ask who is there before they read what is sent, and read JSON strictly."""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from wagate.core.errors import NotFound, UnsupportedMedia
from wagate.web.auth import Guard
from wagate.web.problems import BodyMalformed, ValidationFailed

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: Largest JSON body of a route that does not say otherwise (``max_body_size=`` of the route).
MAX_JSON_BYTES = 1024 * 1024
#: Largest message that is taken over a WebSocket: a credential, and the ids of 200 sessions (6 KB).
MAX_MESSAGE_BYTES = 16 * 1024


def guard_of(dependant: Dependant) -> Guard | None:
    """What a route's caller must be allowed to do; ``None`` if it is open to everybody."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Guard):
            return dependency.call
        nested = guard_of(dependency)
        if nested is not None:
            return nested
    return None


class ApiRoute(APIRoute):
    """FastAPI reads the whole body before any dependency runs; strangers must not be able to make it do so."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        guard = guard_of(self.dependant)
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, Form)

        async def handle(request: Request) -> Response:
            if guard is not None:
                await guard(request)
            check_address(request)
            if takes_json:
                request = await _JsonRequest.read(request)
            return await handler(request)

        return handle


class ApiRouter(APIRouter):
    """A router of :class:`ApiRoute`."""

    def __init__(self, *, prefix: str = "", tags: list[str] | None = None) -> None:
        super().__init__(prefix=prefix, tags=list(tags or []), route_class=ApiRoute, redirect_slashes=False)


class _JsonRequest(Request):
    """A request whose JSON has been read by the book."""

    _value: Any

    @classmethod
    async def read(cls, request: Request) -> "_JsonRequest":
        """Read the body.

        :raises UnsupportedMedia: if it is not declared to be JSON.
        :raises BodyMalformed: if it is not JSON, or holds what can't be stored.
        """
        read = cls(request.scope, request.receive)
        body = await read.body()
        if body:
            _check_content_type(request.headers.get("content-type", ""))
            read._value = parse_json(body)
        return read

    async def json(self) -> Any:
        return self._value


def parse_json(body: bytes) -> Any:
    """JSON without ``NaN``, lone surrogates, endless nesting, or NUL, which PostgreSQL can't store in a text.

    :raises BodyMalformed: if it is anything else.
    """
    try:
        value = msgspec.json.decode(body)
        if b"\\u0000" in body and _has_nul(value):
            raise BodyMalformed("The body holds a NUL character")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BodyMalformed("The body is not valid JSON") from error
    except RecursionError as error:
        raise BodyMalformed("The body is nested too deeply") from error
    return value


def check_address(request: Request) -> None:
    """Refuse a NUL in path or query: as in bodies, PostgreSQL can't compare with it.

    :raises ValidationFailed: :raises NotFound:
    """
    if b"%00" in request.scope["query_string"]:
        raise ValidationFailed("The query holds a NUL character")
    if "\0" in request.scope["path"]:
        raise NotFound


def _check_content_type(header: str) -> None:
    kind, _, subtype = header.partition(";")[0].strip().lower().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise UnsupportedMedia("The body must be JSON, with `Content-Type: application/json`")


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return False
