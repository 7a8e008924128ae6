"""An application with a feature of one route of each kind, and keys for it."""

from datetime import UTC, datetime
from typing import Annotated

import pytest
from fastapi import FastAPI
from pydantic import Field

from wagate.core.errors import NotFound, TooMany, Unavailable, WagateError
from wagate.core.ids import AccountId, SessionId
from wagate.web.auth import Access, AdminAccess, ManageAccess, PlatformAccess, ReadAccess, SendAccess
from wagate.web.models import ApiModel, ApiRequest, Timestamp
from wagate.web.pages import Cursor, Limit
from wagate.web.principal import Principal, Scope
from wagate.web.routing import ApiRouter
from wagate.web.testing import AsgiClient, app_of

ACCOUNT = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))


class Elsewhere(WagateError):
    """Somebody else is away."""

    code = "elsewhere"
    status = 503


class Thing(ApiRequest):
    name: Annotated[str, Field(min_length=1)]
    how_many: int = 1
    due_at: Timestamp | None = None
    colour: Scope | None = None
    password: str | None = None


class ThingBody(ApiModel):
    name: str
    how_many: int


def things() -> ApiRouter:
    routes = ApiRouter(tags=["things"])

    @routes.get("/open")
    async def open_to_all() -> dict[str, bool]:
        return {"ok": True}

    @routes.get("/any")
    async def any_key(principal: Access) -> dict[str, str]:
        return {"account": principal.account_id}

    @routes.get("/read")
    async def read(principal: ReadAccess, limit: Limit = 50, cursor: Cursor = None) -> int:
        return limit

    @routes.post("/send")
    async def send(principal: SendAccess) -> None: ...

    @routes.post("/manage", status_code=201)
    async def manage(principal: ManageAccess, thing: Thing) -> ThingBody:
        return ThingBody(name=thing.name, how_many=thing.how_many)

    @routes.delete("/manage")
    async def unmanage(principal: ManageAccess) -> None: ...

    @routes.get("/admin")
    async def admin(principal: AdminAccess) -> None: ...

    @routes.get("/platform")
    async def platform(principal: PlatformAccess) -> None: ...

    @routes.get("/things/{session_id}")
    async def thing_of(session_id: SessionId, principal: ReadAccess) -> str:
        if not principal.may_see(session_id):
            raise NotFound
        return session_id

    @routes.post("/large", max_body_size=3 * 1024 * 1024)
    async def large(principal: SendAccess, thing: Thing) -> int:
        return len(thing.name)

    @routes.get("/busy")
    async def busy() -> None:
        raise TooMany(retry_after=7)

    @routes.get("/away")
    async def away() -> None:
        raise Unavailable

    @routes.get("/elsewhere")
    async def elsewhere() -> None:
        raise Elsewhere

    @routes.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the reason stays inside")

    return routes


def principal(*scopes: Scope, is_admin: bool = False, sessions: frozenset[SessionId] | None = None) -> Principal:
    return Principal(account_id=ACCOUNT, scopes=frozenset(scopes), is_admin=is_admin, sessions=sessions)


@pytest.fixture
def bound_session() -> SessionId:
    return SessionId.new(datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def app(bound_session: SessionId) -> FastAPI:
    keys = {scope.value: principal(scope) for scope in Scope}
    keys["nothing"] = principal()
    keys["platform"] = principal(Scope.ADMIN, is_admin=True)
    keys["demoted"] = principal(Scope.READ, is_admin=True)
    keys["bound"] = principal(Scope.READ, sessions=frozenset({bound_session}))
    return app_of(things(), keys=keys)


@pytest.fixture
def nobody(app: FastAPI) -> AsgiClient:
    return AsgiClient(app)


@pytest.fixture
def manager(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, "manage")
