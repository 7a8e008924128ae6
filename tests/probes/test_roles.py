"""Who may call what: every operation with every kind of caller, each cell from one table and each tried for real.

The table is held to the OpenAPI document: a route that is added has to be entered, with the scope that it is meant to
need, and that must be the scope that it says it needs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pytest
import pytest_asyncio

from tests.probes.requests import Operation
from tests.probes.tenants import Tenant, World, world_of
from tests.probes.whole import FLEET_TOKEN, SCRAPE_TOKEN, Gateway, open_gateway
from wagate.accounts.model import Role
from wagate.core.ids import SessionId
from wagate.web.cookies import CSRF_HEADER, SECURE_NAME, csrf_token
from wagate.web.principal import Scope
from wagate.web.testing import AsgiClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What each operation needs: nothing, `any` good credential, a scope, to be one of those who run the gateway, to be a
#: process of it (`fleet`), or to run it or collect its metrics (`scrape`).
NEEDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("getLiveness", "getReadiness", "getHealth", "register", "logIn"), "nothing"),
    **dict.fromkeys(("getMe", "updateSelf", "logOut"), "any"),
    **dict.fromkeys(
        (
            *("getSession", "listSessions", "getStatus", "listMessages", "getMessage", "download"),
            *("listUsage", "getMessageStats", "getBilling"),
            *("listEvents", "streamEvents", "streamSessionEvents"),
            *("listWebhookEndpoints", "getWebhookEndpoint", "listWebhookDeliveries"),
        ),
        "read",
    ),
    **dict.fromkeys(("sendFromSession", "send", "markRead", "upload"), "send"),
    **dict.fromkeys(
        (
            *("createSession", "importSession", "changeSession", "deleteSession", "changeSessionEngine"),
            *("connectSession", "disconnectSession", "reconnectSession", "logOutSession"),
            *("getQr", "askPairingCode", "getPasskey", "answerPasskey"),
            *("createWebhookEndpoint", "updateWebhookEndpoint", "deleteWebhookEndpoint", "rotateWebhookSecret"),
            *("testWebhookEndpoint", "replayWebhooks", "replayWebhookDelivery"),
            *("replayWebhookDeliveryByShortPath", "replayDeliveryOfWebhookEndpoint"),
        ),
        "manage",
    ),
    **dict.fromkeys(
        (
            *("listKeys", "createKey", "deleteKey"),
            *("listUsers", "createUser", "getUser", "updateUser", "deleteUser"),
            *("createApplication", "listApplications", "getApplication", "updateApplication", "deleteApplication"),
            *("connectApplication", "disconnectApplication", "reconnectApplication", "getApplicationQr"),
            "sendFromApplication",
        ),
        "admin",
    ),
    **dict.fromkeys(
        (
            *("getPlan", "putPlan"),
            *("listAccounts", "getAccount", "updateAccount", "getSettings", "updateSettings", "listAudit"),
            *("listSecretKeys", "getKeyRotation", "rotateSecretKeys", "retireSecretKey"),
            *("listSessionBackups", "restoreSession"),
            *("getSandbox", "createSandboxPhone", "listSandboxPhones", "getSandboxPhone", "changeSandboxPhone"),
            *("giveSandboxHistory", "scanWithSandboxPhone", "enterCodeOnSandboxPhone", "answerWithSandboxPasskey"),
            *("unlinkSandboxDevice", "sendFromSandboxPhone", "listSandboxMessages", "listSandboxGroups"),
            *("createSandboxGroup", "readSandboxWire", "listSandboxFaults", "addSandboxFault", "clearSandboxFaults"),
            *("listWorkers", "drainWorker", "migrateSession"),
        ),
        "platform",
    ),
    "getMetrics": "scrape",
    **dict.fromkeys(
        ("registerWorker", "putHeartbeat", "postWorkerEvent", "postSessionStatus", "postMessageStatus"), "fleet"
    ),
}

#: Problems of 403 that are about what was asked for, by who may ask.
ABOUT_THE_REQUEST: Final = frozenset(
    {"key_bound_to_sessions", "grant_too_wide", "login_needed", "wrong_password", "login_failed", "registration_closed"}
)


def _bearer(credential: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {credential}"} if credential else {}


def _cookie(token: str) -> Mapping[str, str]:
    return {"cookie": f"{SECURE_NAME}={token}"}


def _cookie_of_own_page(token: str) -> Mapping[str, str]:
    return {**_cookie(token), CSRF_HEADER.lower(): csrf_token(token)}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of caller: what it may call, and how a credential of it is made for an account."""

    name: str
    allowed: frozenset[str]
    credential: Callable[[Gateway, Tenant], Awaitable[str]]
    refusal: int = 403
    carried: Callable[[str], Mapping[str, str]] = _bearer
    #: Whether another site could have sent it: nothing that changes anything is done.
    forgeable: bool = False

    def may(self, operation: Operation) -> bool:
        need = NEEDS[operation.name]
        # Who needs no credential is not asked for a proof either.
        return need in self.allowed and not (self.forgeable and need != "nothing" and operation.method != "GET")

    def refused_with(self, operation: Operation) -> int:
        # The fleet's routes know nobody but the fleet.
        return 401 if NEEDS[operation.name] == "fleet" else self.refusal


def _keys(
    *scopes: Scope, bound: bool = False, platform: bool = False
) -> Callable[[Gateway, Tenant], AsyncIterator[str]]:
    async def make(gateway: Gateway, tenant: Tenant) -> AsyncIterator[str]:
        sessions = (SessionId(tenant.ids["ses"]),) if bound else None
        user = tenant.user
        account = tenant.account
        if platform:
            account, user = await gateway.account("operator", platform=True)
        return (await gateway.key(account, user, *scopes, sessions=sessions))[1]

    return make


