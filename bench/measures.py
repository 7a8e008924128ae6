"""The measurements. Each takes a rig and yields (side, value) samples, calling ``tick`` as it goes on.

P1 memory a session adds · P3 acked sends a second of one session · P6 time until the durable answer ·
P7 inbound frame to webhook · P9 time until ready · P10 memory without a session. docs: README, design goals.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.rig import Gateway, Hook, Rig, memory

Tick = Callable[[], None]

#: Enough sessions that one's share stands out from the noise of a garbage collector.
P1_SESSIONS = 40
P3_MESSAGES = 400
P3_WINDOW = 32
P6_RATE = 200
P6_SECONDS = 5
P7_SECONDS = 5
SETTLE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Measure:
    id: str
    what: str
    unit: str
    goal: str
    run: Callable[[Rig, int, Tick], Awaitable[dict[str, float]]]


async def p1(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    result = {}
    async with rig.wagate() as wagate:
        result["wagate"] = await _slope(rig, wagate, f"11{round_}", tick)
    async with rig.peer() as peer:
        result["bare Baileys"] = await _slope(rig, peer, f"12{round_}", tick)
    return result


async def _slope(rig: Rig, gateway: Gateway, prefix: str, tick: Tick) -> float:
    # The first sessions pay for what all share, so the count begins after five.
    first, base = 5, 0.0
    for number in range(P1_SESSIONS + first):
        if number == first:
            await asyncio.sleep(SETTLE_SECONDS)
            base = memory(gateway.pid)
        await gateway.link(await rig.phone(f"{prefix}55500{number:04}"))
        tick()
    await asyncio.sleep(SETTLE_SECONDS)
    return (memory(gateway.pid) - base) / P1_SESSIONS


async def p3(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    result = {}
    customer = await rig.phone(f"3{round_}5550000")
    async with rig.wagate() as wagate:
        result["wagate"] = await _rate(rig, wagate, f"31{round_}5550001", customer, tick)
    async with rig.peer() as peer:
        result["bare Baileys"] = await _rate(rig, peer, f"32{round_}5550001", customer, tick)
    return result


async def _rate(rig: Rig, gateway: Gateway, number: str, customer: str, tick: Tick) -> float:
    session = await gateway.link(await rig.phone(number))
    window = asyncio.Semaphore(P3_WINDOW)

    async def one(text: str) -> None:
        async with window:
            await gateway.send(session, customer, text, wait=True)
        tick()

    await asyncio.gather(*(one(f"warm {n}") for n in range(P3_MESSAGES // 4)))
    started = time.perf_counter()
    await asyncio.gather(*(one(f"text {n}") for n in range(P3_MESSAGES)))
    return P3_MESSAGES / (time.perf_counter() - started)


async def p6(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    result = {}
    customer = await rig.phone(f"6{round_}5550000")
    async with rig.wagate() as wagate:
        result |= await _answers(rig, wagate, f"61{round_}5550001", customer, tick)
    async with rig.peer() as peer:
        result |= await _answers(rig, peer, f"62{round_}5550001", customer, tick)
    return result


async def _answers(rig: Rig, gateway: Gateway, number: str, customer: str, tick: Tick) -> dict[str, float]:
    session = await gateway.link(await rig.phone(number))
    await asyncio.gather(*(gateway.send(session, customer, f"warm {n}", wait=True) for n in range(20)))
    times: list[float] = []

    async def one(text: str) -> None:
        started = time.perf_counter()
        await gateway.send(session, customer, text, wait=False)
        times.append((time.perf_counter() - started) * 1000)
        tick()

    await _at_rate(P6_RATE, P6_RATE * P6_SECONDS, lambda n: one(f"text {n}"))
    return _percentiles(gateway.name, times)


async def p7(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    result = {}
    async with Hook() as hook, rig.wagate() as wagate:
        await wagate.api.call("POST", "/api/webhooks/endpoints", {"url": hook.url, "enabled": True})
        result |= await _inbound(rig, wagate, hook, f"71{round_}555", tick)
    async with Hook() as hook, rig.peer(hook.url) as peer:
        result |= await _inbound(rig, peer, hook, f"72{round_}555", tick)
    return result


async def _inbound(rig: Rig, gateway: Gateway, hook: Hook, prefix: str, tick: Tick) -> dict[str, float]:
    shop = await rig.phone(f"{prefix}0001")
    customer = await rig.phone(f"{prefix}0002")
    await gateway.link(shop)
    sent: dict[str, float] = {}

    async def one(number: int) -> None:
        # The sandbox encrypts before it answers; its answer's arrival is when the frame has left.
        answer = await rig.phones.call("POST", f"/sandbox/phones/{customer}/send", {"to": shop, "text": f"in {number}"})
        sent[answer["waId"]] = time.time()
        tick()

    await one(-1)
    await _at_rate(200, 200 * P7_SECONDS, one)
    async with asyncio.timeout(60):
        while len(hook.arrived.keys() & sent.keys()) < len(sent):
            await asyncio.sleep(0.05)
    return _percentiles(gateway.name, [max(0.0, (hook.arrived[i] - at) * 1000) for i, at in sent.items()])


async def p9(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    started = time.perf_counter()
    async with rig.wagate():
        ready = time.perf_counter() - started
        tick()
    started = time.perf_counter()
    async with rig.peer():
        tick()
        return {"wagate": ready, "bare Baileys": time.perf_counter() - started}


async def p10(rig: Rig, round_: int, tick: Tick) -> dict[str, float]:
    result = {}
    async with rig.wagate() as wagate:
        # A session that was linked and closed leaves the engine running, which is what the goal is about.
        session = await wagate.link(await rig.phone(f"10{round_}5550001"))
        await wagate.api.call("DELETE", f"/api/sessions/{session}")
        await asyncio.sleep(SETTLE_SECONDS)
        result["wagate"] = memory(wagate.pid)
        tick()
    async with rig.peer() as peer:
        await asyncio.sleep(SETTLE_SECONDS)
        result["bare Baileys"] = memory(peer.pid)
        tick()
    return result


async def _at_rate(rate: float, count: int, one: Callable[[int], Awaitable[None]]) -> None:
    """Start calls at an even pace, whether or not the earlier ones are done."""
    started = time.perf_counter()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one(number)))
    await asyncio.gather(*tasks)


def _percentiles(name: str, times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {f"{name} p50": cuts[49], f"{name} p99": cuts[98]}


MEASURES = (
    Measure("P10", "memory of all processes, engine running, no session", "MB", "200", p10),
    Measure("P9", "start until ready", "s", "2", p9),
    Measure("P1", "memory that one more idle session adds", "MB", "1.5", p1),
    Measure("P3", "acknowledged sends of one session (ours durable)", "1/s", "0.8 of the peer", p3),
    Measure("P6", "send until the answer (ours durable), at 200/s", "ms", "p50 3, p99 15", p6),
    Measure("P7", "inbound frame until the webhook, at 200/s", "ms", "p50 8, p99 40", p7),
)
