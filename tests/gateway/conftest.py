"""A gateway of the real application, on a database that answers from memory, with one feature of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, File, UploadFile
from starlette.responses import StreamingResponse

from wagate.accounts.service import Accounts
from wagate.core.clock import ManualClock
from wagate.core.errors import Conflict, Unauthorized
from wagate.core.ids import AccountId, SessionId
from wagate.core.settings import Settings
from wagate.gateway.app import GatewayParts, build_app
from wagate.gateway.health import HealthCheck
from wagate.web.auth import ReadAccess, SendAccess
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.pages import Cursor, Limit, Page
from wagate.web.principal import Principal, Scope
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter
from wagate.web.testing import AsgiClient

ACCOUNT = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))


class KnownKeys(Accounts):
    """Keys that are known beforehand."""

    def __init__(self) -> None:
        pass

    async def authenticate(self, key: str) -> Principal:
        scopes = {"admin": {Scope.ADMIN}, "root": {Scope.ADMIN}, "reader": {Scope.READ}}.get(key)
        if scopes is None:
            raise Unauthorized
        return Principal(account_id=ACCOUNT, scopes=frozenset(scopes), is_admin=key == "root")


class AlreadyThere(Conflict):
    """The thing is there already."""

    code = "already_there"


class Thing(ApiRequest):
    """A thing to make."""

    title: str
    """How it is called."""
    parent: SessionId | None = None


class ThingBody(ApiModel):
    title: str
    parent: SessionId | None


def things() -> APIRouter:
    routes = ApiRouter(prefix="/api/things", tags=["things"])

    @routes.get("")
    async def list_things(principal: ReadAccess, limit: Limit = 50, cursor: Cursor = None) -> Page[ThingBody]:
        """Every thing."""
        return Page(items=[])

    @routes.post("", status_code=201, responses=problem_responses(AlreadyThere))
    async def create_thing(principal: SendAccess, body: Thing) -> ThingBody:
        return ThingBody(title=body.title, parent=body.parent)

    @routes.post("/file", status_code=201)
    async def upload_thing(principal: SendAccess, file: Annotated[UploadFile, File()]) -> int:
        return file.size or 0

    @routes.get("/stream")
    async def stream_things(principal: ReadAccess) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"data: first\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(parts(), media_type="text/event-stream")

    @routes.get("/slow")
    async def wait_for_thing(principal: ReadAccess) -> str:
        await asyncio.sleep(0.3)
        return "done"

    @routes.get("/{session_id}")
    async def get_thing(session_id: SessionId, principal: ReadAccess) -> ThingBody:
        return ThingBody(title="x", parent=session_id)

    return routes


def sandbox() -> APIRouter:
    routes = ApiRouter(tags=["sandbox"])

    @routes.get("/sandbox/phones")
    async def list_phones() -> list[str]:
        return []

    return routes


class Parts:
    """Parts of a gateway that tests break."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.probes = 0
        self.hang = False
        self.life: list[str] = []

    def check(self, name: str, *, required: bool) -> HealthCheck:
        async def probe() -> None:
            self.probes += 1
            if self.hang:
                await asyncio.Event().wait()
            if name in self.broken:
                raise ConnectionError("secret.internal.host refused the password hunter2")

        return HealthCheck(name=name, probe=probe, required=required)

    def hook(self, name: str) -> Any:
        @asynccontextmanager
        async def run() -> AsyncIterator[None]:
            self.life.append(f"+{name}")
            try:
                yield
            finally:
                self.life.append(f"-{name}")

        return run


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def gateway_parts(parts: Parts, clock: ManualClock) -> GatewayParts:
    return GatewayParts(
        settings=Settings(_env_file=None, public_url="https://wa.example.org"),
        accounts=KnownKeys(),
        routers=[things()],
        sandbox=sandbox(),
        checks=[parts.check("database", required=True), parts.check("engine", required=False)],
        hooks=[parts.hook("one"), parts.hook("two")],
        clock=clock,
    )


@pytest.fixture
def app(gateway_parts: GatewayParts) -> FastAPI:
    return build_app(gateway_parts)


@pytest.fixture
def nobody(app: FastAPI) -> AsgiClient:
    return AsgiClient(app)
