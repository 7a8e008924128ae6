"""What arrives: one thing after the other, stored before it is acknowledged, and never fatal."""

import hashlib
from collections import Counter
from collections.abc import Callable

import msgspec
from google.protobuf.message import DecodeError

from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine.native import prekeys
from wagate.engine.native.appstate import AppState
from wagate.engine.native.cipher import Cipher
from wagate.engine.native.contents import only_distributes
from wagate.engine.native.directory import Directory
from wagate.engine.native.groups import GroupBook
from wagate.engine.native.journal import Refused
from wagate.engine.native.line import Line
from wagate.engine.native.placeholders import Placeholders
from wagate.engine.native.retries import Retries
from wagate.engine.native.trust import Trust
from wagate.engine.port import InboxKind, QueryFailed
from wagate.engine.protocol import Stanza
from wagate.engine.stanza import to_stanza
from wagate.engine.store import KeyStore, NewArrival
from wagate.wire.adv import IdentityRefused, check_device
from wagate.wire.ciphertext import DuplicateMessage, Malformed, SignalError, sender_of
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa

#: Notifications that are between the server and this device's keys; everything else is told, and so is that a contact
#: has new ones.
_INTERNAL = frozenset(("encrypt", "link_code_companion_reg", "privacy_token"))
#: What WhatsApp Web answers to a stanza that it can't make sense of. Source: whatsmeow.
_UNREADABLE = "487"
#: The same to a message whose key it does not have (whatsmeow, Baileys).
_SECRET_MISSING = "495"  # noqa: S105 - a code
#: How long a status is shown.
_STATUS_SECONDS = 24 * 3600

_PROTOCOL = wa.Message.ProtocolMessage

_log = get_logger("engine.native")


