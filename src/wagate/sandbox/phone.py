"""A simulated phone: device 0 of an account and a full end of the encryption.

It decrypts what comes, shows it, answers delivered and read, and sends as its owner says; the server moves its
stanzas like those of any device. Stanzas are worked off one a turn of the event loop, never inside the server's own
work: an answer must not overtake the acknowledgement of what it answers.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from google.protobuf.message import DecodeError

from wagate.core.logging import get_logger
from wagate.sandbox.authenticator import Passkey
from wagate.sandbox.behaviour import MAX_RETRIES, Behaviour
from wagate.sandbox.content import read
from wagate.sandbox.errors import DeviceUnknown, NoPasskey, PasskeyQuestionUnknown, PhoneOffline
from wagate.sandbox.history import PhoneHistory
from wagate.sandbox.inbox import Inbox
from wagate.sandbox.judging import misfits
from wagate.sandbox.linking import Linking
from wagate.sandbox.model import Account, CodeLink, Device
from wagate.sandbox.outbox import Outbox
from wagate.sandbox.peerdata import messages_for
from wagate.sandbox.phonekeys import Peer, PhoneKeys
from wagate.sandbox.phonestate import PhoneState
from wagate.sandbox.world import World
from wagate.wire.adv import IdentityRefused
from wagate.wire.appstate import Mutation
from wagate.wire.jid import BROADCAST, GROUP, LID, PN, Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import Bundle, DuplicateMessage, SignalError

_log = get_logger("sandbox")

#: How many accounts stand in a phone's address book. A world of thousands must not make each of its address books as
#: large: handing one over would cost more than anything that is measured there.
KNOWN = 100
#: Requests carry our keys from this one on; the first may be answered with the session that is there.
_KEYS_FROM = 2


@dataclass(slots=True, kw_only=True)
class _Arrival:
    """A message stanza, and who wrote it."""

    stanza: Node
    message_id: str
    sender: Account
    device: int
    #: The group, or the sender as it was addressed.
    chat: Jid
    messages: list[wa.Message] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return (self.sender.number, self.device)


class Phone:
    """Implements :class:`wagate.sandbox.model.PhonePort`."""

    def __init__(self, world: World, account: Account) -> None:
        # The account is not filled in yet; it may be remembered, not read.
        self._world = world
        self._account = account
        self.settings = Behaviour()
        self.keys = PhoneKeys(world.entropy)
        self.inbox = Inbox(world)
        self.outbox = Outbox(world, account, self.keys, self.settings)
        self.linking = Linking(world, account, self.keys)
        self.history = PhoneHistory()
        self._state: PhoneState | None = None
        self._waiting: deque[tuple[Callable[[Node], None], Node]] = deque()
        self._scheduled = False
        self._retries: dict[tuple[str, Peer], int] = {}

    @classmethod
    def add(cls, world: World, number: str, name: str) -> "Phone":
        """A new account with its phone.

        :raises ValueError: if the number is taken or is none.
        """
        made: list[Phone] = []

        def make(account: Account) -> Phone:
            made.append(cls(world, account))
            return made[0]

        world.add_account(number, name, make)
        return made[0]

    @property
    def account(self) -> Account:
        return self._account

    # -- the owner's hands

    def check_online(self) -> None:
        """:raises PhoneOffline: if it is not."""
        if not self.settings.online:
            raise PhoneOffline

    def set_online(self, online: bool) -> None:
        """Go away or come back; what came in between waits and is worked off in order."""
        self.settings.online = online
        self._world.submit(self._account, Node("presence", {"type": "available" if online else "unavailable"}))
        self._wake()

    def protect(self, on: bool) -> None:
        """Give the account a passkey, or take it away."""
        known = self.linking.passkey
        self.linking.passkey = (known or Passkey(self._world.entropy)) if on else None

    def show_passkey(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the owner's browser answers to these options, once the owner agreed.

        :raises NoPasskey: if there is none. :raises PasskeyQuestionUnknown: if they ask for another one.
        """
        passkey = self.linking.passkey
        if passkey is None:
            raise NoPasskey
        if not passkey.is_asked_for(options):
            raise PasskeyQuestionUnknown
        return passkey.answer(options)

    def rename(self, name: str) -> None:
        """Change the name that others see; linked devices learn it by app state."""
        self._account.name = name
        if self._state is not None:
            self._state.set_push_name(name, self._world.clock.now())
            self._tell_state("critical_block")

    def change_settings(self, name: str, mutations: Sequence[Mutation]) -> None:
        """Change settings of a collection, as one patch; linked devices are told that there is news."""
        self.state.change(name, mutations)
        self._tell_state(name)

    def rotate_key(self) -> bytes:
        """Use a new key for settings from now on; linked devices are given it, unless it is held back. Its id."""
        key_id = self.state.rotate_key()
        self.share_keys()
        return key_id

    def share_keys(self) -> None:
        """Give the linked devices all keys that are not held back."""
        for number in self._account.devices:
            self._share_keys(number)

    def reinstall(self) -> None:
        """Begin anew with other keys, as on another handset; linked devices go with the old ones."""
        for number in list(self._account.devices):
            self.unlink(number)
        self.keys.begin_anew()
        for device in self._account.watchers:
            self._world.notify(device, self._account.pn_jid, "encrypt", [Node("identity")], lid=self._account.lid_jid)

    def unlink(self, number: int) -> None:
        """Remove a linked device.

        :raises DeviceUnknown: if there is none of that number.
        """
        if not self._world.unlink(self._account, number):
            raise DeviceUnknown
        self.keys.forget((self._account.number, number))

    # -- PhonePort

    def bundle(self) -> Bundle:
        bundle = self.keys.bundle()
        return bundle if self.settings.one_time_keys else replace(bundle, one_time=None)

    def receive(self, stanza: Node) -> None:
        self._enqueue(self._on_message, stanza)

    def receive_receipt(self, stanza: Node) -> None:
        self._enqueue(self.outbox.on_receipt, stanza)

    def receive_other(self, stanza: Node) -> None:
        """Nothing: a simulated phone follows no presence and has no list of devices to keep up."""

    def on_device_linked(self, device: Device) -> None:
        """Nothing yet: the device restarts its connection, and what it needs is sent at its first login."""

    def on_device_online(self, device: Device, first: bool) -> None:
        if first:
            now = self._world.clock.now()
            share = self.state.key_share(now)
            if share is not None:
                self.outbox.to_own_device(device, share)
            notices = self.history.notices(
                self._account.pn_jid, self._address_book(), self._world.media, self._world.entropy
            )
            for notice in notices:
                self.outbox.to_own_device(device, notice)

    def _address_book(self) -> list[tuple[Jid, Jid, str]]:
        """Number, LID and name of everybody whom the phone knows: itself, whom it has chats with, and the first few."""
        accounts = self._world.accounts
        numbers = [self._account.number, *(chat.user for chat in self.history.chats), *islice(accounts, KNOWN)]
        known = (accounts[number] for number in dict.fromkeys(numbers) if number in accounts)
        return [(account.pn_jid, account.lid_jid, account.name) for account in known]

    def finish_code(self, pending: CodeLink, wrapped_bundle: bytes, device_identity: bytes) -> None:
        self.linking.finish_code(pending, wrapped_bundle, device_identity)

    def app_state(self, name: str, version: int, snapshot: bool) -> Node:
        return self.state.collection(name, version, snapshot)

    def app_state_patch(self, name: str, version: int, patch: bytes) -> Node:
        state = self.state
        before = state.version(name)
        answer = state.apply(name, version, patch, self._world.clock.now())
        if state.version(name) != before:
            self._tell_state(name)
        return answer

    @property
    def state(self) -> PhoneState:
        """The settings that the phone shares; what is changed there by itself, devices are not told."""
        if self._state is None:
            self._state = PhoneState(self._world.entropy, self._world.media)
            self._state.set_push_name(self._account.name, self._world.clock.now())
        return self._state

    def _tell_state(self, name: str) -> None:
        """Tell the devices that a collection changed. The one that changed it finds nothing new."""
        changed = Node("collection", {"name": name, "version": str(self.state.version(name))})
        for device in self._account.devices.values():
            self._world.notify(device, self._account.pn_jid, "server_sync", [changed])

    # -- work, one stanza a turn

    def _enqueue(self, work: Callable[[Node], None], stanza: Node) -> None:
        self._waiting.append((work, stanza))
        self._wake()

    def _wake(self) -> None:
        if self._waiting and self.settings.online and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if not self._waiting or not self.settings.online:
            return
        work, stanza = self._waiting.popleft()
        try:
            work(stanza)
        finally:
            self._wake()

    # -- incoming messages

    def _on_message(self, stanza: Node) -> None:
        chat, author = stanza.jid("from"), stanza.jid("participant") or stanza.jid("from")
        found = self._world.find(author) if author is not None else None
        if chat is None or found is None:
            return
        arrival = _Arrival(stanza=stanza, message_id=stanza.get("id"), sender=found[0], device=found[1], chat=chat)
        if self.settings.fail_next > 0:
            self.settings.fail_next -= 1
            self._ask_again(arrival)
            return
        try:
            self._decrypt(arrival)
        except DuplicateMessage:
            # The server delivered it twice; whoever reads it once may say so twice.
            self._receipts(arrival)
            return
        except (SignalError, DecodeError) as error:
            _log.info("phone can't decrypt", reason=type(error).__name__)
            self._ask_again(arrival)
            return
        except IdentityRefused as error:
            self._world.complain(f"device identity at the phone: {error.reason}", str(author))
            return
        self._retries.pop((arrival.message_id, arrival.peer), None)
        for message in arrival.messages:
            self._take(arrival, message)

    def _decrypt(self, arrival: _Arrival) -> None:
        identity = arrival.stanza.child("device-identity")
        for enc in arrival.stanza.all("enc"):
            if enc.get("v") != "2":
                self._world.complain("enc without version 2", arrival.stanza.get("from"))
                continue
            if enc.get("type") == "skmsg":
                plaintext = self.keys.decrypt_group(str(arrival.chat), arrival.peer, enc.data)
            else:
                plaintext = self.keys.decrypt(
                    arrival.peer,
                    enc.get("type"),
                    enc.data,
                    identity.data if identity is not None else b"",
                    self._identity_of(arrival.sender),
                )
            message = wa.Message.FromString(plaintext)
            if message.HasField("senderKeyDistributionMessage"):
                told = message.senderKeyDistributionMessage
                self.keys.learn_group(told.groupId, arrival.peer, told.axolotlSenderKeyDistributionMessage)
            arrival.messages.append(message)

    def _identity_of(self, account: Account) -> bytes | None:
        """The key of the account's phone, as a phone that has talked to it knows it."""
        phone = account.phone
        return phone.keys.identity.public if isinstance(phone, Phone) else None

    def _take(self, arrival: _Arrival, message: wa.Message) -> None:
        own = arrival.sender is self._account
        chat = arrival.chat
        if arrival.device != 0:
            self._judge(arrival, message)
        if message.HasField("deviceSentMessage"):
            if not own:
                self._world.complain("copy of an own message from a stranger", arrival.stanza.get("from"))
                return
            chat = _parse(message.deviceSentMessage.destinationJid) or chat
            message = message.deviceSentMessage.message
        if own and message.protocolMessage.HasField("appStateSyncKeyRequest"):
            wanted = [key.keyId for key in message.protocolMessage.appStateSyncKeyRequest.keyIds]
            self._share_keys(arrival.device, wanted)
        if own and message.protocolMessage.HasField("peerDataOperationRequestMessage"):
            self._give_messages(arrival, message.protocolMessage.peerDataOperationRequestMessage)
        reading = read(message)
        if reading is None:
            if not message.HasField("senderKeyDistributionMessage"):
                self._receipts(arrival)
            return
        shown = self.inbox.show(
            wa_id=arrival.message_id,
            sender=arrival.sender.number,
            to=self._name_of(chat) if own or chat.server in (GROUP, BROADCAST) else self._account.number,
            group=str(chat) if chat.server in (GROUP, BROADCAST) else "",
            reading=reading,
        )
        author = arrival.sender.jid(_domain(chat))
        self.outbox.remember(arrival.message_id, chat.bare, author, message, at=arrival.stanza.get("t"))
        self._receipts(arrival)
        if shown.seen == 1 and not own and arrival.device != 0:
            self._auto_reply(chat.bare, shown.text or shown.caption)

    def _judge(self, arrival: _Arrival, message: wa.Message) -> None:
        stanza, chat = arrival.stanza, arrival.chat
        encs = list(stanza.all("enc"))
        # Sent again, a message comes with less around it; keys and the business of devices have nothing around them.
        if any("count" in enc.attrs for enc in encs) or stanza.get("category") == "peer" or read(message) is None:
            return
        if message.HasField("deviceSentMessage"):
            chat = stanza.jid("recipient") or chat
            message = message.deviceSentMessage.message
        elif chat.server not in (GROUP, BROADCAST):
            chat = self._account.jid(chat.server)
        for misfit in misfits(stanza, message, arrival.sender.jid(_domain(chat)), chat.bare):
            self._world.complain(misfit, stanza.get("from"))

    def _share_keys(self, device: int, wanted: Sequence[bytes] = ()) -> None:
        asking, share = self._account.devices.get(device), self.state.key_share(self._world.clock.now(), wanted)
        if asking is not None and share is not None:
            self.outbox.to_own_device(asking, share)

    def _give_messages(self, arrival: _Arrival, request: wa.Message.PeerDataOperationRequestMessage) -> None:
        """A device of ours lacks messages that we may have."""
        asking = self._account.devices.get(arrival.device)
        if asking is None or request.peerDataOperationRequestType != wa.Message.PLACEHOLDER_MESSAGE_RESEND:
            return
        if arrival.stanza.get("category") != "peer":
            self._world.complain("a request to the phone without category peer", arrival.stanza.get("from"))
        asked = [part.messageKey for part in request.placeholderMessageResendRequest]
        self.outbox.to_own_device(asking, messages_for(arrival.message_id, asked, self.outbox.recall))

    def _name_of(self, chat: Jid) -> str:
        """How the owner knows a chat: by number, or the group's JID."""
        found = self._world.find(chat)
        return found[0].number if found is not None else str(chat)

    # -- what the phone answers

    def _receipts(self, arrival: _Arrival) -> None:
        if arrival.sender is self._account:
            return
        self._receipt(arrival, "")
        if self.settings.read_receipts:
            self._receipt(arrival, "read")

    def _receipt(self, arrival: _Arrival, kind: str, content: list[Node] | None = None) -> None:
        attrs: dict[str, Attr] = {"id": arrival.message_id, "to": arrival.stanza.attrs["from"]}
        if "participant" in arrival.stanza.attrs:
            attrs["participant"] = arrival.stanza.attrs["participant"]
        if kind:
            attrs["type"] = kind
        self._world.submit(self._account, Node("receipt", attrs, content))

    def _ask_again(self, arrival: _Arrival) -> None:
        key = (arrival.message_id, arrival.peer)
        count = self._retries.get(key, 0) + 1
        if count > MAX_RETRIES:
            return
        self._retries[key] = count
        retry = {"count": str(count), "id": arrival.message_id, "t": arrival.stanza.get("t"), "v": "1"}
        content = [
            Node("retry", retry),
            Node("registration", {}, self.keys.registration_id.to_bytes(4, "big")),
        ]
        if count >= _KEYS_FROM:
            content.append(_keys_node(self.keys.bundle()))
        self._receipt(arrival, "retry", content)

    def _auto_reply(self, chat: Jid, text: str) -> None:
        # Only devices are answered: two phones that echo each other would never end.
        answer = self.settings.auto_reply
        if answer is True:
            answer = text
        if answer:
            self.outbox.send_text(chat, str(answer))


def _keys_node(bundle: Bundle) -> Node:
    signed = bundle.signed_prekey
    parts = [
        Node("type", {}, b"\x05"),
        Node("identity", {}, bundle.identity),
        Node(
            "skey",
            {},
            [
                Node("id", {}, signed.id.to_bytes(3, "big")),
                Node("value", {}, signed.public),
                Node("signature", {}, signed.signature),
            ],
        ),
    ]
    if (key := bundle.one_time) is not None:
        parts.insert(2, Node("key", {}, [Node("id", {}, key.id.to_bytes(3, "big")), Node("value", {}, key.public)]))
    return Node("keys", {}, parts)


def _parse(text: str) -> Jid | None:
    try:
        return Jid.parse(text)
    except ValueError:
        return None


def _domain(chat: Jid) -> str:
    return LID if chat.server in (LID, GROUP) else PN
