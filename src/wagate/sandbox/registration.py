"""A device that is not linked yet: its registration, the QR texts, the pairing code, and the two signatures."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from wagate.sandbox.authenticator import Passkey
from wagate.sandbox.model import Account, Device, LinkRefused
from wagate.sandbox.passkeylink import PasskeyAttempt
from wagate.wire.adv import IdentityRefused, Issued, check_reply
from wagate.wire.jid import LID, PN, SERVER
from wagate.wire.keys import typed, verify
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import SignedPreKey

if TYPE_CHECKING:
    from wagate.sandbox.connection import Connection
    from wagate.sandbox.world import World

#: A client shows the first for 60 s and each other for 20 s, then gives up.
_REFS = 6


class RegistrationRefused(Exception):
    """The registration's keys are missing or its pre-key is falsely signed."""


class Registration:
    """What a connection registered with. Implements :class:`~wagate.sandbox.model.PendingLink`."""

    def __init__(self, world: "World", connection: "Connection", noise_key: bytes, payload: wa.ClientPayload) -> None:
        """:raises RegistrationRefused: if the signed pre-key is not signed by the identity."""
        data = payload.devicePairingData
        if not verify(data.eIdent, typed(data.eSkeyVal), data.eSkeySig):
            raise RegistrationRefused("the signed pre-key is not signed by the identity")
        self._world, self._connection = world, connection
        self._noise_key, self._identity = noise_key, data.eIdent
        #: whatsmeow's has all 32 bits, Baileys' 14.
        self._registration_id = int.from_bytes(data.eRegid, "big")
        self._signed_prekey = SignedPreKey(
            id=int.from_bytes(data.eSkeyId, "big"), public=data.eSkeyVal, signature=data.eSkeySig
        )
        self._refs: list[str] = []
        self._code: Code | None = None
        self._pairing: Attempt | None = None
        self._passkey: PasskeyAttempt | None = None

    @property
    def noise_key(self) -> bytes:
        return self._noise_key

    @property
    def identity(self) -> bytes:
        return self._identity

    def begin(self) -> None:
        """Send the refs of the QR texts."""
        self._refs = [f"2@{self._world.entropy(48).hex()}" for _ in range(_REFS)]
        for ref in self._refs:
            self._world.pending_links[ref] = self
        refs = [Node("ref", {}, ref.encode()) for ref in self._refs]
        self._connection.post(
            Node(
                "iq",
                {"from": SERVER, "type": "set", "id": self._world.new_id(), "xmlns": "md"},
                [Node("pair-device", {}, refs)],
            )
        )

    def want_passkey(self, passkey: Passkey, adv_secret: bytes) -> PasskeyAttempt:
        """See :class:`~wagate.sandbox.model.PendingLink`."""
        if self._passkey is not None:
            self._passkey.fail(409, "scanned again")
        attempt = PasskeyAttempt(
            self._world, self._connection.post, passkey, adv_secret, self._noise_key, self._identity
        )
        self._passkey = attempt
        attempt.ask()
        return attempt

    def pair(self, account: Account, issue: Callable[[int], Issued]) -> "Attempt":
        """See :class:`~wagate.sandbox.model.PendingLink`."""
        number = account.next_device()
        device = Device(
            account=account,
            number=number,
            noise_key=self._noise_key,
            identity=self._identity,
            registration_id=self._registration_id,
            signed_prekey=self._signed_prekey,
        )
        attempt = Attempt(self._world, device, issue(number))
        if self._pairing is not None:
            self._pairing.fail(409, "another phone was faster")
        self._pairing = attempt
        success = [
            Node("device-identity", {}, attempt.issued.blob),
            Node("biz", {"name": account.name}),
            Node("device", {"jid": account.jid(PN, number), "lid": account.jid(LID, number)}),
            Node("platform", {"name": "android"}),
        ]
        self._connection.post(
            Node(
                "iq",
                {"from": SERVER, "type": "set", "id": attempt.id, "t": self._world.seconds(), "xmlns": "md"},
                [Node("pair-success", {}, success)],
            )
        )
        return attempt

    def answered(self, node: Node) -> None:
        """The device answered an iq of the server."""
        attempt = self._pairing
        if attempt is None or node.get("id") != attempt.id:
            return
        self._pairing = None
        if node.get("type") == "error":
            error = node.child("error")
            attempt.fail(int(error.get("code", "400")) if error else 400, error.get("text") if error else "")
            return
        reply = node.child("pair-device-sign", "device-identity")
        if not attempt.succeed(reply.data if reply is not None else b""):
            self._connection.end(Node("stream:error", {"code": "401"}))
            return
        self._forget()
        # Every client starts anew with its new identity; whatsmeow loses the 515 if the socket closes at once.
        self._connection.end(Node("stream:error", {"code": "515"}))

    def query(self, node: Node) -> Node | None:
        """Answer what a device may ask before it is linked: to be linked by code, or what an account
        with a passkey wants. ``None`` for anything else.
        """
        part = node.child("link_code_companion_reg")
        if part is None:
            return None if self._passkey is None else self._passkey.query(node)
        result: dict[str, Attr] = {"from": SERVER, "type": "result", "id": node.get("id")}
        if part.get("stage") == "companion_hello":
            jid = part.jid("jid")
            wrapped = part.child("link_code_pairing_wrapped_companion_ephemeral_pub")
            if jid is None or wrapped is None:
                return None
            self._code = Code(self._world, self._connection, self, jid.user, wrapped.data)
            self._world.pending_codes[jid.user] = self._code
            ref = Node("link_code_pairing_ref", {}, self._code.ref)
            return Node("iq", result, [Node("link_code_companion_reg", {"stage": "companion_hello"}, [ref])])
        if part.get("stage") == "companion_finish" and self._code is not None:
            bundle = part.child("link_code_pairing_wrapped_key_bundle")
            identity = part.child("companion_identity_public")
            account = self._world.account(self._code.number)
            if bundle is None or identity is None or account is None:
                return None
            account.phone.finish_code(self._code, bundle.data, identity.data)
            return Node("iq", result)
        return None

    def gone(self) -> None:
        """The connection ended."""
        self._forget()
        if self._pairing is not None:
            self._pairing.fail(408, "the device went away")
        if self._passkey is not None:
            self._passkey.fail(408, "the device went away")

    def _forget(self) -> None:
        for ref in self._refs:
            self._world.pending_links.pop(ref, None)
        self._refs = []
        if self._code is not None and self._world.pending_codes.get(self._code.number) is self._code:
            del self._world.pending_codes[self._code.number]


