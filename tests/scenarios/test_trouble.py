"""What goes wrong between a gateway and WhatsApp, done on purpose by the sandbox."""

import asyncio

import pytest

from tests.scenarios.rig import Rig
from wagate.wire.certs import ForgedChain

pytestmark = pytest.mark.bridge

SHOP = "491700000001"
ADA = "491700000002"


async def logins(rig: Rig) -> int:
    return len([e for e in await rig.wire() if e["stanza"] == "login"])


async def test_a_backlog_sent_while_the_gateway_was_down_arrives_in_order_and_once(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    await rig.subscribe()
    await rig.stop_gateway()
    sent = [await rig.phone_sends(ADA, to=SHOP, text=f"missed {n}") for n in range(5)]

    await rig.start_gateway()

    for wa_id in sent:
        await rig.told("message.received", wa_id)
    told = [e["data"]["waId"] for e in rig.sink.events if e["type"] == "message.received"]
    assert told == sent
    page = await rig.api.call("GET", f"/api/sessions/{session}/messages", query={"direction": "in"})
    assert [m["text"] for m in reversed(page["items"])] == [f"missed {n}" for n in range(5)]


async def test_a_phone_that_asks_for_a_retry_gets_the_same_message_readable(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    await rig.send(session, ADA, text="first")
    await rig.phones.call("POST", f"/sandbox/phones/{ADA}/settings", {"failNext": 1})

    sent = await rig.send(session, ADA, text="hard to read")

    shown = await rig.shown(ADA, sent["waId"])
    assert (shown["text"], shown["seen"]) == ("hard to read", 1)
    retries = [e for e in await rig.wire() if e["stanza"] == "receipt" and e["type"] == "retry"]
    assert retries, "the phone never asked for a retry"


async def test_a_message_to_a_phone_that_is_off_is_sent_and_delivered_when_it_comes_back(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    await rig.phones.call("POST", f"/sandbox/phones/{ADA}/settings", {"online": False})

    sent = await rig.send(session, ADA, text="for later")

    assert sent["status"] == "sent"
    assert (await rig.message(sent["id"]))["status"] == "sent"
    await rig.phones.call("POST", f"/sandbox/phones/{ADA}/settings", {"online": True})
    await rig.message_reaches(sent["id"], "read")


async def test_a_restart_order_515_is_obeyed_at_once(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    before = await logins(rig)

    await rig.fault(kind="close", code=515, times=1)

    async def again() -> bool | None:
        return True if await logins(rig) > before else None

    await rig.until(again, "the session logs in again")
    await rig.reaches(session, "connected")


async def test_being_replaced_440_is_a_conflict_and_nobody_fights_back(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.fault(kind="close", closeAs="replaced", times=1)
    await rig.reaches(session, "conflict")
    before = await logins(rig)

    # The neighbour's whole linking is time enough for a reconnect that must not come.
    await rig.linked(ADA, "neighbour")

    assert (await rig.session(session))["status"] == "conflict"
    assert await logins(rig) == before + 1, "only the neighbour's login (its registration is no login)"


async def test_a_storm_of_503_is_outlived_and_nothing_is_lost(rig: Rig) -> None:
    session = await rig.linked(SHOP)
    await rig.phone(ADA)
    await rig.fault(kind="refuseLogin", code=503, times=3)
    await rig.fault(kind="close", code=503, times=1)
    await rig.reaches(session, "connecting")
    accepted = await rig.api.call(
        "POST", f"/api/sessions/{session}/send", {"to": f"+{ADA}", "text": "through the storm"}, query={"wait": "0"}
    )
    assert accepted["status"] in ("queued", "sending")

    assert (await rig.shown(ADA, accepted["waId"]))["text"] == "through the storm"
    refusals = [e for e in await rig.wire() if e["stanza"] == "failure"]
    assert len(refusals) == 3
    states = {e["data"]["status"] for e in await rig.events("session.status")}
    assert not states & {"logged_out", "error", "banned"}


@pytest.mark.parametrize("chain", list(ForgedChain))
async def test_a_forged_certificate_chain_is_refused_before_anything_is_sent(rig: Rig, chain: ForgedChain) -> None:
    await rig.phone(SHOP)
    session = await rig.new_session()
    await rig.fault(kind="forgeChain", chain=chain.value)
    await rig.api.call("POST", f"/api/sessions/{session}/connect")

    async def tried() -> bool | None:
        return True if len([e for e in await rig.wire() if e["stanza"] == "connected"]) >= 2 else None

    await rig.until(tried, "the gateway tried twice")
    entries = await rig.wire()
    assert not [e for e in entries if e["stanza"] in ("registered", "login", "iq")], "it went on talking to a forger"
    assert (await rig.session(session))["status"] in ("connecting", "error", "disconnected")

    await rig.clear_faults()
    await rig.link(session, SHOP)


async def test_a_session_in_trouble_does_not_stop_its_neighbour(rig: Rig) -> None:
    shop = await rig.linked(SHOP)
    ada = await rig.linked(ADA, "neighbour")
    await rig.fault(kind="silence", session=SHOP)

    stuck = asyncio.ensure_future(rig.send(shop, ADA, text="into silence"))
    answers = [await rig.send(ada, SHOP, text=f"still here {n}") for n in range(5)]

    assert [a["status"] for a in answers] == ["sent"] * 5
    await rig.clear_faults()
    assert (await stuck)["status"] in ("sent", "sending", "queued")
