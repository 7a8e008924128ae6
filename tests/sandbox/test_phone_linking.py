"""A phone links devices by QR and by code, and hands them what they need at their first login."""

import asyncio
import zlib

import pytest

from tests.sandbox.client import Keys, Rig, accept, login
from tests.sandbox.companion import link, qr_of
from wagate.sandbox.errors import CodeUnknown, DeviceUnknown, LinkFailed, QrUnknown
from wagate.sandbox.phone import Phone
from wagate.wire.adv import QrText
from wagate.wire.appstate import Collection, Mutation, read_patch, write_patch
from wagate.wire.appstate import Keys as StateKeys
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.pairing import DeviceSide
from wagate.wire.proto import wa_pb2 as wa

ALICE = "15550001"


async def test_a_scanned_device_is_vouched_for_by_the_phones_key(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    assert companion.jid == Jid(ALICE, device=1)
    signed = wa.ADVSignedDeviceIdentity.FromString(companion.keys.device_identity)
    assert signed.accountSignatureKey == phone.keys.identity.public
    assert not rig.world.complaints


async def test_other_texts_and_other_keys_are_no_qr_code(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    keys = Keys.make(rig.entropy)
    _, text = await qr_of(rig, keys)
    ref = QrText.parse(text).ref
    swapped = QrText(ref=ref, noise=bytes(32), identity=keys.identity.public, adv_secret=keys.secret)
    gone = QrText(ref="2@x", noise=keys.noise.public, identity=keys.identity.public, adv_secret=keys.secret)
    for wrong in ("hello", swapped.build(), gone.build()):
        with pytest.raises(QrUnknown):
            await phone.linking.scan(wrong)
    assert phone.account.devices == {}


async def test_a_device_that_refuses_is_not_linked_and_says_why(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    client, text = await qr_of(rig, Keys.make(rig.entropy))
    scanning = asyncio.create_task(phone.linking.scan(text))
    iq = await client.expect(lambda n: n.child("pair-success") is not None)
    error = Node("error", {"code": "401", "text": "signature-mismatch"})
    await client.send(Node("iq", {"type": "error", "id": iq.get("id")}, [error]))
    with pytest.raises(LinkFailed, match="401 signature-mismatch"):
        await scanning
    assert phone.account.devices == {}


@pytest.mark.parametrize("typed", ["ABCD-1234", "abcd1234", "WRNG-1234"])
async def test_a_code_links_and_a_wrong_one_does_not(rig: Rig, typed: str) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    keys = Keys.make(rig.entropy)
    client, _ = await qr_of(rig, keys)
    side = DeviceSide.begin("ABCD1234", rig.entropy)
    wrapped = Node("link_code_pairing_wrapped_companion_ephemeral_pub", {}, side.wrapped)
    hello = Node("link_code_companion_reg", {"jid": Jid(ALICE), "stage": "companion_hello"}, [wrapped])
    await client.query("md", "set", hello)
    entering = asyncio.create_task(phone.linking.enter_code(typed))
    told = (await client.expect("notification")).child("link_code_companion_reg")
    assert told is not None
    ephemeral, identity = (
        told.child(name) for name in ("link_code_pairing_wrapped_primary_ephemeral_pub", "primary_identity_pub")
    )
    assert ephemeral is not None
    assert identity is not None
    bundle, keys.secret = side.finish(ephemeral.data, identity.data, keys.identity, rig.entropy)
    parts = [
        Node("link_code_pairing_wrapped_key_bundle", {}, bundle),
        Node("companion_identity_public", {}, keys.identity.public),
    ]
    finish = Node("link_code_companion_reg", {"jid": Jid(ALICE), "stage": "companion_finish"}, parts)
    assert (await client.query("md", "set", finish)).get("type") == "result"
    if typed.startswith("WRNG"):
        with pytest.raises(LinkFailed, match="code was wrong"):
            await entering
        assert phone.account.devices == {}
        return
    await accept(client, keys)
    assert (await entering).jid == Jid(ALICE, device=1)


async def test_a_code_that_nobody_shows_is_unknown(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    with pytest.raises(CodeUnknown):
        await phone.linking.enter_code("ABCD-1234")


async def test_the_first_login_brings_key_history_and_name_and_later_ones_nothing(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    share, history = await companion.read(), await companion.read()
    assert share.stanza.get("category") == history.stanza.get("category") == "peer"
    key = share.message.protocolMessage.appStateSyncKeyShare.keys[0]
    notice = history.message.protocolMessage.historySyncNotification
    told = wa.HistorySync.FromString(zlib.decompress(notice.initialHistBootstrapInlinePayload))
    assert [(p.id, p.pushname) for p in told.pushnames] == [(str(Jid(ALICE)), "Alice")]

    keys = StateKeys.expand(key.keyData.keyData)
    patches = phone.app_state("critical_block", 0, True).child("patches")
    assert patches is not None
    patch = wa.SyncdPatch.FromString(patches.children[0].data)
    mutations, _ = read_patch(
        Collection(name="critical_block"), patch, lambda key_id: keys if key_id == key.keyId.keyId else None
    )
    assert [(m.index, m.value.pushNameSetting.name) for m in mutations] == [(("setting_pushName",), "Alice")]

    await companion.client.socket.close()
    again = await rig.log_in(companion.keys)
    await again.settled()
    assert again.take("message") == []


async def test_a_devices_patch_is_kept_told_and_refused_when_outdated_or_forged(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    key = (await companion.read()).message.protocolMessage.appStateSyncKeyShare.keys[0]
    keys = StateKeys.expand(key.keyData.keyData)
    value = wa.SyncActionValue(timestamp=1)
    value.muteAction.muted = True
    patch, after = write_patch(
        Collection(name="regular_high"),
        [Mutation(index=("mute", "x"), value=value)],
        key_id=key.keyId.keyId,
        keys=keys,
    )
    patch.ClearField("version")
    body = patch.SerializeToString()
    assert phone.app_state_patch("regular_high", 0, body).get("version") == "1"
    told = await companion.client.expect(lambda n: n.tag == "notification" and n.get("type") == "server_sync")
    assert (told.children[0].get("name"), told.children[0].get("version")) == ("regular_high", "1")
    kept = phone.app_state("regular_high", 0, False).child("patches", "patch")
    assert kept is not None
    assert read_patch(Collection(name="regular_high"), wa.SyncdPatch.FromString(kept.data), lambda _: keys)[1] == after
    assert phone.app_state("regular_high", 1, False).children == ()

    def code(name: str, version: int, patch: bytes) -> str:
        error = phone.app_state_patch(name, version, patch).child("error")
        assert error is not None
        return error.get("code")

    assert code("regular_high", 0, body) == "409"
    assert code("regular_high", 1, body) == "400"
    assert code("regular_high", 1, b"\xff") == "400"
    assert code("nonsense", 0, body) == "404"


async def test_a_lost_app_state_key_is_shared_again_when_asked_for(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    shared = (await companion.read()).message.protocolMessage.appStateSyncKeyShare
    await companion.read()
    ask = wa.Message()
    ask.protocolMessage.type = wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_REQUEST
    ask.protocolMessage.appStateSyncKeyRequest.keyIds.add(keyId=shared.keys[0].keyId.keyId)
    await companion.send(Jid(ALICE), message=ask)
    assert (await companion.read()).message.protocolMessage.appStateSyncKeyShare.keys[0] == shared.keys[0]


async def test_a_new_name_reaches_the_devices(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    await companion.client.settled()
    phone.rename("Alice B.")
    told = await companion.client.expect(lambda n: n.tag == "notification" and n.get("type") == "server_sync")
    assert (told.children[0].get("name"), told.children[0].get("version")) == ("critical_block", "2")


async def test_an_unlinked_device_is_cut_off_and_an_unknown_one_is_an_error(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    companion = await link(rig, phone)
    phone.unlink(1)
    assert (await companion.client.expect("stream:error")).get("code") == "401"
    with pytest.raises(DeviceUnknown):
        phone.unlink(1)
    again = await rig.open(companion.keys, login(companion.keys))
    assert (await again.expect("failure")).get("reason") == "401"
