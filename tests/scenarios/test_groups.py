"""Texts in groups: sender keys, both ways."""

import pytest

from tests.scenarios.rig import Rig

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def new_group(rig: Rig, *members: str) -> str:
    made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "Neighbours", "members": list(members)})
    return str(made["id"])


async def test_texts_in_a_group_reach_everybody_and_come_from_everybody(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada, "Ada")
    await rig.phone(bob, "Bob")
    group = await new_group(rig, ada, bob, shop)

    asked = await rig.phone_sends(ada, to=group, text="Who brings salad?")
    question = await rig.received(session, asked)
    assert (question["chat"], question["text"]) == (group, "Who brings salad?")
    assert question["from"].startswith(ada)
    assert question["fromLid"].endswith("@lid")

    answer = await rig.send(session, group, text="We do.")
    for member in (ada, bob):
        shown = await rig.shown(member, answer["waId"])
        assert (shown["text"], shown["from"], shown["chat"], shown["seen"]) == ("We do.", shop, group, 1)

    # The second one needs no new keys, in either direction.
    thanks = await rig.phone_sends(bob, to=group, text="Great!")
    assert (await rig.received(session, thanks))["from"].startswith(bob)
    second = await rig.send(session, group, text="With tomatoes.")
    for member in (ada, bob):
        assert (await rig.shown(member, second["waId"]))["text"] == "With tomatoes."

    await rig.message_reaches(second["id"], "read")
    receipts = [e for e in await rig.wire(shop) if e["stanza"] == "receipt"]
    assert [e for e in receipts if e["type"] == "retry"] == [], "somebody could not decrypt"


async def test_a_reply_in_a_group_quotes_its_author(rig: Rig, shop: str, ada: str, bob: str) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    group = await new_group(rig, ada, bob, shop)
    asked = await rig.phone_sends(ada, to=group, text="Eight o'clock?")
    question = await rig.received(session, asked)

    answer = await rig.send(session, group, text="Fine.", replyTo=question["id"])

    assert (await rig.shown(bob, answer["waId"]))["quoted"] == asked


async def test_group_texts_go_on_after_a_restart_with_the_keys_that_were_stored(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    group = await new_group(rig, ada, bob, shop)
    before = await rig.send(session, group, text="before")
    await rig.shown(bob, before["waId"])
    await rig.received(session, await rig.phone_sends(ada, to=group, text="also before"))
    await rig.stop_gateway()
    missed = await rig.phone_sends(ada, to=group, text="missed")

    await rig.start_gateway()

    assert (await rig.received(session, missed))["text"] == "missed"
    after = await rig.send(session, group, text="after")
    for member in (ada, bob):
        assert (await rig.shown(member, after["waId"]))["text"] == "after"
    ours = [c for e in await rig.wire(shop) if e["direction"] == "in" for c in e["ciphers"] if c["kind"] == "skmsg"]
    assert len({c["chain"] for c in ours}) == 1, "a new sender key was made"
    assert len({c["counter"] for c in ours}) == len(ours)


async def test_a_text_to_a_group_that_the_session_is_not_in_fails_for_certain_and_soon(
    rig: Rig, shop: str, ada: str, bob: str
) -> None:
    session = await rig.linked(shop)
    await rig.phone(ada)
    await rig.phone(bob)
    group = await new_group(rig, ada, bob)

    refused = await rig.submit(session, group, text="let me in")

    failed = await rig.message_reaches(refused["id"], "failed")
    assert failed["error"]["certain"] is True
    assert [m for m in await rig.inbox(ada) if m["waId"] == refused["waId"]] == []
