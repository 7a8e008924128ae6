"""From device to device: messages, receipts, notifications, and the queue of a device that is away.

Facts it rests on are marked where they are used; all were observed with Baileys 7.0.0-rc14 and whatsmeow, and none
says what WhatsApp's own servers do inside.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wagate.sandbox.faults import FaultKind
from wagate.sandbox.groups import Group
from wagate.sandbox.model import Account, Device
from wagate.sandbox.record import receipt_ids
from wagate.wire.adv import IdentityRefused, check_device
from wagate.wire.jid import BROADCAST, GROUP, LID, PN, Jid
from wagate.wire.node import Attr, Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World

#: Receipts by which a device says that it has a message (or asks for it again), so it need not be kept.
_HAVING = frozenset(("", "inactive", "sender", "peer_msg", "hist_sync", "read", "read-self", "played", "retry"))
#: Receipts that concern nobody but the server.
_SILENT = frozenset(("sender", "peer_msg", "hist_sync", "server-error"))
#: Children of a message that its receivers get too.
_PASSED_ON = frozenset(("meta", "multicast", "biz", "bot", "rcat"))
#: Attributes of a message that its receivers get too.
_PASSED_ATTRS = ("type", "category", "edit", "expiration", "mediatype")

_NOT_IN_GROUP = "403"
_FALSE_IDENTITY = "400"
_NOT_TRUSTED = "463"


class Router:
    """Moves stanzas. Has no state but what the accounts and devices hold."""

    def __init__(self, world: "World") -> None:
        self._world = world

    # -- what devices and phones send

    def from_device(self, device: Device, node: Node) -> None:
        """A linked device sent a stanza that is no ``iq``."""
        match node.tag:
            case "message":
                self._post(device, self._message(device.account, device.number, node))
            case "receipt":
                self._post(device, _receipt_ack(node))
                self._release(device, node)
                self._receipt(device.account, device.number, node)
            case "ack":
                self._acknowledged(device, node)
            case "presence":
                self._presence(device, node)
            case "chatstate":
                self._chatstate(device.account, device.number, node)
            case "call":
                self._post(device, _receipt_ack(node, "call"))
            case "ib":
                pass
            case _:
                self._world.complain("unknown stanza", f"{device.jid} {node.tag}")

    def from_phone(self, account: Account, node: Node) -> None:
        """A phone sent a stanza."""
        match node.tag:
            case "message":
                self._message(account, 0, node)
            case "receipt":
                self._receipt(account, 0, node)
            case "chatstate":
                self._chatstate(account, 0, node)
            case "presence":
                self._tell_presence(account, node.get("type"))
            case _:
                raise ValueError(f"phones do not send <{node.tag}>")

    # -- delivery

    def deliver(self, account: Account, number: int, stanza: Node) -> None:
        """To one device, now or when it is online again; stanzas for devices that are gone vanish."""
        if number == 0:
            match stanza.tag:
                case "message":
                    account.phone.receive(stanza)
                case "receipt":
                    account.phone.receive_receipt(stanza)
                case _:
                    account.phone.receive_other(stanza)
            return
        device = account.devices.get(number)
        if device is None:
            return
        device.backlog.keep(stanza)
        self._post(device, stanza)

    def spread(self, account: Account, stanza: Node) -> None:
        """To the phone and every device."""
        for number in (0, *account.devices):
            self.deliver(account, number, stanza)

    def backlog(self, device: Device) -> list[Node]:
        """What waits for a device that has just logged in, marked as such, and the count that ends it."""
        waiting = [Node(n.tag, {**n.attrs, "offline": "1"}, n.content) for n in device.backlog]
        return [*waiting, Node("ib", {}, [Node("offline", {"count": str(len(waiting))})])]

    def _post(self, device: Device, stanza: Node) -> None:
        if device.line is not None:
            device.line.post(stanza)

    # -- messages

    def _message(self, account: Account, number: int, node: Node) -> Node:
        """Route a message; returns the ack for its sender."""
        to, message_id = node.jid("to"), node.get("id")
        answer: dict[str, Attr] = {"class": "message", "id": message_id, "t": self._world.seconds()}
        if to is None or not message_id:
            return Node("ack", {**answer, "error": "400"})
        answer["from"] = to
        sender = account.devices.get(number)
        if sender is not None and not self._identity_holds(sender, node):
            return Node("ack", {**answer, "error": _FALSE_IDENTITY})
        if sender is not None and (fault := self._world.faults.strike(FaultKind.REFUSE_MESSAGE, str(sender.jid))):
            return Node("ack", {**answer, "error": str(fault.code)})
        if to.server == GROUP:
            group = self._world.groups.get(to)
            if group is None or account.number not in group.members:
                return Node("ack", {**answer, "error": _NOT_IN_GROUP})
            if "phash" in node.attrs:
                answer["phash"] = self._phash(group)
            self._to_group(account, number, node, group)
        elif to.is_status:
            self._to_readers(account, number, node)
        else:
            found = self._world.find(to)
            token = node.child("tctoken")
            shown = token.data if token is not None else b""
            if sender is not None and found and not self._world.tokens.admits(account, found[0], shown):
                return Node("ack", {**answer, "error": _NOT_TRUSTED})
            if found and (phash := self._missed(account, number, node, found[0], to.server)):
                answer["phash"] = phash
            self._to_devices(account, number, node, to)
            if found and (unavailable := node.child("unavailable")):
                self._tell_unavailable(account, number, node, found[0], unavailable)
        return Node("ack", answer)

    def _tell_unavailable(
        self, account: Account, number: int, node: Node, receiver: Account, unavailable: Node
    ) -> None:
        """Linked devices that a message is not encrypted for learn that there is one."""
        to = node.attrs["to"]
        domain = LID if isinstance(to, Jid) and to.is_lid else PN
        reached = {jid for jid, _ in _per_device(node)}
        attrs: dict[str, Attr] = {
            "from": account.jid(domain, number),
            **self._common(account, node),
            ("sender_pn" if domain == LID else "sender_lid"): account.pn_jid if domain == LID else account.lid_jid,
        }
        for device in receiver.devices:
            if receiver.jid(domain, device) not in reached:
                self.deliver(receiver, device, Node("message", attrs, [unavailable]))

    def _missed(self, account: Account, number: int, node: Node, receiver: Account, domain: str) -> str:
        """The hash over all devices of both ends of a chat, if the message is not for just these; else empty."""
        if node.child("participants") is None:
            return ""
        ends = {account.number: account, receiver.number: receiver}.values()
        devices = {end.jid(domain, device) for end in ends for device in (0, *end.devices)}
        reached = {jid for jid, _ in _per_device(node)} | {account.jid(domain, number)}
        return "" if number == 0 or reached == devices else _hash_of(devices)

    def _identity_holds(self, sender: Device, node: Node) -> bool:
        identity = node.child("device-identity")
        if identity is None:
            return True
        try:
            check_device(identity.data, sender.identity)
        except IdentityRefused as error:
            self._world.complain(f"device identity: {error.reason}", str(sender.jid))
            return False
        return True

    def _to_devices(self, account: Account, number: int, node: Node, to: Jid) -> None:
        for target, enc in _addressed(node, to):
            found = self._world.find(target)
            if found is None:
                continue
            receiver, device = found
            # The receiver sees the sender in the domain in which it was itself addressed.
            lid = target.server == LID
            attrs: dict[str, Attr] = {
                "from": account.jid(LID if lid else PN, number),
                **self._common(account, node),
                ("sender_pn" if lid else "sender_lid"): account.pn_jid if lid else account.lid_jid,
            }
            if to.server == BROADCAST:
                attrs |= {"from": to, "participant": attrs["from"]}
            elif receiver is account and node.get("category") != "peer":
                chat = node.jid("recipient") or to.bare
                attrs["recipient"] = chat
                if (other := self._world.find(chat)) is not None:
                    alternative = other[0].pn_jid if chat.server == LID else other[0].lid_jid
                    name = "pn" if chat.server == LID else "lid"
                    attrs |= {f"recipient_{name}": alternative, f"peer_recipient_{name}": alternative}
            self.deliver(receiver, device, Node("message", attrs, _delivered_content(node, [enc], device)))

    def _to_group(self, account: Account, number: int, node: Node, group: Group) -> None:
        single = {(f[0].number, f[1]): enc for t, enc in _per_device(node) if (f := self._world.find(t))}
        shared = list(node.all("enc"))
        attrs: dict[str, Attr] = {
            "from": group.jid,
            "participant": account.jid(LID, number),
            "participant_pn": account.pn_jid,
            "addressing_mode": "lid",
            **self._common(account, node),
        }
        # A message sent again to one device names it; the others have theirs.
        only = node.jid("participant")
        again = self._world.find(only) if only is not None else None
        for member in sorted(group.members):
            receiver = self._world.accounts[member]
            for device in (0, *receiver.devices):
                if (receiver is account and device == number) or (again and again != (receiver, device)):
                    continue
                own = single.get((member, device))
                encs = ([own] if own else []) + shared
                if encs:
                    self.deliver(receiver, device, Node("message", attrs, _delivered_content(node, encs, device)))

    def _to_readers(self, account: Account, number: int, node: Node) -> None:
        """A status, to the devices that it names."""
        shared = list(node.all("enc"))
        only = node.jid("participant")
        # Sent again to one device, what it gets stands by itself.
        readers = [(only, shared)] if only is not None else [(jid, [enc, *shared]) for jid, enc in _per_device(node)]
        if not readers:
            self._world.complain("a status for nobody", str(account.jid(PN, number)))
        for reader, encs in readers:
            found = self._world.find(reader)
            if found is None or found == (account, number):
                continue
            domain = LID if reader.is_lid else PN
            attrs: dict[str, Attr] = {
                "from": node.attrs["to"],
                "participant": account.jid(domain, number),
                ("participant_pn" if reader.is_lid else "participant_lid"): (
                    account.pn_jid if reader.is_lid else account.lid_jid
                ),
                **self._common(account, node),
            }
            self.deliver(*found, Node("message", attrs, _delivered_content(node, encs, found[1])))

    def _common(self, account: Account, node: Node) -> dict[str, Attr]:
        passed = {name: node.attrs[name] for name in _PASSED_ATTRS if name in node.attrs}
        return {"id": node.get("id"), "t": self._world.seconds(), "notify": account.name, "type": "text", **passed}

    def _phash(self, group: Group) -> str:
        """The hash over all devices of a group by which a sender sees that its list was outdated."""
        accounts = [self._world.accounts[number] for number in group.members]
        return _hash_of(a.jid(LID, device) for a in accounts for device in (0, *a.devices))

    # -- receipts

    def _receipt(self, account: Account, number: int, node: Node) -> None:
        to, kind = node.jid("to"), node.get("type")
        # A receipt for the copy of one's own message has no "to" (Baileys).
        if to is None or kind in _SILENT:
            return
        attrs: dict[str, Attr] = {"id": node.get("id"), "t": self._world.seconds()}
        # To the sender it makes no difference whether the reader was looking.
        if kind and kind != "inactive":
            attrs["type"] = kind
        if kind == "read-self":
            self._spread_but(account, number, Node("receipt", {**attrs, "from": account.pn_jid, "recipient": to}))
            return
        if to.server in (GROUP, BROADCAST):
            wanted = node.jid("participant")
            attrs |= {"from": to, "participant": account.jid(LID if to.server == GROUP else PN, number)}
        else:
            wanted = to
            attrs["from"] = account.jid(LID if to.server == LID else PN, number)
            if "recipient" in node.attrs:
                attrs["recipient"] = node.attrs["recipient"]
        found = self._world.find(wanted) if wanted is not None else None
        if found is None:
            return
        receiver, device = found
        if kind == "retry":
            self.deliver(receiver, device, Node("receipt", attrs, node.content))
        elif receiver is not account:
            self.spread(receiver, Node("receipt", attrs, node.content))

    def _spread_but(self, account: Account, number: int, stanza: Node) -> None:
        for other in (0, *account.devices):
            if other != number:
                self.deliver(account, other, stanza)

    def _release(self, device: Device, node: Node) -> None:
        if node.get("type") in _HAVING:
            for message_id in receipt_ids(node):
                device.backlog.release("message", message_id)

    def _acknowledged(self, device: Device, node: Node) -> None:
        kind = node.get("class")
        if kind == "receipt" and node.get("type") == "retry":
            device.backlog.release_oldest(kind, node.get("id"), "retry", node.get("participant"))
        elif kind == "receipt":
            device.backlog.release(kind, node.get("id"), node.get("type"), node.get("participant"))
        elif kind == "message" and "error" not in node.attrs:
            # Of a message that has content it comes with a receipt that asks for it again, which may be on its way.
            device.backlog.release_empty(node.get("id"))
        else:
            device.backlog.release(kind, node.get("id"))

    # -- presence

    def _presence(self, device: Device, node: Node) -> None:
        kind = node.get("type")
        if kind in ("available", "unavailable"):
            device.available = kind == "available"
            self._tell_presence(device.account, kind)
        elif kind == "subscribe" and (to := node.jid("to")) is not None and (found := self._world.find(to)):
            found[0].followers.add(device)
            online = any(d.available for d in found[0].devices.values())
            state = {"type": "available"} if online else {"type": "unavailable", "last": "deny"}
            self._post(device, Node("presence", {"from": to, **state}))

    def _tell_presence(self, account: Account, kind: str) -> None:
        attrs: dict[str, Attr] = {"from": account.pn_jid, "type": kind}
        if kind == "unavailable":
            attrs["last"] = self._world.seconds()
        for device in account.followers:
            self._post(device, Node("presence", attrs))

    def _chatstate(self, account: Account, number: int, node: Node) -> None:
        to = node.jid("to")
        if to is None:
            return
        if to.server == GROUP:
            group = self._world.groups.get(to)
            members = [self._world.accounts[n] for n in sorted(group.members)] if group else []
            attrs: dict[str, Attr] = {"from": to, "participant": account.jid(LID)}
        else:
            found = self._world.find(to)
            members = [found[0]] if found else []
            attrs = {"from": account.jid(LID if to.server == LID else PN)}
        for member in members:
            if member is not account:
                self.spread(member, Node("chatstate", attrs, node.content))


def _hash_of(devices: Iterable[Jid]) -> str:
    names = sorted(f"{jid.user}.0:{jid.device}@{jid.server}" for jid in devices)
    digest = hashlib.sha256("".join(names).encode()).digest()
    return "2:" + base64.b64encode(digest[:6]).decode().rstrip("=")


def _addressed(node: Node, to: Jid) -> list[tuple[Jid, Node]]:
    """The ciphertexts of a message that is not to a group, each with the device it is for."""
    single = list(_per_device(node))
    return single or [(to, enc) for enc in node.all("enc")]


def _per_device(node: Node) -> list[tuple[Jid, Node]]:
    participants = node.child("participants")
    if participants is None:
        return []
    pairs = ((to.jid("jid"), to.child("enc")) for to in participants.all("to"))
    return [(jid, enc) for jid, enc in pairs if jid is not None and enc is not None]


def _delivered_content(node: Node, encs: list[Node], device: int) -> list[Node]:
    # WhatsApp keeps the reporting token; our phones get it to judge what would be told of the sender one day.
    passed_on = _PASSED_ON | {"reporting"} if device == 0 else _PASSED_ON
    extra = [child for child in node.children if child.tag in passed_on]
    identity = node.child("device-identity")
    # Only a first message needs the proof of who the device is.
    if identity is not None and any(enc.get("type") == "pkmsg" for enc in encs):
        extra.append(identity)
    return [*encs, *extra]


def _receipt_ack(node: Node, kind: str = "receipt") -> Node:
    attrs: dict[str, Attr] = {"class": kind, "id": node.get("id")}
    sender = node.attrs.get("to") or node.attrs.get("recipient")
    if sender is not None:
        attrs["from"] = sender
    for name in ("type", "participant"):
        if name in node.attrs:
            attrs[name] = node.attrs[name]
    return Node("ack", attrs)
