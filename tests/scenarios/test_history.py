"""What a phone had before a session was linked to it is there afterwards, and told to nobody."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.scenarios.rig import Json, Rig, new_number

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = 1_700_000_000


async def with_history(rig: Rig, shop: str, messages: int, **more: int) -> list[str]:
    """A phone with three old chats; whom it wrote with."""
    others = [new_number() for _ in range(3)]
    await rig.phone(shop, "Shop")
    for other in others:
        await rig.phone(other, "Friend")
    body = {"chats": others, "messages": messages, "start": START, **more}
    await rig.phones.call("POST", f"/sandbox/phones/{shop}/history", body)
    return others


async def has(rig: Rig, session: str, count: int) -> list[Json]:
    async def look() -> list[Json] | None:
        found = await rig.history(session)
        return found if len(found) >= count else None

    return await rig.until(look, f"{session} has {count} messages")


async def test_300_old_messages_are_listed_with_their_times_and_directions_and_told_to_nobody(
    rig: Rig, shop: str
) -> None:
    await rig.subscribe()
    others = await with_history(rig, shop, 100)
    session = await rig.new_session()
    await rig.link(session, shop)

    found = await has(rig, session, 300)

    assert len(found) == len({message["waId"] for message in found}) == 300
    assert Counter(m["chat"] for m in found) == {f"{other}@s.whatsapp.net": 100 for other in others}
    times = [message["timestamp"] for message in found]
    assert times == sorted(times, reverse=True), "newest first"
    for message in found:
        place = int(message["text"].split()[1])
        assert message["timestamp"][:16] == _minute(place)
        assert message["fromMe"] is (place % 2 == 1)
        assert message["direction"] == ("out" if place % 2 else "in")
        assert message["status"] == ("read" if place % 2 else "delivered")
        assert (message["from"] == f"{shop}@s.whatsapp.net") is message["fromMe"]
        assert message["chatLid"].endswith("@lid")
    # What is new is told, and comes before all that is old.
    wa_id = await rig.phone_sends(others[0], to=shop, text="new")
    await rig.told("message.received", wa_id)
    assert (await rig.history(session))[0]["waId"] == wa_id
    told = [e for e in await rig.events(session=session) if e["type"].startswith("message.")]
    assert {event["data"]["waId"] for event in told} == {wa_id}
    assert await rig.complaints() == {}


def _minute(place: int) -> str:
    return datetime.fromtimestamp(START + 60 * place, UTC).isoformat()[:16]


async def test_a_restart_in_the_middle_loses_nothing_and_doubles_nothing(rig: Rig, shop: str) -> None:
    await with_history(rig, shop, 2_000, pad=200)
    session = await rig.new_session()
    await rig.link(session, shop)
    await has(rig, session, 200)
    await rig.kill_gateway()
    count = rig.change_database("UPDATE messages SET text = text WHERE session_id = ?", session)
    assert 200 <= count < 6_000, "it was in the middle"
    await rig.start_gateway()
    await rig.reaches(session, "connected")
    found = await has(rig, session, 6_000)
    assert len(found) == len({message["waId"] for message in found}) == 6_000


async def test_a_file_that_is_spoilt_is_set_aside_and_everything_else_goes_on(rig: Rig, shop: str) -> None:
    others = await with_history(rig, shop, 300, pad=1_000, spoil=1)
    session = await rig.new_session()
    await rig.link(session, shop)
    # The newest twenty of each chat are in the file that is spoilt.
    found = await has(rig, session, 3 * 280)
    assert len(found) == 3 * 280
    wa_id = await rig.phone_sends(others[0], to=shop, text="new")
    assert (await rig.received(session, wa_id))["text"] == "new"
