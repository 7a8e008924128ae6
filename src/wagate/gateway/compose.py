"""The gateway of a runtime: every feature's routes over the runtime's services."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from wagate import runtime as composition
from wagate.accounts.api import logins_router, members_router, platform_router
from wagate.applications.api import router as applications_router
from wagate.audit.api import router as audit_router
from wagate.backups.api import router as backups_router
from wagate.cluster.api import router as workers_router
from wagate.core.ids import MessageId
from wagate.events.api import router as events_router
from wagate.gateway.app import GatewayParts, LifespanHook, build_app
from wagate.gateway.document import gateway_version
from wagate.gateway.health import HealthCheck
from wagate.keyring.api import router as keyring_router
from wagate.media.api import router as media_router
from wagate.messages.api import router as messages_router
from wagate.messages.service.topics import message_topic
from wagate.plans.api import router as plans_router
from wagate.realtime.api import router as realtime_router
from wagate.sessions import measures as session_measures
from wagate.sessions.api import router as sessions_router
from wagate.usage.api import router as usage_router
from wagate.web.auth import platform_admin
from wagate.web.metrics import Exporter, ScrapeGuard
from wagate.web.metrics import router as metrics_router
from wagate.webhooks.api import router as webhooks_router
from wagate.webhooks.service import measures as webhook_measures

if TYPE_CHECKING:
    from wagate.sandbox.sandbox import Sandbox


def gateway_app(
    runtime: composition.Runtime, *, sandbox: "Sandbox | None" = None, hooks: Sequence[LifespanHook] = ()
) -> FastAPI:
    """All routes; ``sandbox`` is one inside this process that admins may steer."""
    app = build_app(
        GatewayParts(
            settings=runtime.settings,
            accounts=runtime.accounts,
            # Routes are looked through in this order, so those of sending come first. `/api/messages/stats` would be
            # taken for a message by them.
            routers=(
                usage_router(runtime.usage),
                messages_router(runtime.messages, runtime.history, runtime.library),
                sessions_router(runtime.sessions),
                media_router(runtime.library),
                events_router(runtime.events),
                realtime_router(runtime.events, runtime.sessions, runtime.clock),
                webhooks_router(runtime.webhooks),
                _metrics(runtime),
                keyring_router(runtime.secret_keys),
                backups_router(runtime.backups),
                workers_router(runtime.fleet, _wake(runtime)),
                applications_router(runtime.sessions, runtime.messages),
                plans_router(runtime.plans),
                logins_router(runtime.logins, runtime.clock),
                members_router(runtime.members),
                platform_router(runtime.platform),
                audit_router(runtime.audit),
            ),
            sandbox=None if sandbox is None else _control(sandbox),
            checks=(
                HealthCheck(name="database", probe=runtime.db.ping),
                HealthCheck(name="disk", probe=runtime.data_dir.check_space, required=False),
                *(HealthCheck(name=name, probe=probe, required=False) for name, probe in runtime.auxiliaries.items()),
            ),
            hooks=hooks,
            clock=runtime.clock,
            limiter=runtime.limiter,
        )
    )
    app.state.stopping.when_begun(runtime.messages.answer_now)
    return app


def _metrics(runtime: composition.Runtime) -> APIRouter:
    db, clock = runtime.db, runtime.clock
    surveys = (
        lambda: session_measures.measure(db, clock),
        lambda: webhook_measures.measure(db),
    )
    guard = ScrapeGuard(runtime.settings.metrics_token.get_secret_value(), platform_admin)
    return metrics_router(Exporter(surveys, clock, gateway_version()), guard)


def _wake(runtime: composition.Runtime) -> Callable[[MessageId], None]:
    # In this process alone: the worker that says so has told the others over the same bus.
    return lambda message: runtime.bus.publish_here(message_topic(message))


def _control(sandbox: "Sandbox") -> APIRouter:
    # Imported when asked for: a gateway without a sandbox does not carry one in memory.
    from wagate.sandbox.api import router

    return router(sandbox)
