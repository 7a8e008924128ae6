"""One application of all features' routes.

A route under ``/api`` or ``/sandbox`` that asks for no key, or reads a body before it asks, is refused here, when the
program starts, and not found out about by a stranger.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from wagate.accounts.api import router as accounts_router
from wagate.accounts.service import Accounts
from wagate.core.clock import Clock, SystemClock
from wagate.core.ids import WorkerId
from wagate.core.settings import Settings
from wagate.gateway import health, pages
from wagate.gateway.document import add_document, gateway_version
from wagate.gateway.headers import SecurityHeaders
from wagate.gateway.health import Doctor, HealthCheck
from wagate.gateway.shutdown import Stopping, StreamEnd
from wagate.web import problems
from wagate.web.auth import FleetGuard, platform_admin
from wagate.web.limits import Limiter, RateLimits
from wagate.web.metrics import Exporter, ScrapeGuard
from wagate.web.metrics import router as metrics_router
from wagate.web.openapi import operations
from wagate.web.problems import ProblemMiddleware
from wagate.web.requestid import RequestIdMiddleware
from wagate.web.routing import MAX_JSON_BYTES
from wagate.web.shortcuts import Shortcuts

LifespanHook = Callable[[], AbstractAsyncContextManager[object]]

#: What answers without a key though it stands under a guarded prefix.
PUBLIC = frozenset({"/api/register", "/api/login"})
_GUARDED_PREFIXES = ("/api/", "/sandbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """What a gateway is made of.

    ``routers`` are the features' (those of accounts and health are added). ``sandbox`` steers a sandbox inside this
    process and is for those who run the gateway. ``hooks`` are entered in order before the first request, and left in
    reverse after the last. Without a ``limiter`` requests are not counted.
    """

    settings: Settings
    accounts: Accounts
    routers: Sequence[APIRouter] = ()
    sandbox: APIRouter | None = None
    checks: Sequence[HealthCheck] = ()
    hooks: Sequence[LifespanHook] = ()
    clock: Clock = field(default_factory=SystemClock)
    limiter: Limiter | None = None


def build_app(parts: GatewayParts) -> FastAPI:
    """Put the application together.

    :raises TypeError: if a route is open, reads bodies of strangers, or has the name of another.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for hook in parts.hooks:
                await stack.enter_async_context(hook())
            yield

    app = FastAPI(
        lifespan=lifespan,
        # Ours say more: see web.openapi and gateway.pages.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    stopping = Stopping()
    app.state.authenticate = parts.accounts.authenticate
    app.state.fleet_token = parts.settings.worker_token.get_secret_value()
    app.state.stopping = stopping
    app.state.public_https = parts.settings.public_url.lower().startswith("https:")
    limiter = parts.limiter or Limiter.off(parts.clock)
    app.state.limiter = limiter
    problems.install(app)
    included = [accounts_router(parts.accounts), *parts.routers]
    included.append(health.router(Doctor(parts.checks, parts.clock), gateway_version()))
    for router in included:
        app.include_router(router, max_body_size=MAX_JSON_BYTES)
    if parts.sandbox is not None:
        app.include_router(parts.sandbox, dependencies=[Depends(platform_admin)], max_body_size=MAX_JSON_BYTES)
    app.include_router(pages.router())
    add_document(app, public_url=parts.settings.public_url)
    _check_operations(app)
    # The one added last is the outermost.
    app.add_middleware(Shortcuts, routes=app.routes)
    app.add_middleware(ProblemMiddleware)
    app.add_middleware(RateLimits, limiter=limiter)
    app.add_middleware(StreamEnd, stopping=stopping)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIdMiddleware, clock=parts.clock)
    return app


def build_inner_app(
    router: APIRouter, *, token: str, scrape_token: str, worker: WorkerId, checks: Sequence[HealthCheck], clock: Clock
) -> FastAPI:
    """An application for the fleet's own processes: ``router`` asks for ``token``, health is open, and who has
    ``scrape_token`` may read the numbers.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    stopping = Stopping()
    app.state.fleet_token = token
    app.state.stopping = stopping
    problems.install(app)
    app.include_router(router, max_body_size=MAX_JSON_BYTES)
    app.include_router(health.router(Doctor(checks, clock), gateway_version(), worker), max_body_size=MAX_JSON_BYTES)
    # What only the database knows, the gateways tell.
    app.include_router(
        metrics_router(Exporter((), clock, gateway_version()), ScrapeGuard(scrape_token, FleetGuard())),
        max_body_size=MAX_JSON_BYTES,
    )
    app.add_middleware(ProblemMiddleware)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIdMiddleware, clock=clock)
    return app


def operation_id(route: APIRoute) -> str:
    """The name of a route's function in camelCase; clients are generated from it."""
    return to_camel(route.name)


def _check_operations(app: FastAPI) -> None:
    names: dict[str, str] = {}
    for operation in operations(app):
        where = f"{operation.method} {operation.path}"
        if not operation.in_document:
            continue
        other = names.setdefault(operation.operation_id, where)
        if other != where:
            raise TypeError(f"{where} has the operation id of {other}: rename its function")
        guarded = operation.path.startswith(_GUARDED_PREFIXES) and operation.path not in PUBLIC
        if guarded and operation.guard is None:
            raise TypeError(f"{where} asks for no key")
        if operation.takes_body and not operation.is_api_route:
            raise TypeError(f"{where} must be of an ApiRouter: it reads the bodies of strangers")
