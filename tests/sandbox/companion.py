"""A linked device that encrypts: the protocol client of these tests with sessions and sender keys."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tests.sandbox.client import Client, Keys, Rig, accept, first_ref
from wagate.sandbox.phone import Phone
from wagate.wire.adv import QrText
from wagate.wire.jid import Jid
from wagate.wire.keys import KeyPair
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.senderkeys import ReceivedKeys, SenderKey
from wagate.wire.signal import SessionSet, pad, unpad

T = TypeVar("T")


async def until(check: Callable[[], T | None], turns: int = 2_000) -> T:
    """What ``check`` gives, after as many turns of the loop as that takes."""
    for _ in range(turns):
        found = check()
        if found:
            return found
        await asyncio.sleep(0)
    raise AssertionError("it does not come")


@dataclass
class Read:
    """A message that came, decrypted."""

    stanza: Node
    message: wa.Message

    @property
    def text(self) -> str:
        return self.message.conversation or self.message.extendedTextMessage.text


@dataclass
class Companion:
    """One linked device, logged in."""

    rig: Rig
    client: Client
    sessions: dict[str, SessionSet] = field(default_factory=dict)
    groups: dict[tuple[str, str], ReceivedKeys] = field(default_factory=dict)
    own_groups: dict[str, SenderKey] = field(default_factory=dict)

    @property
    def keys(self) -> Keys:
        return self.client.keys

    @property
    def jid(self) -> Jid:
        assert self.keys.jid is not None
        return self.keys.jid

    @property
    def lid(self) -> Jid:
        found = self.rig.world.find(self.jid)
        assert found is not None
        return found[0].jid("lid", self.jid.device)

    # -- own pre-keys, as SessionSet.decrypt wants them

    def signed(self, key_id: int) -> KeyPair | None:
        return self.keys.signed if key_id == 1 else None

    def one_time(self, key_id: int) -> KeyPair | None:
        return None

    # -- one to one

    def _with(self, jid: Jid) -> SessionSet:
        found = self.rig.world.find(jid)
        assert found is not None
        return self.sessions.setdefault(str(found[0].jid("lid", jid.device)), SessionSet(self.rig.entropy))

    def seal(self, to: Jid, message: wa.Message) -> Node:
        """``<enc>`` for a device."""
        sessions = self._with(to)
        if sessions.open is None:
            bundle = self.rig.world.bundle(to)
            assert bundle is not None
            sessions.start(self.keys.identity, bundle, 1)
        kind, body = sessions.encrypt(pad(message.SerializeToString(), self.rig.entropy))
        return Node("enc", {"v": "2", "type": kind}, body)

    def forget(self) -> None:
        """Lose all sessions."""
        self.sessions.clear()

    async def send(
        self,
        to: Jid,
        text: str = "",
        message_id: str = "M1",
        message: wa.Message | None = None,
        identity: bytes | None = None,
    ) -> None:
        """Write to the phone of ``to`` and, as a copy, to the own one."""
        message = message or wa.Message(conversation=text)
        copy = wa.Message()
        copy.deviceSentMessage.destinationJid = str(to)
        copy.deviceSentMessage.message.CopyFrom(message)
        own = self.jid.bare if to.is_pn else self.lid.bare
        targets = [(to, message)] if to != own else []
        content = [Node("to", {"jid": jid}, [self.seal(jid, part)]) for jid, part in [*targets, (own, copy)]]
        proof = self.keys.device_identity if identity is None else identity
        parts = [Node("participants", {}, content)]
        if proof:
            parts.append(Node("device-identity", {}, proof))
        await self.client.send(Node("message", {"to": to, "id": message_id, "type": "text"}, parts))

    async def read(self, message_id: str = "") -> Read:
        """Decrypt the next message (with that id) and answer that it is here."""
        stanza = await self.client.expect(
            lambda n: n.tag == "message" and (not message_id or n.get("id") == message_id)
        )
        sender = stanza.jid("participant") or stanza.jid("from")
        assert sender is not None
        message = wa.Message()
        for enc in stanza.all("enc"):
            message.MergeFrom(wa.Message.FromString(self._open(stanza, sender, enc)))
            self._learn(sender, message)
        await self.receipt(stanza)
        return Read(stanza, message)

    def _open(self, stanza: Node, sender: Jid, enc: Node) -> bytes:
        if enc.get("type") == "skmsg":
            return unpad(self.groups[stanza.get("from"), str(sender)].decrypt(enc.data))
        opened = self._with(sender).decrypt(enc.get("type"), enc.data, identity=self.keys.identity, prekeys=self)
        return unpad(opened.plaintext)

    def _learn(self, sender: Jid, message: wa.Message) -> None:
        told = message.senderKeyDistributionMessage
        if told.axolotlSenderKeyDistributionMessage:
            keys = self.groups.setdefault((told.groupId, str(sender)), ReceivedKeys())
            keys.accept(told.axolotlSenderKeyDistributionMessage)

    async def receipt(self, stanza: Node, kind: str = "", content: list[Node] | None = None) -> None:
        attrs: dict[str, Attr] = {"id": stanza.get("id"), "to": stanza.attrs["from"]}
        if "participant" in stanza.attrs:
            attrs["participant"] = stanza.attrs["participant"]
        if kind:
            attrs["type"] = kind
        await self.client.send(Node("receipt", attrs, content))

    async def ask_again(self, stanza: Node, count: int = 1) -> None:
        """Say that a message can't be read."""
        retry = {"count": str(count), "id": stanza.get("id"), "t": stanza.get("t"), "v": "1"}
        await self.receipt(stanza, "retry", [Node("retry", retry), Node("registration", {}, bytes(4))])

    # -- groups

    async def send_group(self, group: Jid, text: str, message_id: str, tell: list[Jid]) -> None:
        """Write to a group, telling ``tell`` our chain first."""
        key = self.own_groups.setdefault(str(group), SenderKey.create(self.rig.entropy))
        telling = wa.Message()
        telling.senderKeyDistributionMessage.groupId = str(group)
        telling.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage = key.distribution()
        body = key.encrypt(pad(wa.Message(conversation=text).SerializeToString(), self.rig.entropy))
        content = [Node("enc", {"v": "2", "type": "skmsg"}, body)]
        if tell:
            content.append(Node("participants", {}, [Node("to", {"jid": j}, [self.seal(j, telling)]) for j in tell]))
        content.append(Node("device-identity", {}, self.keys.device_identity))
        attrs: dict[str, Attr] = {"to": group, "id": message_id, "type": "text", "addressing_mode": "lid"}
        await self.client.send(Node("message", attrs, content))


async def qr_of(rig: Rig, keys: Keys) -> tuple[Client, str]:
    """A device that registers, and the text of its QR code."""
    client = await rig.register(keys)
    ref = await first_ref(client)
    qr = QrText(ref=ref, noise=keys.noise.public, identity=keys.identity.public, adv_secret=keys.secret)
    return client, qr.build()


async def link(rig: Rig, phone: Phone) -> Companion:
    """Link a device by QR and log in; its first peer messages are still to come."""
    keys = Keys.make(rig.entropy)
    client, text = await qr_of(rig, keys)
    scanning = asyncio.create_task(phone.linking.scan(text))
    await accept(client, keys)
    await scanning
    await client.expect("stream:error")
    await client.socket.close()
    companion = Companion(rig, await rig.log_in(keys))
    await companion.client.expect(lambda n: n.tag == "ib" and n.child("offline") is not None)
    return companion


async def settled(rig: Rig, number: str, name: str = "Alice") -> tuple[Phone, Companion]:
    """A phone and its device that has taken what the phone sent it first."""
    phone = Phone.add(rig.world, number, name)
    companion = await link(rig, phone)
    for _ in range(2):
        await companion.read()
    return phone, companion
