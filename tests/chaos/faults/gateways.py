"""F1, F2: a gateway dies around a commit. The points are hit on a gateway of its own, so that it is known which request
died there; any gateway that serves the load dies at random.
"""

import asyncio

import aiohttp

from tests.chaos.evidence import Invariant
from tests.chaos.ground import Fault, Ground
from tests.scenarios.fleet import ADMIN_KEY
from wagate.cli.client import ApiClient
from wagate.engine.points import SendPoint

_EXTRA = "gateway-extra"


async def before_commit(ground: Ground) -> None:
    """What was not answered and not committed is never sent."""
    text, _, answer = await _die_at(ground, SendPoint.ACCEPTING)
    if answer is not None:
        ground.violated(Invariant.I1, f"{text!r} was answered by a gateway that died before its commit: {answer}")
    ground.refused.append(text)


async def after_commit(ground: Ground) -> None:
    """What was committed is sent once, and the same key brings the same message."""
    text, body, answer = await _die_at(ground, SendPoint.ACCEPTED)
    if answer is not None:
        ground.violated(Invariant.I1, f"{text!r} was answered by a gateway that died before its answer: {answer}")
    ground.owed.append(text)
    tenant = ground.traffic.tenants[0]
    session = next(iter(tenant.sessions.values()))
    clients = ground.traffic.clients
    first, second = await asyncio.gather(
        clients.accepted(tenant.api, session, body, f"load {text}"),
        clients.accepted(tenant.api, session, body, f"load {text}"),
    )
    if first["id"] != second["id"]:
        ground.violated(Invariant.I2, f"one key made two messages: {first['id']} and {second['id']}")


async def at_random(ground: Ground) -> None:
    fleet = ground.fleet
    name = ground.one_of(fleet.of("gateway"))
    await asyncio.sleep(ground.random.uniform(0, 0.5))
    fleet.kill(name)
    await fleet.gone(name)
    ground.later(fleet.run_surely(name))


async def _die_at(ground: Ground, point: SendPoint) -> tuple[str, dict[str, str], object]:
    """Ask a gateway of its own for one message, whose commit it dies at; the text, the body, and the answer if any."""
    fleet, tenant = ground.fleet, ground.traffic.tenants[0]
    if _EXTRA not in fleet.processes:
        await fleet.prepare(_EXTRA, "gateway")
    program = await fleet.run(_EXTRA)
    fleet.crash_at(_EXTRA, point)
    session, person = next(iter(tenant.sessions.values())), tenant.people[0]
    text = f"probe-{point}-{ground.random.randrange(1_000_000)} 1"
    body = {"to": f"+{person}", "text": text}
    answer: object = None
    async with ApiClient(program.url, ADMIN_KEY) as api:
        try:
            async with api.http.post(
                f"{program.url}/api/sessions/{session}/send?wait=0",
                json=body,
                headers={"Idempotency-Key": f"load {text}", **tenant.api.http.headers},
            ) as response:
                answer = (response.status, await response.text())
        except aiohttp.ClientError:
            answer = None
    if answer is None:
        await fleet.gone(_EXTRA)
    else:
        fleet.kill(_EXTRA)
        await fleet.gone(_EXTRA)
        fleet.processes[_EXTRA].order.unlink(missing_ok=True)
    return text, body, answer


FAULTS = (
    Fault(
        code="F1",
        name="gateway killed between commit and answer",
        strike=after_commit,
        befalls=frozenset({"extra"}),
        checks="the text is seen once; two repetitions of its key get one message",
    ),
    Fault(
        code="F2",
        name="gateway killed before the commit",
        strike=before_commit,
        befalls=frozenset({"extra"}),
        checks="the text is never seen",
    ),
    Fault(code="F1", name="gateway killed at random", strike=at_random, befalls=frozenset({"gateways"})),
)
