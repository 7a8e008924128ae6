"""How a phone links a device: by scanning the QR code it shows, or by typing in its code."""

import asyncio
from dataclasses import dataclass

from wagate.sandbox.authenticator import TIMEOUT_MS, Passkey
from wagate.sandbox.errors import CodeUnknown, LinkFailed, QrUnknown
from wagate.sandbox.model import Account, CodeLink, Device, LinkRefused, Pairing, PasskeyLink, PendingLink
from wagate.sandbox.phonekeys import PhoneKeys
from wagate.sandbox.world import World
from wagate.wire.adv import Issued, QrText, issue
from wagate.wire.pairing import PairingRefused, PhoneSide, normal_code

#: How long the device has to answer. Baileys answers in milliseconds; this is for one that hangs.
ANSWER_SECONDS = 30.0
#: A person's minute for the passkey, and as long as a device has to answer.
PASSKEY_SECONDS = TIMEOUT_MS / 1000 + ANSWER_SECONDS


@dataclass(slots=True)
class _Entered:
    pending: CodeLink
    side: PhoneSide
    secret: "asyncio.Future[bytes]"


class Linking:
    """The linking half of a phone."""

    def __init__(self, world: World, account: Account, keys: PhoneKeys) -> None:
        self._world = world
        self._account = account
        self._keys = keys
        #: What protects the account; whoever scans has to show it.
        self.passkey: Passkey | None = None
        self._entered: list[_Entered] = []

    async def scan(self, text: str) -> Device:
        """Scan a QR code.

        :raises QrUnknown: if no device shows it (any more), or the device's keys are other ones.
        :raises LinkFailed: if the device refuses, or does not answer.
        """
        try:
            qr = QrText.parse(text)
        except ValueError as error:
            raise QrUnknown(str(error)) from error
        pending = self._world.pending_links.get(qr.ref)
        if pending is None or (pending.noise_key, pending.identity) != (qr.noise, qr.identity):
            raise QrUnknown
        secret = qr.adv_secret
        if self.passkey is not None:
            secret = await self._shown(pending.want_passkey(self.passkey, secret))
        return await self._finished(self._pair(pending, secret))

    async def enter_code(self, typed: str) -> Device:
        """Type in the code that a device shows.

        :raises CodeUnknown: if no device waits for this number's phone, or the text can't be a code.
        :raises LinkFailed: if the account has a passkey (what WhatsApp does then is not known), the code is wrong, or
            the device refuses or does not answer.
        """
        if self.passkey is not None:
            raise LinkFailed("An account with a passkey is linked by its QR code here")
        pending = self._world.pending_codes.get(self._account.number)
        if pending is None:
            raise CodeUnknown
        try:
            code = normal_code(typed)
            # Deriving the key from the code takes 30 ms of pure computing, twice.
            side = await asyncio.to_thread(PhoneSide.answer, code, pending.wrapped_ephemeral, self._world.entropy)
        except PairingRefused as error:
            raise LinkFailed(str(error)) from error
        except ValueError as error:
            raise CodeUnknown(str(error)) from error
        entered = _Entered(pending, side, asyncio.get_running_loop().create_future())
        self._entered.append(entered)
        try:
            pending.notify_primary_hello(side.wrapped, self._keys.identity.public)
            try:
                secret = await asyncio.wait_for(entered.secret, ANSWER_SECONDS)
            except PairingRefused as error:
                raise LinkFailed(str(error)) from error
            except TimeoutError as error:
                raise LinkFailed("The device did not answer") from error
        finally:
            self._entered.remove(entered)
        # Only now, a turn later: the device's last question has its answer by then.
        return await self._finished(self._pair(pending.link, secret))

    def finish_code(self, pending: CodeLink, wrapped_bundle: bytes, device_identity: bytes) -> None:
        """The device's answer to what was typed."""
        entered = next((e for e in self._entered if e.pending is pending and not e.secret.done()), None)
        if entered is None:
            return
        try:
            secret = entered.side.open(wrapped_bundle, device_identity, self._keys.identity)
        except PairingRefused as error:
            entered.secret.set_exception(error)
            return
        if device_identity != pending.link.identity:
            entered.secret.set_exception(PairingRefused("the device registered with another identity"))
            return
        entered.secret.set_result(secret)

    def _pair(self, pending: PendingLink, adv_secret: bytes) -> Pairing:
        def sign(number: int) -> Issued:
            return issue(
                self._keys.identity,
                pending.identity,
                key_index=number,
                timestamp=int(self._world.clock.now().timestamp()),
                adv_secret=adv_secret,
                entropy=self._world.entropy,
            )

        return pending.pair(self._account, sign)

    async def _shown(self, link: PasskeyLink) -> bytes:
        try:
            return await asyncio.wait_for(link.outcome(), PASSKEY_SECONDS)
        except LinkRefused as error:
            raise LinkFailed(str(error)) from error
        except TimeoutError as error:
            raise LinkFailed("The passkey was not shown") from error

    async def _finished(self, pairing: Pairing) -> Device:
        try:
            return await asyncio.wait_for(pairing.outcome(), ANSWER_SECONDS)
        except LinkRefused as error:
            raise LinkFailed(str(error)) from error
        except TimeoutError as error:
            raise LinkFailed("The device did not answer") from error
