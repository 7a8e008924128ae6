"""What the parts of the sandbox share: who exists, what is open, and how a stanza gets from one to another."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from wagate.core.clock import Clock
from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.sandbox.faults import Fault, FaultKind, Faults
from wagate.sandbox.groups import Groups
from wagate.sandbox.media import MediaShelf
from wagate.sandbox.model import FEW_PREKEYS, Account, CodeLink, Device, PendingLink, PhonePort
from wagate.sandbox.record import WireRecord
from wagate.sandbox.routing import Router
from wagate.sandbox.tokens import Tokens
from wagate.wire.jid import LID, PN, SERVER, Jid
from wagate.wire.node import Node
from wagate.wire.signal import Bundle, PreKey

if TYPE_CHECKING:
    from wagate.sandbox.connection import Connection

_log = get_logger("sandbox")

#: Other names under which clients ask for a phone number.
_PN_SERVERS = frozenset((PN, "c.us", "hosted"))


class World:
    """One simulated WhatsApp. Belongs to one event loop."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self.clock = clock
        self.entropy = entropy
        self.accounts: dict[str, Account] = {}
        self._by_lid: dict[str, Account] = {}
        self.record = WireRecord(clock)
        self.faults = Faults(clock)
        self.groups = Groups(self)
        self.media = MediaShelf(entropy)
        self.tokens = Tokens(self)
        self.router = Router(self)
        #: By the ref of each QR text that a device shows.
        self.pending_links: dict[str, PendingLink] = {}
        #: By the number that the device asked to be linked with.
        self.pending_codes: dict[str, CodeLink] = {}
        self.connections: set[Connection] = set()
        #: What clients did wrong (false signatures and the like): a green run has none.
        self.complaints: Counter[str] = Counter()
        self._ids = 0
        self._connected = 0

    # -- who exists

    def add_account(self, number: str, name: str, make_phone: Callable[[Account], PhonePort]) -> Account:
        """A new account with its phone.

        :raises ValueError: if the number is taken or is not made of digits.
        """
        if number in self.accounts or not (number.isascii() and number.isdigit()):
            raise ValueError(f"the number is taken or is none: {number[:20]!r}")
        account = Account(number=number, name=name)
        account.phone = make_phone(account)
        self.accounts[number] = account
        self._by_lid[account.lid] = account
        return account

    def account(self, number: str) -> Account | None:
        return self.accounts.get(number)

    def find(self, jid: Jid) -> tuple[Account, int] | None:
        """The account behind a PN or LID, and the device number in it."""
        if jid.server in _PN_SERVERS:
            account = self.accounts.get(jid.user)
        elif jid.server in (LID, "hosted.lid"):
            account = self._by_lid.get(jid.user)
        else:
            account = None
        return None if account is None else (account, jid.device)

    def bundle(self, jid: Jid) -> Bundle | None:
        """The public keys of a device, one of its one-time keys used up; ``None`` if there is no such device."""
        found = self.find(jid)
        if found is None:
            return None
        account, number = found
        if number == 0:
            return account.phone.bundle()
        device = account.devices.get(number)
        if device is None:
            return None
        one_time = None
        if device.prekeys:
            key_id = next(iter(device.prekeys))
            one_time = PreKey(id=key_id, public=device.prekeys.pop(key_id))
        if len(device.prekeys) < FEW_PREKEYS and not device.asked_for_prekeys:
            device.asked_for_prekeys = True
            count = Node("count", {"value": str(len(device.prekeys))})
            self.notify(device, SERVER, "encrypt", [count])
        return Bundle(
            registration_id=device.registration_id,
            identity=device.identity,
            signed_prekey=device.signed_prekey,
            one_time=one_time,
        )

    # -- moving stanzas

    def deliver(self, account: Account, device: int, stanza: Node) -> None:
        """Hand a finished stanza to one device (0: the phone), now or when it is online again."""
        self.router.deliver(account, device, stanza)

    def submit(self, account: Account, stanza: Node) -> None:
        """The phone of ``account`` sends a ``<message>``, ``<receipt>``, ``<chatstate>`` or ``<presence>`` written
        as a linked device writes it (``to``, ``participants`` …); routing and groups work as for any device."""
        self.router.from_phone(account, stanza)

    def post_receipt(self, to_account: Account, stanza: Node) -> None:
        """Hand a finished receipt to the phone and every device of ``to_account``."""
        self.router.spread(to_account, stanza)

    def notify(self, device: Device, sender: Jid, kind: str, content: list[Node], **attrs: str | Jid) -> None:
        """Send a ``<notification>`` of that kind, kept until it is acknowledged."""
        self.router.deliver(
            device.account,
            device.number,
            Node(
                "notification",
                {"from": sender, "type": kind, "id": self.new_id(), "t": self.seconds(), **attrs},
                content,
            ),
        )

    # -- devices

    def add_device(self, device: Device) -> None:
        """A device finished linking; whoever knows the account's devices is told."""
        device.account.devices[device.number] = device
        self._tell_devices(device, "update")
        device.account.phone.on_device_linked(device)

    def unlink(self, account: Account, number: int) -> bool:
        """Remove a device as the phone or the device itself asks; whether there was one. Its connection ends with
        401 ``device_removed``, and so does every later login."""
        device = account.devices.pop(number, None)
        if device is None:
            return False
        if device.line is not None:
            conflict = Node("conflict", {"type": "device_removed"})
            device.line.end(Node("stream:error", {"code": "401"}, [conflict]))
        self._tell_devices(device, "remove")
        for other in self.accounts.values():
            other.watchers.discard(device)
        return True

    def _tell_devices(self, changed: Device, what: str) -> None:
        account = changed.account
        both = [
            Node("device", {"jid": jid, "key-index": str(changed.number)}) for jid in (changed.jid, changed.lid_jid)
        ]
        listeners = set(account.devices.values()) | account.watchers
        for device in sorted(listeners, key=lambda d: (d.account.number, d.number)):
            if device is not changed:
                self.notify(device, account.pn_jid, "devices", [Node(what, {}, both)], lid=account.lid_jid)

    # -- faults

    def inject(self, fault: Fault) -> None:
        """Switch a fault on. A close without a stanza, and the cut of going away, happen at once."""
        if fault.kind is FaultKind.CLOSE and fault.stanza is None:
            for connection in list(self.connections):
                if fault.concerns(connection.session):
                    connection.end(fault.closing())
            return
        self.faults.add(fault)
        if fault.kind is FaultKind.GO_AWAY:
            for connection in list(self.connections):
                connection.end(None)

    # -- small things

    def after_this(self, call: Callable[[], object]) -> None:
        """Call once the stanza at hand has been answered."""
        asyncio.get_running_loop().call_soon(call)

    def new_id(self) -> str:
        """An id for a stanza of the server."""
        self._ids += 1
        return f"{self.entropy(3).hex()}-{self._ids}"

    def next_connection(self) -> int:
        """The number of a new connection, by which the record tells one of a device from the next."""
        self._connected += 1
        return self._connected

    def seconds(self) -> str:
        """The wall clock as stanzas carry it."""
        return str(int(self.clock.now().timestamp()))

    def complain(self, what: str, session: str = "") -> None:
        """Note that a client broke the protocol."""
        self.complaints[what] += 1
        _log.warning("client broke the protocol", what=what, device=session)
