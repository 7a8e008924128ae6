"""Whatever a request changes is in the audit log: every operation of the OpenAPI document is done once for real, and
leaves an entry that names its request, or stands here with the reason why it leaves none.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final

import pytest
import pytest_asyncio

from tests.probes.requests import Operation
from tests.probes.tenants import World, world_of
from tests.probes.whole import open_gateway
from wagate.accounts.model import Role
from wagate.audit.model import Query

pytestmark = pytest.mark.asyncio(loop_scope="module")

_MESSAGES: Final = "messages, files and marks are the use of the gateway, and have their own history"
_LINKING: Final = "a step of linking, which the session's own events tell"
_FLEET: Final = "the fleet's processes tell the state of things, which they may not change by it"
_SPELLINGS: Final = "other paths of `replayWebhookDelivery`, which is logged"
_TESTS: Final = "simulated WhatsApp, which only a test has"
_TOGETHER: Final = "looked at by a test of its own, since it needs more than one process: tests/cluster"
#: Operations that change something by their method and leave no entry.
UNLOGGED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("send", "sendFromSession", "sendFromApplication", "markRead", "upload"), _MESSAGES),
    **dict.fromkeys(("testWebhookEndpoint",), _MESSAGES),
    **dict.fromkeys(("askPairingCode", "answerPasskey"), _LINKING),
    **dict.fromkeys(
        ("registerWorker", "putHeartbeat", "postWorkerEvent", "postSessionStatus", "postMessageStatus"), _FLEET
    ),
    **dict.fromkeys(
        (
            *("createSandboxPhone", "changeSandboxPhone", "giveSandboxHistory", "scanWithSandboxPhone"),
            *("enterCodeOnSandboxPhone", "answerWithSandboxPasskey", "unlinkSandboxDevice", "sendFromSandboxPhone"),
            *("createSandboxGroup", "addSandboxFault", "clearSandboxFaults"),
        ),
        _TESTS,
    ),
    **dict.fromkeys(("replayWebhookDeliveryByShortPath", "replayDeliveryOfWebhookEndpoint"), _SPELLINGS),
    **dict.fromkeys(("drainWorker", "migrateSession"), _TOGETHER),
    "importSession": "creates a session as `createSession` does; told by tests/sessions, which has such a folder",
    "restoreSession": "needs a backup; told by tests/backups",
    "retireSecretKey": "needs a key that nothing needs; told by tests/keyring",
}
#: What is changed, where a request that says the least changes nothing.
BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "changeSession": {"name": "another name"},
    "changeSessionEngine": {"engine": "baileys"},
    "updateSelf": {"name": "another name"},
    "updateUser": {"role": "operator"},
    "updateAccount": {"name": "another name"},
    "updateSettings": {"loginHours": 5},
    "updateWebhookEndpoint": {"description": "another"},
    "updateApplication": {"name": "yet another name"},
    "putPlan": {"sessions": 10},
    "createUser": {"email": "another@example.org", "role": "viewer"},
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_gateway(tmp_path_factory.mktemp("audit"), registration="open") as gateway:
        yield await world_of(gateway)


def _turn(operation: Operation) -> int:
    """What others need comes first, what does away with things late, and the caller's own end last."""
    first = ("register", "logIn", "replayWebhookDelivery")
    if operation.name in first:
        return first.index(operation.name)
    return len(first) + (2 if operation.name == "logOut" else operation.method == "DELETE")


async def test_every_operation_that_changes_something_is_logged_or_says_why_not(world: World) -> None:
    changing = [operation for operation in world.operations if operation.method != "GET"]
    assert set(UNLOGGED) <= {operation.name for operation in changing}, "operations that are gone"
    user = await world.gateway.user(world.tenant.account, Role.OWNER, platform=True)
    client = world.gateway.client(world.gateway.token(world.tenant.account, user))
    wrong = []
    for operation in sorted(changing, key=_turn):
        if operation.name in UNLOGGED:
            continue
        # An application is a session, and the other one is gone by then.
        own = {"ses": world.tenant.spare} if operation.name == "deleteApplication" else {}
        request = operation.request({**world.tenant.ids, **own})
        if operation.name in BODIES:
            request = replace(request, body=dict(BODIES[operation.name]))
        name = f"request-{operation.name}"
        answer = await replace(request, headers={"X-Request-Id": name}).send(client)
        found = await world.gateway.runtime.audit.page(Query(), before=None, limit=5)
        logged = [entry for entry in found if entry.actor.origin.request_id == name]
        if answer.status >= 300 or not logged:
            wrong.append(
                f"{operation.method} {operation.path} ({operation.name}): {answer.status} {answer.body[:200]!r}"
            )
    assert not wrong, "not done, or not logged; a route that changes nothing stands in UNLOGGED:\n" + "\n".join(wrong)
