"""What an operator can follow of a message: its request in the log of whoever sends it, and what waits."""

import asyncio

from sqlalchemy import text
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.messages.world import World
from wagate.core.logging import bound
from wagate.core.metrics import Gauge, families
from wagate.engine.port import RelayRefused
from wagate.sessions.measures import measure


async def test_the_line_about_sending_carries_the_request_that_the_message_came_with(both: World) -> None:
    with bound(request_id="order-4711"):
        wanted = await both.send("refused")
    with bound(request_id="order-4712"):
        other = await both.send("refused, too")
    without = await both.send("of nobody's request")

    async def refuse(_relayed: object) -> None:
        raise RelayRefused(421)

    both.link.answer = refuse  # type: ignore[assignment]
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with both.sending():
            for message in (wanted, other, without):
                await both.reaches(message, "failed")
    requests = {line["message_id"]: line.get("request_id") for line in lines if "message_id" in line}
    assert requests == {wanted.id: "order-4711", other.id: "order-4712", without.id: None}


async def test_what_waits_is_measured_with_the_age_of_the_oldest(both: World) -> None:
    gauges = {family.name: family for family in families() if isinstance(family, Gauge)}
    count, age = gauges["wagate_messages_queued"], gauges["wagate_messages_queued_oldest_seconds"]
    await both.db.write(lambda tx: tx.execute(text("UPDATE sessions SET status = 'connected'")))
    connected = ("connected",)
    await measure(both.db, both.clock)
    assert (count.read(), age.read()) == ({connected: 0}, {connected: 0})

    first = await both.send("first")
    await both.clock.advance(90)
    await both.send("second")
    await measure(both.db, both.clock)
    assert (count.read(), age.read()) == ({connected: 2}, {connected: 90})

    async with both.sending():
        await both.reaches(first, "sent")
        while (await measure(both.db, both.clock)) or count.read()[connected]:
            await asyncio.sleep(0)
    assert (count.read(), age.read()) == ({connected: 0}, {connected: 0})


async def test_what_waits_for_a_session_that_is_away_is_told_apart(both: World) -> None:
    gauges = {family.name: family for family in families() if isinstance(family, Gauge)}
    await both.db.write(lambda tx: tx.execute(text("UPDATE sessions SET status = 'disconnected'")))
    await both.send("waits")
    await measure(both.db, both.clock)
    assert gauges["wagate_messages_queued"].read() == {("connected",): 0, ("disconnected",): 1}
