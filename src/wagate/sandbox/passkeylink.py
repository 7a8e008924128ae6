"""Server and phone where the account that scans a code has a passkey.

Made from what whatsmeow's client (33cfac5, pair-passkey.go) sends and expects: **a guess at what it talks to**. It
holds the device to all that the device could know: the order, the challenge, the commitment, the proof of the scanned
code, and that it asks to be linked with the keys that it registered with.
"""

import asyncio
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from wagate.sandbox import queries
from wagate.sandbox.authenticator import TIMEOUT_MS, AssertionRefused, Passkey
from wagate.sandbox.model import LinkRefused
from wagate.wire import passkey as wire
from wagate.wire.jid import SERVER
from wagate.wire.node import Attr, Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World


class Refused(Exception):
    """The device's question is answered with that error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class PasskeyAttempt:
    """One scan. Implements :class:`~wagate.sandbox.model.PasskeyLink`."""

    def __init__(
        self,
        world: "World",
        post: Callable[[Node], None],
        passkey: Passkey,
        adv_secret: bytes,
        noise: bytes,
        identity: bytes,
    ) -> None:
        """``adv_secret`` is what the phone read in the QR code; ``noise`` and ``identity`` are the registration's."""
        self._world = world
        self._post = post
        self._passkey = passkey
        self._proof_key = wire.handoff_key(adv_secret)
        self._registered = (noise, identity)
        self._challenge = world.entropy(32)
        self._until = world.clock.now() + timedelta(milliseconds=TIMEOUT_MS)
        self._ref = ""
        self._phone: wire.PhoneSide | None = None
        self._nonce_known = False
        self._outcome: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        # Nobody has to wait for it.
        self._outcome.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def outcome(self) -> bytes:
        """See :class:`~wagate.sandbox.model.PasskeyLink`."""
        return await asyncio.shield(self._outcome)

    def fail(self, code: int, text: str) -> None:
        """It comes to nothing."""
        if not self._outcome.done():
            self._outcome.set_exception(LinkRefused(code, text))

    def ask(self) -> None:
        """Tell the device that a passkey is wanted."""
        self._notify("passkey_prologue_request", self._options())

    def query(self, node: Node) -> Node:
        """Answer what the device asks meanwhile."""
        result: dict[str, Attr] = {"from": SERVER, "type": "result", "id": node.get("id")}
        try:
            return Node("iq", result, self._answer(node))
        except Refused as error:
            return queries.refuse(node, error.code, str(error))
        except wire.PasskeyLinkRefused as error:
            self._world.complain("passkey", str(error))
            self.fail(401, str(error))
            return queries.refuse(node, 401, str(error))

    def _answer(self, node: Node) -> list[Node] | None:
        part = node.children[0] if len(node.children) == 1 else None
        match (node.get("xmlns"), node.get("type"), part.tag if part is not None else ""):
            case ("md", "get", "ref"):
                self._ref = f"2@{self._world.entropy(24).hex()}"
                return [Node("ref", {}, self._ref.encode())]
            case ("md", "get", "passkey_request_options"):
                return [self._options()]
            case ("md", "set", "passkey_prologue") if part is not None:
                self._take_prologue(part)
            case ("md", "set", "companion_nonce") if part is not None and self._phone is not None:
                self._phone.check_nonce(part.data)
                self._nonce_known = True
            case ("md", "set", "encrypted_pairing_request") if part is not None and self._nonce_known:
                self._take_request(part.data)
            case _:
                raise Refused(400, "out of turn")
        return None

    def _take_prologue(self, part: Node) -> None:
        parts = {child.tag: child.data for child in part.children}
        prologue = parts.get("prologue_payload", b"")
        if self._world.clock.now() > self._until or self._phone is not None:
            raise Refused(400, "expired or answered")
        try:
            self._passkey.check(parts.get("credential_id", b""), parts.get("webauthn_assertion", b""), self._challenge)
            phone = wire.PhoneSide.answer(prologue, self._world.entropy)
        except (AssertionRefused, wire.PasskeyLinkRefused) as error:
            raise Refused(401, str(error)) from error
        if not self._ref or phone.ref != self._ref:
            raise Refused(400, "another reference")
        # Without it a person would be asked to compare codes, and the sandbox's people don't.
        proof = wire.handoff_proof(self._proof_key, prologue)
        if not hmac.compare_digest(parts.get("pairing_handoff_proof", b""), proof):
            raise Refused(401, "no proof of the scanned code")
        self._phone = phone
        # A turn later: the device has its answer by then.
        identity = Node("primary_ephemeral_identity", {}, phone.identity.serialised())
        asyncio.get_running_loop().call_soon(self._notify, "crsc_continuation", identity)

    def _take_request(self, request: bytes) -> None:
        assert self._phone is not None
        wanted = self._phone.open(request)
        if (wanted.noise, wanted.identity) != self._registered:
            raise Refused(401, "other keys than it registered with")
        if not self._outcome.done():
            self._outcome.set_result(wanted.adv_secret)

    def _options(self) -> Node:
        return Node("passkey_request_options", {}, msgspec.json.encode(self._passkey.options(self._challenge)))

    def _notify(self, kind: str, part: Node) -> None:
        world = self._world
        attrs: dict[str, Attr] = {"from": SERVER, "type": kind, "id": world.new_id(), "t": world.seconds()}
        self._post(Node("notification", attrs, [part]))
