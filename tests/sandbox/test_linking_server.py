"""Linking and logging in: what the server believes, and what it does not."""

import os

import pytest
from websockets.asyncio.client import connect

from tests.sandbox.client import Client, Keys, Rig, accept, first_ref, login
from wagate.core.clock import ManualClock
from wagate.sandbox.connection import GRACE_SECONDS
from wagate.sandbox.faults import Fault
from wagate.sandbox.model import LinkRefused, lid_of
from wagate.wire.certs import ForgedChain
from wagate.wire.jid import SERVER, Jid
from wagate.wire.keys import KeyPair
from wagate.wire.node import Node
from wagate.wire.noise import HandshakeRefused

NUMBER = "15550001"


async def test_a_device_links_and_logs_in_with_what_it_was_given(rig: Rig) -> None:
    phone = rig.phone(NUMBER, "Alice")
    keys = await rig.link(phone)
    assert keys.jid == Jid(NUMBER, device=1)
    assert phone.linked == [1]
    client = await rig.open(keys, login(keys))
    success = await client.expect("success")
    assert success.jid("lid") == Jid(lid_of(NUMBER), "lid", 1)
    assert success.get("t") == str(int(rig.clock.now().timestamp()))
    await client.settled()
    assert phone.online == [(1, True)]
    assert not rig.world.complaints


async def test_pair_success_carries_names_time_and_both_jids(rig: Rig) -> None:
    phone = rig.phone(NUMBER, "Alice")
    keys = Keys.make(rig.entropy)
    client = await rig.register(keys)
    rig.world.pending_links[await first_ref(client)].pair(phone.account, phone.issue(keys.identity.public, keys.secret))
    iq = await accept(client, keys)
    device, biz = iq.child("pair-success", "device"), iq.child("pair-success", "biz")
    assert device is not None
    assert biz is not None
    assert iq.attrs["from"] == SERVER
    assert iq.get("t").isdigit()
    assert (device.jid("jid"), device.jid("lid")) == (Jid(NUMBER, device=1), Jid(lid_of(NUMBER), "lid", 1))
    assert biz.get("name") == "Alice"


async def test_the_restart_after_linking_lets_the_client_close_first(rig: Rig, clock: ManualClock) -> None:
    phone = rig.phone()
    keys = Keys.make(rig.entropy)
    client = await rig.register(keys)
    rig.world.pending_links[await first_ref(client)].pair(phone.account, phone.issue(keys.identity.public, keys.secret))
    await accept(client, keys)
    assert (await client.expect("stream:error")).get("code") == "515"
    await clock.advance(GRACE_SECONDS - 0.1)
    assert not client.closed
    await clock.advance(0.2)
    await client.until_closed()


async def test_each_linked_device_gets_a_number_that_was_never_used(rig: Rig) -> None:
    phone = rig.phone()
    first = await rig.link(phone)
    assert rig.world.unlink(phone.account, 1)
    second = await rig.link(phone)
    assert first.jid is not None
    assert second.jid is not None
    assert (first.jid.device, second.jid.device) == (1, 2)


async def test_a_registration_with_a_falsely_signed_prekey_is_refused(rig: Rig) -> None:
    client = await rig.register(Keys.make(rig.entropy), signature=bytes(64))
    assert (await client.expect("failure")).get("reason") == "400"
    assert rig.world.complaints.total() == 1


async def test_a_device_that_signs_falsely_is_not_linked(rig: Rig) -> None:
    phone = rig.phone()
    keys = Keys.make(rig.entropy)
    client = await rig.register(keys)
    attempt = rig.world.pending_links[await first_ref(client)].pair(
        phone.account, phone.issue(keys.identity.public, keys.secret)
    )
    keys.identity = KeyPair(os.urandom(32), keys.identity.public)
    await accept(client, keys)
    with pytest.raises(LinkRefused):
        await attempt.outcome()
    assert phone.account.devices == {}
    assert rig.world.complaints["device signature"] == 1


async def test_the_reason_of_a_device_that_refuses_reaches_the_phone(rig: Rig) -> None:
    phone = rig.phone()
    keys = Keys.make(rig.entropy)
    client = await rig.register(keys)
    attempt = rig.world.pending_links[await first_ref(client)].pair(
        phone.account, phone.issue(keys.identity.public, bytes(32))
    )
    iq = await client.expect(lambda n: n.child("pair-success") is not None)
    error = Node("error", {"code": "401", "text": "hmac-mismatch"})
    await client.send(Node("iq", {"to": SERVER, "type": "error", "id": iq.get("id")}, [error]))
    with pytest.raises(LinkRefused, match="401 hmac-mismatch"):
        await attempt.outcome()
    assert phone.account.devices == {}


async def test_refs_end_with_their_connection(rig: Rig) -> None:
    client = await rig.register(Keys.make(rig.entropy))
    await first_ref(client)
    assert len(rig.world.pending_links) == 6
    await client.socket.close()
    while rig.world.connections:
        await rig.world.clock.sleep(0)
    assert rig.world.pending_links == {}


