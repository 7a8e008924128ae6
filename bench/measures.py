"""The measurements. Each runs against one side on a fresh sandbox and calls ``tick`` as it goes on.

P1 memory a session adds · P3 acknowledged sends a second of one session · P4 of many sessions · P5 processor time of a
message that is answered · P6 send until the answer · P7 inbound frame until the webhook · P9 start until ready · P10
memory without a session. docs/operations/performance.md explains them.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bench.load import Sink, at_rate, in_window, percentiles
from bench.processes import memory, private_memory
from bench.rig import CpuMeter, Gateway, Rig, Side

Tick = Callable[[], None]

SHOP = "4915110000001"
CUSTOMER = "4915110000002"
#: Inbound messages come from that many people in turns. A conversation's webhooks go out one after the other, so a
#: single one at this rate would measure the receiver.
WRITERS = tuple(f"49151100001{number:02}" for number in range(20))

#: The first sessions pay for what all share, so counting begins after them.
P1_FIRST = 5
#: Enough that one's share stands out from the noise of a garbage collector.
P1_SESSIONS = 30
P3_WINDOW = 32
P3_MESSAGES = 2_000
P4_SESSIONS = 100
P4_EACH = 15
#: One for each session, and one more waiting.
P4_WINDOW = 200
P5_MESSAGES = 800
#: A rate that every side keeps up with; what a message costs does not depend on it much.
P5_RATE = 80
RATE = 200
SECONDS = 5
#: What warms up compilers, caches and the chat's sessions before the clock runs.
WARM_UP = 200
SETTLE_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one run on one side gave; ``cpu`` is what :class:`~bench.rig.CpuMeter` says."""

    values: Mapping[str, float]
    cpu: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One line of the table. ``key`` is the one in :attr:`Reading.values`; ``goal`` is for the Baileys engine,
    ``native_goal`` for the native one.
    """

    key: str
    id: str
    what: str
    unit: str
    goal: str = ""
    native_goal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    id: str
    what: str
    #: How often one run ticks.
    ticks: int
    run: Callable[[Rig, Side, Tick], Awaitable[Reading]]
    values: tuple[Value, ...]


async def idle(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P9, P10 and P1 of one process, one after the other."""
    started = time.perf_counter()
    async with side(rig) as gateway:
        ready = time.perf_counter() - started
        tick()
        # A session that came and went leaves the bridge running, which is what the goal is about.
        await gateway.delete(await gateway.link(await rig.phone("4915112340000")))
        await asyncio.sleep(SETTLE_SECONDS)
        empty, private = memory(gateway.pid), private_memory(gateway.pid)
        base = 0.0
        for number in range(P1_FIRST + P1_SESSIONS):
            if number == P1_FIRST:
                await asyncio.sleep(SETTLE_SECONDS)
                base = memory(gateway.pid)
            await gateway.link(await rig.phone(f"491511234{number + 1:04}"))
            tick()
        await asyncio.sleep(SETTLE_SECONDS)
        each = (memory(gateway.pid) - base) / P1_SESSIONS
    return Reading(values={"ready": ready, "empty": empty, "private": private, "each": each})


@dataclass(frozen=True, slots=True)
class _Chat:
    gateway: Gateway
    session: str


@contextlib.asynccontextmanager
async def _chat(rig: Rig, side: Side) -> AsyncIterator[_Chat]:
    """A shop that is linked, and a customer that is not."""
    async with side(rig) as gateway:
        await rig.phone(CUSTOMER)
        yield _Chat(gateway, await gateway.link(await rig.phone(SHOP)))


