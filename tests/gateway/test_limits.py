"""A request that is one too many is answered as everything else is."""

from dataclasses import replace

from wagate.core.clock import ManualClock
from wagate.core.rate import Rate
from wagate.gateway.app import GatewayParts, build_app
from wagate.storage.rates import LocalRates
from wagate.web.limits import Limiter, Policy
from wagate.web.testing import AsgiClient


async def test_a_refusal_has_an_id_is_safe_in_a_browser_and_spares_the_watchers(
    gateway_parts: GatewayParts, clock: ManualClock
) -> None:
    local = LocalRates(clock)
    limiter = Limiter(Policy(address=Rate(2)), local, local)
    client = AsgiClient(build_app(replace(gateway_parts, limiter=limiter)), "reader")
    assert [(await client.get("/api/things")).status for _ in range(3)] == [200, 200, 429]
    refused = await client.get("/api/things")
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["x-request-id"] == refused.json()["requestId"] != ""
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert int(refused.headers["retry-after"]) == 60
    assert (await client.get("/health/live")).status == 200