async def test_a_code_link_reaches_the_phone_of_its_number(rig: Rig) -> None:
    phone = rig.phone(NUMBER)
    client = await rig.register(Keys.make(rig.entropy))
    await first_ref(client)
    wrapped = Node("link_code_pairing_wrapped_companion_ephemeral_pub", {}, b"w" * 80)
    hello = Node("link_code_companion_reg", {"jid": Jid(NUMBER), "stage": "companion_hello"}, [wrapped])
    answer = await client.query("md", "set", hello)
    ref = answer.child("link_code_companion_reg", "link_code_pairing_ref")
    pending = rig.world.pending_codes[NUMBER]
    assert pending.wrapped_ephemeral == b"w" * 80
    pending.notify_primary_hello(b"p" * 80, b"i" * 32)
    told = await client.expect("notification")
    assert ref is not None
    parts = told.child("link_code_companion_reg")
    assert parts is not None
    assert [part.data for part in parts.children] == [b"p" * 80, b"i" * 32, ref.data]
    finish = Node(
        "link_code_companion_reg",
        {"jid": Jid(NUMBER), "stage": "companion_finish"},
        [
            Node("link_code_pairing_wrapped_key_bundle", {}, b"bundle"),
            Node("companion_identity_public", {}, b"i" * 32),
        ],
    )
    assert (await client.query("md", "set", finish)).get("type") == "result"
    assert phone.finished == [b"bundle"]


async def test_a_login_with_another_noise_key_or_of_no_device_is_refused(rig: Rig) -> None:
    phone = rig.phone()
    keys = await rig.link(phone)
    stranger = Keys.make(rig.entropy)
    stranger.jid = keys.jid
    nobody = Keys.make(rig.entropy)
    nobody.jid = Jid("15559999", device=1)
    for wrong in (stranger, nobody):
        client = await rig.open(wrong, login(wrong))
        assert (await client.expect("failure")).get("reason") == "401"


async def test_a_second_login_replaces_the_first(rig: Rig) -> None:
    _, first = await rig.linked()
    second = await rig.log_in(first.keys)
    conflict = (await first.expect("stream:error")).child("conflict")
    assert conflict is not None
    assert conflict.get("type") == "replaced"
    await second.settled()
    assert rig.world.accounts[NUMBER].devices[1].line is not None


async def test_an_unlinked_device_is_told_and_never_let_in_again(rig: Rig) -> None:
    phone, client = await rig.linked()
    assert rig.world.unlink(phone.account, 1)
    last = await client.expect("stream:error")
    assert (last.get("code"), last.children[0].get("type")) == ("401", "device_removed")
    again = await rig.open(client.keys, login(client.keys))
    assert (await again.expect("failure")).get("reason") == "401"


async def test_logging_out_answers_before_the_stream_ends(rig: Rig) -> None:
    phone, client = await rig.linked()
    assert client.keys.jid is not None
    remove = Node("remove-companion-device", {"jid": client.keys.jid, "reason": "user_initiated"})
    assert (await client.query("md", "set", remove)).get("type") == "result"
    assert (await client.expect("stream:error")).get("code") == "401"
    assert phone.account.devices == {}


async def test_siblings_and_those_who_asked_are_told_of_a_new_device(rig: Rig) -> None:
    phone, client = await rig.linked()
    _, friend = await rig.linked("15550002", "Bob")
    await devices_of(friend, phone.account.pn_jid)
    await rig.link(phone)
    for listener in (client, friend):
        told = await listener.expect(lambda n: n.tag == "notification" and n.get("type") == "devices")
        assert [d.jid("jid") for d in told.children[0].children] == [
            phone.account.jid(server, 2) for server in ("s.whatsapp.net", "lid")
        ]


async def devices_of(client: Client, jid: Jid) -> list[str]:
    query = Node("query", {}, [Node("devices", {"version": "2"})])
    listed = Node("list", {}, [Node("user", {"jid": jid})])
    usync = Node("usync", {"sid": "1", "mode": "query", "context": "message"}, [query, listed])
    answer = await client.query("usync", "get", usync)
    devices = answer.child("usync", "list", "user", "devices", "device-list")
    return [d.get("id") for d in devices.children] if devices is not None else []


@pytest.mark.parametrize("kind", ForgedChain)
async def test_a_careful_client_refuses_each_forged_chain_once_it_is_switched_on(rig: Rig, kind: ForgedChain) -> None:
    keys = Keys.make(rig.entropy)
    rig.world.inject(Fault.parse({"kind": "forgeChain", "chain": kind.value, "times": 1}))
    with pytest.raises(HandshakeRefused):
        await rig.register(keys)
    client = await rig.register(keys)
    assert await first_ref(client)


async def test_a_client_comes_back_with_the_routing_it_was_told(rig: Rig) -> None:
    phone = rig.phone()
    keys = await rig.link(phone)
    client = await rig.log_in(keys)
    told = await client.expect(lambda n: n.child("edge_routing") is not None)
    info = told.child("edge_routing", "routing_info")
    assert info is not None
    again = await rig.open(keys, login(keys), routing=info.data)
    assert (await again.expect("success")).tag == "success"


async def test_what_is_no_handshake_costs_only_its_own_connection(rig: Rig) -> None:
    async with connect(rig.sandbox.websocket_url) as socket:
        await socket.send(b"GET / HTTP/1.1")
        await socket.wait_closed()
    assert rig.world.complaints["BadFrame"] == 1
    client = await rig.register(Keys.make(rig.entropy))
    assert await first_ref(client)