class Attempt:
    """One phone's attempt to link one device. Implements :class:`~wagate.sandbox.model.Pairing`."""

    def __init__(self, world: "World", device: Device, issued: Issued) -> None:
        self.id = world.new_id()
        self.issued = issued
        self._world, self._device = world, device
        self._outcome: asyncio.Future[Device] = asyncio.get_running_loop().create_future()
        # Nobody has to wait for it.
        self._outcome.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def outcome(self) -> Device:
        return await asyncio.shield(self._outcome)

    def fail(self, code: int, text: str) -> None:
        if not self._outcome.done():
            self._outcome.set_exception(LinkRefused(code, text))

    def succeed(self, reply: bytes) -> bool:
        """Check the device's signature; links the device if it holds."""
        try:
            signed = wa.ADVSignedDeviceIdentity.FromString(
                wa.ADVSignedDeviceIdentityHMAC.FromString(self.issued.blob).details
            )
            account_key = signed.accountSignatureKey
            check_reply(reply, self.issued.details, account_key, self._device.identity)
            whole = wa.ADVSignedDeviceIdentity.FromString(reply)
        except (IdentityRefused, DecodeError) as error:
            self._world.complain("device signature", str(self._device.jid))
            self.fail(400, str(error))
            return False
        whole.accountSignatureKey = account_key
        self._device.device_identity = whole.SerializeToString()
        self._world.add_device(self._device)
        if not self._outcome.done():
            self._outcome.set_result(self._device)
        return True


class Code:
    """A device waiting for its code to be typed. Implements :class:`~wagate.sandbox.model.CodeLink`."""

    def __init__(
        self, world: "World", connection: "Connection", link: Registration, number: str, wrapped: bytes
    ) -> None:
        self.number = number
        self.ref = world.entropy(16)
        self._world, self._connection, self._link, self._wrapped = world, connection, link, wrapped

    @property
    def wrapped_ephemeral(self) -> bytes:
        return self._wrapped

    @property
    def link(self) -> Registration:
        return self._link

    def notify_primary_hello(self, wrapped_ephemeral: bytes, phone_identity: bytes) -> None:
        """See :class:`~wagate.sandbox.model.CodeLink`."""
        parts = [
            Node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, wrapped_ephemeral),
            Node("primary_identity_pub", {}, phone_identity),
            Node("link_code_pairing_ref", {}, self.ref),
        ]
        self._connection.post(
            Node(
                "notification",
                {
                    "from": SERVER,
                    "type": "link_code_companion_reg",
                    "id": self._world.new_id(),
                    "t": self._world.seconds(),
                },
                [Node("link_code_companion_reg", {"stage": "primary_hello"}, parts)],
            )
        )
