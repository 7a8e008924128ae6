"""Answers to queries, for the ways in which Baileys and whatsmeow ask."""

from collections.abc import Sequence

import pytest

from tests.sandbox.client import Client, Rig
from wagate.sandbox.model import FEW_PREKEYS, lid_of
from wagate.wire.jid import GROUP, LID, SERVER, Jid
from wagate.wire.keys import KeyPair, sign, typed, verify
from wagate.wire.node import Node

ALICE, BOB = "15550001", "15550002"


def prekeys(rig: Rig, client: Client, count: int, *, signature: bytes = b"", identity: bytes = b"") -> list[Node]:
    """An upload as clients write it."""
    keys = client.keys
    signed = KeyPair.generate(rig.entropy)
    signature = signature or sign(keys.identity.private, typed(signed.public), rig.entropy)
    listed = [
        Node("key", {}, [Node("id", {}, number.to_bytes(3, "big")), Node("value", {}, rig.entropy(32))])
        for number in range(1, count + 1)
    ]
    return [
        Node("registration", {}, b"\xce\x42\x56\xf1"),
        Node("type", {}, b"\x05"),
        Node("identity", {}, identity or keys.identity.public),
        Node("list", {}, listed),
        Node(
            "skey",
            {},
            [Node("id", {}, b"\0\0\2"), Node("value", {}, signed.public), Node("signature", {}, signature)],
        ),
    ]


async def bundle_of(client: Client, jid: Jid) -> Node:
    answer = await client.query("encrypt", "get", Node("key", {}, [Node("user", {"jid": jid, "reason": "identity"})]))
    user = answer.child("list", "user")
    assert user is not None
    return user


def data(node: Node, *path: str) -> bytes:
    found = node.child(*path)
    assert found is not None
    return found.data


async def usync(client: Client, protocols: Sequence[Node], users: Sequence[Node]) -> list[Node]:
    attrs = {"sid": "s1", "mode": "query", "context": "message", "last": "true", "index": "0"}
    node = Node("usync", attrs, [Node("query", {}, protocols), Node("list", {}, users)])
    answer = await client.query("usync", "get", node)
    listed = answer.child("usync", "list")
    assert listed is not None
    return list(listed.children)


async def test_uploaded_prekeys_are_counted_handed_out_once_and_asked_for_again(rig: Rig) -> None:
    phone, alice = await rig.linked(ALICE)
    _, bob = await rig.linked(BOB)
    assert (await alice.query("encrypt", "set", *prekeys(rig, alice, FEW_PREKEYS + 1))).get("type") == "result"
    lid = Jid(lid_of(ALICE), LID, 1)
    first = await bundle_of(bob, lid)
    assert first.attrs["jid"] == lid
    assert data(first, "registration") == b"\xce\x42\x56\xf1"
    assert verify(data(first, "identity"), typed(data(first, "skey", "value")), data(first, "skey", "signature"))
    assert alice.take("notification") == []
    second = await bundle_of(bob, Jid(ALICE, device=1))
    assert data(first, "key", "id") != data(second, "key", "id")
    asked = await alice.expect("notification")
    assert (asked.get("type"), asked.attrs["from"], asked.children[0].get("value")) == ("encrypt", SERVER, "4")
    for _ in range(5):
        last = await bundle_of(bob, lid)
    assert last.child("key") is None
    assert alice.take("notification") == []
    assert phone.account.devices[1].prekeys == {}
    count = await alice.query("encrypt", "get", Node("count"))
    assert count.children[0].get("value") == "0"


async def test_a_phone_hands_out_its_keys_without_end_and_unknown_devices_have_none(rig: Rig) -> None:
    phone, alice = await rig.linked(ALICE)
    assert data(await bundle_of(alice, Jid(ALICE)), "identity") == phone.identity.public
    for nobody in (Jid("15559999"), Jid(ALICE, device=9)):
        error = (await bundle_of(alice, nobody)).child("error")
        assert error is not None
        assert error.get("code") == "404"


