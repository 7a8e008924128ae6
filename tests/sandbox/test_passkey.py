"""The sandbox's account with a passkey is as strict as public clients lead one to expect of the real one."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.sandbox.client import Client, Keys, Rig, accept
from tests.sandbox.companion import qr_of
from wagate.sandbox.authenticator import TIMEOUT_MS, AssertionRefused, Passkey
from wagate.sandbox.errors import LinkFailed, NoPasskey, PasskeyQuestionUnknown
from wagate.sandbox.model import Device
from wagate.sandbox.phone import Phone
from wagate.wire import passkey as wire
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

ALICE = "15550001"


@dataclass
class Attempt:
    """A device that was asked for the passkey, and the phone that scanned it."""

    rig: Rig
    phone: Phone
    client: Client
    keys: Keys
    options: dict[str, Any]
    scanning: "asyncio.Task[Device]"

    async def ref(self) -> str:
        part = (await self.client.query("md", "get", Node("ref"))).child("ref")
        assert part is not None
        return part.text

    async def begin(self) -> wire.DeviceSide:
        return wire.DeviceSide.begin(await self.ref(), wa.DeviceProps.PlatformType.CHROME, self.rig.entropy)

    async def show(self, device: wire.DeviceSide, secret: bytes | None = None) -> Node:
        """Send the assertion and the prologue; the server's answer."""
        assert self.phone.linking.passkey is not None
        proof = wire.handoff_proof(wire.handoff_key(secret or self.keys.secret), device.prologue)
        parts = [
            Node("credential_id", {}, self.phone.linking.passkey.credential_id),
            Node("webauthn_assertion", {}, msgspec.json.encode(self.phone.show_passkey(self.options))),
            Node("prologue_payload", {}, device.prologue),
            Node("pairing_handoff_proof", {}, proof),
        ]
        return await self.client.query("md", "set", Node("passkey_prologue", {}, parts))

    async def goes_on(self) -> wire.PhoneIdentity:
        told = await self.client.expect(lambda n: n.get("type") == "crsc_continuation")
        part = told.child("primary_ephemeral_identity")
        assert part is not None
        return wire.PhoneIdentity.read(part.data)

    def wanted(self) -> wire.Wanted:
        return wire.Wanted(
            noise=self.keys.noise.public, identity=self.keys.identity.public, adv_secret=self.rig.entropy(32)
        )

    async def tell(self, tag: str, data: bytes) -> str:
        return (await self.client.query("md", "set", Node(tag, {}, data))).get("type")


async def asked(rig: Rig) -> Attempt:
    phone = Phone.add(rig.world, ALICE, "Alice")
    phone.protect(True)
    keys = Keys.make(rig.entropy)
    client, text = await qr_of(rig, keys)
    scanning = asyncio.create_task(phone.linking.scan(text))
    told = (await client.expect("notification")).child("passkey_request_options")
    assert told is not None
    return Attempt(rig, phone, client, keys, msgspec.json.decode(told.data), scanning)


async def test_a_device_that_keeps_every_rule_is_linked(rig: Rig) -> None:
    attempt = await asked(rig)
    device = await attempt.begin()
    assert (await attempt.show(device)).get("type") == "result"
    identity, wanted = await attempt.goes_on(), attempt.wanted()
    assert await attempt.tell("companion_nonce", device.nonce) == "result"
    request = device.request(identity, wanted, rig.entropy)
    assert await attempt.tell("encrypted_pairing_request", request) == "result"
    attempt.keys.secret = wanted.adv_secret
    await accept(attempt.client, attempt.keys)
    assert (await attempt.scanning).number == 1


async def test_another_nonce_than_the_one_committed_to_ends_it(rig: Rig) -> None:
    attempt = await asked(rig)
    await attempt.show(await attempt.begin())
    await attempt.goes_on()
    assert await attempt.tell("companion_nonce", bytes(32)) == "error"
    with pytest.raises(LinkFailed, match="committed"):
        await attempt.scanning


@pytest.mark.parametrize("key", ["noise", "identity"])
async def test_keys_that_the_device_did_not_register_with_are_refused(rig: Rig, key: str) -> None:
    attempt = await asked(rig)
    device = await attempt.begin()
    await attempt.show(device)
    identity = await attempt.goes_on()
    await attempt.tell("companion_nonce", device.nonce)
    wanted = replace(attempt.wanted(), **{key: bytes(32)})
    assert await attempt.tell("encrypted_pairing_request", device.request(identity, wanted, rig.entropy)) == "error"
    assert attempt.phone.account.devices == {}
    attempt.scanning.cancel()


async def test_nothing_comes_before_its_turn_and_nothing_twice(rig: Rig) -> None:
    attempt = await asked(rig)
    assert await attempt.tell("companion_nonce", bytes(32)) == "error"
    assert await attempt.tell("encrypted_pairing_request", b"") == "error"
    device = await attempt.begin()
    await attempt.show(device)
    assert await attempt.tell("encrypted_pairing_request", b"") == "error", "the nonce was not told"
    assert (await attempt.show(device)).get("type") == "error"
    attempt.scanning.cancel()


async def test_a_stranger_who_saw_no_code_is_refused(rig: Rig) -> None:
    attempt = await asked(rig)
    assert (await attempt.show(await attempt.begin(), secret=bytes(32))).get("type") == "error"
    attempt.scanning.cancel()


async def test_a_reference_of_another_attempt_and_an_old_challenge_are_refused(rig: Rig) -> None:
    attempt = await asked(rig)
    await attempt.ref()
    device = wire.DeviceSide.begin("2@other", wa.DeviceProps.PlatformType.CHROME, rig.entropy)
    assert (await attempt.show(device)).get("type") == "error"
    device = await attempt.begin()
    await rig.clock.advance(timedelta(milliseconds=TIMEOUT_MS + 1).total_seconds())
    assert (await attempt.show(device)).get("type") == "error"
    attempt.scanning.cancel()


async def test_nobody_may_ask_for_a_reference_unasked(rig: Rig) -> None:
    client, _ = await qr_of(rig, Keys.make(rig.entropy))
    assert (await client.query("md", "get", Node("ref"))).get("type") == "error"


async def test_an_authenticator_answers_for_its_own_passkey_only(rig: Rig) -> None:
    phone = Phone.add(rig.world, ALICE, "Alice")
    with pytest.raises(NoPasskey):
        phone.show_passkey({})
    phone.protect(True)
    for options in ({}, {"challenge": "AA", "rpId": "evil.example"}, Passkey(rig.entropy).options(bytes(32))):
        with pytest.raises(PasskeyQuestionUnknown):
            phone.show_passkey(options)
    with pytest.raises(LinkFailed, match="passkey"):
        await phone.linking.enter_code("ABCD-1234")


@pytest.mark.parametrize("broken", [b"{}", b"[]", b"\xff", b'{"id":1,"rawId":1,"response":{"clientDataJSON":1}}'])
def test_what_is_no_assertion_is_refused_and_breaks_nothing(entropy: Any, broken: bytes) -> None:
    passkey = Passkey(entropy)
    with pytest.raises(AssertionRefused):
        passkey.check(passkey.credential_id, broken, bytes(32))