def _login(role: Role, *, platform: bool = False, hours: int = 1) -> Callable[[Gateway, Tenant], Awaitable[str]]:
    async def make(gateway: Gateway, tenant: Tenant) -> str:
        user = await gateway.user(tenant.account, role, platform=platform)
        return gateway.token(tenant.account, user, hours=hours)

    return make


def _fixed(token: str) -> Callable[[Gateway, Tenant], Awaitable[str]]:
    async def make(_gateway: Gateway, _tenant: Tenant) -> str:
        return token

    return make


async def _none(_gateway: Gateway, _tenant: Tenant) -> str:
    return ""


async def _expired(gateway: Gateway, tenant: Tenant) -> str:
    return await gateway.expired_key(tenant.account, tenant.user)


async def _revoked(gateway: Gateway, tenant: Tenant) -> str:
    return await gateway.revoked_key(tenant.account, tenant.user)


_OPEN: Final = frozenset({"nothing"})
_READ: Final = _OPEN | {"any", "read"}
_MANAGE: Final = _READ | {"manage"}
_ADMIN: Final = _MANAGE | {"send", "admin"}
_PLATFORM: Final = _ADMIN | {"platform", "scrape"}

#: A new kind of caller (a role, another kind of token) is a row.
CALLERS: Final = (
    Kind("nobody", _OPEN, _none, 401),
    Kind("expired key", _OPEN, _expired, 401),
    Kind("revoked key", _OPEN, _revoked, 401),
    Kind("key to read", _READ, _keys(Scope.READ)),
    Kind("key to send", _OPEN | {"any", "send"}, _keys(Scope.SEND)),
    Kind("key to read and send", _READ | {"send"}, _keys(Scope.READ, Scope.SEND)),
    Kind("key to manage", _MANAGE, _keys(Scope.MANAGE)),
    Kind("administrator's key", _ADMIN, _keys(Scope.ADMIN)),
    Kind("key to read bound to a session", _READ, _keys(Scope.READ, bound=True)),
    Kind("administrator's key bound to a session", _ADMIN, _keys(Scope.ADMIN, bound=True)),
    Kind("who runs the gateway", _PLATFORM, _keys(Scope.ADMIN, platform=True)),
    Kind("key to manage of who runs the gateway", _MANAGE, _keys(Scope.MANAGE, platform=True)),
    Kind("owner who logged in", _ADMIN, _login(Role.OWNER)),
    Kind("operator who logged in", _MANAGE | {"send"}, _login(Role.OPERATOR)),
    Kind("viewer who logged in", _READ, _login(Role.VIEWER)),
    Kind("log-in that expired", _OPEN, _login(Role.OWNER, hours=-1), 401),
    Kind("who runs the gateway, logged in", _PLATFORM, _login(Role.OWNER, platform=True)),
    Kind("owner in a browser", _ADMIN, _login(Role.OWNER), carried=_cookie_of_own_page),
    Kind("owner's cookie from another site", _ADMIN, _login(Role.OWNER), carried=_cookie, forgeable=True),
    Kind(
        "cookie of who runs the gateway from another site",
        _PLATFORM,
        _login(Role.OWNER, platform=True),
        carried=_cookie,
        forgeable=True,
    ),
    Kind("a worker", _OPEN | {"fleet"}, _fixed(FLEET_TOKEN), 401),
    Kind("who collects metrics", _OPEN | {"scrape"}, _fixed(SCRAPE_TOKEN), 401),
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_gateway(tmp_path_factory.mktemp("roles")) as gateway:
        yield await world_of(gateway)


async def test_every_operation_stands_in_the_table_with_what_it_says_it_needs(world: World) -> None:
    said = {operation.name: operation.need for operation in world.operations}
    unknown = {f"{o.method} {o.path}": o.name for o in world.operations if o.name not in NEEDS}
    assert not unknown, f"say in NEEDS of tests/probes/test_roles.py what these are meant to need: {unknown}"
    assert said == {name: needed for name, needed in NEEDS.items() if name in said}
    assert set(NEEDS) <= set(said), "operations that are gone"


@pytest.mark.parametrize("kind", CALLERS, ids=lambda kind: kind.name.replace(" ", "-"))
@pytest.mark.timeout(300)
async def test_a_caller_may_do_what_the_table_says_and_nothing_else(world: World, kind: Kind) -> None:
    """Of ids that do not exist, so that what is allowed finds nothing and the tenant keeps what it has."""
    wrong = []
    client, headers = world.gateway.client(""), kind.carried(await kind.credential(world.gateway, world.tenant))
    # A log-in does not outlive logging out.
    for operation in sorted(world.operations, key=lambda operation: operation.name == "logOut"):
        status, code = await _answer(client, operation, headers)
        allowed = kind.may(operation)
        refused = status in (401, 403) and code not in ABOUT_THE_REQUEST
        if allowed is refused or (not allowed and status != kind.refused_with(operation)):
            wrong.append(f"{operation.method} {operation.path}: {status} {code}, {'allowed' if allowed else 'not'}")
    assert not wrong, "\n".join(wrong)


async def _answer(client: AsgiClient, operation: Operation, headers: Mapping[str, str]) -> tuple[int, str]:
    ghosts = {kind: f"{kind}_{'0' * 26}" for kind in ("acc", "usr", "key", "ses", "msg", "med", "evt", "whe", "whd")}
    request = operation.request(ghosts)
    answer = await replace(request, headers={**request.headers, **headers}).send(client)
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status, str(answer.json()["code"]) if problem else ""
