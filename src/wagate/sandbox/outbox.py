"""What a phone sends: to people, to groups, to its own devices, and again to a device that could not read it."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from wagate.sandbox.behaviour import MAX_RETRIES, Behaviour
from wagate.sandbox.content import File, Quote, media_message, text_message
from wagate.sandbox.errors import GroupUnknown, NotAMember, QuoteUnknown, RecipientUnknown
from wagate.sandbox.model import Account, Device
from wagate.sandbox.phonekeys import Peer, PhoneKeys
from wagate.sandbox.world import World
from wagate.wire.jid import GROUP, LID, PN, Jid
from wagate.wire.media import MediaKind, encrypt
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import BadBundle, SignalError

#: Messages that can be sent again or quoted; the oldest give way.
MAX_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    chat: Jid
    author: Jid
    message: wa.Message
    #: Sent by this phone itself, so it can be sent again.
    ours: bool


class Outbox:
    """The sending half of a phone."""

    def __init__(self, world: World, account: Account, keys: PhoneKeys, settings: Behaviour) -> None:
        self._world = world
        self._account = account
        self._keys = keys
        self._settings = settings
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()
        #: Per sent message, the kinds of receipts that came ("" is delivered) and from which number.
        self.receipts: dict[str, list[tuple[str, str]]] = {}

    # -- for the owner

    def send_text(self, chat: Jid, text: str, quote: str = "") -> str:
        """Send a text; the message's id.

        :raises RecipientUnknown: nobody has that number.
        :raises GroupUnknown: there is no such group; :class:`NotAMember` if the phone is not in it.
        :raises QuoteUnknown: if the message to be quoted is not known here.
        """
        return self._send(chat, text_message(text, self._quote(quote)), "text", "")

    def send_file(self, chat: Jid, kind: MediaKind, file: File, caption: str = "", quote: str = "") -> str:
        """Encrypt a file, put it on the media host and send the message; the message's id.

        :raises RecipientUnknown: and the other errors of :meth:`send_text`.
        """
        quoted = self._quote(quote)
        stored = encrypt(file.content, kind, entropy=self._world.entropy)
        place = self._world.media.put(kind.value, stored.body)
        message = media_message(
            kind,
            file,
            stored,
            url=place.url,
            direct_path=place.direct_path,
            seconds=int(self._world.clock.now().timestamp()),
            caption=caption,
            quote=quoted,
        )
        return self._send(chat, message, "media", kind.value)

    def _quote(self, wa_id: str) -> Quote | None:
        if not wa_id:
            return None
        known = self._remembered.get(wa_id)
        if known is None:
            raise QuoteUnknown
        return Quote(wa_id=wa_id, author=str(known.author.bare), message=known.message)

    def remember(self, wa_id: str, chat: Jid, author: Jid, message: wa.Message, *, ours: bool = False) -> None:
        """Keep a message to be quoted, or sent again."""
        self._remembered[wa_id] = _Remembered(chat, author, message, ours)
        if len(self._remembered) > MAX_REMEMBERED:
            self.receipts.pop(self._remembered.popitem(last=False)[0], None)

    # -- to people and groups

    def _send(self, chat: Jid, message: wa.Message, kind: str, media: str) -> str:
        wa_id = self._world.entropy(16).hex().upper()
        if self._settings.typing:
            self._world.submit(self._account, Node("chatstate", {"to": chat}, [Node("composing")]))
        if chat.server == GROUP:
            stanza = self._group_stanza(chat, wa_id, message, kind, media)
        else:
            stanza = self._direct_stanza(chat, wa_id, message, kind, media)
        domain = LID if chat.server == GROUP else chat.server
        self.remember(wa_id, chat, self._account.jid(domain), message, ours=True)
        self._world.submit(self._account, stanza)
        return wa_id

    def _direct_stanza(self, chat: Jid, wa_id: str, message: wa.Message, kind: str, media: str) -> Node:
        found = self._world.find(chat)
        if found is None or chat.server not in (PN, LID):
            raise RecipientUnknown
        receiver = found[0]
        plain, copy = message.SerializeToString(), _own_copy(chat, message).SerializeToString()
        participants = []
        if receiver is not self._account:
            participants += self._for_devices(receiver, (0, *receiver.devices), chat.server, plain, media)
        participants += self._for_devices(self._account, tuple(self._account.devices), chat.server, copy, media)
        attrs: dict[str, Attr] = {"to": chat.bare, "id": wa_id, "type": kind}
        return Node("message", attrs, [Node("participants", {}, participants)])

    def _group_stanza(self, chat: Jid, wa_id: str, message: wa.Message, kind: str, media: str) -> Node:
        group = self._world.groups.get(chat)
        if group is None:
            raise GroupUnknown
        if self._account.number not in group.members:
            raise NotAMember
        accounts = [self._world.accounts[number] for number in group.members]
        members = {
            (a.number, device) for a in accounts for device in (0, *a.devices) if a is not self._account or device != 0
        }
        distribution, untold = self._keys.group_key(str(chat), members)
        participants = []
        if untold:
            telling = _distribution(chat, distribution).SerializeToString()
            for account in accounts:
                devices = sorted(device for number, device in untold if number == account.number)
                participants += self._for_devices(account, devices, LID, telling, "")
        body = self._keys.encrypt_group(str(chat), message.SerializeToString())
        content = [_enc("skmsg", body, media)]
        if participants:
            content.insert(0, Node("participants", {}, participants))
        return Node("message", {"to": chat, "id": wa_id, "type": kind, "addressing_mode": "lid"}, content)

    def _for_devices(
        self, account: Account, devices: Iterable[int], domain: str, plain: bytes, media: str
    ) -> list[Node]:
        made = []
        for device in devices:
            jid = account.jid(domain, device)
            enc = self._encrypted((account.number, device), jid, plain, media)
            if enc is not None:
                made.append(Node("to", {"jid": jid}, [enc]))
        return made

    def _encrypted(self, peer: Peer, jid: Jid, plain: bytes, media: str = "", count: str = "") -> Node | None:
        try:
            sealed = self._keys.encrypt(peer, plain, lambda: self._world.bundle(jid))
        except SignalError as error:
            # As real clients do: the device is left out, the message still goes to the others.
            self._world.complain(f"unusable bundle: {type(error).__name__}", str(jid))
            return None
        return _enc(sealed.kind, sealed.body, media, count)

    # -- to own devices

    def to_own_device(self, device: Device, message: wa.Message) -> str:
        """A notice from the phone to one of its devices; its id."""
        wa_id = self._world.entropy(16).hex().upper()
        self.remember(wa_id, device.jid, self._account.pn_jid, message, ours=True)
        enc = self._encrypted((self._account.number, device.number), device.jid, message.SerializeToString())
        if enc is not None:
            attrs: dict[str, Attr] = {"to": device.jid, "id": wa_id, "type": "text", "category": "peer"}
            self._world.submit(self._account, Node("message", attrs, [enc]))
        return wa_id

    # -- receipts for what was sent

    def on_receipt(self, stanza: Node) -> None:
        """Somebody has, read, or could not read a message of this account."""
        reader = stanza.jid("participant") or stanza.jid("from")
        found = self._world.find(reader) if reader is not None else None
        known = self._remembered.get(stanza.get("id"))
        if found is None or known is None or not known.ours:
            return
        if stanza.get("type") == "retry":
            self._send_again(stanza, known, *found)
        else:
            self.receipts.setdefault(stanza.get("id"), []).append((found[0].number, stanza.get("type")))

    def _send_again(self, stanza: Node, known: _Remembered, reader: Account, device: int) -> None:
        retry = stanza.child("retry")
        count = retry.number("count") if retry is not None else 1
        if count is None or count > MAX_RETRIES:
            return
        peer = (reader.number, device)
        domain = LID if known.chat.server == GROUP else known.chat.server
        jid = reader.jid(domain, device)
        bundle = self._world.bundle(jid)
        if bundle is None:
            return
        try:
            self._keys.renew(peer, bundle)
        except BadBundle as error:
            self._world.complain(f"unusable bundle: {type(error).__name__}", str(jid))
            return
        self._world.submit(self._account, self._again(stanza.get("id"), known, peer, jid, str(count)))

    def _again(self, wa_id: str, known: _Remembered, peer: Peer, jid: Jid, count: str) -> Node:
        message, attrs = known.message, dict[str, Attr](id=wa_id, type="text")
        if known.chat.server == GROUP:
            # Told anew and in the same ciphertext: what was missing may have been the chain.
            distribution = self._keys.group_distribution(str(known.chat))
            message = wa.Message.FromString(message.SerializeToString())
            message.MergeFrom(_distribution(known.chat, distribution))
            attrs |= {"to": known.chat, "participant": jid, "addressing_mode": "lid"}
        else:
            attrs |= {"to": jid, "device_fanout": "false"}
            if peer[0] == self._account.number and message.protocolMessage.type not in _PEER_TYPES:
                attrs["recipient"] = known.chat.bare
                message = _own_copy(known.chat, message)
            elif peer[0] == self._account.number:
                attrs["category"] = "peer"
        enc = self._encrypted(peer, jid, message.SerializeToString(), count=count)
        content = [] if enc is None else [enc]
        if known.chat.server == GROUP:
            content = [Node("participants", {}, [Node("to", {"jid": jid}, content)])]
        return Node("message", attrs, content)


_PEER_TYPES = (
    wa.Message.ProtocolMessage.HISTORY_SYNC_NOTIFICATION,
    wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE,
)


def _own_copy(chat: Jid, message: wa.Message) -> wa.Message:
    copy = wa.Message()
    copy.deviceSentMessage.destinationJid = str(chat.bare)
    copy.deviceSentMessage.message.CopyFrom(message)
    return copy


def _distribution(group: Jid, distribution: bytes) -> wa.Message:
    message = wa.Message()
    message.senderKeyDistributionMessage.groupId = str(group)
    message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage = distribution
    return message


def _enc(kind: str, body: bytes, media: str = "", count: str = "") -> Node:
    attrs: dict[str, Attr] = {"v": "2", "type": kind}
    if media:
        attrs["mediatype"] = media
    if count:
        attrs["count"] = count
    return Node("enc", attrs, body)