async def sends(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P3."""
    async with _chat(rig, side) as chat:

        async def one(number: int) -> None:
            await chat.gateway.send(chat.session, CUSTOMER, f"text {number}", wait=True)
            tick()

        await in_window(P3_WINDOW, WARM_UP, one)
        cpu = CpuMeter(rig, chat.gateway)
        started = time.perf_counter()
        await in_window(P3_WINDOW, P3_MESSAGES, one)
        rate = P3_MESSAGES / (time.perf_counter() - started)
        return Reading(values={"rate": rate}, cpu=cpu.per_message(P3_MESSAGES))


async def many(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P4: as P3, the messages of many sessions in turns."""
    async with side(rig) as gateway:
        sessions = []
        for number in range(P4_SESSIONS):
            sessions.append(await gateway.link(await rig.phone(f"4915112{number:06}")))
            tick()
        await rig.phone(CUSTOMER)

        async def one(number: int) -> None:
            session = sessions[number % len(sessions)]
            await gateway.send(session, CUSTOMER, f"text {number}", wait=True)
            tick()

        # The first message of each session begins its chat.
        await in_window(P4_WINDOW, len(sessions), one)
        count = P4_SESSIONS * (P4_EACH - 1)
        cpu = CpuMeter(rig, gateway)
        started = time.perf_counter()
        await in_window(P4_WINDOW, count, one)
        rate = count / (time.perf_counter() - started)
        return Reading(values={"rate": rate}, cpu=cpu.per_message(count))


async def replies(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P5: what a customer's program that answers every message costs its gateway."""
    async with _chat(rig, side) as chat:
        for writer in WRITERS:
            await rig.phone(writer)

        async def answer(wa_id: str) -> None:
            await chat.gateway.send(chat.session, WRITERS[len(sink.arrived) % len(WRITERS)], f"re {wa_id}", wait=True)
            tick()

        async with Sink(answer) as sink:
            await chat.gateway.post_to(sink.url)

            async def one(number: int) -> None:
                text = {"to": SHOP, "text": f"text {number}"}
                await rig.phones.call("POST", f"/sandbox/phones/{WRITERS[number % len(WRITERS)]}/send", text)

            await at_rate(P5_RATE, WARM_UP, one)
            await sink.answered(WARM_UP)
            cpu = CpuMeter(rig, chat.gateway)
            await at_rate(P5_RATE, P5_MESSAGES, one)
            await sink.answered(WARM_UP + P5_MESSAGES)
            spent = cpu.per_message(P5_MESSAGES)
        ours = sum(ms for process, ms in spent.items() if process in chat.gateway.processes())
        return Reading(values={"cpu": ours}, cpu=spent)


async def answers(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P6."""
    async with _chat(rig, side) as chat:
        times: list[float] = []

        async def one(number: int) -> None:
            started = time.perf_counter()
            await chat.gateway.send(chat.session, CUSTOMER, f"text {number}", wait=False)
            times.append((time.perf_counter() - started) * 1000)
            tick()

        await at_rate(RATE, WARM_UP, one)
        times.clear()
        cpu = CpuMeter(rig, chat.gateway)
        await at_rate(RATE, RATE * SECONDS, one)
        return Reading(values=percentiles(times), cpu=cpu.per_message(RATE * SECONDS))


async def inbound(rig: Rig, side: Side, tick: Tick) -> Reading:
    """P7."""
    async with Sink() as sink, _chat(rig, side) as chat:
        await chat.gateway.post_to(sink.url)
        for writer in WRITERS:
            await rig.phone(writer)
        sent: list[str] = []

        async def one(number: int) -> None:
            text = {"to": SHOP, "text": f"text {number}"}
            writer = WRITERS[number % len(WRITERS)]
            sent.append((await rig.phones.call("POST", f"/sandbox/phones/{writer}/send", text))["waId"])
            tick()

        await at_rate(RATE, WARM_UP, one)
        await _all_in(sink, sent)
        sent.clear()
        cpu = CpuMeter(rig, chat.gateway)
        await at_rate(RATE, RATE * SECONDS, one)
        await _all_in(sink, sent)
        spent = cpu.per_message(len(sent))
        left_at = await rig.left_at(SHOP)
        times = [(sink.arrived[message] - left_at[message]) * 1000 for message in sent]
        return Reading(values=percentiles(times), cpu=spent)


async def _all_in(sink: Sink, sent: list[str]) -> None:
    async with asyncio.timeout(60):
        while not sink.arrived.keys() >= set(sent):
            await asyncio.sleep(0.05)


MEASURES = (
    Measure(
        id="idle",
        what="start, and memory of idle sessions",
        ticks=1 + P1_FIRST + P1_SESSIONS,
        run=idle,
        values=(
            Value(key="ready", id="P9", what="start until ready", unit="s", goal="≤ 2", native_goal="≤ 2"),
            Value(key="empty", id="P10", what="memory, no session", unit="MB", goal="≤ 200", native_goal="≤ 100"),
            Value(key="private", id="", what="of it without programs and libraries", unit="MB"),
            Value(key="each", id="P1", what="one more idle session", unit="MB", goal="≤ 1.5", native_goal="≤ 0.25"),
        ),
    ),
    Measure(
        id="P3",
        what="acknowledged sends of one session",
        ticks=WARM_UP + P3_MESSAGES,
        run=sends,
        values=(
            Value(
                key="rate",
                id="P3",
                what="acknowledged sends of one session",
                unit="1/s",
                goal="≥ 0.8 of bare Baileys",
                native_goal="≥ 1,000",
            ),
        ),
    ),
    Measure(
        id="P4",
        what="acknowledged sends of many sessions",
        ticks=P4_SESSIONS + P4_SESSIONS * P4_EACH,
        run=many,
        values=(
            Value(key="rate", id="P4", what=f"sends of {P4_SESSIONS} sessions", unit="1/s", native_goal="≥ 1,500"),
        ),
    ),
    Measure(
        id="P5",
        what="message, webhook, reply",
        ticks=WARM_UP + P5_MESSAGES,
        run=replies,
        values=(
            Value(
                key="cpu",
                id="P5",
                what="processor time from a message over the webhook to the reply's acknowledgement",
                unit="ms",
                goal="≤ 4",
                native_goal="≤ 1",
            ),
        ),
    ),
    Measure(
        id="P6",
        what="send until the answer",
        ticks=WARM_UP + RATE * SECONDS,
        run=answers,
        values=(
            Value(key="p50", id="P6", what="send until the answer, p50", unit="ms", goal="≤ 3", native_goal="≤ 3"),
            Value(key="p99", id="P6", what="send until the answer, p99", unit="ms", goal="≤ 15", native_goal="≤ 15"),
        ),
    ),
    Measure(
        id="P7",
        what="inbound frame until the webhook",
        ticks=WARM_UP + RATE * SECONDS,
        run=inbound,
        values=(
            Value(key="p50", id="P7", what="frame until the webhook, p50", unit="ms", goal="≤ 8", native_goal="≤ 8"),
            Value(key="p99", id="P7", what="frame until the webhook, p99", unit="ms", goal="≤ 40", native_goal="≤ 40"),
        ),
    ),
)
