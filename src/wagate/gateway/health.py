"""Whether the gateway lives, is ready, and which part is not.

Anybody may ask, so the answers are words from a short list; reasons stand in the log only. What is found out is
believed for a second: asking often costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fastapi import APIRouter, Request, Response

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable, WagateError
from wagate.core.ids import WorkerId
from wagate.core.logging import get_logger
from wagate.web.models import ApiModel
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: Whoever watches us gives up after a few seconds and takes silence for death.
PROBE_SECONDS = 2.0
BELIEVED_SECONDS = 1.0

_log = get_logger("gateway")


class PartState(StrEnum):
    """``degraded``: the gateway does without it for now."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A part of the gateway. ``probe`` returns if the part is well and raises if it is not.

    Without a part that is ``required`` no request can be served.
    """

    name: str
    probe: Callable[[], Awaitable[object]]
    required: bool = True


class NotReady(Unavailable):
    """The gateway can't serve requests for now."""

    code = "not_ready"


class Alive(ApiModel):
    """The process answers."""

    status: str = "alive"


class Ready(ApiModel):
    """Requests are served."""

    status: str = "ready"


class Part(ApiModel):
    """A part of the gateway."""

    status: PartState


class GatewayHealth(ApiModel):
    """The gateway and its parts."""

    status: PartState
    """As bad as the part it can do without least."""
    version: str
    worker_id: WorkerId | None = None
    """Of a worker, its id; gateways have none."""
    parts: dict[str, Part]


class Doctor:
    """Asks the parts how they are; callers who ask at the same time share one answer."""

    def __init__(self, checks: Sequence[HealthCheck], clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self._found: Mapping[str, PartState] = {}
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def examine(self) -> Mapping[str, PartState]:
        """How each part is; at most a second old."""
        async with self._lock:
            if not self._found or self._clock.monotonic() >= self._until:
                states = await asyncio.gather(*map(self._state, self._checks))
                self._found = {check.name: state for check, state in zip(self._checks, states, strict=True)}
                self._until = self._clock.monotonic() + BELIEVED_SECONDS
            return self._found

    async def _state(self, check: HealthCheck) -> PartState:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await check.probe()
        except Exception as error:  # noqa: BLE001 whatever a part raises, it is not well
            if isinstance(error, WagateError):
                _log.warning("part is not well", part=check.name, reason=error.detail)
            else:
                _log.warning("part is not well", part=check.name, error=type(error).__name__, exc_info=error)
            return PartState.DOWN if check.required else PartState.DEGRADED
        return PartState.OK


def router(doctor: Doctor, version: str, worker: WorkerId | None = None) -> APIRouter:
    """Routes for whoever watches the gateway, or that worker."""
    routes = ApiRouter(tags=["operations"])

    @routes.get("/health/live")
    async def get_liveness() -> Alive:
        """The process answers; it says nothing about its parts. If this fails, restart it."""
        return Alive()

    @routes.get("/health/ready", responses=problem_responses(NotReady))
    async def get_readiness(request: Request) -> Ready:
        """Requests are served. While this fails, send none."""
        if request.app.state.stopping.begun or request.app.state.stopping.leaving:
            raise NotReady("The gateway is about to end")
        if _worst(await doctor.examine()) is PartState.DOWN:
            raise NotReady
        return Ready()

    @routes.get("/health", responses={503: {"model": GatewayHealth, "description": "A part that is needed is down."}})
    async def get_health(response: Response) -> GatewayHealth:
        """Every part and its state."""
        found = await doctor.examine()
        worst = _worst(found)
        if worst is PartState.DOWN:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return GatewayHealth(
            status=worst,
            version=version,
            worker_id=worker,
            parts={name: Part(status=state) for name, state in found.items()},
        )

    return routes


def _worst(found: Mapping[str, PartState]) -> PartState:
    return max(found.values(), key=list(PartState).index, default=PartState.OK)
