"""Linking to an account that is protected by a passkey: WhatsApp's challenge, its answer, and what follows.

Source: whatsmeow at 33cfac5, pair-passkey.go and notification.go. **Proven against our sandbox only, which plays the
other side as whatsmeow's client lets one conclude; it has never met WhatsApp's servers.**

The server asks by a notification ``passkey_prologue_request``; whoever holds the passkey answers it outside of this
program. The answer goes out with a prologue for the phone, whose own comes by a notification ``crsc_continuation``.
Then the phone is told what the QR code else says, with a new ADV secret, and ``pair-success`` comes as ever.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from wagate.core.logging import get_logger
from wagate.engine.native.line import Line
from wagate.engine.port import (
    EngineEvent,
    PasskeyAnswered,
    PasskeyAssertion,
    PasskeyExpired,
    PasskeyNotWanted,
    PasskeyWanted,
    QueryFailed,
)
from wagate.wire import passkey
from wagate.wire.keys import KeyPair
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

#: For so long whatsmeow offers the proof that spares people the comparing of codes. Later than that we take no answer:
#: there is nobody here who could compare.
HANDOFF_SECONDS: Final = 300.0
#: What the phone may take after the passkey was shown. Nothing public says; the phone has to be unlocked at most.
FINISH_SECONDS: Final = 60.0
ADV_SECRET_BYTES: Final = 32
#: As :func:`wagate.engine.native.client.registration` says it.
_DEVICE_TYPE: Final = wa.DeviceProps.PlatformType.CHROME

_log = get_logger("engine.native")


@dataclass(slots=True)
class _Challenge:
    """One attempt. ``is_answered`` from the moment that an answer is taken."""

    expires_at: datetime
    is_answered: bool = False
    device: passkey.DeviceSide | None = None


class PasskeyLinking:
    """The part of linking that an account with a passkey wants. ``run_out`` is called when it comes to nothing."""

    def __init__(self, line: Line, tell: Callable[[EngineEvent], None], run_out: Callable[[], None]) -> None:
        self._line = line
        self._tell = tell
        self._run_out = run_out
        self._challenge: _Challenge | None = None
        self._handoff_key = b""

    @property
    def is_wanted(self) -> bool:
        """Whether WhatsApp has asked for a passkey; codes on show are of no use then."""
        return self._challenge is not None

    # -- what the server says

    def asked(self, node: Node) -> None:
        """The server wants to see the passkey."""
        self._line.acknowledge(node)
        options = options_of(node)
        if options is not None:
            self._want(options)
        else:
            self._line.spawn(self._fetch_options, "asking for the passkey's options")

    def continued(self, node: Node) -> None:
        """The phone answers our prologue."""
        self._line.acknowledge(node)
        self._line.spawn(lambda: self._finish(node), "linking with a passkey")

    async def _fetch_options(self) -> None:
        options = options_of(await self._line.ask("md", "get", Node("passkey_request_options")))
        if options is None:
            _log.error("WhatsApp wants a passkey and does not say which")
        else:
            self._want(options)

    def _want(self, options: dict[str, Any]) -> None:
        line = self._line
        if not self._handoff_key:
            # Of the secret that is in the QR code; a second challenge finds a new one, which no phone has seen.
            self._handoff_key = passkey.handoff_key(line.device.adv_secret)
            line.device = msgspec.structs.replace(line.device, adv_secret=line.entropy(ADV_SECRET_BYTES))
        timeout = options.get("timeout")
        seconds = min(HANDOFF_SECONDS, timeout / 1000 if isinstance(timeout, int) and timeout > 0 else HANDOFF_SECONDS)
        challenge = _Challenge(line.clock.now() + timedelta(seconds=seconds))
        self._challenge = challenge
        self._tell(PasskeyWanted(options=options, expires_at=challenge.expires_at))
        line.spawn(lambda: self._give_up(challenge, seconds), "waiting for a passkey")

    async def _give_up(self, challenge: _Challenge, seconds: float) -> None:
        await self._line.clock.sleep(seconds)
        if challenge.is_answered:
            await self._line.clock.sleep(FINISH_SECONDS)
        if self._challenge is challenge and not self._line.device.linked:
            self._run_out()

    # -- the answer

    async def answer(self, assertion: PasskeyAssertion) -> None:
        """Send what the passkey's holder said. It may be sent again if WhatsApp refused it.

        :raises PasskeyNotWanted, PasskeyExpired, PasskeyAnswered: if it is not the time for it.
        :raises QueryFailed: if WhatsApp refuses it.
        """
        line, challenge = self._line, self._challenge
        if challenge is None or line.device.linked:
            raise PasskeyNotWanted
        if challenge.is_answered:
            raise PasskeyAnswered
        if line.clock.now() >= challenge.expires_at:
            raise PasskeyExpired
        # Before the first wait, so that of two answers at once one is the second.
        challenge.is_answered = True
        try:
            ref = (await line.ask("md", "get", Node("ref"))).child("ref")
            if ref is None:
                raise QueryFailed(0, "WhatsApp gave no reference for the passkey")
            challenge.device = passkey.DeviceSide.begin(ref.text, _DEVICE_TYPE, line.entropy)
            prologue = challenge.device.prologue
            parts = [
                Node("credential_id", {}, _decoded(assertion.raw_id)),
                Node("webauthn_assertion", {}, _as_json(assertion)),
                Node("prologue_payload", {}, prologue),
                Node("pairing_handoff_proof", {}, passkey.handoff_proof(self._handoff_key, prologue)),
            ]
            await line.ask("md", "set", Node("passkey_prologue", {}, parts))
        except BaseException:
            # Whatever it was, cancellation too: the holder may answer again.
            challenge.is_answered = False
            raise

    async def _finish(self, node: Node) -> None:
        line, challenge = self._line, self._challenge
        part = node.child("primary_ephemeral_identity")
        if challenge is None or challenge.device is None or part is None:
            return
        device = challenge.device
        wanted = passkey.Wanted(
            noise=KeyPair.from_private(line.device.noise).public,
            identity=line.identity.public,
            adv_secret=line.device.adv_secret,
        )
        try:
            request = device.request(passkey.PhoneIdentity.read(part.data), wanted, line.entropy)
        except passkey.PasskeyLinkRefused as error:
            _log.error("linking with a passkey failed", reason=str(error))
            return
        await line.ask("md", "set", Node("companion_nonce", {}, device.nonce))
        await line.ask("md", "set", Node("encrypted_pairing_request", {}, request))


def options_of(node: Node) -> dict[str, Any] | None:
    """WebAuthn's ``PublicKeyCredentialRequestOptions`` as JSON has them, if that is what came."""
    part = node.child("passkey_request_options")
    try:
        options = msgspec.json.decode(part.data, type=dict[str, Any]) if part is not None else {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return options if isinstance(options.get("challenge"), str) else None


def _as_json(assertion: PasskeyAssertion) -> bytes:
    """As whatsmeow writes it: WebAuthn's ``AuthenticationResponseJSON`` without what browsers add to it."""
    return msgspec.json.encode(
        {
            "id": assertion.id,
            "rawId": assertion.raw_id,
            "type": "public-key",
            "response": {
                "clientDataJSON": assertion.client_data,
                "authenticatorData": assertion.authenticator_data,
                "signature": assertion.signature,
                "userHandle": assertion.user_handle,
            },
        }
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
