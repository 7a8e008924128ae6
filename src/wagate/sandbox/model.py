"""Accounts and their devices, and what the server asks of an account's phone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wagate.sandbox.authenticator import Passkey
from wagate.sandbox.backlog import Backlog
from wagate.wire.adv import Issued
from wagate.wire.jid import LID, Jid
from wagate.wire.node import Node
from wagate.wire.signal import Bundle, SignedPreKey

#: A device asks for its pre-keys to be topped up below this; Baileys and whatsmeow use the same number.
FEW_PREKEYS = 5

#: What a person can set who may see; Baileys fails to read messages without an answer that names readreceipts.
PRIVACY_CATEGORIES = (
    "last", "online", "profile", "status", "readreceipts", "groupadd", "calladd", "messages", "defense",
)  # fmt: skip


class Line(Protocol):
    """An open connection of a device."""

    def post(self, node: Node) -> None:
        """Send after all that was posted before."""
        ...

    def end(self, last: Node | None) -> None:
        """Send ``last`` and expect the client to close; close after a grace period. ``None`` cuts the line now."""
        ...


class PhonePort(Protocol):
    """Device 0 of an account as the server knows it. Nothing here may block or raise."""

    def bundle(self) -> Bundle:
        """The phone's public keys; handed out without end, so the one-time key may be absent."""
        ...

    def receive(self, stanza: Node) -> None:
        """A message for the phone, as a linked device would get it (``from``, ``id``, ``t``, ``type``, ``enc`` …)."""
        ...

    def receive_receipt(self, stanza: Node) -> None:
        """Somebody's receipt for a message of this account, of type retry only if the phone itself sent it."""
        ...

    def receive_other(self, stanza: Node) -> None:
        """A notification, chat state, presence or call."""
        ...

    def on_device_linked(self, device: "Device") -> None:
        """The device signed its half; it will now restart its connection."""
        ...

    def on_device_online(self, device: "Device", first: bool) -> None:
        """The device logged in, for the first time or again."""
        ...

    def finish_code(self, pending: "CodeLink", wrapped_bundle: bytes, device_identity: bytes) -> None:
        """The device answered the phone's hello: open the bundle, then ``pending.link.pair``."""
        ...

    def app_state(self, name: str, version: int, snapshot: bool) -> Node:
        """The ``<collection>`` with what is newer than ``version`` (0: all)."""
        ...

    def app_state_patch(self, name: str, version: int, patch: bytes) -> Node:
        """A device changes settings: ``patch`` is a serialised ``SyncdPatch`` on top of ``version``. Returns the
        ``<collection>`` to answer with; of ``type="error"`` with a ``<error code="409"/>`` if it is outdated."""
        ...


class PendingLink(Protocol):
    """A device that registered and shows QR codes."""

    @property
    def noise_key(self) -> bytes:
        """The public Noise static key it shook hands with."""
        ...

    @property
    def identity(self) -> bytes:
        """Its public identity key."""
        ...

    def pair(self, account: "Account", issue: Callable[[int], Issued]) -> "Pairing":
        """Give the device a number (which is its key index too), let ``issue`` sign it, and send ``pair-success``."""
        ...

    def want_passkey(self, passkey: Passkey, adv_secret: bytes) -> "PasskeyLink":
        """Have the device show that passkey before it is paired. ``adv_secret`` is that of the scanned code."""
        ...


class PasskeyLink(Protocol):
    """A device that was asked for a passkey."""

    async def outcome(self) -> bytes:
        """Wait until it has shown it; the ADV secret that it wants to be paired with.

        :raises LinkRefused: it broke the rules, or went away.
        """
        ...


class Pairing(Protocol):
    """The outcome, once the device has answered."""

    async def outcome(self) -> "Device":
        """Wait for it.

        :raises LinkRefused: the device refused what the phone issued, answered falsely, or went away.
        """
        ...


class CodeLink(Protocol):
    """A device that shows a pairing code."""

    @property
    def wrapped_ephemeral(self) -> bytes:
        """From its ``companion_hello``: the ephemeral key, wrapped with the code."""
        ...

    @property
    def link(self) -> PendingLink: ...

    def notify_primary_hello(self, wrapped_ephemeral: bytes, phone_identity: bytes) -> None:
        """The phone's answer; the device's comes by :meth:`PhonePort.finish_code`."""
        ...


class LinkRefused(Exception):
    """Linking failed. ``code`` and ``text`` are the device's own if it said why, else 400."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """Somebody with a phone number."""

    number: str
    name: str
    lid: str = ""
    #: Set right after, by :meth:`World.add_account`.
    phone: PhonePort = field(init=False)
    devices: "dict[int, Device]" = field(default_factory=dict)
    #: Devices that asked who belongs to this account and so are told when that changes.
    watchers: "set[Device]" = field(default_factory=set)
    blocked: dict[str, None] = field(default_factory=dict)
    privacy: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PRIVACY_CATEGORIES, "all"))
    #: Devices that subscribed to its presence.
    followers: "set[Device]" = field(default_factory=set)
    about: str = "Hey there! I am using WhatsApp."
    _last_number: int = 0

    def __post_init__(self) -> None:
        self.lid = self.lid or lid_of(self.number)

    @property
    def pn_jid(self) -> Jid:
        return Jid(self.number)

    @property
    def lid_jid(self) -> Jid:
        return Jid(self.lid, LID)

    def jid(self, server: str, device: int = 0) -> Jid:
        """This account as it is called on ``server``."""
        return Jid(self.lid if server == LID else self.number, server, device)

    def next_device(self) -> int:
        """A number that no device of the account has had."""
        self._last_number += 1
        return self._last_number


@dataclass(slots=True, kw_only=True, eq=False)
class Device:
    """A linked device, and what waits for it."""

    account: Account
    number: int
    noise_key: bytes
    identity: bytes
    registration_id: int
    signed_prekey: SignedPreKey
    #: ``ADVSignedDeviceIdentity`` with the account's key, both signatures checked.
    device_identity: bytes = b""
    prekeys: dict[int, bytes] = field(default_factory=dict)
    #: A new device uploads its first keys unasked.
    asked_for_prekeys: bool = True
    line: Line | None = None
    #: "Active" devices sent presence "available"; the others' receipts say inactive.
    available: bool = False
    seen_online: bool = False
    backlog: Backlog = field(default_factory=Backlog)

    @property
    def jid(self) -> Jid:
        return self.account.jid("s.whatsapp.net", self.number)

    @property
    def lid_jid(self) -> Jid:
        return self.account.jid(LID, self.number)


def lid_of(number: str) -> str:
    """Fifteen digits that say nothing about the number, always the same."""
    digest = hashlib.sha256(b"sandbox lid " + number.encode()).digest()
    return str(10**14 + int.from_bytes(digest[:8], "big") % (9 * 10**14))
