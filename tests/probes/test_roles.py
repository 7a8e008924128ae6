"""Who may call what: every operation with every kind of caller, each cell from one table and each tried for real.

The table is held to the OpenAPI document: a route that is added has to be entered, with the scope that it is meant to
need, and that must be the scope that it says it needs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio

from tests.probes.requests import Operation, operations
from tests.probes.tenants import Tenant, new_tenant
from tests.probes.whole import Gateway, open_gateway
from wagate.core.ids import SessionId
from wagate.web.principal import Scope
from wagate.web.testing import AsgiClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What each operation needs: nothing, `any` good key, a scope, or to be one of those who run the gateway.
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
            "getMetrics",
        ),
        "platform",
    ),
}

#: Problems of 403 that are about what was asked for, by who may ask.
ABOUT_THE_REQUEST: Final = frozenset(
    {"key_bound_to_sessions", "grant_too_wide", "login_needed", "wrong_password", "login_failed", "registration_closed"}
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of caller: what it may call, and how a credential of it is made for an account."""

    name: str
    allowed: frozenset[str]
    credential: Callable[[Gateway, Tenant], Awaitable[str]]
    refusal: int = 403


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
    Kind("who runs the gateway", _ADMIN | {"platform"}, _keys(Scope.ADMIN, platform=True)),
    Kind("key to manage of who runs the gateway", _MANAGE, _keys(Scope.MANAGE, platform=True)),
)


@dataclass(frozen=True, slots=True)
class World:
    gateway: Gateway
    tenant: Tenant
    operations: tuple[Operation, ...]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_gateway(tmp_path_factory.mktemp("roles")) as gateway:
        dispatcher = gateway.runtime.new_dispatcher()
        await dispatcher.start()
        tenant = await new_tenant(gateway, "tenant", "491701112223")
        await dispatcher.stop()
        yield World(gateway, tenant, tuple(operations(await gateway.document())))


async def test_every_operation_stands_in_the_table_with_what_it_says_it_needs(world: World) -> None:
    said = {
        operation.name: "platform" if operation.platform_only else operation.scope or "nothing"
        for operation in world.operations
    }
    unknown = {f"{o.method} {o.path}": o.name for o in world.operations if o.name not in NEEDS}
    assert not unknown, f"say in NEEDS of tests/probes/test_roles.py what these are meant to need: {unknown}"
    assert said == {name: needed for name, needed in NEEDS.items() if name in said}
    assert set(NEEDS) <= set(said), "operations that are gone"


@pytest.mark.parametrize("kind", CALLERS, ids=lambda kind: kind.name.replace(" ", "-"))
@pytest.mark.timeout(300)
async def test_a_caller_may_do_what_the_table_says_and_nothing_else(world: World, kind: Kind) -> None:
    """Of ids that do not exist, so that what is allowed finds nothing and the tenant keeps what it has."""
    wrong = []
    client = world.gateway.client(await kind.credential(world.gateway, world.tenant))
    for operation in world.operations:
        status, code = await _answer(client, operation)
        allowed = NEEDS[operation.name] in kind.allowed
        refused = status in (401, 403) and code not in ABOUT_THE_REQUEST
        if allowed is refused or (not allowed and status != kind.refusal):
            wrong.append(f"{operation.method} {operation.path}: {status} {code}, {'allowed' if allowed else 'not'}")
    assert not wrong, "\n".join(wrong)


async def _answer(client: AsgiClient, operation: Operation) -> tuple[int, str]:
    ghosts = {kind: f"{kind}_{'0' * 26}" for kind in ("acc", "usr", "key", "ses", "msg", "med", "evt", "whe", "whd")}
    answer = await operation.request(ghosts).send(client)
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status, str(answer.json()["code"]) if problem else ""