async def test_falsely_signed_prekeys_and_those_of_another_identity_are_refused(rig: Rig) -> None:
    phone, alice = await rig.linked(ALICE)
    for upload in (
        prekeys(rig, alice, 3, signature=bytes(64)),
        prekeys(rig, alice, 3, identity=rig.entropy(32)),
    ):
        answer = await alice.query("encrypt", "set", *upload)
        assert answer.children[0].get("code") == "406"
    assert phone.account.devices[1].prekeys == {}
    assert rig.world.complaints.total() == 2


async def test_a_rotated_signed_prekey_is_checked_and_handed_out(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    signed = prekeys(rig, alice, 0)[4]
    assert (await alice.query("encrypt", "set", Node("rotate", {}, [signed]))).get("type") == "result"
    assert (await bundle_of(alice, Jid(ALICE, device=1))).child("skey") == signed
    false = prekeys(rig, alice, 0, signature=bytes(64))[4]
    assert (await alice.query("encrypt", "set", Node("rotate", {}, [false]))).get("type") == "error"


async def test_the_login_chores_are_answered(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    chores = [
        ("encrypt", "get", Node("digest"), "digest"),
        ("passive", "set", Node("active"), None),
        ("abt", "get", Node("props", {"protocol": "1"}), "props"),
        ("blocklist", "get", None, "list"),
        ("privacy", "get", Node("privacy"), "privacy"),
        ("privacy", "set", Node("tokens", {}, [Node("token", {"jid": Jid(BOB)})]), "tokens"),
        ("w:p", "get", Node("ping"), None),
        ("w:p", "get", None, None),
        ("urn:xmpp:whatsapp:dirty", "set", Node("clean", {"type": "groups"}), None),
        ("w:m", "set", Node("media_conn"), "media_conn"),
    ]
    for namespace, kind, body, expected in chores:
        answer = await alice.query(namespace, kind, *([body] if body else []))
        assert (namespace, answer.get("type"), answer.attrs["from"]) == (namespace, "result", SERVER)
        assert (answer.children[0].tag if answer.children else None) == expected


async def test_what_is_unknown_or_malformed_is_refused_and_costs_nothing(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    assert (await alice.query("w:unheard", "get", Node("x"))).children[0].get("code") == "501"
    assert (await alice.query("usync", "get", Node("usync"))).children[0].get("code") == "400"
    bad = Node("sync", {}, [Node("collection", {"name": "regular", "version": "x"})])
    assert (await alice.query("w:sync:app:state", "set", bad)).children[0].get("code") == "400"
    await alice.settled()


async def test_usync_answers_under_the_address_asked_for_with_devices_and_lid(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    lid = Jid(lid_of(ALICE), LID)
    protocols = [Node("devices", {"version": "2"}), Node("lid")]
    by_number, by_lid, unknown = await usync(
        alice,
        protocols,
        [Node("user", {"jid": Jid(ALICE)}), Node("user", {"jid": lid}), Node("user", {"jid": Jid("15559999")})],
    )
    for user in (by_number, by_lid):
        devices = user.child("devices", "device-list")
        assert devices is not None
        assert [(d.get("id"), d.get("key-index")) for d in devices.children] == [("0", ""), ("1", "1")]
    assert (by_number.attrs["jid"], by_lid.attrs["jid"]) == (Jid(ALICE), lid)
    told = by_number.child("lid")
    assert told is not None
    assert told.attrs["val"] == lid
    assert (unknown.attrs["jid"], list(unknown.children)) == (Jid("15559999"), [])


async def test_is_on_whatsapp_as_baileys_asks(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    users = [Node("user", {}, [Node("contact", {}, f"+{number}")]) for number in (ALICE, "15559999")]
    known, unknown = await usync(alice, [Node("contact")], users)
    assert [known.children[0].get("type"), unknown.children[0].get("type")] == ["in", "out"]
    assert known.attrs["jid"] == Jid(ALICE)


async def test_is_on_whatsapp_as_whatsmeow_asks(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    users = [Node("user", {}, [Node("contact", {}, f"{number}@c.us")]) for number in (ALICE, "15559999")]
    known, unknown = await usync(alice, [Node("contact", {"addressing_mode": "lid"})], users)
    assert (known.attrs["jid"], known.attrs["pn_jid"]) == (Jid(lid_of(ALICE), LID), Jid(ALICE))
    assert known.children[0] == Node("contact", {"type": "in"}, f"{ALICE}@c.us".encode())
    assert unknown.children[0].get("type") == "out"


async def test_app_state_without_a_version_means_from_the_beginning(rig: Rig) -> None:
    phone, alice = await rig.linked(ALICE)
    wanted = [Node("collection", {"name": "regular", "return_snapshot": "true"})]
    answer = await alice.query("w:sync:app:state", "set", Node("sync", {}, wanted))
    assert answer.child("sync", "collection") is not None
    assert phone.state_versions == [("regular", 0)]


async def test_privacy_and_blocks_are_remembered(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE)
    change = Node("privacy", {}, [Node("category", {"name": "readreceipts", "value": "none"})])
    await alice.query("privacy", "set", change)
    settings = (await alice.query("privacy", "get", Node("privacy"))).children[0]
    assert {c.get("name"): c.get("value") for c in settings.children}["readreceipts"] == "none"
    await alice.query("blocklist", "set", Node("item", {"action": "block", "jid": Jid(BOB)}))
    blocked = await alice.query("blocklist", "get")
    assert [item.attrs["jid"] for item in blocked.children[0].children] == [str(Jid(BOB))]


GROUPS = Jid("", GROUP)


async def test_a_group_is_made_asked_about_and_changed_and_its_members_are_told(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "Alice")
    _, bob = await rig.linked(BOB, "Bob")
    create = Node("create", {"subject": "Friends"}, [Node("participant", {"jid": Jid(BOB)})])
    made = (await alice.query("w:g2", "set", create, to=GROUPS)).child("group")
    assert made is not None
    group = Jid(made.get("id"), GROUP)
    told = await bob.expect("notification")
    assert (told.get("type"), told.children[0].tag, told.jid("from")) == ("w:gp2", "create", group)
    asked = await bob.query("w:g2", "get", Node("query", {"request": "interactive"}), to=group)
    assert asked.attrs["from"] == group
    members = asked.child("group")
    assert members is not None
    assert [(m.jid("jid"), m.jid("phone_number"), m.get("type")) for m in members.all("participant")] == [
        (Jid(lid_of(ALICE), LID), Jid(ALICE), "superadmin"),
        (Jid(lid_of(BOB), LID), Jid(BOB), ""),
    ]
    listed = (await bob.query("w:g2", "get", Node("participating"), to=GROUPS)).child("groups")
    assert listed is not None
    assert [g.get("subject") for g in listed.children] == ["Friends"]
    await alice.query("w:g2", "set", Node("subject", {}, b"Enemies"), to=group)
    assert (await bob.expect("notification")).children[0].get("subject") == "Enemies"
    remove = Node("remove", {}, [Node("participant", {"jid": Jid(BOB)})])
    assert (await bob.query("w:g2", "set", remove, to=group)).children[0].get("code") == "403"
    assert (await alice.query("w:g2", "set", remove, to=group)).get("type") == "result"
    assert (await bob.expect("notification")).children[0].tag == "remove"
    gone = await bob.query("w:g2", "get", Node("query"), to=group)
    assert gone.children[0].get("code") == "403"


async def test_one_can_leave_a_group_and_come_back_by_its_invite(rig: Rig) -> None:
    _, alice = await rig.linked(ALICE, "Alice")
    _, bob = await rig.linked(BOB, "Bob")
    group = rig.world.groups.create("Friends", rig.world.accounts[ALICE], [rig.world.accounts[BOB]])
    await bob.query("w:g2", "set", Node("leave", {}, [Node("group", {"id": group.jid})]), to=GROUPS)
    assert list(group.members) == [ALICE]
    code = (await alice.query("w:g2", "get", Node("invite"), to=group.jid)).children[0].get("code")
    joined = await bob.query("w:g2", "set", Node("invite", {"code": code}), to=GROUPS)
    assert joined.children[0].attrs["jid"] == group.jid
    assert list(group.members) == [ALICE, BOB]


@pytest.mark.parametrize("jid", [Jid("120363000000000009", GROUP), SERVER])
async def test_there_is_no_group_that_is_none(rig: Rig, jid: Jid) -> None:
    _, alice = await rig.linked(ALICE)
    assert (await alice.query("w:g2", "get", Node("query"), to=jid)).children[0].get("code") == "404"
