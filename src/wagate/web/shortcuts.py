"""The common form of a few routes' requests, answered in front of FastAPI.

For routes that are called for every message: finding the route, and reading the arguments by interpreting its signature
anew for each request, cost more than what the route does. What is unusual about a request goes the long way, so
whatever is said of it (validation above all) stands in one place.
"""

import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from wagate.core.errors import WagateError
from wagate.web.auth import Guard
from wagate.web.principal import Principal
from wagate.web.problems import on_wagate_error
from wagate.web.routing import check_address, guard_of

#: Answers a request whose form it knows, from its body; says ``None`` to any other, and has done nothing then.
Shortcut = Callable[[Request, Principal, bytes], Coroutine[Any, Any, Response | None]]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

#: A body that is larger has a file in it, and takes its time anyway.
_MAX_BODY: Final = 64 * 1024
#: As nearly every client writes it.
_JSON: Final = (b"application/json", b"application/json; charset=utf-8")


def shortcut(answer: Shortcut) -> Callable[[Endpoint], Endpoint]:
    """Let ``answer`` take the common form of a guarded route's requests, after the caller was let in."""

    def attach(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["shortcut"] = answer
        return endpoint

    return attach


@dataclass(frozen=True, slots=True)
class _Way:
    route: BaseRoute
    method: str
    path: re.Pattern[str]
    guard: Guard
    answer: Shortcut


class Shortcuts:
    """The middleware that takes them; next to the application, within what makes problems of exceptions."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        """``routes`` are the application's.

        :raises TypeError: if one with a shortcut is open to strangers.
        """
        self._app = app
        self._ways = tuple(_ways(routes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        way, match = found
        request = Request({**scope, "route": way.route, "path_params": match.groupdict()}, receive)
        # For the access log, which must not hold paths.
        scope["route"] = way.route
        body: bytes | None = None
        try:
            principal = await way.guard(request)
            check_address(request)
            body = await request.body()
            answer = await way.answer(request, principal, body)
        except WagateError as error:
            answer = await on_wagate_error(request, error)
        if answer is None:
            await self._app(scope, _again(body or b"", receive), send)
        else:
            await answer(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[_Way, re.Match[str]] | None:
        for way in self._ways:
            if scope["method"] == way.method:
                match = way.path.match(scope["path"])
                if match is not None:
                    return (way, match) if _is_short(scope) else None
        return None


def _ways(routes: Sequence[BaseRoute]) -> Iterator[_Way]:
    for context in iter_route_contexts(routes):
        route = context.original_route
        answer: Shortcut | None = getattr(route.endpoint, "shortcut", None) if isinstance(route, APIRoute) else None
        if answer is None:
            continue
        guard = guard_of(context.dependant)
        if guard is None:
            raise TypeError(f"{context.path} is open to strangers and can't have a shortcut")
        for method in context.methods or ():
            yield _Way(route, method, context.path_regex, guard, answer)


def _is_short(scope: Scope) -> bool:
    """Whether the body is JSON of a known and small size; the server lets no more of it through than was said."""
    size, kind = -1, b""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 8:
            size = int(value)
        elif name == b"content-type":
            kind = value
    return 0 < size <= _MAX_BODY and kind in _JSON


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, once more."""
    given = False

    async def receive_again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
