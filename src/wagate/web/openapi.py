"""The OpenAPI document, made true: FastAPI knows the routes, and this adds what every route has in common.

Security with the scope each call needs, the problems that any call may answer, and our 400 in place of FastAPI's 422.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.params import Form
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.json_schema import models_json_schema

from wagate.core.errors import (
    Forbidden,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
    WagateError,
)
from wagate.web.auth import (
    OF_ACCOUNTS,
    CredentialAmbiguous,
    CredentialMissing,
    CsrfTokenWrong,
    FleetGuard,
    FleetOnly,
    Guard,
    PlatformAdminOnly,
)
from wagate.web.cookies import CSRF_HEADER, PLAIN_NAME, SECURE_NAME
from wagate.web.problems import (
    MEDIA_TYPE,
    BodyMalformed,
    Problem,
    ValidationFailed,
    response_of,
)
from wagate.web.routing import ApiRoute, guard_of

SECURITY_SCHEMES = {
    "bearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `Authorization: Bearer wag_…`, or the token of a log-in.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key: `X-API-Key: wag_…`."},
    "loginCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_NAME,
        "description": f"Set by a log-in (`{PLAIN_NAME}` on http://localhost). Methods other than GET and HEAD need "
        f"`{CSRF_HEADER}: <csrfToken of GET /api/me>` besides.",
    },
    "workerToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "`WAGATE_WORKER_TOKEN`, which the gateway's own processes know each other by.",
    },
    "scrapeToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "`WAGATE_METRICS_TOKEN`, which whoever collects metrics knows.",
    },
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_REQUEST_ID = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "An id of your own for this request, up to 128 letters, digits and `._:/+=-`; it is returned and "
    "logged. One is made if you send none, or another form of one.",
    "schema": {"type": "string"},
}

#: A reference of Sphinx, such as :class:`~wagate.web.principal.Scope`.
_ROLE = re.compile(r":\w+:`~?(?:\w+\.)*(\w+)`")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path, as it answers: with what is added by the routers around it."""

    path: str
    method: str
    operation_id: str
    guard: Guard | None
    takes_path_parameters: bool
    takes_input: bool
    takes_body: bool
    takes_json: bool
    is_api_route: bool
    in_document: bool


def operations(app: FastAPI) -> Iterator[Operation]:
    """Every operation that the application's routers answer."""
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        dependant: Dependant = context.dependant
        body = context.body_field
        for method in sorted(context.methods or ()):
            yield Operation(
                path=context.path_format or "",
                method=method,
                operation_id=context.operation_id or context.unique_id,
                guard=guard_of(dependant),
                takes_path_parameters=bool(dependant.path_params),
                takes_input=any(_parameters(dependant)) or body is not None,
                takes_body=body is not None,
                takes_json=body is not None and not isinstance(body.field_info, Form),
                is_api_route=isinstance(context.original_route, ApiRoute),
                in_document=context.include_in_schema,
            )


def document(
    app: FastAPI,
    *,
    version: str,
    description: str,
    tags: Mapping[str, str],
    servers: Sequence[str] = (),
    unavailable: Sequence[type[WagateError]] = (),
) -> Json:
    """The document of an application. ``tags`` describes the groups of routes, in the order of reading;
    ``unavailable`` are the 503 that any route with a key may answer.
    """
    made = get_openapi(
        title="wagate",
        version=version,
        description=description,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in tags.items()],
        servers=[{"url": url} for url in servers] or None,
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, problem = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update(problem["$defs"])
    components["schemas"] = {name: _cleaned(schemas[name]) for name in sorted(schemas)}
    components["securitySchemes"] = SECURITY_SCHEMES
    components["parameters"] = {"RequestId": _REQUEST_ID}
    for operation in operations(app):
        if operation.in_document:
            _complete(made["paths"][operation.path][operation.method.lower()], operation, unavailable)
    return made


def _complete(entry: Json, operation: Operation, unavailable: Sequence[type[WagateError]]) -> None:
    if operation.guard is not None:
        scope = operation.guard.scope
        needed = [] if scope is None else [str(scope)]
        entry["security"] = [{name: needed if name in OF_ACCOUNTS else []} for name in operation.guard.credentials]
    else:
        entry["security"] = []
    # FastAPI writes "Get Me".
    entry["summary"] = entry["summary"].capitalize()
    if "description" in entry:
        entry["description"] = _as_markdown(entry["description"])
    entry.setdefault("parameters", []).append({"$ref": "#/components/parameters/RequestId"})
    for parameter in entry["parameters"]:
        if "schema" in parameter:
            parameter["schema"] = _cleaned(parameter["schema"])
    responses: Json = entry["responses"]
    if _is_frameworks(responses.get("422")):
        del responses["422"]
    for error in _common(operation, unavailable):
        _add(responses, error)
    for status in ("429", "503"):
        if status in responses:
            responses[status].setdefault("headers", {}).update(_RETRY_AFTER)
    entry["responses"] = {status: responses[status] for status in sorted(responses)}


def _common(operation: Operation, unavailable: Sequence[type[WagateError]]) -> Iterator[type[WagateError]]:
    if operation.takes_input:
        yield ValidationFailed
    if operation.takes_json:
        yield BodyMalformed
        yield UnsupportedMedia
    if operation.takes_body:
        yield TooLarge
    if isinstance(operation.guard, FleetGuard):
        yield from (CredentialMissing, CredentialAmbiguous, FleetOnly, TooMany)
        yield from unavailable or (Unavailable,)
    elif operation.guard is not None:
        yield from (CredentialMissing, CredentialAmbiguous, Unauthorized, TooMany)
        yield from unavailable or (Unavailable,)
        if operation.guard.scope is not None:
            yield Forbidden
        if operation.guard.platform:
            yield PlatformAdminOnly
        if operation.method not in ("GET", "HEAD"):
            yield CsrfTokenWrong
    if operation.takes_path_parameters:
        yield NotFound
    yield WagateError


def _add(responses: Json, error: type[WagateError]) -> None:
    made = response_of([error])
    present = responses.setdefault(str(error.status), made)
    if present is made:
        return
    examples = present.setdefault("content", {}).setdefault(MEDIA_TYPE, made["content"][MEDIA_TYPE])["examples"]
    if error.code not in examples:
        examples.update(made["content"][MEDIA_TYPE]["examples"])
        present["description"] = f"{present['description']} · {made['description']}"


def _is_frameworks(response: Json | None) -> bool:
    schema = (response or {}).get("content", {}).get("application/json", {}).get("schema", {})
    return bool(schema.get("$ref", "").endswith("/HTTPValidationError"))


def _parameters(dependant: Dependant) -> Iterator[Any]:
    yield from (*dependant.query_params, *dependant.header_params, *dependant.cookie_params)
    for nested in dependant.dependencies:
        yield from _parameters(nested)


def _cleaned(schema: Any) -> Any:
    """A schema for readers of the document.

    Pydantic's titles repeat the names of fields (those of models are kept by being names of components), and docstrings
    are marked up for Python's tools.
    """
    if isinstance(schema, dict):
        return {
            name: _as_markdown(part) if name == "description" and isinstance(part, str) else _cleaned(part)
            for name, part in schema.items()
            if not (name == "title" and isinstance(part, str))
        }
    if isinstance(schema, list):
        return [_cleaned(part) for part in schema]
    return schema


def _as_markdown(text: str) -> str:
    return _ROLE.sub(r"`\1`", text).replace("``", "`")
