"""The gateway of a runtime: every feature's routes over the runtime's services."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from wagate import runtime as composition
from wagate.events.api import router as events_router
from wagate.gateway.app import GatewayParts, LifespanHook, build_app
from wagate.gateway.health import HealthCheck
from wagate.media.api import router as media_router
from wagate.messages.api import router as messages_router
from wagate.realtime.api import router as realtime_router
from wagate.sessions.api import router as sessions_router
from wagate.webhooks.api import router as webhooks_router


def gateway_app(
    runtime: composition.Runtime, *, sandbox: APIRouter | None = None, hooks: Sequence[LifespanHook] = ()
) -> FastAPI:
    """All routes; ``sandbox`` adds the control of one inside this process."""
    return build_app(
        GatewayParts(
            settings=runtime.settings,
            accounts=runtime.accounts,
            # Routes are looked through in this order, so those of sending come first.
            routers=(
                messages_router(runtime.messages, runtime.history, runtime.library),
                sessions_router(runtime.sessions),
                media_router(runtime.library),
                events_router(runtime.events),
                realtime_router(runtime.events, runtime.sessions, runtime.clock),
                webhooks_router(runtime.webhooks),
            ),
            sandbox=sandbox,
            checks=(HealthCheck(name="database", probe=runtime.db.ping),),
            hooks=hooks,
            clock=runtime.clock,
        )
    )
