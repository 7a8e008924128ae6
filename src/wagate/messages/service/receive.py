"""Taking in what arrived: messages, receipts, and notices of what could not be decrypted.

:meth:`Receiver.handle` runs inside the transaction in which the worker takes the item off the inbox, after it checked
the epoch: row, event and inbox mark are written together or not at all. A message that WhatsApp delivers again finds
its row and changes nothing.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from wagate.core.clock import Clock
from wagate.core.ids import Entropy, MessageId
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter
from wagate.core.seal import KeyRing
from wagate.engine.port import InboxItem, InboxKind
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.media.model import Media, RemoteFile
from wagate.media.service.incoming import IncomingFiles
from wagate.messages import kinds, payload, store
from wagate.messages.kinds import Reading
from wagate.messages.model import (
    RECEIPTS,
    Attachment,
    Direction,
    Message,
    MessageStatus,
    StatusTimes,
    as_shown,
    may_follow,
    rfc3339,
)
from wagate.messages.service.addresses import Envelope, Unaddressed, envelope_of
from wagate.messages.service.topics import wake_for
from wagate.sessions.model import Session
from wagate.storage.bus import Bus
from wagate.storage.database import Tx
from wagate.wire.jid import LID, PN, Jid
from wagate.wire.node import Node

#: More ids than a receipt ever carries (Baileys asks for 1,000 at most); beyond that it is an attack on the database.
_MAX_RECEIPT_IDS: Final = 4096
_MAX_WA_ID: Final = 128

_EVENT_OF_TYPE: Final = {
    "reaction": EventType.MESSAGE_REACTION,
    "edit": EventType.MESSAGE_EDITED,
    "revoke": EventType.MESSAGE_REVOKED,
}
_EVENT_OF_STATUS: Final = {
    MessageStatus.SENT: EventType.MESSAGE_SENT,
    MessageStatus.DELIVERED: EventType.MESSAGE_DELIVERED,
    MessageStatus.READ: EventType.MESSAGE_READ,
    MessageStatus.PLAYED: EventType.MESSAGE_PLAYED,
}

_RECEIVED = Counter("wagate_messages_received_total", "Messages taken in that others sent.", ("type",))
_RECEIPTS = Counter("wagate_receipts_total", "Receipts taken in for messages of ours.", ("status",))
_UNDECRYPTABLE = Counter("wagate_messages_undecryptable_total", "Messages that arrived and could not be read.")

_log = get_logger("messages.receive")


#: Takes, in the transaction that takes it off the inbox, what the account's own devices tell each other.
TakeNotice = Callable[[Tx, Session, InboxItem], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receipt:
    """Somebody's device (``reader``) tells in a chat how far messages of ours got."""

    status: MessageStatus
    at: datetime
    wa_ids: Sequence[str]
    chat: Jid
    reader: Jid


