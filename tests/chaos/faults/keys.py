"""F25: a process is started with no key ring, or with another one. It refuses, and nothing is overwritten: the others
go on, and start again with theirs. And the key ring is rotated under load, as docs/operations/keys.md tells operators
to, with a kill in the middle and a start with the ring from before.
"""

import asyncio
import os
from collections import Counter

from tests.chaos.evidence import Invariant
from tests.chaos.faults.restarts import replaced
from tests.chaos.ground import Fault, Ground
from tests.chaos.traffic import Tenant
from tests.scenarios.rig import Json
from wagate.cli.client import ApiFailure
from wagate.core.errors import StartupError
from wagate.core.seal import KeyRing

_EXTRA = "gateway-keys"
#: A rotation whose worker was killed is taken over within a minute.
_ROTATION_SECONDS = 150.0


async def missing(ground: Ground) -> None:
    await _refused(ground, "")


async def wrong(ground: Ground) -> None:
    await _refused(ground, KeyRing.generate(os.urandom).to_text())


async def _refused(ground: Ground, ring: str) -> None:
    fleet = ground.fleet
    if _EXTRA not in fleet.processes:
        await fleet.prepare(_EXTRA, "gateway")
    try:
        await fleet.run(_EXTRA, WAGATE_SECRET_KEYS=ring)
    except StartupError as error:
        ground.note("starts refused", 1)
        if "Traceback" in error.detail:
            ground.note("refusals without a sentence", 1)
    else:
        ground.violated(Invariant.I8, "a gateway started with a key ring that is not the database's")
        fleet.kill(_EXTRA)
        await fleet.gone(_EXTRA)


async def rotated(ground: Ground) -> None:
    fleet = ground.fleet
    before = KeyRing.parse(fleet.environment["WAGATE_SECRET_KEYS"])
    rotated = before.with_new_key()
    known = {name: text for name, _, text in (part.partition(":") for part in rotated.to_text().split(","))}
    reads: Counter[str] = Counter()
    reading = asyncio.create_task(_read_always(ground, reads))
    try:
        # Known to all before it seals in one: first in the second place, then in the first.
        await _everywhere(ground, ",".join(f"{name}:{known[name]}" for name in (*before.ids, rotated.newest)))
        await _everywhere(ground, rotated.to_text())
        await _surely(ground, "POST", "/api/admin/keys/rotate")
        victim = ground.one_of([*fleet.of("gateway"), *fleet.of("worker")])
        fleet.kill(victim)
        await fleet.gone(victim)
        await _refused(ground, before.to_text())
        await fleet.run_surely(victim)
        async with asyncio.timeout(_ROTATION_SECONDS):
            while not (await _surely(ground, "GET", "/api/admin/keys/rotation"))["rotation"]["finishedAt"]:
                await asyncio.sleep(0.5)
        for name in before.ids:
            await _surely(ground, "DELETE", f"/api/admin/keys/{name}")
        await _everywhere(ground, f"{rotated.newest}:{known[rotated.newest]}")
        await _refused(ground, before.to_text())
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    for tenant in ground.traffic.tenants:
        for session in tenant.sessions.values():
            reads += await _read(tenant, session, pages=1000)
    ground.note("texts read while the key ring was rotated", reads["read"])
    ground.note("texts that could not be read", reads["unreadable"])
    if reads["unreadable"] or not reads["read"]:
        ground.violated(Invariant.I3, f"{reads['unreadable']} texts could not be read, {reads['read']} could")


async def _everywhere(ground: Ground, ring: str) -> None:
    """Restart every process with that ring, one after the other."""
    fleet = ground.fleet
    fleet.environment = {**fleet.environment, "WAGATE_SECRET_KEYS": ring}
    for name in (*fleet.of("gateway"), *fleet.of("worker")):
        await replaced(fleet, name)


async def _surely(ground: Ground, method: str, path: str) -> Json:
    """Ask until it is answered: what works at it may just have been killed."""
    async with asyncio.timeout(_ROTATION_SECONDS):
        while True:
            try:
                return await ground.fleet.api.call(method, path)
            except ApiFailure as failure:
                if failure.problem.get("code") == "secret_key_not_found":
                    return {}
                await asyncio.sleep(0.5)


async def _read_always(ground: Ground, reads: Counter[str]) -> None:
    while True:
        for tenant in ground.traffic.tenants:
            for session in tenant.sessions.values():
                reads += await _read(tenant, session, pages=1)
        await asyncio.sleep(0.5)


async def _read(tenant: Tenant, session: str, *, pages: int) -> Counter[str]:
    """What of a session's history can be read; a gateway that ends just now is no matter."""
    found: Counter[str] = Counter()
    cursor = ""
    for _ in range(pages):
        query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        try:
            page = await tenant.api.call("GET", f"/api/sessions/{session}/messages", query=query)
        except ApiFailure as failure:
            if failure.problem.get("status", 503) != 503:
                found["unreadable"] += 1
            return found
        for item in page["items"]:
            found["unreadable" if not (item["text"] or item.get("caption")) else "read"] += 1
        if not (cursor := page.get("next") or ""):
            break
    return found


FAULTS = (
    Fault(
        code="F25",
        name="key ring rotated, with a kill",
        strike=rotated,
        befalls=frozenset({"gateways", "workers", "clocks", "postgres", "keys", "s3", "whatsapp"}),
        limit=60,
        checks="every text stays readable; the ring from before is refused",
    ),
    Fault(
        code="F25", name="started without a key ring", strike=missing, befalls=frozenset({"keys"}), checks="it refuses"
    ),
    Fault(
        code="F25", name="started with a wrong key ring", strike=wrong, befalls=frozenset({"keys"}), checks="it refuses"
    ),
)
