"""Tokens of trust, as the server hands them out and wants to see them."""

from tests.sandbox.client import Client, Rig, enc, message
from wagate.wire.jid import Jid
from wagate.wire.node import Node

ALICE, BOB = "15550001", "15550002"
BOB_1 = Jid(BOB, device=1)


async def give(client: Client, to: str) -> list[bytes]:
    """Give a contact our token; theirs in the answer."""
    token = Node("token", {"jid": Jid(to), "t": "1700000000", "type": "trusted_contact"})
    answer = await client.query("privacy", "set", Node("tokens", {}, [token]))
    tokens = answer.child("tokens")
    return [one.data for one in tokens.children] if tokens is not None else []


async def say(client: Client, message_id: str, token: bytes = b"") -> str:
    """Write to Bob; the error of the answer."""
    stanza = message(Jid(BOB), message_id, {BOB_1: enc(b"x")})
    extra = [Node("tctoken", {}, token)] if token else []
    await client.send(Node("message", stanza.attrs, [*stanza.children, *extra]))
    return (await client.expect("ack")).get("error")


async def test_a_token_that_was_given_is_told_and_shown_and_counts(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "Alice")
    _, bob = await rig.linked(BOB, "Bob")
    rig.world.accounts[BOB].strangers_need_token = True
    assert await say(alice, "M1") == "463"

    assert await give(bob, ALICE) == []
    told = await alice.expect("notification")
    assert (told.get("type"), told.jid("from")) == ("privacy_token", Jid(BOB))
    tokens = told.child("tokens", "token")
    assert tokens is not None

    assert await say(alice, "M2", tokens.data) == ""
    assert await say(alice, "M3", bytes(16)) == "463"
    # Who gives theirs sees, in the answer, what they were given.
    assert await give(alice, BOB) == [tokens.data]


async def test_who_does_not_ask_for_tokens_hears_from_everybody(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "Alice")
    await rig.linked(BOB, "Bob")
    assert await say(alice, "M1") == ""


async def test_the_answer_names_the_devices_only_if_some_were_missed(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "Alice")
    await rig.linked(BOB, "Bob")
    everyone = {Jid(BOB): enc(b"x"), BOB_1: enc(b"x"), Jid(ALICE): enc(b"x")}

    await alice.send(message(Jid(BOB), "M1", everyone))
    assert "phash" not in (await alice.expect("ack")).attrs

    del everyone[BOB_1]
    await alice.send(message(Jid(BOB), "M2", everyone))
    assert (await alice.expect("ack")).get("phash").startswith("2:")