class Receiver:
    """Makes rows and events of inbox items."""

    def __init__(
        self,
        *,
        events: EventLog,
        bus: Bus,
        clock: Clock,
        ring: KeyRing,
        files: IncomingFiles,
        on_notice: TakeNotice,
        entropy: Entropy = os.urandom,
    ) -> None:
        """``on_notice`` is given every message that nobody wrote to be read."""
        self._events = events
        self._on_notice = on_notice
        self._bus = bus
        self._clock = clock
        self._ring = ring
        self._files = files
        self._entropy = entropy

    def handle(self, tx: Tx, session: Session, items: Sequence[InboxItem]) -> None:
        """Take in items, in order, within the caller's transaction."""
        for kind, run in groupby(items, lambda item: item.kind):
            match kind:
                case InboxKind.MESSAGE:
                    for item in run:
                        self._message(tx, session, item)
                case InboxKind.RECEIPT:
                    self._receipts(tx, session, list(run))
                case InboxKind.UNDECRYPTABLE:
                    for item in run:
                        self._undecryptable(tx, session, item)
                case InboxKind.NOTIFICATION | InboxKind.CALL | InboxKind.SETTING:
                    # Groups, contacts, chats and calls will take these up.
                    pass

    def media_settled(self, tx: Tx, item: Media) -> None:
        """Tell that the file of a message is here, or lost; within the transaction that says so of the file."""
        for message in store.by_media(tx, item.id):
            store.update_attachment(tx, message, _attachment(item))
            settled = store.find(tx, message.account_id, message.id)
            if settled is not None:
                self._tell(tx, EventType.MESSAGE_MEDIA, settled)

    # -- messages

    def _message(self, tx: Tx, session: Session, item: InboxItem) -> None:
        reading = kinds.read(item.plaintext)
        if reading is None:
            self._on_notice(tx, session, item)
            return
        wa_id = item.stanza.get("id")
        try:
            where = envelope_of(item.stanza, session, _jid(reading.destination))
        except Unaddressed:
            _log.warning("a message without an address was dropped", seq=item.seq)
            return
        if not 0 < len(wa_id) <= _MAX_WA_ID:
            _log.warning("a message without an id was dropped", seq=item.seq)
            return
        chat, sender = where.chat.jid, where.sender.jid
        # What history was faster to show is news all the same when it comes by itself.
        if store.known(tx, session.id, wa_id=wa_id, chat=chat, sender=sender) and not store.drop_old(
            tx, session.id, wa_id=wa_id, chat=chat, sender=sender
        ):
            return
        message = self._new(tx, session, item, reading, where)
        sealed = payload.seal(self._ring, session.id, wa_id, item.plaintext)
        if store.insert(tx, message, sealed):
            self._tell(tx, _EVENT_OF_TYPE.get(reading.type, EventType.MESSAGE_RECEIVED), message)
            tx.after_commit(lambda: _RECEIVED.add(reading.type))

    def _new(self, tx: Tx, session: Session, item: InboxItem, reading: Reading, where: Envelope) -> Message:
        now = self._clock.now()
        at = moment_of(item.stanza, item.received_at)
        fields = dict(reading.fields)
        if reading.target is not None:
            fields["target"] = self._ours(tx, session, reading.target)
        own = session.jid.bare if session.jid is not None else where.sender.jid
        to = where.chat.jid if where.from_me or where.chat.jid.is_group else own
        status = MessageStatus.SENT if where.from_me else MessageStatus.DELIVERED
        return Message(
            seq=0,
            id=MessageId.new(now, self._entropy),
            account_id=session.account_id,
            session_id=session.id,
            wa_id=item.stanza.get("id"),
            direction=Direction.OUT if where.from_me else Direction.IN,
            chat=where.chat.jid,
            chat_lid=where.chat.lid,
            sender=where.sender.jid,
            sender_lid=where.sender.lid,
            recipient=to,
            from_me=where.from_me,
            by_lid=where.by_lid,
            push_name=item.stanza.get("notify") or None,
            type=reading.type,
            text=reading.text,
            fields=fields,
            attachment=self._announced(tx, session, reading.file),
            status=status,
            reply_to=self._ours(tx, session, reading.quoted) if reading.quoted else None,
            timestamp=as_shown(at),
            created_at=now,
            status_at=StatusTimes(sent=at, delivered=None if where.from_me else max(at, item.received_at)),
        )

    def _announced(self, tx: Tx, session: Session, remote: RemoteFile | None) -> Attachment | None:
        if remote is None or not remote.direct_path or not remote.media_key:
            return None
        return _attachment(self._files.announce(tx, session.account_id, session.id, remote))

    def _ours(self, tx: Tx, session: Session, wa_id: str) -> str:
        """Our id of a message if we have it, else WhatsApp's."""
        return str(store.id_of(tx, session.id, wa_id) or wa_id)

    # -- receipts

    def _receipts(self, tx: Tx, session: Session, items: Sequence[InboxItem]) -> None:
        """Take in receipts that came one after the other: they are read and written together, as under load most of
        what arrives are receipts.
        """
        told = [receipt for item in items if (receipt := _receipt_of(item)) is not None]
        wa_ids = list(dict.fromkeys(wa_id for receipt in told for wa_id in receipt.wa_ids))
        if not wa_ids:
            return
        tx.after_commit(lambda: _count_receipts(told))
        messages = {message.seq: message for message in store.sent_by_wa_ids(tx, session.id, wa_ids)}
        numbers: dict[str, list[int]] = {}
        for message in messages.values():
            numbers.setdefault(message.wa_id, []).append(message.seq)
        changed: set[int] = set()
        news: list[tuple[EventType, Message]] = []
        for receipt in told:
            for seq in sorted(seq for wa_id in receipt.wa_ids for seq in numbers.get(wa_id, ())):
                message = messages[seq]
                if may_follow(message.status, receipt.status) and _may_tell(receipt, message, session):
                    messages[seq] = message.advanced(receipt.status, receipt.at)
                    changed.add(seq)
                    if message.status in (MessageStatus.QUEUED, MessageStatus.SENDING):
                        # The receipt overtook the acknowledgement. Whoever waits for `sent` is told once, and here.
                        news.append((EventType.MESSAGE_SENT, message.as_sent(receipt.at)))
                    news.append((_EVENT_OF_STATUS[receipt.status], messages[seq]))
        store.save_statuses(tx, [messages[seq] for seq in sorted(changed)])
        for type, message in news:
            self._tell(tx, type, message)

    # -- what could not be read

    def _undecryptable(self, tx: Tx, session: Session, item: InboxItem) -> None:
        try:
            where = envelope_of(item.stanza, session)
        except Unaddressed:
            return
        if store.known(tx, session.id, wa_id=item.stanza.get("id"), chat=where.chat.jid, sender=where.sender.jid):
            # A second copy of what was read before.
            return
        tx.after_commit(_UNDECRYPTABLE.add)
        self._events.append(
            tx,
            account_id=session.account_id,
            session_id=session.id,
            type=EventType.MESSAGE_WAITING,
            data={
                "waId": item.stanza.get("id"),
                "sessionId": str(session.id),
                "chat": str(where.chat.jid),
                "chatLid": str(where.chat.lid) if where.chat.lid else None,
                "from": str(where.sender.jid),
                "fromLid": str(where.sender.lid) if where.sender.lid else None,
                "fromMe": where.from_me,
                "timestamp": rfc3339(moment_of(item.stanza, item.received_at)),
            },
        )

    def _tell(self, tx: Tx, type: EventType, message: Message) -> None:
        self._events.append(
            tx,
            account_id=message.account_id,
            session_id=message.session_id,
            type=type,
            data=message.to_json(),
            traceparent=message.traceparent,
        )
        if message.direction is Direction.OUT:
            tx.after_commit(lambda: wake_for(self._bus, message))