class Receiver:
    """The incoming stanzas of one link."""

    def __init__(
        self,
        session: SessionId,
        line: Line,
        store: KeyStore,
        *,
        directory: Directory,
        groups: GroupBook,
        cipher: Cipher,
        retries: Retries,
        placeholders: Placeholders,
        trust: Trust,
        app_state: AppState,
        is_available: Callable[[], bool],
    ) -> None:
        self._session = session
        self._line = line
        self._store = store
        self._directory = directory
        self._groups = groups
        self._cipher = cipher
        self._retries = retries
        self._placeholders = placeholders
        self._trust = trust
        self._app_state = app_state
        self._is_available = is_available
        #: Requests for messages of ours that are being answered, and those of them that could not be.
        self._asked_again: Counter[tuple[str, str, str]] = Counter()
        self._unsettled: set[tuple[str, str, str]] = set()
        self._uploading = False

    async def take(self, node: Node) -> None:
        """Handle one stanza that wants an acknowledgement.

        :raises Refused: if what it changes can't be stored.
        """
        try:
            match node.tag:
                case "message":
                    await self._message(node)
                case "receipt":
                    await self._receipt(node)
                case "notification":
                    await self._notification(node)
                case "call":
                    self._arrive(InboxKind.CALL, node)
                    self._line.acknowledge(node)
                case _:
                    pass
        except Refused:
            raise
        except QueryFailed as error:
            # Not acknowledged: what could not be looked up now can be when the server delivers it again.
            _log.info("a stanza has to wait for the next login", tag=node.tag, code=error.server_code)
        except Exception:  # noqa: BLE001 - poisoned input is set aside; the stanzas behind it go on
            _log.error("a stanza could not be handled", tag=node.tag, exc_info=True)
            if node.tag == "message":
                self._arrive(InboxKind.UNDECRYPTABLE, node)
            self._line.acknowledge(node, error=_UNREADABLE)

    # -- messages

    async def _message(self, node: Node) -> None:
        sender = node.jid("participant") or node.jid("from")
        if sender is None or node.jid("from") is None or not node.get("id"):
            self._line.acknowledge(node, error=_UNREADABLE)
            return
        told = node.jid("sender_lid") or node.jid("participant_lid")
        encs = list(node.all("enc"))
        plain = node.child("plaintext")
        await self._placeholders.load()
        if plain is not None:
            self._arrive(InboxKind.MESSAGE, node, plain.data)
        elif any(enc.get("type") == "msmsg" for enc in encs):
            # A bot's answer, encrypted with the secret of the message that it answers. We ask bots nothing.
            self._arrive(InboxKind.UNDECRYPTABLE, node)
            self._line.acknowledge(node, error=_SECRET_MISSING)
            return
        elif not encs:
            # "Unavailable": only the phone has it.
            name = await self._directory.canonical(sender, told)
            self._arrive(InboxKind.UNDECRYPTABLE, node)
            self._placeholders.lacks(node, name)
            self._line.acknowledge(node)
            return
        else:
            name = await self._directory.canonical(sender, told)
            other = node.jid("sender_pn") or node.jid("participant_pn")
            if sender.is_lid and other is not None and other.is_pn:
                await self._directory.learn(other.bare, sender.bare)
            for enc in encs:
                failure = await self._open(node, name, enc)
                if failure is not None:
                    self._arrive(InboxKind.UNDECRYPTABLE, node)
                    _log.info("a message can't be read", reason=type(failure).__name__)
                    if not self._is_gone(node):
                        self._ask_for(node, name, with_keys=not isinstance(failure, Malformed))
                    self._line.acknowledge(node)
                    return
        self._line.post(self._receipt_for(node, sender))

    def _is_gone(self, node: Node) -> bool:
        """Whether it is a status that nobody can see any more."""
        origin, at = node.jid("from"), node.number("t")
        old = at is not None and self._line.now() - at > _STATUS_SECONDS
        return origin is not None and origin.is_status and old

    def _ask_for(self, node: Node, sender: Jid, *, with_keys: bool) -> None:
        """Have a message that can't be read sent again, or ask our phone for it."""
        if self._retries.ask_again(node, with_keys=with_keys):
            self._placeholders.expect(node, sender)
        else:
            self._placeholders.lacks(node, sender)

    async def _open(self, node: Node, sender: Jid, enc: Node) -> Exception | None:
        """Decrypt one ciphertext and do what it asks of us; why not, if that can't be done."""
        body, kind = enc.data, enc.get("type")
        digest = hashlib.sha256(body).digest()

        def opened(plaintext: bytes) -> None:
            # What the phone has given already is only kept to answer a redelivery.
            hidden = only_distributes(wa.Message.FromString(plaintext)) or not self._placeholders.arrived(
                node.get("id"), sender
            )
            self._line.journal.arrive(_arrival(InboxKind.MESSAGE, node, digest, _envelope(node), plaintext, hidden))

        try:
            if kind == "skmsg":
                group = node.jid("from")
                if group is None:
                    raise Malformed("a group message names its group")
                plaintext = await self._cipher.decrypt_group(group, sender, body, opened)
            elif kind in ("msg", "pkmsg"):
                if kind == "pkmsg":
                    self._check_device(node, sender, body)
                plaintext = await self._cipher.decrypt(sender, kind, body, opened)  # type: ignore[arg-type]  # one of the two
            else:
                raise Malformed(f"unknown kind of ciphertext {kind[:20]!r}")
            message = wa.Message.FromString(plaintext)
        except (SignalError, IdentityRefused, DecodeError) as error:
            known = self._line.journal.pending_plaintext(digest)
            if known is None:
                known = await self._store.plaintext_of(self._session, digest)
            if known is None:
                # A key that was used, and the plaintext is gone: it was told long ago.
                return None if isinstance(error, DuplicateMessage) else error
            message = wa.Message.FromString(known)
        await self._heed(node, sender, message)
        return None

    def _check_device(self, node: Node, sender: Jid, body: bytes) -> None:
        """The account must vouch for a linked device that we meet.

        :raises IdentityRefused: if it does not.
        """
        proof = node.child("device-identity")
        if sender.device and proof is not None:
            identity, _ = sender_of(body)
            account = self._line.device.account_key if self._line.device.is_own(sender) else None
            check_device(proof.data, identity, account or None)

    async def _heed(self, node: Node, sender: Jid, message: wa.Message) -> None:
        """What a message asks of the engine itself. Doing it twice changes nothing."""
        told = message.senderKeyDistributionMessage
        if told.axolotlSenderKeyDistributionMessage:
            try:
                await self._cipher.learn_chain(told.groupId, sender, told.axolotlSenderKeyDistributionMessage)
            except Malformed:
                _log.warning("a sender key can't be read")
        protocol = message.protocolMessage
        if not self._line.device.is_own(sender) or sender.device:
            return
        if protocol.HasField("historySyncNotification"):
            # Besides the one for the message itself, as Baileys and whatsmeow do.
            told_of = {"id": node.get("id"), "to": node.attrs["from"], "type": "hist_sync"}
            self._line.post(Node("receipt", told_of))
        if protocol.type == _PROTOCOL.APP_STATE_SYNC_KEY_SHARE and message.HasField("protocolMessage"):
            await self._app_state.learn_keys(protocol.appStateSyncKeyShare)
        if protocol.type == _PROTOCOL.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
            self._placeholders.answered(protocol.peerDataOperationRequestResponseMessage)

    def _receipt_for(self, node: Node, sender: Jid) -> Node:
        attrs: dict[str, Attr] = {"id": node.get("id"), "to": node.attrs["from"]}
        attrs |= {name: node.attrs[name] for name in ("participant", "recipient") if name in node.attrs}
        if node.get("category") == "peer":
            attrs["type"] = "peer_msg"
        elif self._line.device.is_own(sender):
            attrs["type"] = "sender"
        elif not self._is_available():
            attrs["type"] = "inactive"
        return Node("receipt", attrs)

    # -- receipts

    async def _receipt(self, node: Node) -> None:
        if node.get("type") == "retry":
            self._line.spawn(lambda: self._again(node), "sending a message again")
            return
        self._arrive(InboxKind.RECEIPT, node)
        self._line.acknowledge(node)

    async def _again(self, node: Node) -> None:
        # An acknowledgement names the message and not the request, so it settles all requests for that message.
        request = (node.get("from"), node.get("participant"), node.get("id"))
        self._asked_again[request] += 1
        settled = False
        try:
            await self._retries.send_again(node)
            settled = True
        except TimeoutError:
            pass
        finally:
            # What was not sent is not acknowledged: the server tells us of it again at the next login.
            self._answered_one(node, request, settled)

    def _answered_one(self, node: Node, request: tuple[str, str, str], settled: bool) -> None:
        self._asked_again[request] -= 1
        if not settled:
            self._unsettled.add(request)
        if not self._asked_again[request]:
            del self._asked_again[request]
            if request not in self._unsettled:
                self._line.acknowledge(node)
            self._unsettled.discard(request)

    # -- notifications

    async def _notification(self, node: Node) -> None:
        kind = node.get("type")
        sender = node.jid("from")
        match kind:
            case "encrypt":
                await self._keys_wanted(node)
            case "devices":
                self._directory.changed(node)
            case "w:gp2" if sender is not None:
                self._groups.forget(sender)
            case "privacy_token":
                await self._trust.received(node)
            case "server_sync":
                self._app_state.changed([c.get("name") for c in node.all("collection")])
            case _:
                pass
        if kind not in _INTERNAL or node.child("identity") is not None:
            self._arrive(InboxKind.NOTIFICATION, node)
        self._line.acknowledge(node)

    async def _keys_wanted(self, node: Node) -> None:
        count, sender = node.child("count"), node.jid("from")
        if count is not None and sender == SERVER:
            left = count.number("value") or 0
            self._line.spawn(lambda: self._keep_up(left), "uploading pre-keys")
        elif node.child("identity") is not None and sender is not None:
            await self._directory.identity_changed(sender)
            self._line.spawn(lambda: self._trust.renew(sender), "giving a contact our token again")

    async def _keep_up(self, left: int) -> None:
        if self._uploading:
            # What is on its way serves this one, too; the server counts again.
            return
        self._uploading = True
        try:
            await prekeys.keep_up(self._line, left)
        finally:
            self._uploading = False

    # -- the inbox

    def _arrive(self, kind: InboxKind, node: Node, plaintext: bytes = b"") -> None:
        whole = kind is not InboxKind.MESSAGE and not (kind is InboxKind.UNDECRYPTABLE and node.child("enc"))
        stanza = to_stanza(node) if whole else _envelope(node)
        self._line.journal.arrive(_arrival(kind, node, _digest(node), stanza, plaintext))


def _arrival(
    kind: InboxKind, node: Node, digest: bytes, stanza: Stanza, plaintext: bytes, hidden: bool = False
) -> NewArrival:
    return NewArrival(kind=kind, wa_id=node.get("id"), digest=digest, stanza=stanza, plaintext=plaintext, hidden=hidden)


def _envelope(node: Node) -> Stanza:
    """Only the outer element: a message's payload is stored decrypted."""
    return Stanza(node.tag, {name: str(value) for name, value in node.attrs.items()})


def _digest(node: Node) -> bytes:
    """Tells stanzas in the clear apart; a redelivered one differs at most in its ``offline`` mark."""
    stanza = to_stanza(node)
    attrs = sorted((name, value) for name, value in stanza.attrs.items() if name != "offline")
    return hashlib.sha256(msgspec.msgpack.encode((stanza.tag, attrs, stanza.content))).digest()
