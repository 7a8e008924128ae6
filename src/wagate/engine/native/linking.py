"""Linking a new device: by the QR texts that it shows, or by a code that is typed into the phone."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from wagate.core.logging import get_logger
from wagate.engine.native import client
from wagate.engine.native.line import Line
from wagate.engine.native.passkey import PasskeyLinking
from wagate.engine.port import EngineEvent, Linked, QrIssued, QueryFailed
from wagate.wire.adv import IdentityRefused, QrText, Refusal, accept
from wagate.wire.jid import SERVER, Jid
from wagate.wire.keys import KeyPair
from wagate.wire.node import Attr, Node
from wagate.wire.pairing import DeviceSide, PairingRefused, make_code

#: How long WhatsApp honours the first and each later reference of a QR code.
FIRST_QR_SECONDS = 60.0
LATER_QR_SECONDS = 20.0

#: The digit of a Chrome in QR texts and pairing codes.
_CHROME = "1"
_UNAUTHORIZED = "401"

_CODE_TYPED = "link_code_companion_reg"
_PASSKEY_WANTED = "passkey_prologue_request"
_PASSKEY_GOES_ON = "crsc_continuation"
#: The types of notifications that are about linking.
NOTIFICATIONS = frozenset((_CODE_TYPED, _PASSKEY_WANTED, _PASSKEY_GOES_ON))
_BROKEN = "500"

_log = get_logger("engine.native")


class Linking:
    """A device on its way to being linked. ``run_out`` is called when nobody scanned any of the codes."""

    def __init__(self, line: Line, tell: Callable[[EngineEvent], None], run_out: Callable[[], None]) -> None:
        self._line = line
        self._tell = tell
        self._run_out = run_out
        self.passkey = PasskeyLinking(line, tell, run_out)
        self._offered = asyncio.Event()
        self._code: DeviceSide | None = None
        self._code_ref = b""
        self._phone = ""
        self._showing = False

    # -- what the server says

    def offered(self, node: Node) -> None:
        """The server gives references to show codes for; a device that is linked has no use for them."""
        if self._line.device.linked:
            self._refuse(node, _BROKEN, "internal-error")
            return
        self._result(node)
        offer = node.child("pair-device")
        refs = [ref.text for ref in offer.all("ref")] if offer is not None else []
        self._offered.set()
        if not self._showing:
            self._showing = True
            self._line.spawn(lambda: self._show(refs), "showing codes")

    def succeeded(self, node: Node) -> None:
        """A phone accepted: check that it means us, keep who we are, and only then answer."""
        device, blob = node.child("pair-success", "device"), node.child("pair-success", "device-identity")
        jid = device.jid("jid") if device is not None else None
        if jid is not None and not (jid.is_pn and jid.user.isascii() and jid.user.isdigit() and len(jid.user) < 19):
            # It is what we log in with, as a number.
            jid = None
        if device is None or blob is None or jid is None or self._line.device.linked:
            self._refuse(node, _BROKEN, "internal-error")
            return
        line = self._line
        try:
            accepted = accept(blob.data, line.device.adv_secret, line.identity, line.entropy)
        except IdentityRefused as error:
            _log.error("a link was refused: the phone's signatures do not hold", reason=error.reason.value)
            code = _BROKEN if error.reason is Refusal.MALFORMED else _UNAUTHORIZED
            self._refuse(node, code, "internal-error" if error.reason is Refusal.MALFORMED else error.reason.value)
            return
        lid, business = device.jid("lid"), node.child("pair-success", "biz")
        line.change(
            jid=str(jid),
            lid=str(lid) if lid is not None and lid.is_lid and lid.user else "",
            push_name=business.get("name") if business is not None else "",
            device_identity=accepted.identity,
            account_key=accepted.account_key,
        )
        identity = line.device.port_identity
        line.journal.when_durable(lambda: self._tell(Linked(identity=identity)))
        reply = Node("device-identity", {"key-index": str(accepted.key_index)}, accepted.reply)
        self._result(node, [Node("pair-device-sign", {}, [reply])])
        line.post(client.unified_session(line.clock.now()))

    def notified(self, node: Node) -> None:
        """Something about a link under way, of a type in :data:`NOTIFICATIONS`."""
        if node.jid("from") != SERVER:
            self._line.acknowledge(node)
        elif node.get("type") == _PASSKEY_WANTED:
            self.passkey.asked(node)
        elif node.get("type") == _PASSKEY_GOES_ON:
            self.passkey.continued(node)
        else:
            # The phone answers the code that was typed into it.
            self._line.acknowledge(node)
            self._line.spawn(lambda: self._finish_code(node), "linking by code")

    # -- codes

    async def request_code(self, phone: str) -> str:
        """Ask to be linked with that number's phone; the code for it.

        :raises QueryFailed: if WhatsApp refuses.
        """
        # The server takes the request once it has offered references.
        await self._offered.wait()
        code = make_code(self._line.entropy)
        # Deriving the key from the code takes 30 ms of pure computing.
        self._code = await asyncio.to_thread(DeviceSide.begin, code, self._line.entropy)
        noise = KeyPair.from_private(self._line.device.noise).public
        parts = [
            Node("link_code_pairing_wrapped_companion_ephemeral_pub", {}, self._code.wrapped),
            Node("companion_server_auth_key_pub", {}, noise),
            Node("companion_platform_id", {}, _CHROME.encode()),
            Node("companion_platform_display", {}, b"Chrome (Linux)"),
            Node("link_code_pairing_nonce", {}, b"0"),
        ]
        attrs: dict[str, Attr] = {
            "jid": Jid(phone),
            "stage": "companion_hello",
            "should_show_push_notification": "true",
        }
        answer = await self._line.ask("md", "set", Node("link_code_companion_reg", attrs, parts))
        ref = answer.child("link_code_companion_reg", "link_code_pairing_ref")
        if ref is None:
            raise QueryFailed(0, "WhatsApp gave no reference for the code")
        self._code_ref, self._phone = ref.data, phone
        return code

    async def _finish_code(self, node: Node) -> None:
        hello = node.child("link_code_companion_reg")
        wrapped = hello.child("link_code_pairing_wrapped_primary_ephemeral_pub") if hello is not None else None
        phone = hello.child("primary_identity_pub") if hello is not None else None
        ref = hello.child("link_code_pairing_ref") if hello is not None else None
        line = self._line
        if self._code is None or wrapped is None or phone is None or ref is None or ref.data != self._code_ref:
            return
        try:
            bundle, secret = await asyncio.to_thread(
                self._code.finish, wrapped.data, phone.data, line.identity, line.entropy
            )
        except PairingRefused as error:
            _log.error("linking by code failed", reason=str(error))
            return
        line.device = msgspec.structs.replace(line.device, adv_secret=secret)
        parts = [
            Node("link_code_pairing_wrapped_key_bundle", {}, bundle),
            Node("companion_identity_public", {}, line.identity.public),
            Node("link_code_pairing_ref", {}, self._code_ref),
        ]
        attrs: dict[str, Attr] = {"jid": Jid(self._phone), "stage": "companion_finish"}
        await line.ask("md", "set", Node("link_code_companion_reg", attrs, parts))

    async def _show(self, refs: list[str]) -> None:
        line, lifetime = self._line, FIRST_QR_SECONDS
        for ref in refs:
            code = QrText(
                ref=ref,
                noise=KeyPair.from_private(line.device.noise).public,
                identity=line.identity.public,
                adv_secret=line.device.adv_secret,
                platform=_CHROME,
            ).build()
            self._tell(QrIssued(code=code, expires_at=_after(line.clock.now(), lifetime)))
            await line.clock.sleep(lifetime)
            if line.device.linked or self.passkey.is_wanted:
                return
            lifetime = LATER_QR_SECONDS
        self._run_out()

    # -- answers

    def _result(self, node: Node, content: list[Node] | None = None) -> None:
        self._line.post(Node("iq", {"to": SERVER, "type": "result", "id": node.get("id")}, content))

    def _refuse(self, node: Node, code: str, text: str) -> None:
        error = Node("error", {"code": code, "text": text})
        self._line.post(Node("iq", {"to": SERVER, "type": "error", "id": node.get("id")}, [error]))


def _after(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)