def moment_of(stanza: Node, fallback: datetime) -> datetime:
    """WhatsApp's time of a stanza, in whole seconds."""
    seconds = stanza.get("t")
    if not seconds.isdecimal() or len(seconds) > 11:
        return fallback
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return fallback


def _count_receipts(told: Sequence[_Receipt]) -> None:
    for receipt in told:
        _RECEIPTS.add(receipt.status.value)


def _receipt_of(item: InboxItem) -> _Receipt | None:
    """What a receipt says of messages; ``None`` if it says nothing of them."""
    status = RECEIPTS.get(item.stanza.get("type"))
    chat = item.stanza.jid("from")
    if status is None or chat is None:
        return None
    return _Receipt(
        status=status,
        at=moment_of(item.stanza, item.received_at),
        wa_ids=_ids_of(item.stanza),
        chat=chat.bare,
        reader=item.stanza.jid("participant") or chat,
    )


def _ids_of(stanza: Node) -> list[str]:
    """The message a receipt is about, and those in its list."""
    ids = [stanza.get("id")]
    listed = stanza.child("list")
    if listed is not None:
        ids += [item.get("id") for item in listed.all("item")]
    return [wa_id for wa_id in dict.fromkeys(ids) if 0 < len(wa_id) <= _MAX_WA_ID][:_MAX_RECEIPT_IDS]


def _may_tell(receipt: _Receipt, message: Message, session: Session) -> bool:
    """Whether who sent the receipt can know of the message: nobody may mark another chat's messages as read."""
    chat = receipt.chat
    if _own(receipt.reader, session) and not _own(message.chat, session):
        # One's own devices receive copies; that says nothing of the recipient.
        return False
    if message.chat.is_group or chat.is_group:
        return chat == message.chat
    if chat == message.chat or chat == message.chat_lid:
        return True
    # Which LID a number has may not be known yet, but two addresses of one kind that differ are two people.
    return message.chat_lid is None and {chat.server, message.chat.server} == {PN, LID}


def _own(jid: Jid, session: Session) -> bool:
    return jid.bare in {own.bare for own in (session.jid, session.lid) if own is not None}


def _attachment(item: Media) -> Attachment:
    return Attachment(
        id=str(item.id),
        mimetype=item.mimetype,
        size=item.size,
        sha256=item.sha256 or None,
        filename=item.filename,
        state=item.state,
    )


def _jid(text: str | None) -> Jid | None:
    try:
        return Jid.parse(text) if text else None
    except ValueError:
        return None
